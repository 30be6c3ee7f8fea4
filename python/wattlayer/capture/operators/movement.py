"""Shapes and places: views, permutations, joins, cuts, padding, resizing."""

from __future__ import annotations

from typing import Optional, Sequence

from wattlayer.capture.aten import Builder, rule
from wattlayer.capture.calls import Call, Value
from wattlayer.capture.operators.elementwise import cast

_LAST = 2**63 - 1


def transposed(b: Builder, x: Value, perm: Sequence[int], out: Optional[Value] = None) -> Value:
    """Axes in another order; a constant is stored that way."""
    shape = [x.shape[p] for p in perm]
    if x.constant:
        made = b.weight(x, shape, "transposed" + "".join(map(str, perm)))
        if out is not None:
            out.constant = True
            b.alias(out, made)
        return made
    made = out if out is not None else b.value(shape, x.dtype)
    b.node("Transpose", [x], made, perm=[int(p) for p in perm])
    return made


def reshaped(b: Builder, x: Value, shape: Sequence[int], out: Optional[Value] = None) -> Value:
    """Other dimensions for the same elements; a constant has them when the network is loaded."""
    if tuple(shape) == x.shape and out is None:
        return x
    if x.constant:
        made = Value(f"{x.name}.reshaped", tuple(shape), x.dtype, True, x.elements)
        if out is not None:
            out.constant, out.elements = True, x.elements
            b.alias(out, made)
        return made
    made = out if out is not None else b.value(shape, x.dtype)
    b.node("Reshape", [x, b.integers(shape)], made)
    return made


@rule("view", "reshape", "_unsafe_view", "flatten", "unflatten", "view_as", "reshape_as", "squeeze", "unsqueeze", "ravel", "_reshape_alias")
def _view(b: Builder, call: Call) -> None:
    if call["self"].shape == call.out.shape:
        return b.alias(call.out, call["self"])
    reshaped(b, call["self"], call.out.shape, call.out)


@rule("permute")
def _permute(b: Builder, call: Call) -> None:
    rank = call["self"].rank
    transposed(b, call["self"], [d % rank for d in call["dims"]], call.out)


@rule("transpose", "swapaxes", "t", "swapdims", "numpy_T", "mT", "adjoint")
def _transpose(b: Builder, call: Call) -> None:
    x = call["self"]
    perm = list(range(x.rank))
    if x.rank < 2:
        return b.alias(call.out, x)
    first = call.get("dim0", call.get("axis0", -2))
    second = call.get("dim1", call.get("axis1", -1))
    perm[first], perm[second] = perm[second], perm[first]
    transposed(b, x, perm, call.out)


@rule("movedim", "moveaxis")
def _movedim(b: Builder, call: Call) -> None:
    rank = call["self"].rank
    sources, targets = call["source"], call["destination"]
    sources = [s % rank for s in (sources if isinstance(sources, (list, tuple)) else [sources])]
    targets = [t % rank for t in (targets if isinstance(targets, (list, tuple)) else [targets])]
    rest = iter(d for d in range(rank) if d not in sources)
    perm = [sources[targets.index(d)] if d in targets else next(rest) for d in range(rank)]
    transposed(b, call["self"], perm, call.out)


@rule("expand", "expand_as", "broadcast_to")
def _expand(b: Builder, call: Call) -> None:
    if call["self"].shape == call.out.shape:
        return b.alias(call.out, call["self"])
    b.node("Expand", [call["self"], b.integers(call.out.shape)], call.out)


@rule("repeat", "tile")
def _repeat(b: Builder, call: Call) -> None:
    x, out = call["self"], call.out
    x = reshaped(b, x, [1] * (out.rank - x.rank) + list(x.shape))
    times = [o // max(d, 1) for o, d in zip(out.shape, x.shape)]
    b.node("Tile", [x, b.integers(times)], out)


@rule("cat", "concat", "concatenate")
def _cat(b: Builder, call: Call) -> None:
    out = call.out
    parts = [cast(b, t, out.dtype) for t in call["tensors"] if t.shape != (0,)]
    b.node("Concat", parts, out, axis=call.get("dim", 0) % max(out.rank, 1))


@rule("stack")
def _stack(b: Builder, call: Call) -> None:
    out = call.out
    axis = call.get("dim", 0) % out.rank
    shape = [1 if i == axis else d for i, d in enumerate(out.shape)]
    b.node("Concat", [reshaped(b, cast(b, t, out.dtype), shape) for t in call["tensors"]], out, axis=axis)


def _split(b: Builder, x: Value, axis: int, outputs: Sequence[Optional[Value]]) -> None:
    sizes = [0 if o is None else o.shape[axis] for o in outputs]
    if len(outputs) == 1 and outputs[0] is not None:
        return b.alias(outputs[0], x)
    b.node("Split", [x, b.integers(sizes)], outputs, axis=axis)


@rule("split", "chunk", "split_with_sizes", "tensor_split", "unsafe_chunk", "unsafe_split")
def _splits(b: Builder, call: Call) -> None:
    _split(b, call["self"], call.get("dim", 0) % call["self"].rank, call.outputs)


@rule("unbind")
def _unbind(b: Builder, call: Call) -> None:
    x = call["self"]
    axis = call.get("dim", 0) % x.rank
    shape = [1 if i == axis else d for i, d in enumerate(x.shape)]
    parts = [b.value(shape, x.dtype) for _ in call.outputs]
    _split(b, x, axis, parts)
    for part, out in zip(parts, call.outputs):
        if out is not None:
            reshaped(b, part, out.shape, out)


def sliced(b: Builder, x: Value, axis: int, start: int, end: int, step: int, out: Value) -> None:
    axis %= x.rank
    b.node("Slice", [x, b.integers([start]), b.integers([end]), b.integers([axis]), b.integers([step])], out)


def _number(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


@rule("slice")
def _slice(b: Builder, call: Call) -> None:
    x, out = call["self"], call.out
    if x.shape == out.shape:
        return b.alias(out, x)
    axis, step = call.get("dim", 0) % x.rank, _number(call.get("step"), 1)
    start = _number(call.get("start"), 0)
    start = max(start + x.shape[axis], 0) if start < 0 else start
    sliced(b, x, axis, start, start + out.shape[axis] * step, step, out)


@rule("narrow")
def _narrow(b: Builder, call: Call) -> None:
    axis = call["dim"] % call["self"].rank
    start = _number(call.get("start"), 0)
    sliced(b, call["self"], axis, start, start + call.out.shape[axis], 1, call.out)


@rule("select")
def _select(b: Builder, call: Call) -> None:
    index = b.constant(_number(call.get("index"), 0), "i64")
    b.node("Gather", [call["self"], index], call.out, axis=call["dim"] % call["self"].rank)


@rule("flip")
def _flip(b: Builder, call: Call) -> None:
    x, rank = call["self"], call["self"].rank
    axes = [d % rank for d in call["dims"]]
    ends = [-_LAST] * len(axes)
    b.node("Slice", [x, b.integers([-1] * len(axes)), b.integers(ends), b.integers(axes), b.integers([-1] * len(axes))], call.out)


@rule("roll")
def _roll(b: Builder, call: Call) -> None:
    """The end of each axis before its start."""
    x, out = call["self"], call.out
    shifts, dims = (v if isinstance(v, (list, tuple)) else [v] for v in (call["shifts"], call.get("dims", [])))
    if not dims:
        return b.bounded(call)
    for i, (shift, dim) in enumerate(zip(shifts, dims)):
        axis = dim % x.rank
        size = x.shape[axis]
        at = (size - _number(shift, 0)) % max(size, 1)
        target = out if i == len(dims) - 1 else b.value(x.shape, x.dtype)
        if at == 0:
            b.alias(target, x)
        else:
            halves = []
            for start, end in ((at, size), (0, at)):
                shape = [end - start if d == axis else n for d, n in enumerate(x.shape)]
                half = b.value(shape, x.dtype)
                sliced(b, x, axis, start, end, 1, half)
                halves.append(half)
            b.node("Concat", halves, target, axis=axis)
        x = target


@rule("pad", "constant_pad_nd", "reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "replication_pad1d", "replication_pad2d", "replication_pad3d")
def _pad(b: Builder, call: Call) -> None:
    x = call["self"]
    pads = [_number(p, 0) for p in call.get("pad", call.get("padding", []))]
    if not any(pads):
        return b.alias(call.out, x)
    begins, ends = [0] * x.rank, [0] * x.rank
    for i in range(len(pads) // 2):
        begins[x.rank - 1 - i], ends[x.rank - 1 - i] = pads[2 * i], pads[2 * i + 1]
    mode = call.get("mode", "constant")
    mode = "reflect" if mode == "reflect" or "reflection" in call.op else "edge" if mode == "replicate" or "replication" in call.op else mode
    inputs = [x, b.integers(begins + ends)]
    if mode == "constant":
        inputs.append(b.operand(call.get("value", 0.0), x.dtype))
    b.node("Pad", inputs, call.out, mode=mode if mode != "circular" else "wrap")


@rule("tril", "triu")
def _trilu(b: Builder, call: Call) -> None:
    diagonal = b.constant(_number(call.get("diagonal"), 0), "i64")
    b.node("Trilu", [call["self"], diagonal], call.out, upper=int(call.op.startswith("triu")))


@rule(
    "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "upsample_bilinear2d", "upsample_linear1d", "upsample_trilinear3d",
    "upsample_bicubic2d", "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa", "_upsample_nearest_exact2d", "_upsample_nearest_exact1d",
)
def _resize(b: Builder, call: Call) -> None:
    mode = "nearest" if "nearest" in call.op else "cubic" if "cubic" in call.op else "linear"
    corners = call.get("align_corners", False)
    transform = "asymmetric" if mode == "nearest" and "exact" not in call.op else "align_corners" if corners else "pytorch_half_pixel"
    attributes = {"mode": mode, "coordinate_transformation_mode": transform}
    if mode == "nearest":
        attributes["nearest_mode"] = "floor"
    if mode == "cubic":
        attributes["cubic_coeff_a"] = -0.75
    if "_aa" in call.op:
        attributes["antialias"] = 1
    b.node("Resize", [call.get("self", call.get("input")), None, None, b.integers(call.out.shape)], call.out, **attributes)


@rule("pixel_shuffle")
def _pixel_shuffle(b: Builder, call: Call) -> None:
    b.node("DepthToSpace", [call["self"]], call.out, blocksize=int(call["upscale_factor"]), mode="CRD")


@rule("channel_shuffle", "native_channel_shuffle")
def _channel_shuffle(b: Builder, call: Call) -> None:
    x, groups = call["self"], int(call["groups"])
    n, c, *rest = x.shape
    split = reshaped(b, x, [n, groups, c // groups, *rest])
    perm = [0, 2, 1, *range(3, x.rank + 1)]
    reshaped(b, transposed(b, split, perm), x.shape, call.out)

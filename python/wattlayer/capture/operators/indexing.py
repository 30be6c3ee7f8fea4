"""Tables and indices."""

from __future__ import annotations

from typing import Optional

from wattlayer.capture.aten import Builder, rule
from wattlayer.capture.calls import Call, Value
from wattlayer.capture.operators.elementwise import cast
from wattlayer.capture.operators.movement import reshaped, transposed


@rule("embedding")
def _embedding(b: Builder, call: Call) -> None:
    b.node("Gather", [call["weight"], call["indices"]], call.out)


@rule("index_select")
def _index_select(b: Builder, call: Call) -> None:
    b.node("Gather", [call["self"], call["index"]], call.out, axis=call["dim"] % call["self"].rank)


@rule("gather")
def _gather(b: Builder, call: Call) -> None:
    b.node("GatherElements", [call["self"], call["index"]], call.out, axis=call["dim"] % max(call["self"].rank, 1))


@rule("scatter", "scatter_add", "scatter_reduce")
def _scatter(b: Builder, call: Call) -> None:
    source = call.get("src", call.get("value", 0))
    if not isinstance(source, Value):
        source = Value("updates", call["index"].shape, call.out.dtype, True)
    reduction = {"scatter_add": "add"}.get(call.op.rstrip("_"), "none")
    b.node("ScatterElements", [call["self"], call["index"], source], call.out, axis=call["dim"] % max(call.out.rank, 1), reduction=reduction)


@rule("index")
def _index(b: Builder, call: Call) -> None:
    x, indices = call["self"], list(call["indices"])
    used = [i for i, index in enumerate(indices) if index is not None]
    if any(indices[i].dtype in ("bool", "uint8") for i in used):
        return b.bounded(call)
    if len(used) == 1:
        return b.node("Gather", [x, indices[used[0]]], call.out, axis=used[0])
    if used == list(range(used[0], used[-1] + 1)):
        return _gather_nd(b, call, x, [indices[i] for i in used], used[0])
    b.bounded(call)


def _stacked(b: Builder, indices: list[Value]) -> Optional[Value]:
    """Indices side by side in a last dimension."""
    rank = max(i.rank for i in indices)
    shape = [1] * rank
    for index in indices:
        for d, n in enumerate(reversed(index.shape)):
            shape[rank - 1 - d] = max(shape[rank - 1 - d], n)
    if all(i.constant for i in indices):
        return Value("indices", (*shape, len(indices)), "i64", True)
    parts = []
    for index in indices:
        if list(index.shape) != shape:
            index = b.made("Expand", [index, b.integers(shape)], shape, index.dtype)
        parts.append(reshaped(b, cast(b, index, "i64"), [*shape, 1]))
    return b.made("Concat", parts, [*shape, len(indices)], "i64", axis=rank)


def _gather_nd(b: Builder, call: Call, x: Value, indices: list[Value], first: int) -> None:
    stacked = _stacked(b, indices)
    if first == 0:
        return b.node("GatherND", [x, stacked], call.out)
    count = len(indices)
    to_front = [*range(first, first + count), *range(first), *range(first + count, x.rank)]
    moved = transposed(b, x, to_front)
    rest = [d for i, d in enumerate(x.shape) if not first <= i < first + count]
    gathered = b.made("GatherND", [moved, stacked], [*stacked.shape[:-1], *rest], x.dtype)
    inner = stacked.rank - 1
    back = [*range(inner, inner + first), *range(inner), *range(inner + first, gathered.rank)]
    transposed(b, gathered, back, call.out)


@rule("index_put", "_index_put_impl")
def _index_put(b: Builder, call: Call) -> None:
    indices = list(call["indices"])
    if any(i is None or i.dtype in ("bool", "uint8") for i in indices):
        return b.bounded(call)
    stacked = _stacked(b, indices)
    shape = [*stacked.shape[:-1], *call["self"].shape[len(indices) :]]
    updates = cast(b, call["values"], call.out.dtype)
    if list(updates.shape) != shape:
        updates = b.made("Expand", [updates, b.integers(shape)], shape, updates.dtype)
    b.node("ScatterND", [call["self"], stacked, updates], call.out, reduction="add" if call.get("accumulate") else "none")


@rule("one_hot")
def _one_hot(b: Builder, call: Call) -> None:
    depth = b.integers([call.out.shape[-1]])
    b.node("OneHot", [call["self"], depth, b.integers([0, 1])], call.out)


@rule("topk", "sort")
def _topk(b: Builder, call: Call) -> None:
    axis = call.get("dim", -1) % call["self"].rank
    k = b.integers([call.out.shape[axis]])
    largest = int(call.get("largest", bool(call.get("descending", False))))
    b.node("TopK", [call["self"], k], call.outputs, axis=axis, largest=largest)


@rule("grid_sampler", "grid_sampler_2d", "grid_sampler_3d")
def _grid_sampler(b: Builder, call: Call) -> None:
    mode = ("linear", "nearest", "cubic")[int(call.get("interpolation_mode", 0))]
    padding = ("zeros", "border", "reflection")[int(call.get("padding_mode", 0))]
    inputs = [call["input"], call["grid"]]
    b.node("GridSample", inputs, call.out, mode=mode, padding_mode=padding, align_corners=int(bool(call.get("align_corners"))))

"""Convolutions and pooling."""

from __future__ import annotations

from typing import Any

from wattlayer.capture.aten import Builder, rule
from wattlayer.capture.calls import Call, Value
from wattlayer.capture.operators.movement import reshaped


def _each(value: Any, spatial: int) -> list[int]:
    """A number for all spatial axes, or one for each."""
    values = [int(v) for v in value] if isinstance(value, (list, tuple)) else [int(value)]
    return values * spatial if len(values) == 1 else values


def _pads(padding: Any, kernel: list[int], dilations: list[int], spatial: int) -> list[int]:
    """Begins, then ends. `same` puts the odd one at the end, as torch does."""
    if padding == "valid":
        return [0] * (2 * spatial)
    if padding == "same":
        totals = [d * (k - 1) for d, k in zip(dilations, kernel)]
        return [t // 2 for t in totals] + [t - t // 2 for t in totals]
    return _each(padding, spatial) * 2


def _biased(call: Call) -> list[Value]:
    inputs = [call["input"], call["weight"]]
    return inputs + ([call["bias"]] if isinstance(call.get("bias"), Value) else [])


@rule("conv1d", "conv2d", "conv3d", "convolution", "_convolution", "cudnn_convolution", "mkldnn_convolution")
def _conv(b: Builder, call: Call) -> None:
    if call.get("transposed"):
        return _conv_transpose(b, call)
    kernel = list(call["weight"].shape[2:])
    spatial = len(kernel)
    dilations = _each(call.get("dilation", 1), spatial)
    inputs, out = _biased(call), call.out
    unbatched = inputs[0].rank == spatial + 1
    if unbatched:
        inputs[0] = reshaped(b, inputs[0], [1, *inputs[0].shape])
    made = b.value([1, *out.shape], out.dtype) if unbatched else out
    pads = _pads(call.get("padding", 0), kernel, dilations, spatial)
    b.node("Conv", inputs, made, strides=_each(call.get("stride", 1), spatial), pads=pads, dilations=dilations, group=int(call.get("groups", 1)))
    if unbatched:
        reshaped(b, made, out.shape, out)


@rule("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def _conv_transpose(b: Builder, call: Call) -> None:
    spatial = call["weight"].rank - 2
    b.node(
        "ConvTranspose",
        _biased(call),
        call.out,
        strides=_each(call.get("stride", 1), spatial),
        pads=_each(call.get("padding", 0), spatial) * 2,
        output_padding=_each(call.get("output_padding", 0), spatial),
        dilations=_each(call.get("dilation", 1), spatial),
        group=int(call.get("groups", 1)),
    )


def _window(call: Call, spatial: int) -> dict[str, Any]:
    kernel = _each(call["kernel_size"], spatial)
    stride = call.get("stride") or kernel
    return {
        "kernel_shape": kernel,
        "strides": _each(stride, spatial),
        "pads": _each(call.get("padding", 0), spatial) * 2,
        "ceil_mode": int(bool(call.get("ceil_mode", False))),
    }


@rule(
    "max_pool1d", "max_pool2d", "max_pool3d", "max_pool1d_with_indices", "max_pool2d_with_indices", "max_pool3d_with_indices"
)
def _max_pool(b: Builder, call: Call) -> None:
    spatial = int(call.op[8])
    dilations = _each(call.get("dilation", 1), spatial)
    outputs = call.outputs if len(call.outputs) == 1 else [call.out]
    b.node("MaxPool", [call["self"]], outputs, dilations=dilations, **_window(call, spatial))


@rule("avg_pool1d", "avg_pool2d", "avg_pool3d")
def _avg_pool(b: Builder, call: Call) -> None:
    window = _window(call, int(call.op[8]))
    included = int(any(window["pads"]) and bool(call.get("count_include_pad", True)))
    b.node("AveragePool", [call["self"]], call.out, count_include_pad=included, **window)


@rule(
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "_adaptive_avg_pool2d", "_adaptive_avg_pool3d",
    "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d",
)
def _adaptive_pool(b: Builder, call: Call) -> None:
    """All of an axis is a mean; a whole part of it is a window; else windows of unequal size, bounded."""
    x, out = call["self"], call.out
    spatial = int(call.op.rstrip("_")[-2])
    sizes, wanted = x.shape[-spatial:], out.shape[-spatial:]
    average = "avg" in call.op
    if all(w == 1 for w in wanted) and x.rank == spatial + 2:
        b.node("GlobalAveragePool" if average else "GlobalMaxPool", [x], out)
    elif all(s % w == 0 for s, w in zip(sizes, wanted)):
        kernel = [s // w for s, w in zip(sizes, wanted)]
        b.node("AveragePool" if average else "MaxPool", [x], out, kernel_shape=kernel, strides=kernel)
    else:
        b.bounded(call)

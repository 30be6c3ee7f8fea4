"""Sums, means, extremes along axes."""

from __future__ import annotations

from typing import Any, Optional

from wattlayer.capture.aten import Builder, rule
from wattlayer.capture.calls import Call, Value
from wattlayer.capture.operators.elementwise import cast
from wattlayer.capture.operators.movement import reshaped


def _axes(dim: Any, rank: int) -> list[int]:
    dims = list(range(rank)) if dim is None or dim == [] else dim if isinstance(dim, (list, tuple)) else [dim]
    return [int(d) % max(rank, 1) for d in dims]


def reduced(b: Builder, op: str, x: Value, axes: list[int], keep: bool, out: Optional[Value] = None) -> Value:
    shape = [1 if i in axes else d for i, d in enumerate(x.shape) if keep or i not in axes]
    made = out if out is not None else b.value(shape, x.dtype)
    b.node(op, [x, b.integers(axes)], made, keepdims=int(keep))
    return made


_REDUCTIONS = {"mean": "ReduceMean", "sum": "ReduceSum", "amax": "ReduceMax", "amin": "ReduceMin", "prod": "ReduceProd", "logsumexp": "ReduceLogSumExp"}


@rule(*_REDUCTIONS)
def _reduction(b: Builder, call: Call) -> None:
    x = cast(b, call["self"], call.out.dtype)
    reduced(b, _REDUCTIONS[call.op], x, _axes(call.get("dim"), x.rank), bool(call.get("keepdim", False)), call.out)


@rule("max", "min")
def _extreme(b: Builder, call: Call) -> None:
    """The largest of all, along an axis with its place, or of two tensors."""
    kind = call.op.capitalize()
    if "other" in call.arguments:
        return b.node(kind, [call["self"], call["other"]], call.out)
    x, keep = call["self"], bool(call.get("keepdim", False))
    axes = _axes(call.get("dim"), x.rank)
    reduced(b, f"Reduce{kind}", x, axes, keep, call.out)
    if len(call.outputs) > 1 and call.outputs[1] is not None:
        b.node(f"Arg{kind}", [x], call.outputs[1], axis=axes[0], keepdims=int(keep))


@rule("argmax", "argmin")
def _argument(b: Builder, call: Call) -> None:
    x = call["self"]
    axis = call.get("dim")
    if axis is None:
        x, axis = reshaped(b, x, [_size(x)]), 0
    b.node("Arg" + call.op[3:].capitalize(), [x], call.out, axis=int(axis) % max(x.rank, 1), keepdims=int(bool(call.get("keepdim", False))))


def _size(x: Value) -> int:
    size = 1
    for d in x.shape:
        size *= d
    return size


@rule("any", "all")
def _any(b: Builder, call: Call) -> None:
    """The largest or smallest of zeros and ones."""
    x = cast(b, cast(b, call["self"], "bool"), "i64")
    keep = bool(call.get("keepdim", False))
    made = b.value(call.out.shape, "i64")
    reduced(b, "ReduceMax" if call.op == "any" else "ReduceMin", x, _axes(call.get("dim"), x.rank), keep, made)
    b.alias(call.out, cast(b, made, "bool"))


@rule("var", "std", "var_mean", "std_mean")
def _var(b: Builder, call: Call) -> None:
    """Mean of squared distances from the mean, corrected for the sample; as exporters write it."""
    x = call["self"]
    axes, keep = _axes(call.get("dim"), x.rank), bool(call.get("keepdim", False))
    mean = reduced(b, "ReduceMean", x, axes, True)
    distance = b.made("Sub", [x, mean], x.shape, x.dtype)
    square = b.made("Mul", [distance, distance], x.shape, x.dtype)
    variance = reduced(b, "ReduceMean", square, axes, keep)
    count = 1
    for axis in axes:
        count *= x.shape[axis]
    correction = call.get("correction", 1 if call.get("unbiased", True) else 0)
    if correction:
        scaled = b.made("Mul", [variance, b.constant(float(count), x.dtype)], variance.shape, x.dtype)
        variance = b.made("Div", [scaled, b.constant(float(max(count - correction, 1)), x.dtype)], variance.shape, x.dtype)
    if call.op.startswith("std"):
        variance = b.made("Sqrt", [variance], variance.shape, x.dtype)
    b.alias(call.out, variance)
    if len(call.outputs) > 1 and call.outputs[1] is not None:
        reshaped(b, mean, call.outputs[1].shape, call.outputs[1])


@rule("linalg_vector_norm", "norm", "frobenius_norm")
def _norm(b: Builder, call: Call) -> None:
    order = call.get("ord", call.get("p", 2))
    if order not in (1, 2):
        return b.bounded(call)
    x = call["self"]
    reduced(b, f"ReduceL{int(order)}", x, _axes(call.get("dim"), x.rank), bool(call.get("keepdim", False)), call.out)


@rule("cumsum")
def _cumsum(b: Builder, call: Call) -> None:
    axis = b.constant(int(call["dim"]) % max(call["self"].rank, 1), "i64")
    b.node("CumSum", [cast(b, call["self"], call.out.dtype), axis], call.out)

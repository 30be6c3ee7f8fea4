"""Tensors that are made from numbers."""

from __future__ import annotations

from wattlayer.capture.aten import Builder, rule
from wattlayer.capture.calls import Call, Value
from wattlayer.capture.operators.elementwise import cast


@rule("arange")
def _arange(b: Builder, call: Call) -> None:
    start, step = call.get("start", 0), call.get("step", 1)
    out = call.out
    known = all(isinstance(v, (int, float)) for v in (start, step))
    elements = [start + i * step for i in range(out.shape[0])] if known else None
    b.alias(out, Value("arange", out.shape, out.dtype, True, elements))


@rule("zeros", "ones", "full", "empty", "new_zeros", "new_ones", "new_full", "new_empty", "zeros_like", "ones_like", "full_like", "empty_like", "scalar_tensor", "zero", "fill")
def _filled(b: Builder, call: Call) -> None:
    """As exporters fold it: one constant that is expanded."""
    name = call.op.rstrip("_")
    value = 1 if "ones" in name else call.get("fill_value", call.get("s", call.get("value", 0)))
    out = call.out
    if isinstance(value, Value):
        return b.node("Expand", [cast(b, value, out.dtype), b.integers(out.shape)], out)
    if not isinstance(value, (int, float, bool)):
        value = 0
    size = 1
    for d in out.shape:
        size *= d
    b.alias(out, Value(name, out.shape, out.dtype, True, [value] * size if size <= 64 else None))


@rule("eye", "linspace", "tril_indices", "triu_indices", "logspace", "hann_window", "randn", "rand", "randint", "normal", "_tensor_constant")
def _constant(b: Builder, call: Call) -> None:
    b.alias(call.out, Value(call.op, call.out.shape, call.out.dtype, True))


@rule("rand_like", "randn_like", "bernoulli")
def _random(b: Builder, call: Call) -> None:
    op = "RandomUniformLike" if call.op.startswith("rand_") else "RandomNormalLike" if "randn" in call.op else "Bernoulli"
    b.node(op, [call["self"]], call.out)

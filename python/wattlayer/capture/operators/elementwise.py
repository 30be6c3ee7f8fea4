"""Arithmetic, comparisons, activations, type conversions."""

from __future__ import annotations

import math

from wattlayer.capture.aten import Builder, is_real, rule
from wattlayer.capture.calls import Call, Value

_UNARY = {
    "relu": "Relu",
    "sigmoid": "Sigmoid",
    "special_expit": "Sigmoid",
    "tanh": "Tanh",
    "erf": "Erf",
    "exp": "Exp",
    "log": "Log",
    "sqrt": "Sqrt",
    "neg": "Neg",
    "abs": "Abs",
    "floor": "Floor",
    "ceil": "Ceil",
    "round": "Round",
    "sin": "Sin",
    "cos": "Cos",
    "tan": "Tan",
    "asin": "Asin",
    "acos": "Acos",
    "atan": "Atan",
    "sinh": "Sinh",
    "cosh": "Cosh",
    "reciprocal": "Reciprocal",
    "sign": "Sign",
    "hardswish": "HardSwish",
    "mish": "Mish",
    "selu": "Selu",
    "logical_not": "Not",
    "isnan": "IsNaN",
    "isinf": "IsInf",
}
_ARITHMETIC = {"add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "true_divide": "Div", "pow": "Pow"}
_COMPARISONS = {
    "eq": "Equal",
    "lt": "Less",
    "gt": "Greater",
    "le": "LessOrEqual",
    "ge": "GreaterOrEqual",
    "logical_and": "And",
    "logical_or": "Or",
    "logical_xor": "Xor",
    "bitwise_and": "And",
    "bitwise_or": "Or",
    "bitwise_xor": "Xor",
}


def cast(b: Builder, value: Value, dtype: str) -> Value:
    """The value in another type; constants are converted when the network is loaded."""
    if value.dtype == dtype:
        return value
    if value.constant:
        return Value(f"{value.name}.{dtype}", value.shape, dtype, True, value.elements)
    return b.made("Cast", [value], value.shape, dtype, to=_onnx_type(dtype))


_ONNX_TYPES = {"f32": 1, "uint8": 2, "int8": 3, "i16": 5, "i32": 6, "i64": 7, "bool": 9, "f16": 10, "f64": 11, "bf16": 16}


def _onnx_type(dtype: str) -> int:
    return _ONNX_TYPES.get(dtype, 1)


def promoted(a: object, other: object) -> str:
    """The type that torch computes a comparison of the two in; a number takes the type of the tensor."""
    kinds = [v for v in (a, other) if isinstance(v, Value)]
    ranked = [v for v in kinds if v.rank > 0] or kinds
    reals = [v for v in kinds if is_real(v.dtype)]
    if reals and not any(is_real(v.dtype) for v in ranked):
        return reals[0].dtype
    pool = [v for v in ranked if is_real(v.dtype)] or ranked
    dtype = max(pool, key=lambda v: _ORDER.index(v.dtype) if v.dtype in _ORDER else -1).dtype
    number = other if not isinstance(other, Value) else a
    return "f32" if isinstance(number, float) and not is_real(dtype) else dtype


_ORDER = ["bool", "uint8", "int8", "i16", "i32", "i64", "f16", "bf16", "f32", "f64"]


def _pair(b: Builder, call: Call, dtype: str) -> list[Value]:
    first, second = (b.operand(call[name], dtype) for name in ("self", "other"))
    return [cast(b, first, dtype), cast(b, second, dtype)]


@rule(*_UNARY)
def _unary(b: Builder, call: Call) -> None:
    x = call["self"]
    if is_real(call.out.dtype) and not is_real(x.dtype):
        x = cast(b, x, call.out.dtype)
    b.node(_UNARY[call.op.rstrip("_")], [x], call.out)


@rule("add", "sub")
def _add(b: Builder, call: Call) -> None:
    x, y = _pair(b, call, call.out.dtype)
    alpha = call.get("alpha", 1)
    if alpha != 1:
        y = b.made("Mul", [y, b.constant(alpha, y.dtype)], y.shape, y.dtype)
    op = "Or" if call.out.dtype == "bool" else _ARITHMETIC[call.op.rstrip("_")]
    b.node(op, [x, y], call.out)


@rule("rsub")
def _rsub(b: Builder, call: Call) -> None:
    x, y = _pair(b, call, call.out.dtype)
    b.node("Sub", [y, x], call.out)


@rule("mul")
def _mul(b: Builder, call: Call) -> None:
    b.node("And" if call.out.dtype == "bool" else "Mul", _pair(b, call, call.out.dtype), call.out)


@rule("div", "true_divide", "floor_divide", "divide")
def _div(b: Builder, call: Call) -> None:
    mode = "floor" if call.op.startswith("floor") else call.get("rounding_mode")
    x, y = _pair(b, call, call.out.dtype)
    if not mode or not is_real(call.out.dtype):
        return b.node("Div", [x, y], call.out)
    quotient = b.made("Div", [x, y], call.out.shape, call.out.dtype)
    b.node("Floor" if mode == "floor" else "Ceil", [quotient], call.out)


@rule("pow")
def _pow(b: Builder, call: Call) -> None:
    dtype = call.out.dtype
    x, y = b.operand(call["self"], dtype), b.operand(call["exponent"], dtype)
    b.node("Pow", [cast(b, x, dtype), y], call.out)


@rule("remainder", "fmod")
def _remainder(b: Builder, call: Call) -> None:
    b.node("Mod", _pair(b, call, call.out.dtype), call.out, fmod=int(is_real(call.out.dtype)))


@rule("maximum", "minimum")
def _extreme(b: Builder, call: Call) -> None:
    b.node("Max" if call.op.startswith("max") else "Min", _pair(b, call, call.out.dtype), call.out)


@rule(*_COMPARISONS, "__and__", "__or__", "__xor__")
def _comparison(b: Builder, call: Call) -> None:
    name = {"__and__": "bitwise_and", "__or__": "bitwise_or", "__xor__": "bitwise_xor"}.get(call.op, call.op)
    name = name if name in _COMPARISONS else name.rstrip("_")
    dtype = promoted(call["self"], call["other"])
    op = _COMPARISONS[name]
    if op in ("And", "Or", "Xor"):
        op, dtype = ("Bitwise" + op, dtype) if name.startswith("bitwise") and dtype != "bool" else (op, "bool")
    b.node(op, _pair(b, call, dtype), call.out)


@rule("ne")
def _ne(b: Builder, call: Call) -> None:
    equal = b.made("Equal", _pair(b, call, promoted(call["self"], call["other"])), call.out.shape, "bool")
    b.node("Not", [equal], call.out)


@rule("bitwise_not")
def _bitwise_not(b: Builder, call: Call) -> None:
    b.node("Not" if call.out.dtype == "bool" else "BitwiseNot", [call["self"]], call.out)


@rule("rsqrt")
def _rsqrt(b: Builder, call: Call) -> None:
    root = b.made("Sqrt", [call["self"]], call.out.shape, call.out.dtype)
    b.node("Reciprocal", [root], call.out)


@rule("square")
def _square(b: Builder, call: Call) -> None:
    b.node("Mul", [call["self"], call["self"]], call.out)


@rule("silu")
def _silu(b: Builder, call: Call) -> None:
    gate = b.made("Sigmoid", [call["self"]], call.out.shape, call.out.dtype)
    b.node("Mul", [call["self"], gate], call.out)


@rule("gelu")
def _gelu(b: Builder, call: Call) -> None:
    b.node("Gelu", [call["self"]], call.out, approximate=call.get("approximate", "none"))


@rule("hardsigmoid")
def _hardsigmoid(b: Builder, call: Call) -> None:
    b.node("HardSigmoid", [call["self"]], call.out, alpha=1.0 / 6, beta=0.5)


@rule("leaky_relu")
def _leaky_relu(b: Builder, call: Call) -> None:
    b.node("LeakyRelu", [call["self"]], call.out, alpha=float(call.get("negative_slope", 0.01)))


@rule("elu", "celu")
def _elu(b: Builder, call: Call) -> None:
    b.node("Elu" if call.op.startswith("elu") else "Celu", [call["self"]], call.out, alpha=float(call.get("alpha", 1.0)))


@rule("softplus")
def _softplus(b: Builder, call: Call) -> None:
    b.node("Softplus", [call["self"]], call.out)


@rule("prelu")
def _prelu(b: Builder, call: Call) -> None:
    slope = call["weight"]
    if call["self"].rank > 1:
        slope = b.weight(slope, (*slope.shape, *[1] * (call["self"].rank - 2)), "unsqueezed")
    b.node("PRelu", [call["self"], slope], call.out)


@rule("relu6", "hardtanh", "clamp", "clip", "clamp_min", "clamp_max")
def _clip(b: Builder, call: Call) -> None:
    low, high = call.get("min", call.get("min_val")), call.get("max", call.get("max_val"))
    if call.op.startswith("relu6"):
        low, high = 0, 6
    if call.op.startswith("hardtanh"):
        low, high = (-1 if low is None else low), (1 if high is None else high)
    dtype = call.out.dtype
    x = cast(b, call["self"], dtype)
    bounds = [None if limit is None else b.operand(limit, dtype) for limit in (low, high)]
    if bounds[1] is None:
        bounds.pop()
    if any(limit is not None and limit.rank > 0 for limit in bounds):
        for op, limit in zip(("Max", "Min"), bounds):
            if limit is not None:
                x = b.made(op, [x, cast(b, limit, dtype)], call.out.shape, dtype)
        return b.alias(call.out, x)
    b.node("Clip", [x, *bounds], call.out)


@rule("where")
def _where(b: Builder, call: Call) -> None:
    if "self" not in call.arguments:
        return b.bounded(call)
    dtype = call.out.dtype
    x, y = (cast(b, b.operand(call[name], dtype), dtype) for name in ("self", "other"))
    b.node("Where", [call["condition"], x, y], call.out)


@rule("masked_fill")
def _masked_fill(b: Builder, call: Call) -> None:
    dtype = call.out.dtype
    b.node("Where", [cast(b, call["mask"], "bool"), cast(b, b.operand(call["value"], dtype), dtype), call["self"]], call.out)


@rule("addcmul", "addcdiv")
def _addcmul(b: Builder, call: Call) -> None:
    dtype = call.out.dtype
    product = b.made("Mul" if call.op.startswith("addcmul") else "Div", [call["tensor1"], call["tensor2"]], call.out.shape, dtype)
    if call.get("value", 1) != 1:
        product = b.made("Mul", [product, b.constant(call["value"], dtype)], call.out.shape, dtype)
    b.node("Add", [call["self"], product], call.out)


@rule("lerp")
def _lerp(b: Builder, call: Call) -> None:
    start, end, dtype = call["self"], call["end"], call.out.dtype
    way = b.made("Sub", [end, start], call.out.shape, dtype)
    part = b.made("Mul", [way, b.operand(call["weight"], dtype)], call.out.shape, dtype)
    b.node("Add", [start, part], call.out)


@rule("log1p", "expm1", "log2", "log10", "exp2")
def _logarithms(b: Builder, call: Call) -> None:
    x, dtype, name = call["self"], call.out.dtype, call.op.rstrip("_")
    if name == "log1p":
        return b.node("Log", [b.made("Add", [x, b.constant(1.0, dtype)], x.shape, dtype)], call.out)
    if name == "expm1":
        return b.node("Sub", [b.made("Exp", [x], x.shape, dtype), b.constant(1.0, dtype)], call.out)
    if name == "exp2":
        return b.node("Pow", [b.constant(2.0, dtype), x], call.out)
    logarithm = b.made("Log", [x], x.shape, dtype)
    b.node("Div", [logarithm, b.constant(math.log(2 if name == "log2" else 10), dtype)], call.out)


@rule("to", "_to_copy", "type_as", "float", "half", "type")
def _to(b: Builder, call: Call) -> None:
    made = cast(b, call["self"], call.out.dtype)
    if made is call["self"] or made.constant:
        return b.alias(call.out, made)
    b.alias(call.out, made)


@rule("contiguous", "clone", "detach", "alias", "lift_fresh_copy", "lift_fresh", "detach_copy", "lift", "requires_grad", "positive", "resolve_conj")
def _same(b: Builder, call: Call) -> None:
    b.alias(call.out, call["self"])


@rule("dropout", "feature_dropout", "alpha_dropout", "native_dropout", "feature_alpha_dropout")
def _dropout(b: Builder, call: Call) -> None:
    b.alias(call.out, call.get("input", call.get("self")))


@rule("copy", "copy_")
def _copy(b: Builder, call: Call) -> None:
    source = cast(b, b.operand(call["src"], call.out.dtype), call.out.dtype)
    if source.shape == call.out.shape:
        return b.alias(call.out, source)
    b.node("Expand", [source, b.integers(call.out.shape)], call.out)

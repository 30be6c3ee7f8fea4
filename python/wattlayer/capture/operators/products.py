"""Matrix products, attention, recurrences."""

from __future__ import annotations

from typing import Optional

from wattlayer.capture.aten import Builder, rule
from wattlayer.capture.calls import Call, Value
from wattlayer.capture.operators.movement import reshaped, transposed

_GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


@rule("linear")
def _linear(b: Builder, call: Call) -> None:
    x, weight, bias, out = call["input"], call["weight"], call.get("bias"), call.out
    if x.rank == 2 and bias is not None:
        return b.node("Gemm", [x, weight, bias], out, transB=1)
    kernel = transposed(b, weight, [1, 0]) if weight.rank == 2 else weight
    if bias is None:
        return b.node("MatMul", [x, kernel], out)
    b.node("Add", [b.made("MatMul", [x, kernel], out.shape, out.dtype), bias], out)


@rule("matmul", "mm", "bmm", "mv", "dot", "__matmul__")
def _matmul(b: Builder, call: Call) -> None:
    other = call.get("other", call.get("mat2", call.get("vec", call.get("tensor"))))
    b.node("MatMul", [call["self"], other], call.out)


@rule("addmm")
def _addmm(b: Builder, call: Call) -> None:
    alpha, beta = (float(call.get(name, 1)) for name in ("alpha", "beta"))
    b.node("Gemm", [call["mat1"], call["mat2"], call["self"]], call.out, alpha=alpha, beta=beta)


@rule("baddbmm", "addbmm")
def _baddbmm(b: Builder, call: Call) -> None:
    out = call.out
    product = b.made("MatMul", [call["batch1"], call["batch2"]], out.shape, out.dtype)
    if call.get("alpha", 1) != 1:
        product = b.made("Mul", [product, b.operand(call["alpha"], out.dtype)], out.shape, out.dtype)
    if call.get("beta", 1) == 0:
        return b.alias(out, product)
    addend = call["self"]
    if call.get("beta", 1) != 1:
        addend = b.made("Mul", [addend, b.operand(call["beta"], out.dtype)], addend.shape, out.dtype)
    b.node("Add", [product, addend], out)


@rule("einsum")
def _einsum(b: Builder, call: Call) -> None:
    b.node("Einsum", list(call["tensors"]), call.out, equation=call["equation"])


@rule("scaled_dot_product_attention")
def _attention(b: Builder, call: Call) -> None:
    query, key, value = call["query"], call["key"], call["value"]
    if not query.rank == key.rank == value.rank == 4:
        return b.bounded(call)
    mask = call.get("attn_mask")
    inputs = [query, key, value] + ([mask] if isinstance(mask, Value) else [])
    scale = call.get("scale")
    b.node(
        "Attention",
        inputs,
        call.out,
        is_causal=int(bool(call.get("is_causal", False))),
        scale=float(scale) if isinstance(scale, (int, float)) else None,
    )


def _state(b: Builder, state: Value, layer: int, directions: int) -> Value:
    """What one layer of a recurrence starts from."""
    shape = (directions, *state.shape[1:])
    if state.shape == shape:
        return state
    if state.constant:
        return b.weight(state, shape, f"layer{layer}")
    bounds = [b.integers([n]) for n in (layer * directions, (layer + 1) * directions, 0)]
    return b.made("Slice", [state, *bounds], shape, state.dtype)


@rule(*_GATES)
def _recurrence(b: Builder, call: Call) -> None:
    """A node for each layer, as exporters write it: time first, directions side by side."""
    if "params" not in call.arguments or call.get("train"):
        return b.bounded(call)
    op, x, out = call.op, call["input"], call.out
    states = call["hx"] if isinstance(call["hx"], (list, tuple)) else [call["hx"]]
    directions = 2 if call["bidirectional"] else 1
    if call["batch_first"]:
        x = transposed(b, x, [1, 0, 2])
    hidden = states[0].shape[-1]
    last: Optional[Value] = None
    finals: list[list[Value]] = []
    for layer in range(int(call["num_layers"])):
        time, batch, size = x.shape
        if last is not None:
            x = last
            size = x.shape[-1]
        weights = _recurrent_weights(b, call, layer, directions, hidden, size, x.dtype)
        made = b.value([time, directions, batch, hidden], x.dtype)
        initial = [_state(b, s, layer, directions) for s in states]
        attributes = {"hidden_size": hidden, "direction": "bidirectional" if directions == 2 else "forward"}
        if op == "gru":
            attributes["linear_before_reset"] = 1
        if op.startswith("rnn"):
            attributes["activations"] = [op[4:].capitalize()] * directions
        ends = [b.value([directions, batch, hidden], x.dtype) for _ in states]
        finals.append(ends)
        b.node({"lstm": "LSTM", "gru": "GRU"}.get(op, "RNN"), [x, *weights, None, *initial], [made, *ends], **attributes)
        moved = transposed(b, made, [0, 2, 1, 3]) if directions == 2 else made
        last = reshaped(b, moved, [time, batch, directions * hidden])
        x = last
    assert last is not None
    if call["batch_first"]:
        transposed(b, last, [1, 0, 2], out)
    else:
        b.alias(out, last)
    for i, final in enumerate(call.outputs[1:]):
        if final is not None and len(finals) > 1:
            b.node("Concat", [ends[i] for ends in finals], final, axis=0)
        elif final is not None:
            b.alias(final, finals[0][i])


def _recurrent_weights(b: Builder, call: Call, layer: int, directions: int, hidden: int, size: int, dtype: str) -> list[Optional[Value]]:
    gates = _GATES[call.op]
    name = f"{call.path or call.op}.layer{layer}"

    def stacked(part: str, *shape: int) -> Value:
        return Value(f"{name}.{part}", (directions, *shape), dtype, True)

    bias = stacked("bias", 2 * gates * hidden) if call["has_biases"] else None
    return [stacked("input_weights", gates * hidden, size), stacked("hidden_weights", gates * hidden, hidden), bias]

"""ATen calls -> nodes of the catalogue. The table: each module of operators/ fills its family; what none knows is bounded."""

from __future__ import annotations

import struct
from collections import Counter
from typing import Any, Callable, Iterable, Optional, Sequence, Union

from wattlayer import _wattlayer
from wattlayer.capture.calls import REALS, Call, Trace, Value

#: A value that stands in a node: one of the network, or a number that becomes a constant.
Operand = Union[Value, int, float, bool, Sequence[int], Sequence[float], None]
Rule = Callable[["Builder", Call], None]
TABLE: dict[str, Rule] = {}

_MOST_ELEMENTS = 4096  # of a constant that is handed on with its elements


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Enters a rule for these operators into the table; an in-place form (`relu_`) is the same operator."""

    def enter(function: Rule) -> Rule:
        for name in names:
            assert name not in TABLE, name
            TABLE[name] = function
        return function

    return enter


def shortest(value: float) -> float:
    """The shortest decimal that names the 32-bit number, as ONNX attributes are read: 0.16666667 for a sixth."""
    bits = struct.pack("f", value)
    return next((t for d in range(1, 10) if struct.pack("f", t := float(f"{value:.{d}g}")) == bits), value)


def is_real(dtype: str) -> bool:
    return dtype in REALS


class Builder:
    """Writes the nodes of one network. Names of values are given once; an alias costs nothing."""

    def __init__(self, name: str) -> None:
        self._network = _wattlayer.CapturedNetwork(name)
        self._names: dict[int, str] = {}  # by identity of a Value
        self._values: list[Value] = []
        self._taken: set[str] = set()
        self._known: set[str] = set()  # constants that are declared
        self._nodes: Counter[str] = Counter()
        self._path = ""
        self._unmapped: Counter[str] = Counter()

    def _fresh(self, wish: str) -> str:
        name, i = wish, 1
        while name in self._taken:
            name, i = f"{wish}_{i}", i + 1
        self._taken.add(name)
        return name

    def name(self, value: Value) -> str:
        """Its name in the network; a tensor that nothing has made is a constant."""
        if id(value) not in self._names:
            self._names[id(value)] = self._fresh(value.name)
            self._values.append(value)
            self._declare(value)
        return self._names[id(value)]

    def _declare(self, value: Value) -> None:
        reals = integers = None
        if value.elements is not None and len(value.elements) <= _MOST_ELEMENTS:
            if is_real(value.dtype):
                reals = [shortest(float(e)) for e in value.elements]
            else:
                integers = [int(e) for e in value.elements]
        self._network.add_constant(self._names[id(value)], list(value.shape), value.dtype, reals, integers)

    def add_input(self, value: Value) -> None:
        self._names[id(value)] = self._fresh(value.name)
        self._values.append(value)
        self._network.add_input(self._names[id(value)], list(value.shape), value.dtype)

    def add_output(self, value: Value) -> None:
        self._network.add_output(self.name(value))

    def add_remark(self, text: str) -> None:
        self._network.add_remark(text)

    def alias(self, made: Value, of: Value) -> None:
        """The same tensor under another name."""
        self._names[id(made)] = self.name(of)
        self._values.append(made)

    def value(self, shape: Iterable[int], dtype: str) -> Value:
        """An intermediate result."""
        return Value("", tuple(int(d) for d in shape), dtype)

    def weight(self, of: Value, shape: Iterable[int], form: str) -> Value:
        """A constant made of another when the network is loaded: transposed, stacked."""
        return Value(f"{of.name}.{form}", tuple(shape), of.dtype, constant=True)

    def constant(self, elements: Any, dtype: str) -> Value:
        """A number (no dimensions) or a list of them."""
        shape = (len(elements),) if isinstance(elements, (list, tuple)) else ()
        return Value("constant", shape, dtype, True, list(elements) if shape else [elements])

    def integers(self, elements: Iterable[int]) -> Value:
        return self.constant([int(e) for e in elements], "i64")

    def operand(self, value: Any, dtype: str) -> Value:
        """A tensor as it is; a number as a constant of that type."""
        if isinstance(value, Value):
            return value
        known = isinstance(value, (int, float, bool))
        made = self.constant(value if known else 0, dtype)
        if not known:
            made.elements = None  # a size that the tracer left open
        return made

    def node(self, op: str, inputs: Sequence[Optional[Value]], outputs: Union[Value, Sequence[Optional[Value]]], **attributes: Any) -> None:
        """A node of the catalogue; `outputs` with the shapes that torch found."""
        outputs = [outputs] if isinstance(outputs, Value) else list(outputs)
        names = ["" if value is None else self.name(value) for value in inputs]
        self._nodes[f"{self._path}/{op}"] += 1
        count = self._nodes[f"{self._path}/{op}"]
        name = f"{self._path}/{op}".lstrip("/") + (f"_{count}" if count > 1 else "")
        described = []
        for value in outputs:
            if value is not None:
                self._names[id(value)] = self._fresh(value.name or f"{name}.out")
                self._values.append(value)  # keeps the identity alive
            described.append(("", [], "f32") if value is None else (self._names[id(value)], list(value.shape), value.dtype))
        written = {k: shortest(v) if isinstance(v, float) else v for k, v in attributes.items() if v is not None}
        self._network.add_node(name, op, names, described, written)

    def made(self, op: str, inputs: Sequence[Optional[Value]], shape: Iterable[int], dtype: str, **attributes: Any) -> Value:
        """A node with one intermediate result."""
        out = self.value(shape, dtype)
        self.node(op, inputs, out, **attributes)
        return out

    def call(self, call: Call) -> None:
        """The nodes of a call."""
        self._path = call.path
        name = call.op[:-1] if call.op.endswith("_") and call.op[:-1] in TABLE else call.op
        found = TABLE.get(name)
        if found is not None:
            return found(self, call)
        self.bounded(call)

    def bounded(self, call: Call) -> None:
        """An operator that nobody has mapped: priced by its bytes."""
        op = call.op if "." in call.op else f"aten.{call.op}"
        self._unmapped[op] += 1
        self.node(op, call.tensors(), call.outputs)

    def finish(self) -> _wattlayer.CapturedNetwork:
        if self._unmapped:
            listed = ", ".join(f"{op} ({count})" for op, count in self._unmapped.most_common())
            self.add_remark(f"operators of PyTorch that nobody has mapped, bounded by their bytes: {listed}")
        return self._network


def network_of(name: str, trace: Trace) -> _wattlayer.CapturedNetwork:
    """The network of a trace, node by node."""
    from wattlayer.capture import operators

    operators.load()
    builder = Builder(name)
    for value in trace.inputs:
        builder.add_input(value)
    for remark in trace.remarks:
        builder.add_remark(remark)
    for call in trace.calls:
        builder.call(call)
    for value in [*trace.outputs, *_written_in_place(trace)]:
        builder.add_output(value)
    return builder.finish()


def _written_in_place(trace: Trace) -> list[Value]:
    """What calls write into a tensor that is read under another name (`y[:, 0] = x`): nobody reads their result, yet they count."""
    read = {id(value) for call in trace.calls for value in call.tensors()} | {id(value) for value in trace.outputs}
    in_place = [call for call in trace.calls if call.writes or (call.op.endswith("_") and not call.op.endswith("__"))]
    written = [value for call in in_place for value in call.outputs]
    return [value for value in written if value is not None and id(value) not in read]

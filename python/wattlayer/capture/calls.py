"""What a tracer saw: ATen calls over values. Both tracers write it, the table of operators reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

#: names of torch's data types in the library
DTYPES = {
    "float32": "f32",
    "float16": "f16",
    "bfloat16": "bf16",
    "float64": "f64",
    "int64": "i64",
    "int32": "i32",
    "int16": "i16",
    "int8": "int8",
    "uint8": "uint8",
    "bool": "bool",
    "complex64": "complex64",
    "complex128": "complex128",
    "float8_e4m3fn": "fp8",
    "float8_e5m2": "fp8",
}
REALS = ("f64", "f32", "bf16", "f16", "fp8")


def dtype_name(dtype: object) -> str:
    """The library's name of a torch.dtype."""
    name = str(dtype).rpartition(".")[2]
    return DTYPES.get(name, name)


@dataclass(eq=False)
class Value:
    """A tensor of the network; two of one name are the same."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    constant: bool = False  #: known before the network runs
    elements: Optional[list[Any]] = None  #: of a small constant

    @property
    def rank(self) -> int:
        return len(self.shape)


@dataclass
class Call:
    """One call of an ATen operator, arguments by the names of its schema."""

    op: str  #: conv2d, add, relu_
    arguments: dict[str, Any]  #: Values, numbers, texts, lists of them
    outputs: list[Optional[Value]]
    path: str = ""  #: of the module that made it: layer1.0.conv1
    writes: bool = False  #: outputs are arguments as they are afterwards; there is no other result

    @property
    def out(self) -> Value:
        assert self.outputs[0] is not None
        return self.outputs[0]

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]

    def get(self, name: str, otherwise: Any = None) -> Any:
        value = self.arguments.get(name)
        return otherwise if value is None else value

    def tensors(self) -> list[Value]:
        """All tensors among its arguments."""
        found: list[Value] = []
        for value in self.arguments.values():
            items = value if isinstance(value, (list, tuple)) else [value]
            found += [item for item in items if isinstance(item, Value)]
        return found


def writing(op: str, arguments: dict[str, Any], schema: Any, path: str) -> Optional[Call]:
    """A call without a result that writes into its arguments; nothing where it writes into no tensor."""
    aliases = [(a.name, getattr(a, "alias_info", None)) for a in schema]
    written = [arguments.get(name) for name, alias in aliases if alias is not None and alias.is_write]
    outputs = [Value(f"{v.name}.written", v.shape, v.dtype) for v in written if isinstance(v, Value)]
    return Call(op, arguments, list(outputs), path, writes=True) if outputs else None


@dataclass
class Trace:
    """A module as a tracer saw it."""

    inputs: list[Value] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    tracer: str = ""

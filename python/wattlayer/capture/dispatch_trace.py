"""Calls of a module as torch's dispatcher sees them, over meta tensors: for versions whose torch.export is missing or cannot follow."""

from __future__ import annotations

import operator
import types
import warnings
from typing import Any, Iterator, Mapping, Optional

from wattlayer.capture.calls import Call, Trace, Value, dtype_name, writing
from wattlayer.capture.stand_in import StandIns

# Their meta kernels are Python in torch 1.13, whose inside would be recorded in their place.
_RECORDED_HERE = {f"conv{transpose}{n}d" for transpose in ("", "_transpose") for n in (1, 2, 3)}
_FACTORIES = {"arange", "zeros", "ones", "full", "empty", "eye", "linspace", "rand", "randn", "tril_indices", "triu_indices"}
_ON_SIZES = {
    "add": operator.add,
    "sub": operator.sub,
    "rsub": lambda a, b: b - a,
    "mul": operator.mul,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "div": operator.truediv,
    "neg": operator.neg,
    "floor": lambda a: int(a // 1),
    "Int": int,
    "Float": float,
    "ScalarImplicit": lambda a: a,
    "IntImplicit": int,
    "NumToTensor": lambda a: a,
}


def is_there() -> bool:
    import torch

    return hasattr(torch.jit, "_get_trace_graph")


def _flat(value: Any) -> Iterator[Any]:
    import torch

    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _flat(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _flat(item)


def _results(value: Any, seen: set[int]) -> Iterator[Any]:
    """Tensors in what a module returns, also in the attributes of its objects. Raises where it cannot look: layers would be missing."""
    import torch

    if isinstance(value, torch.Tensor):
        yield value
        return
    if value is None or isinstance(value, (bool, int, float, complex, str, torch.nn.Module)) or callable(value) or id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Mapping):
        held = list(value.values())
    elif isinstance(value, (list, tuple, set)):
        held = list(value)
    elif hasattr(value, "__dict__"):
        held = list(vars(value).values())
    elif isinstance(value, (torch.dtype, torch.device)):
        return
    else:
        raise TypeError(f"it returns a {type(value).__name__}, whose tensors cannot be seen; return tensors, tuples or dicts of them")
    for item in held:
        yield from _results(item, seen)


def _rebuilt(value: Any, tensors: Iterator[Any]) -> Any:
    """The value with its tensors replaced, in order."""
    import torch

    if isinstance(value, torch.Tensor):
        return next(tensors)
    if isinstance(value, dict):
        return {key: _rebuilt(item, tensors) for key, item in value.items()}
    return type(value)(_rebuilt(item, tensors) for item in value) if type(value) in (list, tuple) else value


def trace(module: Any, arguments: tuple, keywords: dict) -> Trace:
    import torch

    def meta(tensor: Any) -> Any:
        made = torch.empty(tuple(tensor.shape), dtype=tensor.dtype, device="meta")
        return torch.nn.Parameter(made, requires_grad=False) if isinstance(tensor, torch.nn.Parameter) else made

    class Flattened(torch.nn.Module):
        """Takes and gives tensors alone, as the tracer wants it."""

        def __init__(self, skeleton: Any) -> None:
            super().__init__()
            self.skeleton = skeleton

        def forward(self, *tensors: Any) -> Any:
            given, named = _rebuilt((arguments, keywords), iter(tensors))
            return tuple(_results(self.skeleton(*given, **named), set()))

    stand_ins = StandIns(meta)
    flattened = Flattened(stand_ins.module(module)).eval()
    examples = tuple(_flat([arguments, keywords]))
    recorder = _recorder()
    with warnings.catch_warnings(), torch.no_grad(), recorder:
        warnings.simplefilter("ignore")
        graph = torch.jit._get_trace_graph(flattened, examples)[0]
    names = [name[len("skeleton.") :] for name in flattened.state_dict()]
    found = _Reader(graph, len(examples), names).trace()
    found.remarks += stand_ins.remarks
    return found


def _recorder() -> Any:
    import torch
    from torch.overrides import TorchFunctionMode

    class Recorder(TorchFunctionMode):
        """Enters convolutions into the trace by hand, and keeps new tensors without elements."""

        def __torch_function__(self, func: Any, types_: Any, args: tuple = (), kwargs: Optional[dict] = None) -> Any:
            name = getattr(func, "__name__", "")
            kwargs = dict(kwargs or {})
            if isinstance(func, types.FunctionType):
                return func(*args, **kwargs)
            if name in _FACTORIES:
                kwargs["device"] = "meta"
            state = torch._C._get_tracing_state()
            if name in _RECORDED_HERE and state is not None:
                return self._record(name, func, args, kwargs, state)
            return func(*args, **kwargs)

        def _record(self, name: str, func: Any, args: tuple, kwargs: dict, state: Any) -> Any:
            overload = getattr(torch.ops.aten, name).default
            schema = overload._schema.arguments  # kept whole, so that the node has a schema
            named = {a.name: a.default_value for a in schema}
            named.update(zip(named, args))
            named.update(kwargs)
            torch._C._set_tracing_state(None)
            try:
                out = func(*args, **kwargs)
            finally:
                torch._C._set_tracing_state(state)
            graph = state.graph()
            traced = torch._C._get_value_trace
            for key in ("stride", "padding", "output_padding", "dilation"):
                if key in named and not isinstance(named[key], str):
                    given = named[key] if isinstance(named[key], (list, tuple)) else [named[key]]
                    named[key] = list(given) * (int(name[-2]) if len(given) == 1 else 1)
            values = [traced(v) if isinstance(v, torch.Tensor) else graph.insertConstant(v) for v in named.values()]
            node = graph.create(f"aten::{name}", values, 1)
            graph.appendNode(node)
            node.output().inferTypeFrom(out)
            torch._C._set_value_trace(out, node.output())
            return out

    return Recorder()


class _Reader:
    """A traced graph -> Trace."""

    def __init__(self, graph: Any, inputs: int, names: list[str]) -> None:
        self._graph = graph
        self._values: dict[str, Any] = {}  # by debug name: a Value, a number, a list
        self._sizes: set[str] = set()  # debug names of numbers that the trace holds as tensors
        self._trace = Trace()
        for i, given in enumerate(graph.inputs()):
            value = self._value(given)
            self._values[given.debugName()] = value
            if not isinstance(value, Value):
                continue
            if i < inputs:
                self._trace.inputs.append(value)
            else:
                value.constant = True
                value.name = names[i - inputs] if i - inputs < len(names) else value.name

    def trace(self) -> Trace:
        for node in self._graph.nodes():
            self._node(node)
        for output in self._graph.outputs():
            found = self._values.get(output.debugName())
            self._trace.outputs += [v for v in (found if isinstance(found, list) else [found]) if isinstance(v, Value)]
        return self._trace

    def _value(self, value: Any) -> Any:
        """A tensor by its type; anything else is not known yet."""
        kind = value.type()
        if kind.kind() != "TensorType" or kind.sizes() is None or kind.dtype() is None:
            return None
        return Value(f"value_{value.debugName()}", tuple(int(d) for d in kind.sizes()), dtype_name(kind.dtype()))

    def _node(self, node: Any) -> None:
        namespace, _, name = node.kind().partition("::")
        inputs, outputs = list(node.inputs()), list(node.outputs())
        given = [self._values.get(value.debugName()) for value in inputs]
        if namespace == "prim":
            return self._primitive(name, node, given, outputs)
        if name == "size" and isinstance(given[0], Value):
            whole = list(given[0].shape)
            self._values[outputs[0].debugName()] = whole if len(given) < 2 else whole[given[1]]
            self._sizes.add(outputs[0].debugName())
            return
        if self._on_sizes(name, inputs, given, outputs):
            return
        op = name if namespace == "aten" else f"{namespace}.{name}"
        made = [self._value(value) for value in outputs]
        for value, found in zip(outputs, made):
            self._values[value.debugName()] = found
        if not any(isinstance(v, Value) for v in made):
            if len(outputs) == 1 and outputs[0].type().kind() == "ListType":
                self._listed(op, node, given, outputs[0])
            elif not outputs:
                self._written(op, node, given)
            return
        self._trace.calls.append(Call(op, self._named(node, given), made, self._path(node)))

    def _primitive(self, name: str, node: Any, given: list[Any], outputs: list[Any]) -> None:
        import torch

        if name == "Constant":
            value = outputs[0].toIValue()
            if isinstance(value, torch.Tensor):
                made = Value(f"constant_{outputs[0].debugName()}", tuple(value.shape), dtype_name(value.dtype), True)
                if not value.is_meta and value.numel() <= 64:
                    made.elements = value.flatten().tolist()
                value = made
            self._values[outputs[0].debugName()] = value
        elif name in ("ListConstruct", "TupleConstruct"):
            self._values[outputs[0].debugName()] = given
        elif name == "NumToTensor":
            self._values[outputs[0].debugName()] = given[0]
            self._sizes.add(outputs[0].debugName())
        elif name in ("ListUnpack", "TupleUnpack"):
            held = self._values.get(next(iter(node.inputs())).debugName())
            items = held if isinstance(held, list) else [None] * len(outputs)
            for output, item in zip(outputs, items):
                self._values[output.debugName()] = item

    def _on_sizes(self, name: str, inputs: list[Any], given: list[Any], outputs: list[Any]) -> bool:
        """Arithmetic on sizes happens in Python, and is no operator of the network."""
        if name not in _ON_SIZES or any(isinstance(v, Value) for v in given) or not given:
            return False
        key = outputs[0].debugName()
        self._sizes.add(key)
        arity = 1 if name in ("neg", "floor", "Int", "Float", "ScalarImplicit", "IntImplicit", "NumToTensor") else 2
        try:
            self._values[key] = _ON_SIZES[name](*given[:arity])
        except (TypeError, ZeroDivisionError):
            self._values[key] = None
        return True

    def _listed(self, name: str, node: Any, given: list[Any], output: Any) -> None:
        """A call that gives a list of tensors, whose types stand where it is unpacked."""
        users = [use.user for use in output.uses()]
        unpacked = next((user for user in users if user.kind() == "prim::ListUnpack"), None)
        if unpacked is None:
            return
        parts = [self._value(value) for value in unpacked.outputs()]
        self._values[output.debugName()] = parts
        self._trace.calls.append(Call(name, self._named(node, given), parts, self._path(node)))

    def _written(self, op: str, node: Any, given: list[Any]) -> None:
        import torch

        schema = node.schema()
        arguments = [] if schema == "(no schema)" else torch._C.parse_schema(schema).arguments
        call = writing(op, self._named(node, given), arguments, self._path(node))
        if call is not None:
            self._trace.calls.append(call)

    def _named(self, node: Any, given: list[Any]) -> dict[str, Any]:
        import torch

        schema = node.schema()
        if schema == "(no schema)":
            return {f"argument_{i}": value for i, value in enumerate(given)}
        return dict(zip((a.name for a in torch._C.parse_schema(schema).arguments), given))

    @staticmethod
    def _path(node: Any) -> str:
        """`Kind::/Kind::layer1/Kind::layer1.0` -> layer1.0"""
        scopes = [part.rpartition("::")[2] for part in node.scopeName().split("/")]
        last = scopes[-1] if scopes else ""
        return last.removeprefix("skeleton").lstrip(".")

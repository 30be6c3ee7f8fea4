"""Calls of a module by torch.export, over fake tensors."""

from __future__ import annotations

import warnings
from typing import Any, Optional

from wattlayer.capture.calls import Call, Trace, Value, dtype_name, writing
from wattlayer.capture.stand_in import StandIns


def is_there() -> bool:
    """Whether this torch keeps composite operators whole when it exports: from 2.6 on."""
    import torch

    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    return version >= (2, 6) and hasattr(torch, "export")


def trace(module: Any, arguments: tuple, keywords: dict) -> Trace:
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode

    mode = FakeTensorMode(allow_non_fake_inputs=True)

    def fake(tensor: Any) -> Any:
        with mode:
            made = torch.empty(tuple(tensor.shape), dtype=tensor.dtype)
            if isinstance(tensor, torch.nn.Parameter):
                return torch.nn.Parameter(made, requires_grad=False)
            return made

    def fakes(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return fake(value)
        if isinstance(value, dict):
            return {key: fakes(item) for key, item in value.items()}
        return type(value)(fakes(item) for item in value) if type(value) in (list, tuple) else value

    stand_ins = StandIns(fake)
    skeleton = stand_ins.module(module)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        program = torch.export.export(skeleton, fakes(arguments), fakes(keywords), strict=False)
    found = _Reader(program).trace()
    found.remarks += stand_ins.remarks
    return found


class _Reader:
    """An ExportedProgram -> Trace."""

    def __init__(self, program: Any) -> None:
        self._program = program
        self._values: dict[Any, Any] = {}  # node -> Value, list of them, or a number
        self._trace = Trace()

    def trace(self) -> Trace:
        self._placeholders()
        outputs = self._walk(self._program.graph_module, skip_placeholders=True)
        self._trace.outputs = [value for value in outputs if isinstance(value, Value)]
        return self._trace

    def _placeholders(self) -> None:
        signature = self._program.graph_signature
        names = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        names.update(getattr(signature, "inputs_to_lifted_tensor_constants", {}))
        for node in self._program.graph.nodes:
            if node.op != "placeholder":
                continue
            value = self._value(node.name, node.meta.get("val"))
            self._values[node] = value
            if not isinstance(value, Value):
                continue
            if node.name in names:
                value.name, value.constant = names[node.name], True
            else:
                self._trace.inputs.append(value)

    def _value(self, name: str, meta: Any) -> Any:
        import torch

        if isinstance(meta, torch.Tensor):
            return Value(name, tuple(int(d) for d in meta.shape), dtype_name(meta.dtype))
        if isinstance(meta, (list, tuple)):
            return [self._value(f"{name}.{i}", item) for i, item in enumerate(meta)]
        return meta

    def _read(self, argument: Any) -> Any:
        import torch

        if isinstance(argument, torch.fx.Node):
            return self._values[argument]
        if isinstance(argument, (list, tuple)):
            return [self._read(item) for item in argument]
        return dtype_name(argument) if isinstance(argument, torch.dtype) else argument

    def _walk(self, graph_module: Any, skip_placeholders: bool = False, given: tuple = ()) -> list[Any]:
        """Calls of a graph in order; blocks under no_grad or autocast are part of it. Returns its outputs."""
        waiting = list(given)
        for node in graph_module.graph.nodes:
            if node.op == "placeholder" and not skip_placeholders:
                self._values[node] = waiting.pop(0)
            elif node.op == "get_attr":
                held = graph_module
                for part in node.target.split("."):
                    held = getattr(held, part)
                value = self._value(node.name, held)
                if isinstance(value, Value):
                    value.constant = True
                self._values[node] = value
            elif node.op == "call_function":
                self._call(node)
            elif node.op == "output":
                outputs = self._read(node.args[0])
                return outputs if isinstance(outputs, list) else [outputs]
        return []

    def _call(self, node: Any) -> None:
        target = node.target
        name = getattr(target, "__name__", str(target))
        if name == "getitem":
            self._values[node] = self._read(node.args[0])[node.args[1]]
            return
        block = next((a for a in map(self._held, node.args) if hasattr(a, "graph")), None)
        if block is not None and name.startswith("wrap"):
            at = [hasattr(self._held(a), "graph") for a in node.args].index(True)
            self._values[node] = self._walk(block, given=tuple(self._read(a) for a in node.args[at + 1 :]))
            return
        value = self._value(node.name, node.meta.get("val"))
        if not hasattr(target, "_schema"):
            if any(isinstance(item, Value) for item in (value if isinstance(value, list) else [value])):
                raise NotImplementedError(f"what runs inside {name} depends on values")  # torch.cond, while_loop, scan
            self._values[node] = value  # arithmetic on sizes
            return
        self._values[node] = value
        outputs = value if isinstance(value, list) else [value]
        outputs = [item if isinstance(item, Value) else None for item in outputs]
        namespace, _, op = target._schema.name.partition("::")
        op = op if namespace == "aten" else f"{namespace}.{op}"
        arguments, path = self._arguments(node), self._path(node)
        call = Call(op, arguments, outputs, path) if any(outputs) else writing(op, arguments, target._schema.arguments, path)
        if call is not None:
            self._trace.calls.append(call)

    def _held(self, argument: Any) -> Any:
        return self._values.get(argument) if hasattr(argument, "op") and hasattr(argument, "graph") else None

    def _arguments(self, node: Any) -> dict[str, Any]:
        named: dict[str, Any] = {}
        for i, argument in enumerate(node.target._schema.arguments):
            if i < len(node.args):
                named[argument.name] = self._read(node.args[i])
            elif argument.name in node.kwargs:
                named[argument.name] = self._read(node.kwargs[argument.name])
            elif argument.has_default_value():
                named[argument.name] = argument.default_value
        return named

    @staticmethod
    def _path(node: Any) -> str:
        stack: Optional[dict] = node.meta.get("nn_module_stack")
        return list(stack.values())[-1][0] if stack else ""

"""A module's skeleton: the same code over tensors without elements. The module itself is neither run nor changed."""

from __future__ import annotations

import types
from typing import Any, Callable

_FORWARD_HOOKS = ("_forward_hooks", "_forward_pre_hooks")
_HOOKS = (*_FORWARD_HOOKS, "_backward_hooks", "_backward_pre_hooks")
_DEEPEST = 4  # containers in containers that are looked through


class StandIns:
    """Makes skeletons. ``stand_in`` makes a tensor without elements of one with; equal tensors get the same one."""

    def __init__(self, stand_in: Callable[[Any], Any]) -> None:
        import torch

        self._torch = torch
        self._stand_in = stand_in
        self._tensors: dict[int, Any] = {}
        self._modules: dict[int, Any] = {}
        self._containers: dict[int, Any] = {}
        self.remarks: list[str] = []  #: what the skeleton leaves out
        self.constants: dict[int, str] = {}  #: name of each stand-in by its id: that of the parameter or buffer

    def tensor(self, tensor: Any, name: str) -> Any:
        if id(tensor) not in self._tensors:
            made = self._stand_in(tensor)
            self._tensors[id(tensor)] = (made, tensor)  # the tensor stays alive, or its id could come again
            self.constants[id(made)] = name
        return self._tensors[id(tensor)][0]

    def module(self, module: Any, path: str = "") -> Any:
        """Its attributes with stand-ins for all tensors; hooks of torch itself (weight_norm) stay, others do not run."""
        if id(module) in self._modules:
            return self._modules[id(module)]
        made = object.__new__(type(module))
        self._modules[id(module)] = made
        state = vars(module)
        own = {name: dict(state.get(name, {})) for name in ("_parameters", "_buffers", "_modules")}
        attributes = dict(state)
        for kind in ("_parameters", "_buffers"):
            for name, tensor in own[kind].items():
                if tensor is not None:
                    own[kind][name] = self.tensor(tensor, f"{path}.{name}".lstrip("."))
        for name, child in own["_modules"].items():
            if child is not None:
                own["_modules"][name] = self.module(child, f"{path}.{name}".lstrip("."))
        attributes.update(own, training=False)
        for name in _HOOKS:
            if name in attributes:
                hooks = {key: hook for key, hook in attributes[name].items() if self._is_of_torch(hook)}
                if name in _FORWARD_HOOKS and len(hooks) < len(attributes[name]):
                    self.remarks.append(f"forward hooks of {path or 'the module'} do not run, and what they compute is not counted")
                attributes[name] = type(attributes[name])(hooks)
        for name, value in attributes.items():
            if name not in own and name not in _HOOKS:
                attributes[name] = self._mapped(value, f"{path}.{name}".lstrip("."), 0)
        vars(made).update(attributes)
        return made

    @staticmethod
    def _is_of_torch(hook: Any) -> bool:
        return (getattr(hook, "__module__", None) or type(hook).__module__).split(".")[0] == "torch"

    def _mapped(self, value: Any, name: str, depth: int) -> Any:
        """The value with stand-ins where it holds tensors or modules."""
        if isinstance(value, self._torch.Tensor):
            return self.tensor(value, name)
        if isinstance(value, self._torch.nn.Module):
            return self.module(value, name)
        if isinstance(value, types.MethodType) and id(value.__self__) in self._modules:
            return types.MethodType(value.__func__, self._modules[id(value.__self__)])
        if depth == _DEEPEST or type(value) not in (list, tuple, dict):
            return value
        if id(value) in self._containers:
            return self._containers[id(value)][0]
        if type(value) is tuple:
            return tuple(self._mapped(item, f"{name}.{i}", depth + 1) for i, item in enumerate(value))
        made: Any = type(value)()  # a copy always: what the code appends must not reach the module
        self._containers[id(value)] = (made, value)
        if type(value) is list:
            made.extend(self._mapped(item, f"{name}.{i}", depth + 1) for i, item in enumerate(value))
        else:
            made.update((key, self._mapped(item, f"{name}.{key}", depth + 1)) for key, item in value.items())
        return made

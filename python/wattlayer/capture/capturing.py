"""A module -> Network: stand-ins, a tracer, the table of operators."""

from __future__ import annotations

import inspect
from typing import Any, Mapping, Optional

from wattlayer import _wattlayer
from wattlayer.capture.calls import Trace
from wattlayer.errors import Error, InvalidInput, Unsupported


def _tensors_of(value: Any) -> list[Any]:
    """All tensors in nested tuples, lists and dicts, in order."""
    import torch

    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    return [tensor for item in value for tensor in _tensors_of(item)] if isinstance(value, (list, tuple)) else []


def _sized(value: Any, batch: Optional[int], now: int) -> Any:
    """Examples at another batch, without elements: a tensor takes it where its leading dimension is that of the first."""
    import torch

    if isinstance(value, torch.Tensor):
        shape = list(value.shape)
        if batch is not None and shape and shape[0] == now:
            shape[0] = batch
        return torch.empty(shape, dtype=value.dtype, device="meta")
    if isinstance(value, Mapping):
        return {key: _sized(item, batch, now) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_sized(item, batch, now) for item in value)
    return value


def _examples(example_inputs: Any, example_kwargs: Optional[Mapping[str, Any]], batch: Optional[int]) -> tuple[tuple, dict]:
    arguments = example_inputs if isinstance(example_inputs, (tuple, list)) else (example_inputs,)
    if example_inputs is None:
        arguments = ()
    if isinstance(example_inputs, Mapping):
        raise InvalidInput("example_inputs: expected a tensor or a tuple of them; give inputs by name as example_kwargs={...}")
    tensors = _tensors_of([list(arguments), dict(example_kwargs or {})])
    if not tensors:
        raise InvalidInput(
            "example_inputs: a module needs example inputs, such as (torch.empty(1, 3, 224, 224),); only shapes and types count"
        )
    now = next((int(t.shape[0]) for t in tensors if t.dim() > 0), 1)
    if now == 0:
        raise InvalidInput("example_inputs: the leading dimension, the batch, is 0; expected 1 or more")
    if batch is not None and all(t.dim() == 0 or int(t.shape[0]) != now for t in tensors):
        raise Unsupported("batch: no example input has a leading dimension; leave batch out")
    return tuple(_sized(a, batch, now) for a in arguments), _sized(dict(example_kwargs or {}), batch, now)


def _reason(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:300] if text else 'no message'}"


def trace(module: Any, arguments: tuple, keywords: dict, tracer: Optional[str] = None) -> Trace:
    """The module's ATen calls. ``tracer``: `export` or `dispatch`; the first that torch has and that succeeds without it."""
    from wattlayer.capture import dispatch_trace, export_trace

    tracers = {"export": export_trace, "dispatch": dispatch_trace}
    wanted = [tracer] if tracer else [name for name in tracers if tracers[name].is_there()]
    failures = []
    for name in wanted:
        try:
            found = tracers[name].trace(module, arguments, keywords)
            found.tracer = name
            return found
        except Error:
            raise
        except Exception as e:  # whatever a user's module raises over tensors without elements
            failures.append((name, e))
    try:
        inspect.signature(module.forward).bind(*arguments, **keywords)
    except TypeError as e:
        raise InvalidInput(f"example_inputs: {type(module).__name__}.forward() does not take them: {e}") from None
    except ValueError:
        pass  # no signature to ask
    reasons = "; ".join(f"{name}: {_reason(e)}" for name, e in failures)
    raise Unsupported(
        f"{type(module).__name__}: its code cannot be followed without elements ({reasons}); "
        "check that it takes inputs of these shapes, else export it to ONNX with real inputs and estimate that file"
    ) from failures[-1][1]


def capture(
    module: Any,
    example_inputs: Any,
    *,
    example_kwargs: Optional[Mapping[str, Any]] = None,
    batch: Optional[int] = None,
    tracer: Optional[str] = None,
) -> _wattlayer.Network:
    """The network that a module computes in inference mode."""
    from wattlayer.capture.aten import network_of

    arguments, keywords = _examples(example_inputs, example_kwargs, batch)
    found = trace(module, arguments, keywords, tracer)
    return _wattlayer.Network.captured(network_of(type(module).__name__, found))

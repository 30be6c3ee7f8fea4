"""wattlayer.estimate and wattlayer.layers."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, Iterable, Mapping, Optional, Union

from wattlayer import _wattlayer
from wattlayer.errors import EstimateWarning, InvalidInput
from wattlayer.rows import Estimate, Estimates

Path = Union[str, "os.PathLike[str]"]


def _is_module(network: object) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(network, torch.nn.Module)


def _network(
    network: object,
    example_inputs: object,
    batch: Optional[int],
    inputs: Optional[Mapping[str, Iterable[int]]],
    dims: Optional[Mapping[str, int]],
    kwargs: Optional[Mapping[str, Any]] = None,
) -> _wattlayer.Network:
    """One network at one batch, all shapes known."""
    if _is_module(network):
        if inputs or dims:
            raise InvalidInput("inputs= and dims= are for ONNX files; the shapes of a module are those of its example_inputs")
        from wattlayer.capture import capture

        return capture(network, example_inputs, example_kwargs=kwargs, batch=batch)
    if isinstance(network, (str, os.PathLike)):
        if example_inputs is not None or kwargs:
            raise InvalidInput(f"{network}: example_inputs are for modules; an ONNX file takes inputs={{'x': [1, 3, 224, 224]}}")
        shapes = {name: [int(d) for d in shape] for name, shape in (inputs or {}).items()}
        return _wattlayer.Network.read(os.fspath(network), batch, shapes, dict(dims or {}))
    raise InvalidInput(
        f"network: expected the path of an ONNX file or of a list of layers, 'net:NAME', or a torch.nn.Module; "
        f"found {type(network).__module__}.{type(network).__qualname__}"
    )


def _texts(value: object, what: str) -> list[str]:
    if isinstance(value, (str, os.PathLike)):
        return [part for part in os.fspath(value).split(",") if part]
    if isinstance(value, Sequence) and value and all(isinstance(item, (str, os.PathLike)) for item in value):
        return [os.fspath(item) for item in value]
    raise InvalidInput(f"{what}: expected HARDWARE[/ENGINE[/DTYPE]] or a list of them, found {value!r}")


def _batches(batch: object) -> list[Optional[int]]:
    if batch is None:
        return [None]
    batches = list(batch) if isinstance(batch, Iterable) and not isinstance(batch, (str, bytes)) else [batch]
    for item in batches:
        if isinstance(item, bool) or not hasattr(item, "__index__") or not 1 <= int(item) <= 2**31:
            raise InvalidInput(f"batch: expected integers from 1 to {2**31}, found {item!r}")
    if not batches:
        raise InvalidInput("batch: expected an integer or a list of them, found an empty list")
    return [int(item) for item in batches]


def estimate(
    network: Any,
    example_inputs: Any = None,
    on: Union[Path, Sequence[Path]] = "",
    batch: Union[int, Sequence[int], None] = None,
    dtype: Any = None,
    *,
    example_kwargs: Optional[Mapping[str, Any]] = None,
    inputs: Optional[Mapping[str, Iterable[int]]] = None,
    dims: Optional[Mapping[str, int]] = None,
    clock_mhz: Optional[float] = None,
    power_limit_w: Optional[float] = None,
    data_dir: Path = "",
) -> Any:
    """The energy of one pass of a network on a device, layer by layer, with 90 % intervals.

    ``network``: the path of an ONNX file or of a text list of layers, ``net:NAME``, or a ``torch.nn.Module`` with its
    ``example_inputs`` (a tensor or a tuple of them; ``example_kwargs`` by name), of which only shapes and types count. A module is
    captured in inference mode without running its arithmetic, and is left as it is.
    ``on``: ``HARDWARE[/ENGINE[/DTYPE]]`` or a ``.wlm`` file; :func:`wattlayer.energy_models` lists them.
    ``batch``: of the inputs; those of the file or of the examples without it.
    ``dtype``: of the arithmetic (``f32``, ``bf16``, ``int8``, a torch.dtype); that of the energy model without it.

    Returns an :class:`Estimate`; :class:`Estimates` where ``on`` or ``batch`` is a list (or ``on`` has a comma).
    Raises :class:`wattlayer.Error`; warns with :class:`wattlayer.EstimateWarning` of what was assumed to find an energy model.
    """
    if not on:
        raise InvalidInput("on: expected HARDWARE[/ENGINE[/DTYPE]]; wattlayer.energy_models() lists them")
    targets, batches = _texts(on, "on"), _batches(batch)
    models = []
    for target in targets:
        model, remarks = _wattlayer.find_target(target, None if dtype is None else str(dtype).removeprefix("torch."), data_dir)
        for remark in remarks:
            warnings.warn(remark, EstimateWarning, stacklevel=2)
        models.append(model)
    networks = [_network(network, example_inputs, b, inputs, dims, example_kwargs) for b in batches]
    found = Estimates(Estimate(_wattlayer.estimate(n, m, clock_mhz, power_limit_w), m) for m in models for n in networks)
    several = isinstance(batch, Iterable) or len(targets) > 1 or not isinstance(on, (str, os.PathLike))
    return found if several else found[0]


def layers(
    network: Any,
    example_inputs: Any = None,
    engine: str = "pytorch",
    batch: Optional[int] = None,
    *,
    example_kwargs: Optional[Mapping[str, Any]] = None,
    inputs: Optional[Mapping[str, Iterable[int]]] = None,
    dims: Optional[Mapping[str, int]] = None,
    data_dir: Path = "",
) -> list[dict[str, Any]]:
    """The layers that an engine executes, unpriced: text form, operator, count, MACs, names. Takes a network as :func:`estimate` does."""
    return _network(network, example_inputs, _batches(batch)[0], inputs, dims, example_kwargs).layers(engine, data_dir)

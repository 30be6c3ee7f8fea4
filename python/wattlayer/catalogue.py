"""What ships with the package: descriptions of hardware, fitted energy models, and the meters of this machine."""

from __future__ import annotations

import json
import os
from typing import Any, Mapping, Optional, Union

from wattlayer import _wattlayer
from wattlayer.errors import InvalidInput

Folder = Union[str, "os.PathLike[str]"]


def hardware(id: Optional[str] = None, *, data_dir: Folder = "") -> dict[str, dict[str, Any]]:
    """Descriptions of hardware by their id, as docs/formats/hardware_v1.md has them; with ``id`` that one alone.

    Each carries ``energy_models``: ids of those that were fitted for it; one without any is estimated from its data sheet.
    """
    models = _wattlayer.energy_model_ids(data_dir)
    described = {}
    for name in _wattlayer.hardware_ids(data_dir) if id is None else [id]:
        described[name] = json.loads(_wattlayer.hardware_json(name, data_dir))
        described[name]["energy_models"] = [model for model in models if model.startswith(name + "/")]
    return described


def energy_models(id: Optional[str] = None, *, data_dir: Folder = "") -> dict[str, dict[str, Any]]:
    """Energy models by their id (``HARDWARE/ENGINE/DTYPE``): what ``on=`` of :func:`wattlayer.estimate` names.

    Each carries its card: data, licence, date, errors on held-out blocks, weaknesses.
    """
    models = {}
    for name in _wattlayer.energy_model_ids(data_dir) if id is None else [id]:
        model = _wattlayer.load_energy_model(name, data_dir)
        models[name] = {
            "hardware": model.hardware,
            "engine": model.engine,
            "dtype": model.dtype,
            "scope": model.scope,
            "idle_included": model.idle_included,
            "card": json.loads(model.card) if model.card else {},
        }
    return models


def meters(
    *, root: Folder = "/", settings: Optional[Mapping[str, object]] = None, device: Optional[_wattlayer.SimulatedDevice] = None
) -> list[dict[str, Any]]:
    """Meters of this machine: name, scope, method, and ``obstacle``: why one cannot be opened and what changes that."""
    return _wattlayer.meter_domains(root, texts(settings), device)


def texts(settings: Optional[Mapping[str, object]]) -> dict[str, str]:
    """Settings of meters as the library reads them."""
    if settings is not None and not isinstance(settings, Mapping):
        raise InvalidInput(f"settings: expected a dict such as {{'constant.watts': 65}}, found {type(settings).__name__}")
    return {str(name): str(value) for name, value in (settings or {}).items()}

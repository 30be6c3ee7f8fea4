"""The C++ library behind the package; its names may change, those of wattlayer do not."""

import os
from typing import Any, Mapping, Optional, Sequence, Union

_Path = Union[str, os.PathLike[str]]
_Attribute = Union[int, float, str, Sequence[int], Sequence[float], Sequence[str]]
_Described = tuple[str, Sequence[int], str]

__version__: str

class CapturedNetwork:
    def __init__(self, name: str) -> None: ...
    def add_input(self, name: str, shape: Sequence[int], dtype: str) -> None: ...
    def add_constant(
        self, name: str, shape: Sequence[int], dtype: str, reals: Optional[Sequence[float]] = None, integers: Optional[Sequence[int]] = None
    ) -> None: ...
    def add_node(
        self, name: str, op: str, inputs: Sequence[str], outputs: Sequence[_Described], attributes: Mapping[str, _Attribute]
    ) -> None: ...
    def add_output(self, name: str) -> None: ...
    def add_remark(self, text: str) -> None: ...

class Network:
    @staticmethod
    def read(
        argument: str, batch: Optional[int] = None, inputs: Mapping[str, Sequence[int]] = ..., dimensions: Mapping[str, int] = ...
    ) -> Network: ...
    @staticmethod
    def of_layer(text: str) -> Network: ...
    @staticmethod
    def captured(captured: CapturedNetwork) -> Network: ...
    def layers(self, engine: str, data_dir: _Path = "") -> list[dict[str, Any]]: ...
    @property
    def name(self) -> str: ...
    @property
    def batch(self) -> int: ...
    @property
    def remarks(self) -> list[str]: ...
    @property
    def unresolved(self) -> list[str]: ...

class Interval:
    value: float
    low: float
    high: float

class LayerRow:
    name: str
    names: list[str]
    op: str
    fused: list[str]
    layer: str
    shapes: str
    count: float
    macs: float
    energy_j: Interval
    time_s: Interval
    share: float
    label: str

class OperatorRow:
    op: str
    count: float
    macs: float
    energy_j: float
    share: float

class Unpriced:
    op: str
    count: float
    bound_j: Optional[float]
    reason: str

class EstimateReport:
    network: str
    file: str
    energy_per_inference_j: Interval
    pass_energy_j: float
    layers: list[LayerRow]
    operators: list[OperatorRow]
    remarks: list[str]
    energy_j: Interval
    time_s: Interval
    power_w: Interval
    coverage: float
    macs: float
    parameters: float
    hardware: str
    engine: str
    scope: str
    idle_included: bool
    energy_model: str
    batch: int
    stated_power_w: Optional[float]
    interval_note: str
    unpriced: list[Unpriced]
    dtype: str

class EnergyModel:
    id: str
    hardware: str
    engine: str
    dtype: str
    scope: str
    idle_included: bool
    from_data_sheet: bool
    card: str

class SimulatedDevice:
    """A device in simulated time that the meter `fake` reads. Not for several threads."""

    def __init__(self, idle_w: float = 10.0) -> None: ...
    def work(self, time_s: float, energy_j: float) -> None: ...
    def sleep(self, time_s: float) -> None: ...

class MeterInfo:
    name: str
    scope: str
    method: str
    resolution_j: float
    refresh_interval_s: Optional[float]
    stated_power_w: Optional[float]

class Reading:
    energy_j: Optional[float]
    failure: str

class MeterWindow:
    def __init__(
        self,
        names: Optional[str] = None,
        root: _Path = "/",
        settings: Mapping[str, str] = ...,
        device: Optional[SimulatedDevice] = None,
    ) -> None: ...
    def read(self, at_start: bool) -> list[Reading]: ...
    def now_s(self) -> float: ...
    def remarks(self) -> list[str]: ...
    @property
    def absence(self) -> str: ...
    @property
    def infos(self) -> list[MeterInfo]: ...

def estimate(
    network: Network, model: EnergyModel, clock_mhz: Optional[float] = None, power_limit_w: Optional[float] = None
) -> EstimateReport: ...
def render(
    estimates: Sequence[EstimateReport], format: str, all_layers: bool = False, top: int = 10, columns: int = 100
) -> str: ...
def html_page(estimates: Sequence[EstimateReport], models: Sequence[EnergyModel], date: str) -> str: ...
def find_target(target: str, dtype: Optional[str] = None, data_dir: _Path = "") -> tuple[EnergyModel, list[str]]: ...
def load_energy_model(id: str, data_dir: _Path = "") -> EnergyModel: ...
def energy_model_ids(data_dir: _Path = "") -> list[str]: ...
def hardware_ids(data_dir: _Path = "") -> list[str]: ...
def hardware_json(id: str, data_dir: _Path = "") -> str: ...
def meter_domains(
    root: _Path = "/", settings: Mapping[str, str] = ..., device: Optional[SimulatedDevice] = None
) -> list[dict[str, Any]]: ...

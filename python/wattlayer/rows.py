"""An estimate in plain rows."""

from __future__ import annotations

import datetime
import os
from dataclasses import asdict, dataclass
from typing import Any, Optional, Union

from wattlayer import _wattlayer, notebook
from wattlayer.errors import FileError, Unavailable

Span = tuple[float, float]


@dataclass(frozen=True)
class Layer:
    """A layer of an estimate; figures include its count."""

    name: str  #: of the first node that it stands for
    names: tuple[str, ...]  #: of all of them
    op: str
    fused: tuple[str, ...]  #: operators that the engine runs inside it
    layer: str  #: its text form, as `wattlayer estimate --layer` takes it
    shapes: str
    count: float
    macs: float
    energy_j: float
    interval: Span  #: of the energy, 90 %
    time_s: float
    time_interval: Span
    share: float  #: of the total energy
    label: str  #: predicted, extrapolated, bounded or modelled


@dataclass(frozen=True)
class OperatorShare:
    """All layers of one operator."""

    op: str
    count: float
    macs: float
    energy_j: float
    share: float


@dataclass(frozen=True)
class Unpriced:
    """Layers that no predictor covers; their energy in the total is a bound."""

    op: str
    count: float
    bound_j: Optional[float]  #: by their bytes and operations; None where their shapes are unknown
    reason: str


def _span(interval: _wattlayer.Interval) -> Span:
    return (interval.low, interval.high)


def _layer(row: _wattlayer.LayerRow) -> Layer:
    return Layer(
        name=row.name,
        names=tuple(row.names),
        op=row.op,
        fused=tuple(row.fused),
        layer=row.layer,
        shapes=row.shapes,
        count=row.count,
        macs=row.macs,
        energy_j=row.energy_j.value,
        interval=_span(row.energy_j),
        time_s=row.time_s.value,
        time_interval=_span(row.time_s),
        share=row.share,
        label=row.label,
    )


def _frame(rows: list[dict[str, Any]]) -> Any:
    try:
        import pandas
    except ImportError as e:
        raise Unavailable("to_pandas() needs pandas, which is not installed; run: pip install pandas") from e
    return pandas.DataFrame(rows)


class Estimate:
    """Energy, time and power of one pass of a network's whole batch, layer by layer, with 90 % prediction intervals."""

    def __init__(self, report: _wattlayer.EstimateReport, model: _wattlayer.EnergyModel) -> None:
        self._report = report
        self._model = model
        self.network: str = report.network
        self.energy_j: float = report.energy_j.value  #: one pass of the whole batch, joules
        self.interval: Span = _span(report.energy_j)  #: of energy_j, 90 %
        self.energy_per_inference_j: float = report.energy_per_inference_j.value
        self.time_s: float = report.time_s.value
        self.time_interval: Span = _span(report.time_s)
        self.power_w: float = report.power_w.value
        self.power_interval: Span = _span(report.power_w)
        self.coverage: float = report.coverage  #: share of the energy from layers inside the fitted range
        self.macs: float = report.macs
        self.parameters: float = report.parameters
        self.batch: int = report.batch
        self.hardware: str = report.hardware
        self.engine: str = report.engine
        self.dtype: str = report.dtype
        self.energy_model: str = report.energy_model
        self.scope: str = report.scope  #: what the energy covers: gpu-board, cpu-package, ...
        self.idle_included: bool = report.idle_included
        self.stated_power_w: Optional[float] = report.stated_power_w  #: energy is this times time: none was measured
        self.interval_note: str = report.interval_note
        self.pass_energy_j: float = report.pass_energy_j  #: of the pass as a whole, of no layer
        self.layers: list[Layer] = [_layer(row) for row in report.layers]  #: in the order of execution
        self.operators: list[OperatorShare] = [
            OperatorShare(row.op, row.count, row.macs, row.energy_j, row.share) for row in report.operators
        ]  #: dearest first
        self.unpriced: list[Unpriced] = [Unpriced(u.op, u.count, u.bound_j, u.reason) for u in report.unpriced]
        self.remarks: list[str] = list(report.remarks)  #: assumptions made on the way

    def to_pandas(self) -> Any:
        """Its layers as a pandas.DataFrame, a row each."""
        return _frame([asdict(layer) for layer in self.layers])

    def to_dict(self) -> dict[str, Any]:
        """Totals, without layers."""
        left_out = {"layers", "operators", "unpriced", "_report", "_model"}
        return {name: value for name, value in vars(self).items() if name not in left_out}

    def to_json(self) -> str:
        """As `wattlayer estimate --json` prints it (docs/formats/estimate_v1.md)."""
        return Estimates([self]).to_json()

    def save_html(self, path: Union[str, os.PathLike[str]]) -> None:
        """Writes the full report: one file that opens without a network."""
        Estimates([self]).save_html(path)

    def __repr__(self) -> str:
        low, high = self.interval
        return (
            f"<Estimate {self.network} on {self.energy_model}, batch {self.batch}: "
            f"{notebook.quantity(self.energy_j, 'J')} [{notebook.quantity(low, 'J')} .. {notebook.quantity(high, 'J')}], "
            f"{notebook.quantity(self.time_s, 's')}, {notebook.quantity(self.power_w, 'W')}, "
            f"coverage {self.coverage:.0%}, {self.scope}>"
        )

    def __str__(self) -> str:
        return _wattlayer.render([self._report], "table")

    def _repr_html_(self) -> str:
        return notebook.estimate_html(self)


class Estimates(list[Estimate]):
    """Several estimates, in the order asked for: targets outside, batches inside."""

    def to_pandas(self) -> Any:
        """Their totals as a pandas.DataFrame, a row each."""
        return _frame([estimate.to_dict() for estimate in self])

    def to_json(self) -> str:
        """As `wattlayer estimate --json` prints it (docs/formats/estimate_v1.md)."""
        return _wattlayer.render([estimate._report for estimate in self], "json")

    def save_html(self, path: Union[str, os.PathLike[str]]) -> None:
        """Writes the full report: one file that opens without a network."""
        models = {id(estimate._model): estimate._model for estimate in self}
        date = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        page = _wattlayer.html_page([estimate._report for estimate in self], list(models.values()), date)
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(page)
        except OSError as e:
            raise FileError(f"cannot write {os.fspath(path)}: {e.strerror}") from e

    def __repr__(self) -> str:
        return "[" + ",\n ".join(repr(estimate) for estimate in self) + "]"

    def __str__(self) -> str:
        return _wattlayer.render([estimate._report for estimate in self], "table")

    def _repr_html_(self) -> str:
        return notebook.estimates_html(self)

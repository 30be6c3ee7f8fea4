"""Energy of a stretch of a program: a context, and a decorator."""

from __future__ import annotations

import functools
import inspect
import os
import sys
import threading
import warnings
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence, TypeVar, Union, overload

from wattlayer import _wattlayer
from wattlayer.catalogue import texts
from wattlayer.errors import InvalidInput, MeasureWarning, Unavailable
from wattlayer.notebook import quantity

Function = TypeVar("Function", bound=Callable[..., Any])
Meters = Union[str, Sequence[str], None]
_FEW_REFRESHES = 10  # a window of fewer is dominated by where in a refresh it began and ended


@dataclass(frozen=True)
class MeterReading:
    """What one meter counted in a window, idle included."""

    meter: str  #: rapl:package-0, nvml:0, ...
    scope: str  #: cpu-package, gpu-board, ...
    method: str  #: counter, integrated or modelled
    energy_j: Optional[float]  #: None where it is unknown, never 0 for that
    failure: str  #: why it is unknown, and what to do; empty where it is known


def _synchronize_torch() -> None:
    """Waits for the work that torch has launched; nothing where torch or a device is not in use."""
    torch = sys.modules.get("torch")
    if torch is None:
        return
    cuda = getattr(torch, "cuda", None)
    if cuda is not None and cuda.is_initialized():
        current = cuda.current_device()
        for device in range(cuda.device_count()):
            if device == current or cuda.memory_reserved(device) > 0:
                cuda.synchronize(device)
    xpu = getattr(torch, "xpu", None)
    if xpu is not None and getattr(xpu, "is_initialized", bool)():
        xpu.synchronize()


class Measurement:
    """A window between two readings of all meters. Use each once, as a context; windows nest and run side by side in threads."""

    def __init__(
        self,
        meters: Meters = None,
        *,
        root: Union[str, "os.PathLike[str]"] = "/",
        settings: Optional[Mapping[str, object]] = None,
        device: Optional[_wattlayer.SimulatedDevice] = None,
        synchronize: Optional[Callable[[], Any]] = None,
    ) -> None:
        self._names = _names(meters)
        self._arguments = (os.fspath(root), texts(settings), device)
        self._synchronize = synchronize
        self._lock = threading.Lock()
        self._state = "new"
        self._window: Optional[_wattlayer.MeterWindow] = None
        self._start: list[_wattlayer.Reading] = []
        self._started_s = 0.0
        self._time_s: Optional[float] = None
        self._readings: list[MeterReading] = []
        self._absence = ""
        self.remarks: list[str] = []  #: what a reader of the figures must know

    def __enter__(self) -> Measurement:
        with self._lock:
            if self._state != "new":
                raise InvalidInput("a measurement is used once; make another with wattlayer.measure()")
            self._state = "open"
        try:
            self._window = _wattlayer.MeterWindow(self._names, *self._arguments)
            self._absence = self._window.absence
            self._wait()
            self._start = self._window.read(True)
            self._started_s = self._window.now_s()
        except BaseException:
            self._state, self._window = "failed", None
            raise
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._window is None:
            raise InvalidInput("a measurement that is not open cannot be closed; use it as a context: with wattlayer.measure() as m")
        try:
            self._wait()
        except BaseException:
            if error is None:  # what failed inside is what the caller must see
                raise
        finally:
            window, self._window = self._window, None
            self._close(window)
        if self._absence:
            warnings.warn(f"only time was measured, no energy: {self._absence}", MeasureWarning, stacklevel=2)

    def _wait(self) -> None:
        _synchronize_torch()
        if self._synchronize is not None:
            self._synchronize()

    def _close(self, window: _wattlayer.MeterWindow) -> None:
        ended_s = window.now_s()
        end = window.read(False)
        self._time_s = ended_s - self._started_s
        infos = window.infos
        self._readings = [self._reading(*item) for item in zip(infos, self._start, end)]
        self.remarks = window.remarks() + [text for info in infos for text in self._too_short(info)]
        self._state = "closed"

    def _reading(self, info: _wattlayer.MeterInfo, start: _wattlayer.Reading, end: _wattlayer.Reading) -> MeterReading:
        time_s = self._time_s or 0.0
        energy, failure = None, start.failure or end.failure
        if info.stated_power_w is not None:
            energy, failure = info.stated_power_w * time_s, ""
        elif start.energy_j is not None and end.energy_j is not None:
            energy = end.energy_j - start.energy_j
            if energy <= 0:
                energy = None
                failure = (
                    f"{info.name} counted nothing in {time_s:.3g} s: the window is too short for it, or it stands still; "
                    "measure more repetitions, and see `wattlayer check`"
                )
        return MeterReading(info.name, info.scope, info.method, energy, failure)

    def _too_short(self, info: _wattlayer.MeterInfo) -> list[str]:
        refresh, time_s = info.refresh_interval_s, self._time_s or 0.0
        if not refresh or time_s >= _FEW_REFRESHES * refresh:
            return []
        return [
            f"{info.name}: the window of {time_s:.3g} s holds fewer than {_FEW_REFRESHES} refreshes of {refresh:.3g} s each; "
            "measure more repetitions"
        ]

    def _require_closed(self) -> None:
        if self._state != "closed":
            raise Unavailable("the measurement has no figures yet; read them after the `with` block has ended")

    @property
    def time_s(self) -> float:
        """Seconds between the two readings."""
        self._require_closed()
        assert self._time_s is not None
        return self._time_s

    @property
    def meters(self) -> list[MeterReading]:
        """Each meter's figure, or why it has none."""
        self._require_closed()
        return list(self._readings)

    @property
    def energy_by_scope(self) -> dict[str, float]:
        """Joules by what they cover; meters of one scope (two sockets, two boards) are added, scopes never.

        Raises :class:`wattlayer.Unavailable` where a meter has no figure, with the reason and the fix.
        """
        self._require_closed()
        if not self._readings:
            raise Unavailable(self._absence or "no meter was read; name one: wattlayer.measure(meters='rapl')")
        for reading in self._readings:
            if reading.energy_j is None:
                named = reading.failure.startswith(reading.meter)
                raise Unavailable(reading.failure if named else f"{reading.meter}: {reading.failure}")
        sums: dict[str, float] = {}
        for reading in self._readings:
            assert reading.energy_j is not None
            sums[reading.scope] = sums.get(reading.scope, 0.0) + reading.energy_j
        return sums

    @property
    def energy_j(self) -> float:
        """Joules, idle included, where all meters cover one scope. Raises as :attr:`energy_by_scope`, and for several scopes."""
        scopes = self.energy_by_scope
        if len(scopes) > 1:
            raise InvalidInput(
                f"{', '.join(scopes)} were measured, which are never added; take one of energy_by_scope, or name meters of one scope: "
                f"wattlayer.measure(meters='{self._readings[0].meter}')"
            )
        return next(iter(scopes.values()))

    @property
    def power_w(self) -> float:
        """Mean power. Raises as :attr:`energy_j`."""
        if self.time_s <= 0:
            raise Unavailable("no time passed in the window, so there is no mean power")
        return self.energy_j / self.time_s

    def __repr__(self) -> str:
        if self._state != "closed":
            return f"<Measurement, {self._state}>"
        shown = [
            f"{r.meter} ({r.scope}, {r.method}): " + (quantity(r.energy_j, "J") if r.energy_j is not None else f"unknown: {r.failure}")
            for r in self._readings
        ]
        return f"<Measurement {quantity(self.time_s, 's')}; {'; '.join(shown) or 'no energy: ' + self._absence}>"


def _names(meters: Meters) -> Optional[str]:
    if meters is None or isinstance(meters, str):
        return meters
    if not isinstance(meters, Iterable):
        raise InvalidInput(f"meters: expected names such as 'rapl,nvml:0' as wattlayer.meters() lists them, found {meters!r}")
    names = list(meters)
    if not names or not all(isinstance(name, str) for name in names):
        raise InvalidInput(f"meters: expected names such as 'rapl,nvml:0' as wattlayer.meters() lists them, found {meters!r}")
    return ",".join(names)


def measure(
    meters: Meters = None,
    *,
    root: Union[str, "os.PathLike[str]"] = "/",
    settings: Optional[Mapping[str, object]] = None,
    device: Optional[_wattlayer.SimulatedDevice] = None,
    synchronize: Optional[Callable[[], Any]] = None,
) -> Measurement:
    """Measures what happens inside a ``with`` block.

    >>> with wattlayer.measure() as m:
    ...     train()
    >>> m.energy_j, m.time_s

    ``meters``: ``"rapl,nvml:0"`` or a list; all that :func:`wattlayer.meters` marks ``chosen_by_default`` without it, and where
    none of those can be read, time alone, with a warning. ``root``: where /sys and /proc are, in a container or a test.
    ``settings``: of meters (``{"constant.watts": 65}``). ``device``: a :class:`wattlayer.testing.SimulatedDevice` for the meter
    ``fake``. ``synchronize``: called before both readings, for a framework that runs on after a call has returned; torch's CUDA and
    XPU devices in use are waited for without it.
    """
    return Measurement(meters, root=root, settings=settings, device=device, synchronize=synchronize)


@overload
def measured(function: Function) -> Function: ...
@overload
def measured(*, report: Optional[Callable[[Measurement], Any]] = None, **options: Any) -> Callable[[Function], Function]: ...


def measured(function: Any = None, *, report: Optional[Callable[[Measurement], Any]] = None, **options: Any) -> Any:
    """Measures each call of a function, also of a coroutine function. Takes what :func:`measure` takes.

    ``report`` gets each :class:`Measurement`, also of a call that raised; without it the latest one of the calling thread is
    ``function.last_measurement()``.
    """

    def decorate(wrapped: Any) -> Any:
        if inspect.isgeneratorfunction(wrapped) or inspect.isasyncgenfunction(wrapped):
            raise InvalidInput(
                f"{wrapped.__qualname__} is a generator, which does its work after the call has returned; "
                "measure with `with wattlayer.measure():` around the loop that runs it"
            )
        latest = threading.local()

        def keep(measurement: Measurement) -> None:
            latest.measurement = measurement
            if report is not None:
                report(measurement)

        if inspect.iscoroutinefunction(wrapped):

            @functools.wraps(wrapped)
            async def run_async(*args: Any, **kwargs: Any) -> Any:
                window = Measurement(**options)
                try:
                    with window:
                        return await wrapped(*args, **kwargs)
                finally:
                    if window._state == "closed":
                        keep(window)

            run: Any = run_async
        else:

            @functools.wraps(wrapped)
            def run(*args: Any, **kwargs: Any) -> Any:
                window = Measurement(**options)
                try:
                    with window:
                        return wrapped(*args, **kwargs)
                finally:
                    if window._state == "closed":
                        keep(window)

        run.last_measurement = lambda: getattr(latest, "measurement", None)
        return run

    return decorate if function is None else decorate(function)

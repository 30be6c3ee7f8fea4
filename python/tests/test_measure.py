import asyncio
import shutil
import sys
import threading
import types

import pytest

import wattlayer
from wattlayer.testing import SimulatedDevice


@pytest.fixture
def device():
    return SimulatedDevice(idle_w=10)


def test_counts_what_the_device_used(device):
    with wattlayer.measure(device=device) as m:
        device.work(time_s=2, energy_j=60)
        device.sleep(1)
    assert m.time_s == pytest.approx(3)
    assert m.energy_j == pytest.approx(70, rel=1e-3)
    assert m.power_w == pytest.approx(70 / 3, rel=1e-3)
    assert [(r.meter, r.scope, r.method, r.failure) for r in m.meters] == [("fake:board", "board", "counter", "")]
    assert "simulated" in m.remarks[0] and "70" in repr(m)


def test_windows_nest(device):
    with wattlayer.measure(device=device) as outer:
        device.work(1, 20)
        with wattlayer.measure(device=device) as inner:
            device.work(2, 50)
        device.work(1, 30)
    assert inner.energy_j == pytest.approx(50, rel=1e-3)
    assert outer.energy_j == pytest.approx(100, rel=1e-3)


def test_nested_windows_share_the_lock_of_a_counter(device):
    settings = {"fake.device": f"shared-{id(device)}"}
    with wattlayer.measure("fake", device=device, settings=settings):
        with wattlayer.measure("fake", device=device, settings=settings) as inner:
            device.work(1, 20)
    assert inner.energy_j == pytest.approx(20, rel=1e-3)


def test_an_exception_passes_and_the_window_closes(device):
    with pytest.raises(KeyError):
        with wattlayer.measure(device=device) as m:
            device.work(1, 20)
            raise KeyError("inside")
    assert m.energy_j == pytest.approx(20, rel=1e-3)


def test_what_failed_inside_is_seen_when_synchronizing_fails_too(device):
    def broken():
        if device_failed:
            raise RuntimeError("device")

    device_failed = False
    with pytest.raises(KeyError):
        with wattlayer.measure(device=device, synchronize=broken) as m:
            device.work(1, 20)
            device_failed = True
            raise KeyError("inside")
    assert m.energy_j == pytest.approx(20, rel=1e-3)
    device_failed = False
    with pytest.raises(RuntimeError, match="device"):
        with wattlayer.measure(device=device, synchronize=broken) as m:
            device.work(1, 20)
            device_failed = True
    assert m.energy_j == pytest.approx(20, rel=1e-3)


def test_nothing_counted_is_unknown_never_zero(device):
    with wattlayer.measure(device=device) as m:
        pass
    assert m.meters[0].energy_j is None
    with pytest.raises(wattlayer.Unavailable, match="counted nothing .* more repetitions"):
        m.energy_j


def test_a_meter_that_goes_away_costs_its_figure_alone(device):
    with wattlayer.measure(device=device, settings={"fake.gone_after_s": 1}) as m:
        device.work(2, 50)
    assert m.time_s == pytest.approx(2)
    assert m.meters[0].energy_j is None
    with pytest.raises(wattlayer.Unavailable, match="fake:board"):
        m.energy_j


def test_a_machine_without_meters_says_so(tmp_path):
    with pytest.warns(wattlayer.MeasureWarning, match="only time was measured"):
        with wattlayer.measure(root=tmp_path) as m:
            pass
    assert m.time_s >= 0
    with pytest.raises(wattlayer.Unavailable, match="nothing here measures energy.*wattlayer check"):
        m.energy_j


def test_a_named_meter_that_is_missing_is_an_error(tmp_path):
    with pytest.raises(wattlayer.Unavailable, match="rapl"):
        with wattlayer.measure("rapl", root=tmp_path):
            pytest.fail("the block must not run")
    with pytest.raises(wattlayer.InvalidInput, match="unknown meter"):
        with wattlayer.measure("rappel"):
            pass


def test_a_stated_power_is_labelled_modelled():
    with wattlayer.measure("constant:watts", settings={"constant.watts": 65}) as m:
        threading.Event().wait(0.01)
    assert m.meters[0].method == "modelled"
    assert m.energy_j == pytest.approx(65 * m.time_s)


def count_on(root, microjoules):
    """All counters go on; in one write, as the kernel's never show half a number."""
    for file in root.rglob("energy_uj"):
        if not file.is_symlink():
            text = f"{int(file.read_text()) + microjoules}\n".encode()
            with open(file, "r+b", buffering=0) as counter:
                counter.write(text)


def test_recorded_tree_of_two_sockets(two_sockets, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(two_sockets, root, symlinks=True)
    with wattlayer.measure("rapl:package-0,rapl:package-1", root=root) as m:
        count_on(root, 3_000_000)
    assert m.energy_by_scope == {"cpu-package": pytest.approx(6, rel=1e-6)}
    assert m.energy_j == pytest.approx(6, rel=1e-6)


def test_scopes_are_never_added(two_sockets, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(two_sockets, root, symlinks=True)
    with wattlayer.measure("rapl:package-0,constant:watts", root=root, settings={"constant.watts": 5, "constant.scope": "wall"}) as m:
        count_on(root, 3_000_000)
        threading.Event().wait(0.01)
    assert set(m.energy_by_scope) == {"cpu-package", "wall"}
    with pytest.raises(wattlayer.InvalidInput, match="never added"):
        m.energy_j


def test_figures_come_after_the_block_and_a_window_is_used_once(device):
    m = wattlayer.measure(device=device)
    with m:
        with pytest.raises(wattlayer.Unavailable, match="after the `with` block"):
            m.energy_j
    with pytest.raises(wattlayer.InvalidInput, match="used once"):
        with m:
            pass


def test_decorator(device):
    reports = []

    @wattlayer.measured(device=device, report=reports.append)
    def work(energy, fail=False):
        """Works."""
        device.work(1, energy)
        if fail:
            raise KeyError
        return energy

    assert work(20) == 20 and work.__doc__ == "Works."
    with pytest.raises(KeyError):
        work(30, fail=True)
    assert [r.energy_j for r in reports] == [pytest.approx(20, rel=1e-3), pytest.approx(30, rel=1e-3)]
    assert work.last_measurement() is reports[-1]


def test_decorated_coroutine(device):
    @wattlayer.measured(device=device)
    async def work():
        await asyncio.sleep(0)
        device.work(1, 20)
        return 7

    assert asyncio.run(work()) == 7
    assert work.last_measurement().energy_j == pytest.approx(20, rel=1e-3)


def test_threads_measure_side_by_side():
    failures = []

    def run(energy):
        try:
            device = SimulatedDevice()
            for _ in range(50):
                with wattlayer.measure(device=device) as m:
                    device.work(1, energy)
                assert m.energy_j == pytest.approx(energy, rel=1e-2)
        except BaseException as e:
            failures.append(e)

    threads = [threading.Thread(target=run, args=(20 + i,)) for i in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not failures


def test_cuda_is_waited_for_where_it_is_in_use(device, monkeypatch):
    waited = []
    cuda = types.SimpleNamespace(
        is_initialized=lambda: True,
        current_device=lambda: 1,
        device_count=lambda: 3,
        memory_reserved=lambda d: 100 if d == 2 else 0,
        synchronize=waited.append,
    )
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(cuda=cuda))
    with wattlayer.measure(device=device):
        device.work(1, 20)
        assert waited == [1, 2]
    assert waited == [1, 2, 1, 2]
    cuda.is_initialized = lambda: False
    with wattlayer.measure(device=device):
        device.work(1, 20)
    assert len(waited) == 4


def test_generators_are_refused(device):
    def loader():
        device.work(time_s=1, energy_j=20)
        yield 1

    async def stream():
        yield 1

    for function in (loader, stream):
        with pytest.raises(wattlayer.InvalidInput, match="generator"):
            wattlayer.measured(device=device)(function)


def test_advice_speaks_python(tmp_path):
    with pytest.warns(wattlayer.MeasureWarning) as told, wattlayer.measure(root=tmp_path):
        pass
    assert "--" not in str(told[0].message), told[0].message
    assert 'settings={"constant.watts": "WATTS"}' in str(told[0].message)
    with pytest.raises(wattlayer.Unavailable) as refused, wattlayer.measure(meters="constant:watts"):
        pass
    assert "--" not in str(refused.value), refused.value


def test_closing_what_is_not_open():
    with pytest.raises(wattlayer.InvalidInput, match="not open"):
        wattlayer.measure(meters="none").__exit__(None, None, None)

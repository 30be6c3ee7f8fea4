import json
import subprocess
import sys
import warnings

import pytest

import wattlayer

ON = "a100-sxm/pytorch"


@pytest.fixture(autouse=True)
def remarks_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", wattlayer.EstimateWarning)
        yield


def test_totals_are_those_of_layers_and_the_pass(resnet50):
    e = wattlayer.estimate(resnet50, on=ON)
    assert e.network == "resnet50" and e.batch == 1 and e.hardware == "a100-sxm" and e.engine == "pytorch" and e.dtype == "f32"
    assert sum(layer.energy_j for layer in e.layers) + e.pass_energy_j == pytest.approx(e.energy_j, rel=1e-9)
    assert sum(o.energy_j for o in e.operators) + e.pass_energy_j == pytest.approx(e.energy_j, rel=1e-9)
    assert sum(layer.macs for layer in e.layers) == e.macs
    assert e.interval[0] < e.energy_j < e.interval[1]
    assert e.power_w == pytest.approx(e.energy_j / e.time_s, rel=1e-6)
    assert 0 <= e.coverage <= 1
    assert {layer.label for layer in e.layers} <= {"predicted", "extrapolated", "bounded", "modelled"}


def test_agrees_with_the_program(resnet50):
    e = wattlayer.estimate(resnet50, on=ON, batch=8)
    printed = json.loads(e.to_json())["estimates"][0]
    assert printed["energy_j"] == {"value": e.energy_j, "low": e.interval[0], "high": e.interval[1]}
    assert printed["batch"] == 8
    assert e.energy_per_inference_j == pytest.approx(e.energy_j / 8)


def test_targets_and_batches_make_a_list():
    es = wattlayer.estimate("net:resnet50", on=[ON, "h200-sxm/vllm/bf16"], batch=[1, 8])
    assert isinstance(es, wattlayer.Estimates)
    assert [(e.hardware, e.batch) for e in es] == [("a100-sxm", 1), ("a100-sxm", 8), ("h200-sxm", 1), ("h200-sxm", 8)]
    assert isinstance(wattlayer.estimate("net:resnet50", on=ON, batch=[4]), wattlayer.Estimates)
    assert len(json.loads(es.to_json())["estimates"]) == 4
    assert es._repr_html_().count("<tr>") == 5


def test_a_short_name_is_a_warning():
    with pytest.warns(wattlayer.EstimateWarning, match="a100 is taken for a100-sxm"):
        wattlayer.estimate("net:resnet50", on="a100/pytorch")
    wattlayer.estimate("net:resnet50", on=ON)


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"network": "no.onnx", "on": ON}, wattlayer.FileError, "no such file"),
        ({"network": "net:resnet50", "on": "a1000"}, wattlayer.InvalidInput, "unknown hardware 'a1000'"),
        ({"network": "net:resnet50", "on": ""}, wattlayer.InvalidInput, "energy_models"),
        ({"network": "net:resnet50", "on": ON, "batch": 0}, wattlayer.InvalidInput, "from 1 to"),
        ({"network": "net:resnet50", "on": ON, "batch": 2**70}, wattlayer.InvalidInput, "from 1 to"),
        ({"network": "net:resnet50", "on": ON, "batch": []}, wattlayer.InvalidInput, "empty list"),
        ({"network": "net:resnet50", "on": ON, "dtype": "f31"}, wattlayer.InvalidInput, "f31"),
        ({"network": "net:resnet50", "on": "missing.wlm"}, wattlayer.Error, "missing.wlm"),
        ({"network": 3, "on": ON}, wattlayer.InvalidInput, "found builtins.int"),
    ],
)
def test_errors_say_what_to_do(arguments, error, message):
    with pytest.raises(error, match=message) as raised:
        wattlayer.estimate(**arguments)
    assert isinstance(raised.value, wattlayer.Error)


def test_errors_are_also_what_python_calls_them():
    with pytest.raises(OSError):
        wattlayer.estimate("no.onnx", on=ON)
    with pytest.raises(ValueError):
        wattlayer.estimate("net:resnet50", on="a1000")


def test_notebook_table_is_safe_and_complete(resnet50, tmp_path):
    e = wattlayer.estimate(resnet50, on=ON)
    page = e._repr_html_()
    assert page.count("<tr>") == 11 and "coverage" not in page and "90 % interval" in page and "gpu-board" in page
    e.network = "<script>"
    assert "<script>" not in e._repr_html_()
    assert "resnet50" in repr(wattlayer.estimate("net:resnet50", on=ON))


def test_full_page_is_one_file(resnet50, tmp_path):
    es = wattlayer.estimate(resnet50, on=[ON, "h200-sxm/vllm/bf16"], batch=[1, 8])
    es.save_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.lstrip().lower().startswith("<!doctype html") and "a100-sxm/pytorch/f32" in page and "resnet50" in page
    es[0].save_html(tmp_path / "one.html")
    with pytest.raises(wattlayer.FileError, match="cannot write"):
        es.save_html(tmp_path / "nowhere" / "page.html")


def test_pandas_has_a_row_a_layer(resnet50):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed: pip install pandas")
    e = wattlayer.estimate(resnet50, on=ON)
    frame = e.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and len(frame) == len(e.layers)
    assert frame.energy_j.sum() == pytest.approx(e.energy_j - e.pass_energy_j)


def test_neither_torch_nor_pandas_is_imported():
    code = "import sys, wattlayer; wattlayer.estimate('net:resnet50', on='a100-sxm'); print({'torch','pandas','numpy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_catalogues():
    assert wattlayer.hardware()["a100-sxm"]["energy_models"]
    assert list(wattlayer.hardware("a100-sxm")) == ["a100-sxm"]
    assert wattlayer.energy_models("a100-sxm/pytorch/f32")["a100-sxm/pytorch/f32"]["scope"] == "gpu-board"
    assert set(wattlayer.energy_models()) == {i for h in wattlayer.hardware().values() for i in h["energy_models"]}
    with pytest.raises(wattlayer.InvalidInput, match="a1000"):
        wattlayer.hardware("a1000")


def test_layers_are_what_the_engine_executes(resnet50):
    eager, fused = wattlayer.layers(resnet50), wattlayer.layers(resnet50, engine="tensorrt")
    assert sum(row["count"] for row in eager) > sum(row["count"] for row in fused)
    assert sum(row["macs"] for row in eager) == sum(row["macs"] for row in fused)


def test_estimates_run_side_by_side_in_threads():
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda b: wattlayer.estimate("net:resnet50", on=ON, batch=b).energy_j, [1, 2, 4, 8] * 4))
    assert found[:4] * 4 == found and found == found[:4] * 4 and found[0] < found[3]

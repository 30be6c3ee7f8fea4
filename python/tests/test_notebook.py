"""The notebook in examples/ runs from start to end."""

import os
import pathlib
import sys

import pytest

nbformat = pytest.importorskip("nbformat", reason="needs nbformat, nbclient and ipykernel: pip install nbclient ipykernel")
nbclient = pytest.importorskip("nbclient", reason="needs nbformat, nbclient and ipykernel: pip install nbclient ipykernel")
pytest.importorskip("ipykernel", reason="needs nbformat, nbclient and ipykernel: pip install nbclient ipykernel")


def test_notebook_runs(tmp_path, monkeypatch):
    kernel = tmp_path / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(
        '{"argv": ["%s", "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "this", "language": "python"}' % sys.executable
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(p for p in sys.path if p))
    notebook = nbformat.read(pathlib.Path(__file__).parents[2] / "examples/estimate_in_python.ipynb", as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "the notebook is kept without outputs"
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    shown = [out["data"] for cell in notebook.cells for out in cell.get("outputs", []) if "data" in out]
    assert sum("text/html" in data for data in shown) >= 2

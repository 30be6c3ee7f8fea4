import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def two_sockets():
    """A recorded tree of a machine with two sockets."""
    return ROOT / "tests/data/powercap/two-sockets"


@pytest.fixture
def resnet50():
    return ROOT / "examples/resnet50.onnx"


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch torchvision, or Debian's python3-torchvision")

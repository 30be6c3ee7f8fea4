"""Networks captured from PyTorch against the ONNX export of the same networks: same layers, same MACs, after lowering."""

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch torchvision, or Debian's python3-torchvision")
models = pytest.importorskip("torchvision.models", reason="torchvision is not installed")

from exported import captured_layers, export, exported_layers, layers, macs  # noqa: E402

OLD = torch.__version__.startswith("1.")
if not OLD:
    pytest.importorskip("onnx", reason="torch.onnx.export needs onnx: pip install onnx onnxscript")

#: The same layers, one for one.
SAME = """alexnet vgg11 vgg11_bn squeezenet1_0 shufflenet_v2_x1_0 mobilenet_v2 mobilenet_v3_small mnasnet1_0 efficientnet_b0
efficientnet_v2_s googlenet resnet18 resnext50_32x4d wide_resnet50_2 regnet_y_400mf""".split()
#: The exporter writes a Gelu out in opset 17, pads before it pools, and joins joined tensors at once.
WRITTEN_OUT = {
    "convnext_tiny": {"Gelu": {"Div", "Erf", "Add", "Mul"}},
    "vit_b_16": {"Gelu": {"Div", "Erf", "Add", "Mul"}},
    "densenet121": {"AveragePool": {"Pad", "AveragePool"}},
    "inception_v3": {"AveragePool": {"Pad", "AveragePool"}, "Concat": {"Concat"}},
}


def both(name, tmp_path, dynamo=False):
    module = getattr(models, name)(weights=None).eval()
    size = 299 if name == "inception_v3" else 224
    inputs = (torch.zeros(1, 3, size, size),)
    network, captured = captured_layers(module, inputs)
    assert network.remarks == [], "shapes by the catalogue's rules are torch's own, and every operator is mapped"
    export(torch, module, inputs, tmp_path / f"{name}.onnx", dynamo)
    return captured, exported_layers(tmp_path / f"{name}.onnx")


@pytest.mark.parametrize("name", SAME)
def test_same_layers(name, tmp_path):
    captured, exported = both(name, tmp_path)
    assert layers(captured) == layers(exported)
    assert macs(captured) == macs(exported) > 0


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_same_layers_but_for_what_the_exporter_writes_out(name, tmp_path):
    captured, exported = both(name, tmp_path, dynamo=not OLD and name == "vit_b_16")
    ours, theirs = layers(captured), layers(exported)
    written = WRITTEN_OUT[name]
    assert {text.split()[0] for text in ours - theirs} <= set(written)
    assert {text.split()[0] for text in theirs - ours} <= set().union(*written.values())
    assert macs(captured) == macs(exported) > 0

"""Small networks of transformers against the export of torch.export's programs, where both are installed."""

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
if torch.__version__.startswith("1."):
    pytest.skip("transformers needs PyTorch 2", allow_module_level=True)
transformers = pytest.importorskip("transformers", reason="transformers is not installed: pip install transformers")
pytest.importorskip("onnxscript", reason="torch.onnx.export needs onnx and onnxscript: pip install onnx onnxscript")

from exported import captured_layers, export, exported_layers, layers, macs  # noqa: E402

SIZES = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}


def text():
    return (torch.ones(1, 16, dtype=torch.long),)


def distilbert():
    config = transformers.DistilBertConfig(dim=64, n_layers=2, n_heads=4, hidden_dim=128, vocab_size=500, max_position_embeddings=64)
    return transformers.DistilBertModel(config), text()


def bert():
    return transformers.BertModel(transformers.BertConfig(**SIZES, vocab_size=500, max_position_embeddings=64)), text()


def vit():
    return transformers.ViTModel(transformers.ViTConfig(**SIZES, image_size=32, patch_size=8)), (torch.zeros(1, 3, 32, 32),)


@pytest.mark.parametrize("make", [distilbert, bert, vit])
def test_same_layers(make, tmp_path):
    module, inputs = make()
    network, captured = captured_layers(module.eval(), inputs)
    assert network.remarks == []
    export(torch, module, inputs, tmp_path / "network.onnx", dynamo=True)
    exported = exported_layers(tmp_path / "network.onnx")
    assert layers(captured) == layers(exported)
    assert macs(captured) == macs(exported) > 0

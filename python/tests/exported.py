"""A module's ONNX export, and its layers in a form that two exporters write alike."""

import contextlib
import io
import re
import warnings
from collections import Counter

import wattlayer

def export(torch, module, inputs, path, dynamo):
    """Writes what torch.onnx makes of the module in inference mode, batch normalization kept as the module runs it."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        if dynamo:
            import onnxscript.optimizer

            program = torch.onnx.export(module, inputs, dynamo=True, optimize=False, opset_version=23, verbose=False)
            onnxscript.optimizer.fold_constants(program.model)
            program.save(str(path))
            return
        kept = {"training": torch.onnx.TrainingMode.PRESERVE}
        if torch.__version__.startswith("1."):
            torch.onnx.export(module, inputs, str(path), opset_version=17, **kept)
        else:
            torch.onnx.export(module, inputs, str(path), opset_version=20, dynamo=False, verbose=False, **kept)


def layers(rows):
    """Layers by text form: elements of constants as their number, operands of Add and Mul in any order. Those over constants
    alone are left out: exporters compute them, though a module runs them at each pass."""
    counted = Counter()
    for row in rows:
        text = re.sub(r"\[[^\]]*,[^\]]*\]@(\S+)", r"\1", row["layer"])
        text = re.sub(r"\[(-?\d+\.[^\]]*)\](?!@)", lambda m: str(m.group(1).count(",") + 1), text)
        op, *words = text.split(" -> ")[0].split()
        tensors = [w for w in words if "=" not in w and w != "inplace"]
        constants = next((w for w in words if w.startswith("const=")), "const=").count(",") + 1 if "const=" in text else 0
        constants += sum("[" in word for word in row["layer"].split(" -> ")[0].split()[1:] if "=" not in word)
        if op == "Gather" and constants == len(tensors):
            continue
        if op == "Gather":
            tensors = [tensors[0], tensors[1].rpartition(":")[2]]
        if op in ("Add", "Mul"):
            tensors.sort()
        rest = sorted(w for w in words if "=" in w and not w.startswith("const="))
        counted[" ".join((op, *tensors, *rest))] += row["count"]
    return counted


def macs(rows):
    return sum(row["macs"] for row in rows)


def captured_layers(module, inputs, tracer=None):
    from wattlayer.capture import capture

    network = capture(module, inputs, tracer=tracer)
    return network, network.layers("pytorch")


def exported_layers(path):
    return wattlayer.layers(path)

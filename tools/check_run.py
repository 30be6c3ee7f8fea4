#!/usr/bin/env python3
"""Runs every example of the operator catalogue that is one ATen call and compares output shapes with ours.

    tools/check_run.py build/release/operators_doc [--only Conv,Gemm] [--verbose]

The arguments of the call come from the catalogue alone (see RunArgument in wattlayer/ops/operator.h), as a runner takes them.
Needs PyTorch; an overload that this PyTorch does not have is skipped. Exit status 1 when a shape differs or a call fails.
"""
import argparse
import json
import subprocess
import sys

import torch

TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16, "f64": torch.float64, "int8": torch.int8, "uint8": torch.uint8,
         "i16": torch.int16, "i32": torch.int32, "i64": torch.int64, "bool": torch.bool, "complex64": torch.complex64}
MOST_MACS = 2e9


class NotHere(Exception):
    """This PyTorch cannot run the layer; the reason is the message."""


def parse_literal(text):
    text = text.strip()
    if text in ("None", ""):
        return None
    if text in ("true", "false"):
        return text == "true"
    if text.startswith("["):
        return [parse_literal(part) for part in text[1:-1].split(",") if part.strip()]
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def make_tensor(tensor):
    if tensor["dtype"] not in TYPES:
        raise NotHere(f"no {tensor['dtype']} tensors")
    kind = TYPES[tensor["dtype"]]
    if "value" in tensor:
        return torch.tensor(tensor["value"], dtype=kind).reshape(tensor["shape"])
    if kind.is_floating_point or kind.is_complex:
        return torch.rand(tensor["shape"], dtype=torch.float32).mul(0.9).add(0.05).to(kind)
    return torch.ones(tensor["shape"], dtype=kind)  # a valid index, divisor and mask


class Call:
    """One call of an ATen overload for one layer."""

    def __init__(self, run, layer):
        self.layer, self.attributes = layer, layer["attributes"]
        self.inputs = [make_tensor(t) if t else None for t in layer["inputs"]]
        name, _, overload = run["aten"].removeprefix("aten::").replace("{d}", str(self.spatial())).partition(".")
        packet = getattr(torch.ops.aten, name, None)
        if packet is None or (overload and overload not in packet.overloads()):
            raise NotHere(f"no {run['aten']} in this PyTorch")
        self.overload = getattr(packet, overload) if overload else packet.default if "default" in packet.overloads() else None
        if self.overload is None:
            raise ValueError(f"{run['aten']} has no default overload; name one of {packet.overloads()}")
        self.kinds = {a.name: str(a.type) for a in self.overload._schema.arguments}
        self.arguments = run["arguments"]

    def input(self, index):
        return self.inputs[index] if index < len(self.inputs) else None

    def fit(self, value, parameter):
        """An integer to the type that the schema wants."""
        kind = self.kinds[parameter]
        if "List[int]" in kind and isinstance(value, int):
            return [value] * self.spatial() if value is not None else None
        if "bool" in kind and isinstance(value, int):
            return bool(value)
        if "List" not in kind and isinstance(value, list) and len(value) == 1:
            return value[0]
        return value

    def spatial(self):
        return max(1, self.inputs[0].dim() - 2)

    def argument(self, a):
        """The value of one argument from its description."""
        source, index = a["source"], a["index"]
        if source == "input":
            tensor = self.input(index)
            if tensor is None:
                return None
            return tensor.transpose(-1, -2) if a["attribute"] and self.attributes.get(a["attribute"], 0) == 1 else tensor
        if source == "flat_input":
            return self.inputs[index].flatten()
        if source == "inputs_from":
            return [t for t in self.inputs[index:] if t is not None]
        if source == "input_value":
            tensor = self.input(index)
            if tensor is None:
                return parse_literal(a["literal"])
            return tensor.tolist() if tensor.dim() else tensor.item()
        if source == "input_dims":
            axis = self.attributes.get(a["attribute"], parse_literal(a["literal"]))
            return list(self.inputs[index].shape[axis:])
        if source == "attribute":
            return self.attributes.get(a["attribute"], parse_literal(a["literal"]))
        if source == "pads":
            return self.pads(a)
        if source == "constant":
            return parse_literal(a["literal"])
        if source == "output_shape":
            return self.layer["outputs"][index]["shape"]
        if source == "spatial_output":
            return self.layer["outputs"][index]["shape"][2:]
        if source == "output_dtype":
            return TYPES[self.layer["outputs"][index]["dtype"]]
        if source == "equals":
            return self.attributes.get(a["attribute"]) == a["literal"]
        raise ValueError(f"unknown source {source}")

    def pads(self, a):
        pads = self.attributes.get(a["attribute"], [0] * (2 * self.spatial()))
        begin, end = pads[: len(pads) // 2], pads[len(pads) // 2:]
        if begin == end:
            return begin
        flat = [n for pair in zip(reversed(begin), reversed(end)) for n in pair]
        self.inputs[0] = torch.constant_pad_nd(self.inputs[0], flat, 0)
        return [0] * len(begin)

    def run(self):
        arguments = {}
        for a in sorted(self.arguments, key=lambda a: a["source"] != "pads"):  # pads may change input 0
            value = self.argument(a)
            if a["parameter"] not in self.kinds:
                raise ValueError(f"{self.overload} has no parameter {a['parameter']}; it has {list(self.kinds)}")
            arguments[a["parameter"]] = self.fit(value, a["parameter"])
        positional, named = [], {}
        for a in self.overload._schema.arguments:  # by position: some schemas call a parameter self
            if a.name not in arguments and not a.has_default_value():
                raise ValueError(f"{self.overload} needs {a.name}")
            value = arguments.get(a.name, a.default_value if a.has_default_value() else None)
            if a.kwarg_only:
                named[a.name] = value
            else:
                positional.append(value)
        result = self.overload(*positional, **named)
        return list(result) if isinstance(result, (list, tuple)) else [result]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("operators_doc", help="the program of this name")
    parser.add_argument("--only", default="", help="operators, comma-separated")
    parser.add_argument("--verbose", action="store_true", help="print each skip")
    options = parser.parse_args()
    rows = json.loads(subprocess.run([options.operators_doc, "--json"], check=True, capture_output=True).stdout)
    only = set(filter(None, options.only.split(",")))
    agree, skipped, failed, without = 0, 0, [], 0
    torch.manual_seed(0)
    for row in rows:
        if only and row["name"] not in only:
            continue
        if "run" not in row:
            without += 1
            continue
        for layer in row["examples"]:
            try:
                if layer["cost"]["macs"] > MOST_MACS:
                    raise NotHere("too large")
                ours = [o["shape"] if o and not o.get("bounded") else None for o in layer["outputs"]]
                theirs = [list(t.shape) for t in Call(row["run"], layer).run() if isinstance(t, torch.Tensor)]
                wrong = [(o, t) for o, t in zip(ours, theirs) if o is not None and o != t]
                if wrong or not theirs:
                    failed.append(f"{layer['layer']}: ours {wrong[0][0] if wrong else ours}, ATen {wrong[0][1] if wrong else theirs}")
                else:
                    agree += 1
            except NotHere as reason:
                skipped += 1
                if options.verbose:
                    print(f"skip {layer['layer']}: {reason}")
            except Exception as error:  # a call that the data cannot make is what we look for
                failed.append(f"{layer['layer']}: {row['run']['aten']}: {' '.join(str(error).split())[:240]}")
    for line in failed:
        print(f"FAIL {line}")
    print(f"PyTorch {torch.__version__}: {agree} examples run with our shapes, {len(failed)} fail, {skipped} skipped, {without} operators have no single ATen call")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

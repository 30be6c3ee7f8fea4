#!/usr/bin/env python3
"""Compares the outputs of networks in a runner with those in ONNX Runtime, with the same random weights and inputs on both sides.

    tools/check_network_outputs.py build/release/runner_request build/runner-torch/wattlayer-runner-torch net.onnx ...
    tools/check_network_outputs.py ... --zoo ../shared/zoo [--most-macs 2e9] [--every 4]

The weights are those of the runner protocol: generated here in numpy and put into the ONNX file, generated in the runner by itself.
Nodes that are folded at load time give way to the value that the runner was told. Needs onnx, onnxruntime and numpy. Exit status 1
when a network that both sides run differs, or when a runner fails otherwise than by calling it unsupported.
"""
import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

from torch_runner import Failed, Runner

TYPES = {"f32": np.float32, "f16": np.float16, "f64": np.float64, "int8": np.int8, "uint8": np.uint8, "i16": np.int16,
         "i32": np.int32, "i64": np.int64, "bool": np.bool_}
TOLERANCE = 2e-3  # of the largest output: f32 sums in another order, through up to hundreds of layers


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value


def random_elements(value, seed):
    """The protocol's elements of a value."""
    count = int(np.prod(value["shape"], dtype=np.int64))
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint64) + np.uint64((fnv1a(value["name"]) + seed + 0x9E3779B97F4A7C15) % 2**64)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    real = value["low"] + (value["high"] - value["low"]) * ((x >> np.uint64(40)).astype(np.float64) * 2.0**-24)
    kind = TYPES[value["dtype"]]
    if kind is np.bool_:
        real = real >= 0.5
    elif np.issubdtype(kind, np.integer):
        real = np.floor(real)
    return real.astype(kind).reshape(value["shape"])


def elements_of(value, seed):
    if value["role"] == "known":
        return np.array([float(e) for e in value["elements"]], dtype=np.float64).astype(TYPES[value["dtype"]]).reshape(value["shape"]) \
            if value["dtype"] in ("f32", "f16", "f64") else np.array(value["elements"], dtype=TYPES[value["dtype"]]).reshape(value["shape"])
    return random_elements(value, seed)


def with_weights(file, request):
    """The network with the request's weights, and the inputs to feed."""
    model = onnx.load(file, load_external_data=False)
    values = {v["name"]: v for v in request["values"]}
    given = {name: v for name, v in values.items() if v["role"] in ("weight", "known")}
    seed = request["seed"]
    initializers = []
    for tensor in model.graph.initializer:
        if tensor.name in given:
            continue
        if tensor.external_data:  # nothing that runs reads it
            kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
            tensor = numpy_helper.from_array(np.zeros(list(tensor.dims), dtype=kind), tensor.name)
        initializers.append(tensor)
    inputs = {i.name for i in model.graph.input}
    initializers += [numpy_helper.from_array(elements_of(v, seed), name) for name, v in given.items() if name not in inputs]
    keep = [n for n in model.graph.node if not any(o in given for o in n.output)]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(initializers)
    model.graph.node.extend(keep)
    feed = {name: elements_of(values[name], seed) for name in inputs if name in values}
    return model, feed


def run_reference(file, request):
    model, feed = with_weights(file, request)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, request["threads"])
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    for given in session.get_inputs():
        if given.name not in feed:
            raise ValueError(f"input {given.name} is not in the request")
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(names, {i.name: feed[i.name] for i in session.get_inputs()})))


def run_runner(runner, request):
    handle = runner.ask(do="prepare", **request)["handle"]
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = runner.ask(do="outputs", handle=handle, folder=folder)["outputs"]
            return {o["name"]: np.fromfile(o["file"], dtype=TYPES[o["dtype"]]).reshape(o["shape"]) for o in found}
    finally:
        runner.ask(do="release", handle=handle)


def difference(ours, theirs):
    """Largest difference over the largest output; share of different elements for whole numbers."""
    if ours.shape != theirs.shape:
        return float("inf")
    if not np.issubdtype(theirs.dtype, np.floating):
        return float(np.mean(ours != theirs)) if ours.size else 0.0
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    if not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return float("inf")
    finite = np.isfinite(b)
    return float(np.max(np.abs(a - b)[finite], initial=0) / max(np.max(np.abs(b)[finite], initial=0), 1e-30))


def check(asking, runner, file):
    """(verdict, text) of one network; verdict: agrees, differs, skipped or failed."""
    asked = subprocess.run([*asking, str(file)], capture_output=True, text=True)
    if asked.returncode:
        return "skipped", " ".join(asked.stderr.split())
    request = json.loads(asked.stdout)
    try:
        ours = run_runner(runner, request)
    except Failed as failure:
        return "skipped" if failure.kind == "unsupported" else "failed", str(failure)
    try:
        theirs = run_reference(file, request)
    except Exception as error:  # of ONNX Runtime, whose exceptions have no common base
        return "skipped", "ONNX Runtime: " + " ".join(str(error).split())[:300]
    both = [name for name in theirs if name in ours]
    if not both:
        return "failed", "no output in common"
    worst = max(both, key=lambda name: difference(ours[name], theirs[name]))
    d = difference(ours[worst], theirs[worst])
    x = theirs[worst]
    spread = f"{np.mean(np.isfinite(x)):.0%} finite, deviation {np.std(x[np.isfinite(x)].astype(np.float64)):.3g}" if x.size else "empty"
    with np.errstate(invalid="ignore"):
        constant = np.issubdtype(x.dtype, np.floating) and x.size > 1 and not np.std(x.astype(np.float64)) > 0
    verdict = "agrees" if d <= TOLERANCE and not constant else "differs"
    return verdict, f"{len(both)} outputs, {worst}: difference {d:.2g}, {spread}"


def zoo_files(zoo, most_macs, every):
    with open(zoo / "index.csv", newline="", encoding="utf-8") as table:
        rows = [r for r in csv.DictReader(table) if r["onnx_macs"] and float(r["onnx_macs"]) <= most_macs]
    return [zoo / r["file"] for r in sorted(rows, key=lambda r: r["file"])[::every]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runner_request", help="the program of this name")
    parser.add_argument("runner", help="the runner's program")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--zoo", type=pathlib.Path, help="folder with index.csv")
    parser.add_argument("--most-macs", type=float, default=2e9)
    parser.add_argument("--every", type=int, default=1, help="take each n-th network")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--dim", action="append", default=[], help="size of a named dimension: seq=16")
    options = parser.parse_intermixed_args()
    files = options.files + (zoo_files(options.zoo, options.most_macs, options.every) if options.zoo else [])
    runner = Runner([options.runner])
    asking = [options.runner_request, "--threads", str(options.threads)]
    for dimension in options.dim:
        asking += ["--dim", dimension]
    counts = {"agrees": 0, "differs": 0, "skipped": 0, "failed": 0}
    for file in files:
        try:
            verdict, text = check(asking, runner, file)
        except RuntimeError as error:  # the runner died
            verdict, text, runner = "failed", str(error), Runner([options.runner])
        counts[verdict] += 1
        print(f"{verdict} {file.parent.name}/{file.name}: {text}", flush=True)
    compared = counts["agrees"] + counts["differs"]
    print(f"libtorch {runner.info['version']}: {counts['agrees']} of {compared} networks agree with ONNX Runtime; {counts['skipped']} skipped, {counts['failed']} failed")
    return 1 if counts["differs"] or counts["failed"] or not compared else 0


if __name__ == "__main__":
    sys.exit(main())

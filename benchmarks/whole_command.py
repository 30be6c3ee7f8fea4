#!/usr/bin/env python3
"""Times whole commands as a user runs them: `wattlayer estimate` against onnx-tool, in turn, each in a process of its own.

Targets: ResNet-50 with 98 MB of weights inside within 15 ms and 40 MB; a transformer graph of 5,000 nodes within 50 ms.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "benchmark"

ONNX_TOOL = "import onnx_tool,sys; m=onnx_tool.Model(sys.argv[1]); g=m.graph; g.shape_infer(None); g.profile(); print(int(g.macs[0] if isinstance(g.macs,(list,tuple)) else g.macs))"


def python_with_packages(wheels: str) -> str:
    """A virtual environment with the pinned packages; made once."""
    python = FOLDER / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(FOLDER / "venv", with_pip=True)
        offline = ["--find-links", wheels] if wheels else []
        subprocess.run([python, "-m", "pip", "install", "-q", *offline, "-r", ROOT / "benchmarks" / "requirements.txt"], check=True)
    return str(python)


MAKE_NETWORKS = r'''
import sys, numpy as np, onnx
from onnx import TensorProto as T, helper as h, numpy_helper as n
source, resnet, transformer = sys.argv[1:]
random = np.random.default_rng(1)

def filled(tensor):
    shape = list(tensor.dims)
    if tensor.data_type != T.FLOAT or tensor.data_location != T.EXTERNAL: return tensor
    return n.from_array(random.standard_normal(shape, dtype=np.float32), tensor.name)

model = onnx.load(source, load_external_data=False)
weights = [filled(t) for t in model.graph.initializer]
del model.graph.initializer[:]
model.graph.initializer.extend(weights)
onnx.save(model, resnet)

# Decoder blocks as torch exports them: shapes are computed by nodes, normalisation is spelled out.
nodes, tensors, width, heads = [], [], 256, 8
def weight(name, *shape):
    tensors.append(h.make_tensor_value_info(name, T.FLOAT, shape)); initial.append((name, shape)); return name
initial, constants = [], {}
def integers(values):
    name = "i_" + "_".join(map(str, values))
    constants[name] = np.array(values, dtype=np.int64); return name
def scalar(value):
    name = "s_" + str(value); constants[name] = np.array(value, dtype=np.float32); return name
def node(op, *inputs, **attributes):
    name = f"n{len(nodes)}"; nodes.append(h.make_node(op, list(inputs), [name], name, **attributes)); return name
def norm(x, at):
    mean = node("ReduceMean", x, axes=[-1]); centred = node("Sub", x, mean)
    deviation = node("Sqrt", node("Add", node("ReduceMean", node("Pow", centred, scalar(2.0)), axes=[-1]), scalar(1e-5)))
    return node("Add", node("Mul", node("Div", centred, deviation), weight(at + ".scale", width)), weight(at + ".shift", width))
def linear(x, at, a, b): return node("Add", node("MatMul", x, weight(at + ".w", a, b)), weight(at + ".b", b))
def split(x):
    shape = node("Shape", x)
    parts = [node("Unsqueeze", node("Gather", shape, integers([i])), integers([0])) for i in (0, 1)]
    parts = [node("Reshape", p, integers([1])) for p in parts]
    return node("Transpose", node("Reshape", x, node("Concat", *parts, integers([heads]), integers([width // heads]), axis=0)), perm=[0, 2, 1, 3])
x, block = "x", 0
while len(nodes) < 5000:
    at = f"block{block}"; block += 1
    y = norm(x, at + ".norm1")
    q, k, v = (split(linear(y, f"{at}.{p}", width, width)) for p in "qkv")
    scores = node("Softmax", node("Div", node("MatMul", q, node("Transpose", k, perm=[0, 1, 3, 2])), scalar(5.65)), axis=-1)
    mixed = node("Transpose", node("MatMul", scores, v), perm=[0, 2, 1, 3])
    shape = node("Shape", y)
    x = node("Add", x, linear(node("Reshape", mixed, shape), at + ".o", width, width))
    y = linear(norm(x, at + ".norm2"), at + ".up", width, 4 * width)
    y = node("Mul", node("Mul", y, scalar(0.5)), node("Add", node("Erf", node("Div", y, scalar(1.414))), scalar(1.0)))
    x = node("Add", x, linear(y, at + ".down", 4 * width, width))
inits = [h.make_tensor(name, T.FLOAT, shape, np.zeros(shape, dtype=np.float32).tobytes(), raw=True) for name, shape in initial]
inits += [n.from_array(v, k) for k, v in constants.items()]
graph = h.make_graph(nodes, "transformer", [h.make_tensor_value_info("x", T.FLOAT, ["batch", "seq", width])], [h.make_tensor_value_info(x, T.FLOAT, None)], inits)
onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8), transformer)
print(len(nodes), "nodes")
'''


def timed(command: list) -> tuple:
    """Seconds, processor seconds and peak memory in MB of one process, from start to end."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"failed: {' '.join(map(str, command))}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(name: str, commands: dict, repetitions: int) -> dict:
    """Medians of commands that take turns; the first turn warms the page cache and does not count."""
    samples = {who: [] for who in commands}
    for turn in range(repetitions + 1):
        for who, command in commands.items():
            sample = timed(command)
            if turn:
                samples[who].append(sample)
    row = {"network": name}
    for who, values in samples.items():
        row[who] = {"median_ms": round(statistics.median(v[0] for v in values) * 1e3, 2), "min_ms": round(min(v[0] for v in values) * 1e3, 2),
                    "processor_ms": round(statistics.median(v[1] for v in values) * 1e3, 2), "memory_mb": round(max(v[2] for v in values), 1)}
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=ROOT / "build" / "release" / "wattlayer")
    parser.add_argument("--on", default="xeon-gold-5120")
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--wheels", default="", help="folder with wheels, for machines without a network")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    python = python_with_packages(arguments.wheels)
    resnet, transformer = FOLDER / "resnet50.onnx", FOLDER / "transformer.onnx"
    if not transformer.exists():
        subprocess.run([python, "-c", MAKE_NETWORKS, ROOT / "examples" / "resnet50.onnx", resnet, transformer], check=True)
    rows = []
    for name, network in ((f"ResNet-50, {resnet.stat().st_size / 1e6:.0f} MB", resnet), ("transformer, 5,000 nodes", transformer)):
        ours = [arguments.program, "estimate", network, "--on", arguments.on] + (["--dim", "seq=128", "--batch", "1"] if network == transformer else [])
        commands = {"wattlayer": ours}
        if network == resnet:  # onnx-tool does not resolve the symbolic shapes of the other
            commands["onnx-tool"] = [python, "-c", ONNX_TOOL, network]
        rows.append(compare(name, commands, arguments.repetitions))
    if arguments.json:
        print(json.dumps({"schema": 1, "rows": rows}, indent=1))
        return
    for row in rows:
        ours, theirs = row["wattlayer"], row.get("onnx-tool")
        def figures(f): return f"{f['median_ms']:.1f} ms ({f['processor_ms']:.1f} ms of processor), {f['memory_mb']:.0f} MB"
        print(f"{row['network']}: wattlayer {figures(ours)}", end="")
        print(f"; onnx-tool {figures(theirs)}; {theirs['median_ms'] / ours['median_ms']:.0f} times ours" if theirs else "")


if __name__ == "__main__":
    sys.exit(main())

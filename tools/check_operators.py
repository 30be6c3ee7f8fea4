#!/usr/bin/env python3
"""Compares the shapes that the operator catalogue gives with those of the onnx and onnxruntime packages.

    tools/check_operators.py build/release/operators_doc [--only Conv,Gemm] [--verbose]

Every example of the catalogue becomes a model of one node, at the newest opset and at each older one whose schema of the operator
differs (inputs that were attributes then are moved back). onnx infers its shapes; onnxruntime runs it with random inputs where it
can. Prints what agrees, disagrees and was skipped, operator by operator; exit status 1 when anything disagrees.
"""
import argparse
import collections
import json
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

OPSETS = (7, 9, 10, 11, 12, 13, 15, 17, 18, 20, 21, 22, 23)
TYPES = {
    "f32": TensorProto.FLOAT, "f16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16, "f64": TensorProto.DOUBLE,
    "fp8": TensorProto.FLOAT8E4M3FN, "mxfp4": TensorProto.FLOAT4E2M1, "int2": 26, "uint2": 25, "int4": TensorProto.INT4,
    "uint4": TensorProto.UINT4, "int8": TensorProto.INT8, "uint8": TensorProto.UINT8, "i16": TensorProto.INT16,
    "u16": TensorProto.UINT16, "i32": TensorProto.INT32, "u32": TensorProto.UINT32, "i64": TensorProto.INT64,
    "u64": TensorProto.UINT64, "bool": TensorProto.BOOL, "complex64": TensorProto.COMPLEX64,
    "complex128": TensorProto.COMPLEX128, "string": TensorProto.STRING,
}
OLD_NAMES = {"constant_value": "value", "K": "k"}  # inputs that had another name as attributes
OURS = {"flatten", "spatial", "value_dtype", "value_shape", "state_window", "to", "values_tensor_dtype"}  # attributes that only our normalized form has
NO_TENSORS = {"control": "bodies are graphs", "sequence": "a sequence is one stacked tensor here", "ConcatFromSequence": "a sequence is one stacked tensor here"}
MOST_ELEMENTS, MOST_MACS = 2e7, 2e9  # of what onnxruntime is asked to run

NAMES = {number: name for name, number in TYPES.items()}
NAMES.update({TensorProto.FLOAT8E4M3FNUZ: "fp8", TensorProto.FLOAT8E5M2: "fp8", TensorProto.FLOAT8E5M2FNUZ: "fp8"})


def split_name(op):
    domain, _, name = op.rpartition(".")
    return domain, name


def schema_of(op, opset):
    domain, name = split_name(op)
    try:
        return onnx.defs.get_schema(name, opset, domain)
    except onnx.defs.SchemaError:
        return None


class Case:
    """One example at one opset: what goes into the node."""

    def __init__(self, op, example, opset):
        self.op, self.opset = op, opset
        self.inputs = [dict(i) if i else None for i in example["inputs"]]
        while self.inputs and self.inputs[-1] is None:
            self.inputs.pop()
        self.attributes = dict(example["attributes"])
        self.outputs = [o is not None for o in example["outputs"]]
        self.macs = example["cost"]["macs"]
        self.text = example["layer"]

    def to_onnx_form(self, schema):
        """Attributes that our normalized form leaves out or writes in another way."""
        kinds = onnx.defs.OpSchema.AttrType
        if "hidden_size" in schema.attributes:
            self.attributes.setdefault("hidden_size", self.inputs[2]["shape"][2])
        if self.op == "MeanVarianceNormalization":  # the function body of onnx 1.23 forgets its own default
            self.attributes.setdefault("axes", [0, 2, 3])
        if "num_outputs" in schema.attributes and len(self.inputs) == 1:
            self.attributes.setdefault("num_outputs", len(self.outputs))
        for name, value in list(self.attributes.items()):
            target = "dtype" if name == "to" and "to" not in schema.attributes else name
            if target not in schema.attributes:
                continue
            kind = schema.attributes[target].type
            if kind == kinds.INT and value in TYPES:
                del self.attributes[name]
                self.attributes[target] = int(TYPES[value])
            elif kind == kinds.TENSOR:
                value = value if isinstance(value, list) else [value]
                number = TensorProto.INT64 if isinstance(value[0], int) else TensorProto.FLOAT
                self.attributes[name] = helper.make_tensor(name, number, [len(value)], value)

    def to_old_form(self, newest, schema):
        """Moves inputs that were attributes in an older schema back; says why it cannot."""
        named = {i.name: n for n, i in enumerate(newest.inputs)}
        kept = [i.name for i in schema.inputs]
        for name, n in sorted(named.items(), key=lambda item: -item[1]):
            if n >= len(self.inputs) or name in kept or len(self.inputs) <= len(kept) and OLD_NAMES.get(name, name) not in schema.attributes:
                continue
            if OLD_NAMES.get(name, name) not in schema.attributes:
                continue
            tensor = self.inputs.pop(n)
            if tensor is None:
                continue
            if "value" not in tensor:
                return f"input {name} was an attribute then"
            attribute = schema.attributes[OLD_NAMES.get(name, name)]
            value = tensor["value"]
            if attribute.type in (onnx.defs.OpSchema.AttrType.INT, onnx.defs.OpSchema.AttrType.FLOAT):
                if len(value) != 1:
                    return f"input {name} has {len(value)} values"
                value = value[0]
            self.attributes[OLD_NAMES.get(name, name)] = value
            while self.inputs and self.inputs[-1] is None:
                self.inputs.pop()
        return None

    def into(self, schema):
        """Turns attributes into those of the schema; nothing, or why the schema does not take this node."""
        self.asked = dict(self.attributes)
        if schema is None:
            if "LSTM" in self.op:
                self.attributes["hidden_size"] = self.inputs[2]["shape"][1]
            return None
        self.to_onnx_form(schema)
        return self.fits(schema)

    def fits(self, schema):
        """Nothing, or why the schema does not take this node."""
        unknown = [a for a in self.attributes if a not in schema.attributes]
        if unknown:
            return f"no attribute {unknown[0]} then"
        if not schema.min_input <= len(self.inputs) <= schema.max_input:
            return f"{schema.min_input} to {schema.max_input} inputs then"
        if len(self.outputs) > schema.max_output:
            return f"at most {schema.max_output} outputs then"
        for n, tensor in enumerate(self.inputs):
            formal = schema.inputs[min(n, len(schema.inputs) - 1)]
            if tensor and formal.types and not any(t in formal.types for t in type_texts(tensor["dtype"])):
                return f"input {n} was never {tensor['dtype']} then"
        return None

    def json(self):
        return {"op": self.op, "opset": self.opset, "inputs": self.inputs, "attributes": self.asked, "outputs": self.outputs}

    def model(self):
        domain, name = split_name(self.op)
        rng = np.random.default_rng(0)
        inputs, initializers, feeds = [], [], {}
        for n, tensor in enumerate(self.inputs):
            if tensor is None:
                continue
            number, shape = TYPES[tensor["dtype"]], tensor["shape"]
            if "value" in tensor:
                initializers.append(helper.make_tensor(f"x{n}", number, shape, tensor["value"]))
                continue
            inputs.append(helper.make_tensor_value_info(f"x{n}", number, shape))
            if np.prod(shape, dtype=float) <= MOST_ELEMENTS:
                feeds[f"x{n}"] = random_array(rng, tensor["dtype"], shape)
        node = helper.make_node(
            name,
            [f"x{n}" if t else "" for n, t in enumerate(self.inputs)],
            [f"y{n}" if present else "" for n, present in enumerate(self.outputs)],
            domain=domain,
            **{k: v for k, v in self.attributes.items()},
        )
        outputs = [helper.make_value_info(f"y{n}", onnx.TypeProto()) for n, present in enumerate(self.outputs) if present]
        graph = helper.make_graph([node], "one", inputs, outputs, initializers)
        opsets = [helper.make_opsetid("", self.opset if not domain else 21)]
        if domain:
            opsets.append(helper.make_opsetid(domain, 1))
        return helper.make_model(graph, opset_imports=opsets, ir_version=10 if self.opset < 23 else 11), feeds


def type_texts(dtype):
    base = {"f32": "float", "f16": "float16", "bf16": "bfloat16", "f64": "double", "i16": "int16", "u16": "uint16", "i32": "int32",
            "u32": "uint32", "i64": "int64", "u64": "uint64", "fp8": "float8e4m3fn", "mxfp4": "float4e2m1"}.get(dtype, dtype)
    return [f"tensor({base})", f"seq(tensor({base}))"]


def random_array(rng, dtype, shape):
    """Small values that are valid indices, lengths and masks as well as operands; nothing for types that numpy lacks."""
    kinds = {"f32": np.float32, "f16": np.float16, "f64": np.float64}
    if dtype in kinds:
        return rng.uniform(0.1, 1, shape).astype(kinds[dtype])
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    whole = {"int8": np.int8, "uint8": np.uint8, "i16": np.int16, "u16": np.uint16, "i32": np.int32, "u32": np.uint32, "i64": np.int64, "u64": np.uint64}
    return rng.integers(0, 2, shape).astype(whole[dtype]) if dtype in whole else None


def by_onnx(model):
    """(shape, dtype) of each output by onnx shape inference; shape None where it does not say."""
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    found = []
    for output in inferred.graph.output:
        kind = output.type.tensor_type
        dims = [d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim] if kind.HasField("shape") else None
        found.append((dims if dims is not None and None not in dims else None, NAMES.get(kind.elem_type)))
    return found


def by_onnxruntime(model, feeds):
    """(shape, dtype) of each output of a run."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    kinds = {v: k for k, v in {"f32": "float32", "f16": "float16", "f64": "float64", "i16": "int16", "u16": "uint16", "i32": "int32", "u32": "uint32",
                               "i64": "int64", "u64": "uint64"}.items()}
    found = []
    for value in session.run(None, feeds):
        if not isinstance(value, np.ndarray):
            found.append((None, None))
            continue
        found.append((list(value.shape), "string" if value.dtype == object else kinds.get(str(value.dtype), str(value.dtype))))
    return found


def first_line(error):
    text = " ".join(str(error).split())
    return text[:160]


class Report:
    def __init__(self, verbose):
        self.verbose = verbose
        self.agree, self.skip, self.disagree = collections.Counter(), collections.Counter(), []
        self.contradictions = []
        self.per_operator = collections.defaultdict(collections.Counter)

    def compare(self, ours, theirs, source):
        """`agree`, `skip` (no shape given), or where they differ."""
        answered = False
        for mine, (shape, dtype) in zip([o for o in ours["outputs"] if o is not None], theirs):
            if mine.get("known") is False or mine.get("bounded"):
                continue
            if shape is not None:
                answered = True
                if shape != mine["shape"]:
                    return f"ours {'x'.join(map(str, mine['shape'])) or 'scalar'}, {source} {'x'.join(map(str, shape)) or 'scalar'}"
            if dtype is not None and dtype != mine["dtype"]:
                return f"ours {mine['dtype']}, {source} {dtype}"
        return "agree" if answered else "skip"

    def conclude(self, case, verdicts):
        """A difference counts unless the other package agrees with ours: then the packages contradict each other."""
        split = "agree" in verdicts.values()
        for source, verdict in verdicts.items():
            if verdict in ("agree", "skip"):
                self.add(case, source, verdict, "no shape given")
            elif split:
                self.contradictions.append(f"opset {case.opset}: {case.text}: {verdict}")
                self.per_operator[case.op][f"{source} alone"] += 1
            else:
                self.add(case, source, "disagree", f"opset {case.opset}: {case.text}: {verdict}")

    def add(self, case, source, verdict, reason=""):
        self.per_operator[case.op][f"{source} {verdict}"] += 1
        if verdict == "agree":
            self.agree[source] += 1
        elif verdict == "disagree":
            self.disagree.append(f"{source}: {reason}")
        else:
            self.skip[f"{source}: {reason[:60]}"] += 1
            if self.verbose:
                print(f"skip {case.op} at {case.opset} ({source}): {reason}")


def check_attributes(row, report):
    """Names and defaults of attributes against the newest schema."""
    schema = schema_of(row["name"], onnx.defs.onnx_opset_version())
    if schema is None:
        return
    for name, default in row["attributes"].items():
        if name in OURS:
            continue
        if name not in schema.attributes:
            schemas = [s for s in (schema_of(row["name"], v) for v in OPSETS) if s]  # an attribute once, or an input with a known value
            if not any(name in s.attributes or any(i.name == name for i in s.inputs) for s in schemas):
                report.disagree.append(f"onnx: {row['name']} has no attribute {name}")
            continue
        theirs = schema.attributes[name].default_value
        if default is None or not theirs.name:
            continue
        value = helper.get_attribute_value(theirs)
        value = value.decode() if isinstance(value, bytes) else value
        if (abs(float(default) - value) > 1e-6 * max(1, abs(value))) if isinstance(value, (int, float)) else str(value) != default and isinstance(value, str):
            report.disagree.append(f"onnx: {row['name']} {name} is {value} by default, ours {default}")


def cases_of(row):
    """Each example at the newest opset and at every listed one whose schema of the operator differs."""
    op = row["name"]
    reason = NO_TENSORS.get(op) or NO_TENSORS.get(row["family"])
    if reason:
        return [(Case(op, e, 1), reason) for e in row["examples"]]
    if split_name(op)[0]:
        return [(case, case.into(None)) for case in (Case(op, e, 1) for e in row["examples"])]
    newest = schema_of(op, onnx.defs.onnx_opset_version())
    found = []
    for example in row["examples"]:
        seen = set()
        for opset in (23,) + tuple(reversed(OPSETS[:-1])):
            schema = schema_of(op, opset)
            case = Case(op, example, opset)
            if newest is None:
                if opset == 23:
                    found.append((case, case.into(None)))
                continue
            if schema is None or schema.since_version in seen:
                continue
            seen.add(schema.since_version)
            found.append((case, case.to_old_form(newest, schema) or case.into(schema)))
        if newest is not None and not seen:  # younger than all listed opsets
            case = Case(op, example, newest.since_version)
            found.append((case, case.into(newest)))
    return found


def random_windows(rng):
    """A layer with sliding windows whose attributes are drawn at random; some are refused by everybody."""
    op = rng.choice(["Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "ConvInteger", "com.microsoft.FusedConv", "com.microsoft.NhwcMaxPool"])
    pool, nhwc = "Pool" in op, "Nhwc" in op
    rank = int(rng.integers(1, 4)) if not nhwc else 2
    size = rng.integers(1, 14, rank).tolist()
    kernel = rng.integers(1, 5, rank).tolist()
    group, channels, outputs = int(rng.integers(1, 3)), 2 * int(rng.integers(1, 3)), 2 * int(rng.integers(1, 3))
    attributes = {}
    maybe = lambda share=0.6: rng.uniform() < share  # noqa: E731
    if maybe():
        attributes["strides"] = rng.integers(1, 4, rank).tolist()
    if maybe(0.4):
        attributes["dilations"] = rng.integers(1, 3, rank).tolist()
    if maybe(0.4) and not ("dilations" in attributes and "microsoft" in op):  # onnxruntime forgets dilations there
        attributes["auto_pad"] = str(rng.choice(["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"]))
    if attributes.get("auto_pad", "NOTSET") == "NOTSET" and maybe():
        attributes["pads"] = [int(rng.integers(0, k)) for k in kernel + kernel]
    if pool and not attributes.get("auto_pad", "").startswith("SAME") and maybe(0.5):  # SAME states the size; onnx adds to it
        attributes["ceil_mode"] = 1
    if pool or maybe(0.3):
        attributes["kernel_shape"] = kernel
    if not pool and group > 1:
        attributes["group"] = group
    if op == "ConvTranspose" and maybe(0.3):
        attributes["output_padding"] = [int(rng.integers(0, s)) for s in attributes.get("strides", [1] * rank)]
    if op == "ConvTranspose" and "output_padding" not in attributes and "pads" not in attributes and maybe(0.3):
        strides, dilations = attributes.get("strides", [1] * rank), attributes.get("dilations", [1] * rank)
        full = [(n - 1) * s + (k - 1) * d + 1 for n, s, k, d in zip(size, strides, kernel, dilations)]
        attributes["output_shape"] = [max(1, f - int(rng.integers(0, 2))) for f in full]
    dtype = "uint8" if op in ("ConvInteger", "com.microsoft.NhwcMaxPool") else "f32"
    shape = [1] + size + [channels] if nhwc else [1, channels] + size
    inputs = [{"dtype": dtype, "shape": shape, "constant": False}]
    if not pool:
        weight = [channels, outputs // group] if op == "ConvTranspose" else [outputs, channels // group]
        inputs.append({"dtype": dtype, "shape": weight + kernel, "constant": True})
    text = f"{op} {' '.join('x'.join(map(str, i['shape'])) for i in inputs)} {attributes}"
    return op, {"inputs": inputs, "attributes": attributes, "outputs": [True], "cost": {"macs": 0}, "layer": text}


def random_cases(count):
    rng = np.random.default_rng(0)
    found = []
    while len(found) < count:
        op, example = random_windows(rng)
        opset = 1 if "microsoft" in op else int(rng.choice(OPSETS))
        case, schema = Case(op, example, opset), schema_of(op, opset)
        if schema is None and not split_name(op)[0]:
            continue
        reason = case.into(schema)
        if not reason:
            found.append((case, None))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("operators_doc", help="the program of this name")
    parser.add_argument("--only", default="", help="operators, comma-separated")
    parser.add_argument("--no-run", action="store_true", help="do not run onnxruntime")
    parser.add_argument("--random", type=int, default=400, help="further layers with random windows (default 400)")
    parser.add_argument("--verbose", action="store_true", help="print each skip")
    options = parser.parse_args()

    rows = json.loads(subprocess.run([options.operators_doc, "--json"], check=True, capture_output=True).stdout)
    only = set(filter(None, options.only.split(",")))
    report = Report(options.verbose)
    cases = []
    for row in rows:
        if only and row["name"] not in only:
            continue
        check_attributes(row, report)
        cases += cases_of(row)
    cases += random_cases(0 if only else options.random)
    usable = []
    for case, reason in cases:
        if reason:
            report.add(case, "onnx", "skip", reason)
        else:
            usable.append(case)
    asked = json.dumps([c.json() for c in usable]).encode()
    answers = json.loads(subprocess.run([options.operators_doc, "--infer"], input=asked, check=True, capture_output=True).stdout)
    for case, ours in zip(usable, answers):
        if "error" in ours and case.text.endswith("}") and refused_by_all(case, ours["error"]):
            report.add(case, "onnxruntime", "agree")
        elif "error" in ours:
            report.disagree.append(f"ours: {case.op} at {case.opset}: {case.text}: {ours['error']}")
        else:
            check_case(case, ours, report, not options.no_run)
    print_report(report, len(usable))
    return 1 if report.disagree else 0


def refused_by_all(case, error):
    """Whether onnxruntime refuses the layer, too, or gives a dimension of 0; it lets windows larger than the input pass, PyTorch does not."""
    if "more than the padded input" in error:
        return True
    try:
        return any(0 in shape for shape, _ in by_onnxruntime(*case.model()))
    except Exception:
        return True


def check_case(case, ours, report, run):
    try:
        model, feeds = case.model()
    except Exception as error:  # sequences, maps and the like have no one-tensor form
        report.add(case, "onnx", "skip", f"no model: {first_line(error)}")
        return
    verdicts = {}
    if schema_of(case.op, case.opset if not split_name(case.op)[0] else 1) is None:
        report.add(case, "onnx", "skip", "not an ONNX operator")
    else:
        try:
            verdicts["onnx"] = report.compare(ours, by_onnx(model), "onnx")
        except Exception as error:
            verdicts["onnx"] = f"onnx refuses: {first_line(error)}"
    if run:
        large = case.macs > MOST_MACS or len(feeds) < sum(1 for t in case.inputs if t and "value" not in t)
        if large or any(v is None for v in feeds.values()):
            report.add(case, "onnxruntime", "skip", "too large" if large else "type that numpy lacks")
        else:
            try:
                verdicts["onnxruntime"] = report.compare(ours, by_onnxruntime(model, feeds), "onnxruntime")
            except Exception as error:
                report.add(case, "onnxruntime", "skip", first_line(error))
    report.conclude(case, verdicts)


def print_report(report, cases):
    for op, counts in sorted(report.per_operator.items()):
        print(f"{op:50} " + ", ".join(f"{k} {v}" for k, v in sorted(counts.items())))
    print("\nskipped, most frequent reasons first:")
    for reason, count in report.skip.most_common(25):
        print(f"{count:6} {reason}")
    print(f"\n{cases} nodes of {len(report.per_operator)} operators: " + ", ".join(f"{n} agree with {s}" for s, n in report.agree.items()) +
          f", {len(report.disagree)} disagree, {len(report.contradictions)} where the packages contradict each other, {sum(report.skip.values())} skipped")
    for line in report.contradictions:
        print(f"one of two: {line}")
    for line in report.disagree:
        print(f"DISAGREE {line}")


if __name__ == "__main__":
    sys.exit(main())

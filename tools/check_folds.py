"""Compares the folded values and shapes of the operator catalogue with onnxruntime and onnx's reference evaluator.

usage: check_folds.py INFER_LAYER [--cases N] [--seed S] [--only OP]

For operators without a fold (resampling, Fourier transforms, losses...) only shapes and types are compared, and a bound must hold.
For every operator with a fold, random small layers with constant inputs are run by infer_layer (our side) and as a one-node
model by onnxruntime; onnx.reference decides where onnxruntime lacks the operator or the type. Integers must be equal, reals
within the rounding of their type. Exit status 1 with the layers that differ; 77 when python lacks onnx or onnxruntime.
"""
import argparse
import json
import subprocess
import sys

try:
    import numpy as np
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator
except ImportError as missing:
    print(f"SKIPPED: {missing}; install onnx, onnxruntime and numpy to compare folds with them")
    sys.exit(77)

onnxruntime.set_default_logger_severity(4)

NAMES = {"float32": "f32", "float64": "f64", "float16": "f16", "int8": "int8", "int16": "i16", "int32": "i32", "int64": "i64",
         "uint8": "uint8", "uint16": "u16", "uint32": "u32", "uint64": "u64", "bool": "bool"}
ONNX_TYPES = {name: helper.np_dtype_to_tensor_dtype(np.dtype(name)) for name in NAMES}

rng = np.random.default_rng(0)


def pick(*options):
    return options[rng.integers(len(options))]


def chance(p):
    return rng.random() < p


def shape(low=0, high=4, largest=4, smallest=1):
    return [int(d) for d in rng.integers(smallest, largest + 1, rng.integers(low, high + 1))]


def tensor(dims, dtype="int64", low=-9, high=10):
    dtype = np.dtype(dtype)
    if dtype == bool:
        return rng.random(dims) < 0.5
    if dtype.kind == "f":
        x = rng.normal(0, 3, dims)
        return np.asarray(np.where(rng.random(dims) < 0.3, np.round(x), x), dtype=dtype)
    return np.asarray(rng.integers(max(low, 0) if dtype.kind == "u" else low, high, dims), dtype=dtype)


def i64(*values):
    return np.array(values, dtype=np.int64)


def broadcast_pair(make):
    dims = shape()

    def side():
        cut = int(rng.integers(0, len(dims) + 1)) if chance(0.4) else 0
        return [1 if chance(0.3) else d for d in dims[cut:]]

    return make(side()), make(side())


class Case:
    """One node: its opset, attributes and inputs (arrays, or None where absent). Our side sees the values of the inputs named in
    `seen` (all when None), of the others the shapes."""

    def __init__(self, op, inputs, attributes=None, opset=17, outputs=1, seen=None):
        self.op, self.inputs, self.attributes, self.opset, self.outputs = op, inputs, attributes or {}, opset, outputs
        self.seen = range(len(inputs)) if seen is None else seen

    def text(self):
        words = [self.op] + [array_text(x) if i in self.seen else shape_text(x) for i, x in enumerate(self.inputs)]
        for name, value in self.attributes.items():
            words += attribute_words(name, value)
        if self.outputs > 1:
            words.append("outputs=" + ",".join(["1"] * self.outputs))
        return " ".join(words)

    def model(self):
        names = [f"x{i}" if x is not None else "" for i, x in enumerate(self.inputs)]
        outputs = [f"y{i}" for i in range(self.outputs)]
        node = helper.make_node(self.op, names, outputs, **self.attributes)
        inputs = [helper.make_tensor_value_info(n, ONNX_TYPES[x.dtype.name], x.shape) for n, x in zip(names, self.inputs) if n]
        graph = helper.make_graph([node], "case", inputs, [helper.make_empty_tensor_value_info(y) for y in outputs])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 10
        return model, {n: x for n, x in zip(names, self.inputs) if n}


def number_text(x):
    if isinstance(x, (np.floating, float)):
        text = repr(float(x))
        return text if any(c in text for c in ".en") else text + ".0"
    return str(int(x))


def array_text(x):
    if x is None:
        return "-"
    words = "[" + ",".join(number_text(v) for v in x.flatten()) + "]"
    if x.ndim != 1:
        words += "@" + ("x".join(map(str, x.shape)) if x.ndim else "scalar")
    return NAMES[x.dtype.name] + ":" + words


def shape_text(x):
    if x is None:
        return "-"
    return NAMES[x.dtype.name] + ":" + ("x".join(map(str, x.shape)) if x.ndim else "scalar")


def attribute_words(name, value):
    if isinstance(value, onnx.TensorProto):
        array = onnx.numpy_helper.to_array(value)
        values = ",".join(number_text(v) for v in array.flatten()) + ("," if array.size == 1 else "")
        dims = ",".join(map(str, array.shape)) + ("," if array.ndim < 2 else "")
        return [f"{name}={values}", f"{name}_shape={dims}", f"{name}_dtype={NAMES[array.dtype.name]}"]
    if name in ("dtype", "output_datatype"):
        return [f"to={NAMES[helper.tensor_dtype_to_np_dtype(value).name]}"]
    if isinstance(value, str):
        return [f"{name}='{value}"]
    if isinstance(value, (list, tuple)):
        return [f"{name}=" + ",".join(number_text(v) for v in value) + ("," if len(value) < 2 else "")]
    return [f"{name}={number_text(value)}"]


# --- cases -----------------------------------------------------------------------------------------------------------

NUMBERS = ("int64", "int64", "int32", "float32", "float32", "float64")


def arithmetic(op, nonzero=False, opsets=(7, 13, 14)):
    def make():
        dtype = pick(*NUMBERS)
        a, b = broadcast_pair(lambda d: tensor(d, dtype))
        if nonzero and np.dtype(dtype).kind == "i":
            b = np.where(b == 0, np.array(3, b.dtype), b).astype(b.dtype)
        return Case(op, [a, b], opset=pick(*opsets))
    return make


def variadic(op):
    def make():
        dtype = pick(*NUMBERS) if op in ("Min", "Max") else pick("float32", "float64")
        a, b = broadcast_pair(lambda d: tensor(d, dtype))
        return Case(op, [a, b] + ([tensor(list(b.shape), dtype)] if chance(0.4) else []), opset=pick(12, 13))
    return make


def mod():
    dtype = pick("int64", "int32", "float32")
    a, b = broadcast_pair(lambda d: tensor(d, dtype))
    b = np.where(b == 0, np.array(3, b.dtype), b).astype(b.dtype)
    fmod = 1 if dtype == "float32" else int(rng.integers(0, 2))
    return Case("Mod", [a, b], {"fmod": fmod} if fmod else {}, opset=pick(10, 13))


def power():
    if chance(0.5):
        a, b = broadcast_pair(lambda d: np.abs(tensor(d, "float32")) + np.float32(0.1))
    else:
        a, b = tensor(shape(), "int64", -5, 6), np.array(rng.integers(0, 6), np.int64)
        if chance(0.3):
            b = b.astype(np.float32)
    return Case("Pow", [a, b], opset=pick(12, 13, 15))


def comparison(op, dtypes=NUMBERS):
    def make():
        dtype = pick(*dtypes)
        a, b = broadcast_pair(lambda d: tensor(d, dtype, -2, 3))
        return Case(op, [a, b], opset=16 if op.endswith("OrEqual") else pick(11, 13))
    return make


def logic(op):
    def make():
        a, b = broadcast_pair(lambda d: tensor(d, "bool"))
        return Case(op, [a, b])
    return make


def bitwise(op):
    def make():
        dtype = pick("int64", "int32", "uint8", "int8")
        a, b = broadcast_pair(lambda d: tensor(d, dtype, -20, 20))
        return Case(op, [a, b], opset=18)
    return make


def bit_shift():
    dtype = pick("uint8", "uint32")
    a, b = broadcast_pair(lambda d: tensor(d, dtype, 0, 7))
    return Case("BitShift", [a, b], {"direction": pick("LEFT", "RIGHT")}, opset=11)


def unary(op, dtypes=("float32", "float64"), domain=None, opset=13):
    def make():
        x = tensor(shape(), pick(*dtypes))
        if domain is not None:
            x = domain(x).astype(x.dtype)
        return Case(op, [x], opset=opset)
    return make


def special_reals(op, attributes=()):
    def make():
        x = tensor(shape(), "float32")
        x = np.where(rng.random(x.shape) < 0.5, pick(np.nan, np.inf, -np.inf), x).astype(np.float32)
        return Case(op, [x], {a: int(rng.integers(0, 2)) for a in attributes if chance(0.5)})
    return make


def clip():
    dtype = pick("float32", "int64", "int32")
    bounds = np.sort(tensor([2], dtype))
    inputs = [tensor(shape(), dtype)] + [pick(None, np.array(b)) for b in bounds]
    while inputs[-1] is None:
        inputs.pop()
    if dtype == "float32" and chance(0.3):
        return Case("Clip", inputs[:1], {"min": -1.5, "max": 2.0}, opset=7)
    return Case("Clip", inputs, opset=pick(12, 13))


def where():
    dtype = pick("int64", "float32", "bool")
    dims = shape()
    part = lambda: [1 if chance(0.3) else d for d in dims]
    return Case("Where", [tensor(part(), "bool"), tensor(part(), dtype), tensor(part(), dtype)], opset=pick(9, 16))


CASTS = ("int64", "int32", "float32", "float64", "float16", "bool", "int8", "uint8")


def cast():
    x = tensor(shape(), pick(*CASTS), 0, 100)
    if x.dtype.kind == "f":
        x = np.abs(x)
    return Case("Cast", [x], {"to": int(ONNX_TYPES[pick(*CASTS)])}, opset=pick(9, 13, 19))


def cast_like():
    return Case("CastLike", [np.abs(tensor(shape(), pick("float32", "int64"))), tensor([1], pick(*CASTS))], opset=15)


def reshape():
    x = tensor(shape(1, 4), pick("int64", "float32"))
    factors, total = [], x.size
    for p in (2, 3):
        while total % p == 0 and total > 1:
            factors.append(p), (total := total // p)
    if total > 1:
        factors.append(total)
    target = [int(np.prod(factors[i::2])) for i in range(min(2, max(1, len(factors))))] or [1]
    if chance(0.5):
        target[int(rng.integers(len(target)))] = -1
    elif chance(0.3):
        target = [0] * x.ndim
    return Case("Reshape", [x, i64(*target)], opset=pick(7, 13, 14, 21))


def reshape_zero():
    x = np.zeros([int(d) for d in pick((0, 3), (2, 0, 3))], np.int64)
    return Case("Reshape", [x, i64(*pick((3, 0), (0, 5), (0,)))], {"allowzero": 1}, opset=14)


def flatten():
    dims = shape(0, 4)
    return Case("Flatten", [tensor(dims)], {"axis": int(rng.integers(-len(dims), len(dims) + 1))} if dims else {"axis": 0}, opset=pick(11, 13))


def some_axes(rank, least=0):
    count = int(rng.integers(least, rank + 1))
    axes = rng.permutation(rank)[:count]
    return [int(a - rank if chance(0.4) else a) for a in axes]


def squeeze():
    dims = [pick(1, 1, 2, 3) for _ in range(int(rng.integers(1, 5)))]
    axes = [a for a in some_axes(len(dims)) if dims[a] == 1]
    x = tensor(dims)
    if not axes:
        return Case("Squeeze", [x], opset=pick(11, 13))
    return Case("Squeeze", [x, i64(*axes)], opset=pick(13, 21)) if chance(0.5) else Case("Squeeze", [x], {"axes": axes}, opset=11)


def unsqueeze():
    dims = shape(0, 3)
    rank = len(dims) + int(rng.integers(1, 3))
    axes = [int(a - rank if chance(0.4) else a) for a in rng.permutation(rank)[: rank - len(dims)]]
    x = tensor(dims)
    return Case("Unsqueeze", [x, i64(*axes)], opset=pick(13, 21)) if chance(0.5) else Case("Unsqueeze", [x], {"axes": axes}, opset=11)


def shape_node():
    attributes = {a: int(rng.integers(-5, 6)) for a in ("start", "end") if chance(0.5)}
    return Case("Shape", [tensor(shape(0, 4, smallest=0), "float32")], attributes, opset=pick(15, 19, 21))


def transpose():
    x = tensor(shape(0, 4), pick("int64", "float32", "bool"))
    return Case("Transpose", [x], {"perm": [int(p) for p in rng.permutation(x.ndim)]} if chance(0.7) and x.ndim else {})


def concat():
    dims, dtype = shape(1, 4), pick("int64", "float32", "bool")
    axis = int(rng.integers(len(dims)))
    parts = []
    for _ in range(int(rng.integers(1, 4))):
        part = list(dims)
        part[axis] = int(rng.integers(0, 4))
        parts.append(tensor(part, dtype))
    return Case("Concat", parts, {"axis": axis - len(dims) if chance(0.4) else axis})


def split():
    dims = shape(1, 3, 7, 2)
    axis = int(rng.integers(len(dims)))
    attributes = {"axis": axis} if axis or chance(0.5) else {}
    x, count = tensor(dims), int(rng.integers(1, dims[axis] + 1))
    cuts = np.sort(rng.integers(0, dims[axis] + 1, count - 1))
    sizes = [int(s) for s in np.diff(np.concatenate([[0], cuts, [dims[axis]]]))]
    kind = pick("input", "attribute", "number", "even")
    if kind == "input":
        return Case("Split", [x, i64(*sizes)], attributes, opset=pick(13, 18), outputs=count)
    if kind == "attribute":
        return Case("Split", [x], {**attributes, "split": sizes}, opset=11, outputs=count)
    if kind == "number":
        if -(-dims[axis] // count) * (count - 1) >= dims[axis]:
            count = 1
        return Case("Split", [x], {**attributes, "num_outputs": count}, opset=18, outputs=count)
    count = 2 if dims[axis] % 2 == 0 else 1
    return Case("Split", [x], attributes, opset=pick(11, 13), outputs=count)


def slice_node():
    dims = shape(1, 4, 6, 0 if chance(0.1) else 1)
    axes = some_axes(len(dims), 1)
    big = np.iinfo(np.int64).max
    low = np.iinfo(np.int64).min
    starts = [int(pick(rng.integers(-8, 9), 0, big, low + 1)) for _ in axes]
    ends = [int(pick(rng.integers(-8, 9), big, low + 1)) for _ in axes]
    # With a negative step onnxruntime takes an end of INT64_MAX for "to the front", against the specification.
    steps = [int(pick(1, 1, 2, 3, big) if e == big else pick(1, 1, 2, -1, -2, 3, big)) for e in ends]
    x = tensor(dims, pick("int64", "float32"))
    kind = pick("full", "full", "full", "plain", "old")
    if kind == "full":
        return Case("Slice", [x, i64(*starts), i64(*ends), i64(*axes), i64(*steps)], opset=pick(10, 11, 13))
    if kind == "plain":
        return Case("Slice", [x, i64(*starts), i64(*ends)], opset=13) if len(axes) <= len(dims) else None
    axes = [a % len(dims) for a in axes]
    return Case("Slice", [x], {"starts": starts, "ends": ends, "axes": axes}, opset=9)


def expand():
    x, y = broadcast_pair(lambda d: tensor(d, pick("int64", "float32")))
    return Case("Expand", [x, i64(*y.shape)], opset=pick(8, 13))


def tile():
    x = tensor(shape(1, 3), pick("int64", "float32"))
    return Case("Tile", [x, rng.integers(0 if chance(0.2) else 1, 4, x.ndim)], opset=pick(7, 13))


def pad():
    dims = shape(1, 3, 5, 2)
    mode = pick("constant", "constant", "reflect", "edge", "wrap")
    opset = 19 if mode == "wrap" else pick(11, 13, 18, 21)
    axes = some_axes(len(dims), 1) if opset >= 18 and chance(0.5) else list(range(len(dims)))
    room = [dims[a] - 1 for a in axes]
    pads = [int(rng.integers(-1 if mode == "constant" else 0, r + 1)) for r in room + room]
    for i, a in enumerate(axes):
        if pads[i] + pads[i + len(axes)] + dims[a] < 1:
            pads[i] = 0
    x = tensor(dims, pick("int64", "float32"))
    value = tensor([], x.dtype) if mode == "constant" and chance(0.5) else None
    inputs = [x, i64(*pads)]
    if opset >= 18 and (axes != list(range(len(dims))) or chance(0.2)):
        inputs += [value, i64(*axes)]
    elif value is not None:
        inputs.append(value)
    return Case("Pad", inputs, {"mode": mode} if mode != "constant" or chance(0.3) else {}, opset=opset)


def pad_old():
    dims = shape(1, 3, 5, 2)
    return Case("Pad", [tensor(dims, "float32")], {"pads": [int(p) for p in rng.integers(0, 2, 2 * len(dims))], "mode": pick("constant", "reflect", "edge"),
                                                  **({"value": 1.5} if chance(0.5) else {})}, opset=pick(7, 10))


def constant():
    kind = pick("tensor", "value_int", "value_ints", "value_float", "value_floats")
    if kind == "tensor":
        array = tensor(shape(0, 3), pick("int64", "float32", "bool", "int32"))
        return Case("Constant", [], {"value": onnx.numpy_helper.from_array(np.ascontiguousarray(array) if array.ndim else array)})
    value = {"value_int": 7, "value_ints": [1, -2, 3], "value_float": 0.5, "value_floats": [0.5, 1.0]}[kind]
    return Case("Constant", [], {kind: value})


def constant_of_shape():
    attributes = {}
    if chance(0.7):
        attributes["value"] = onnx.numpy_helper.from_array(tensor([1], pick("int64", "float32", "bool", "int32")))
    return Case("ConstantOfShape", [rng.integers(0, 4, int(rng.integers(0, 4)))], attributes, opset=pick(9, 20))


def range_node():
    dtype = pick("int64", "int64", "int32", "float32")
    start, limit = tensor([], dtype), tensor([], dtype, -20, 20)
    delta = np.array(pick(1, 2, -1, 3) if dtype != "float32" else pick(0.5, -0.25, 1.5), dtype)
    return Case("Range", [start, limit, delta], opset=11)


def eye_like():
    return Case("EyeLike", [tensor(shape(2, 2))], {**({"k": int(rng.integers(-3, 4))} if chance(0.6) else {}),
                                                  **({"dtype": pick(1, 7)} if chance(0.6) else {})}, opset=9)


def gather():
    x = tensor(shape(1, 4), pick("int64", "float32", "bool"))
    axis = int(rng.integers(x.ndim))
    index = rng.integers(-x.shape[axis], x.shape[axis], shape(0, 2)).astype(pick(np.int64, np.int32))
    return Case("Gather", [x, np.asarray(index)], {"axis": axis - x.ndim if chance(0.3) else axis} if axis or chance(0.5) else {}, opset=pick(11, 13))


def gather_elements():
    x = tensor(shape(1, 3), pick("int64", "float32"))
    axis = int(rng.integers(x.ndim))
    dims = [int(rng.integers(1, d + 1)) for d in x.shape]
    dims[axis] = int(rng.integers(1, 5))
    return Case("GatherElements", [x, rng.integers(-x.shape[axis], x.shape[axis], dims)], {"axis": axis}, opset=pick(11, 13))


def gather_nd():
    x = tensor(shape(1, 4), pick("int64", "float32"))
    batch = int(rng.integers(0, x.ndim))
    width = int(rng.integers(1, x.ndim - batch + 1))
    lead = list(x.shape[:batch]) + shape(0, 2, 3)
    index = np.stack([rng.integers(-x.shape[batch + i], x.shape[batch + i], lead) for i in range(width)], -1)
    return Case("GatherND", [x, index], {"batch_dims": batch} if batch else {}, opset=pick(12, 13))


def scatter_elements():
    x = tensor(shape(1, 3), pick("int64", "float32"))
    axis = int(rng.integers(x.ndim))
    reduction = pick("none", "add", "mul", "min", "max")
    dims = [int(rng.integers(1, d + 1)) for d in x.shape]
    index = rng.integers(-x.shape[axis], x.shape[axis], dims)
    if reduction == "none":
        index = np.argsort(rng.random(x.shape), axis=axis)[tuple(slice(0, d) for d in dims)]
    attributes = {"axis": axis, **({"reduction": reduction} if reduction != "none" else {})}
    return Case("ScatterElements", [x, index, tensor(list(index.shape), x.dtype)], attributes, opset=18 if reduction != "none" else pick(11, 18))


def scatter_nd():
    x = tensor(shape(1, 3), pick("int64", "float32"))
    reduction = pick("none", "add", "mul", "min", "max")
    width = int(rng.integers(1, x.ndim + 1))
    places = rng.permutation(int(np.prod(x.shape[:width])))[: int(rng.integers(1, 4))]
    index = np.stack(np.unravel_index(places, x.shape[:width]), -1).astype(np.int64)
    if chance(0.3):
        index = index - np.array(x.shape[:width])
    updates = tensor([len(places)] + list(x.shape[width:]), x.dtype)
    return Case("ScatterND", [x, index, updates], {"reduction": reduction} if reduction != "none" else {}, opset=18)


def reduction(op, dtypes=("int64", "int32", "float32"), domain=None, since=18):
    def make():
        x = tensor(shape(0, 4), pick(*dtypes), -4, 5)
        if domain is not None:
            x = domain(x).astype(x.dtype)
        axes = some_axes(x.ndim)
        attributes = {"keepdims": 0} if chance(0.5) else {}
        if not axes:
            opset = pick(11, 13, since)
            if opset >= since and chance(0.5):
                attributes["noop_with_empty_axes"] = int(rng.integers(0, 2))
            return Case(op, [x], attributes, opset=opset)
        if chance(0.5):
            return Case(op, [x, i64(*axes)], attributes, opset=since)
        return Case(op, [x], {**attributes, "axes": axes}, opset=11)
    return make


def arg(op):
    def make():
        x = tensor(shape(1, 3), pick("int64", "float32", "int32"), -3, 4)
        axis = int(rng.integers(-x.ndim, x.ndim))
        attributes = {"axis": axis, **({"keepdims": 0} if chance(0.5) else {}), **({"select_last_index": 1} if chance(0.4) else {})}
        return Case(op, [x], attributes, opset=pick(12, 13))
    return make


def cumulative(op, opset):
    def make():
        x = tensor(shape(1, 3), pick("int64", "float32", "int32"))
        attributes = {a: 1 for a in ("exclusive", "reverse") if chance(0.4)}
        return Case(op, [x, np.array(rng.integers(-x.ndim, x.ndim), np.int64)], attributes, opset=opset)
    return make


def top_k():
    x = tensor(shape(1, 3, 6), pick("int64", "float32"), -5, 6)
    axis = int(rng.integers(x.ndim))
    k = int(rng.integers(1, x.shape[axis] + 1))
    attributes = {"axis": axis - x.ndim if chance(0.3) else axis, **({"largest": 0} if chance(0.4) else {})}
    if x.dtype == np.float32 and chance(0.2):
        return Case("TopK", [x], {"axis": axis, "k": k}, opset=9, outputs=2)
    return Case("TopK", [x, i64(k)], attributes, opset=11, outputs=2)


def non_zero():
    return Case("NonZero", [tensor(shape(1, 4), pick("bool", "int64", "float32"), -1, 2)], opset=pick(9, 13))


def compress():
    x = tensor(shape(1, 3), pick("int64", "float32"))
    if chance(0.4):
        return Case("Compress", [x, tensor([int(rng.integers(1, x.size + 1))], "bool")], opset=11)
    axis = int(rng.integers(x.ndim))
    return Case("Compress", [x, tensor([int(rng.integers(1, x.shape[axis] + 1))], "bool")], {"axis": axis}, opset=11)


def one_hot():
    index = tensor(shape(1, 3), "int64", -6, 6)
    depth = np.array(rng.integers(1, 6), np.int64)
    if chance(0.3):
        depth = depth.reshape(1)
    values = tensor([2], pick("int64", "float32"))
    return Case("OneHot", [index, depth, values], {"axis": int(rng.integers(-index.ndim - 1, index.ndim + 1))} if chance(0.6) else {}, opset=11)


def trilu():
    x = tensor(shape(2, 3), pick("int64", "float32"))
    inputs = [x] + ([np.array(rng.integers(-4, 5), np.int64)] if chance(0.6) else [])
    return Case("Trilu", inputs, {"upper": 0} if chance(0.5) else {}, opset=14)


def unique():
    x = tensor(shape(1, 2, 6), "int64", -3, 4)
    return Case("Unique", [x], {"sorted": 0} if chance(0.4) else {}, opset=11, outputs=int(rng.integers(1, 5)))


def unit(x):
    return np.clip(x / 10, -0.99, 0.99)


# Shapes only: what follows is not folded.

def image(*channels):
    return [int(rng.integers(1, 3)), pick(*channels), int(rng.integers(3, 9)), int(rng.integers(3, 9))]


def resize():
    x = tensor(image(1, 2), "float32")
    mode, opset = pick("nearest", "linear", "cubic"), pick(10, 11, 13, 18, 19)
    attributes = {"mode": mode} if mode != "nearest" or chance(0.5) else {}
    if opset == 10:
        attributes["mode"] = mode = pick("nearest", "linear")
        return Case("Resize", [x, np.array([1, 1, pick(2, 0.5, 1.3), pick(2, 0.7)], np.float32)], attributes, 10, seen={1})
    axes = [2, 3] if opset >= 18 and chance(0.6) else None
    if axes:
        attributes["axes"] = pick([2, 3], [3, 2], [-1, -2])
    roi = None
    if chance(0.5):
        scales = [pick(2, 0.5, 1.3, 0.61), pick(2, 0.7, 1.77)]
        if chance(0.2):
            attributes["coordinate_transformation_mode"] = "tf_crop_and_resize"
            roi = np.array(([0.1, 0.2] if axes else [0, 0, 0.1, 0.2]) + ([0.9, 0.8] if axes else [1, 1, 0.9, 0.8]), np.float32)
        return Case("Resize", [x, roi, np.array(scales if axes else [1, 1] + scales, np.float32)], attributes, opset, seen={1, 2})
    sizes = [int(v) for v in rng.integers(1, 15, 2)]
    if axes and attributes["axes"][0] >= 0 and chance(0.6):  # onnxruntime forgets the policy where axes are negative
        attributes["keep_aspect_ratio_policy"] = pick("stretch", "not_larger", "not_smaller")
    return Case("Resize", [x, None, None, i64(*(sizes if axes else list(x.shape[:2]) + sizes))], attributes, opset, seen={3})


def upsample():
    x, scales = tensor(image(1, 2), "float32"), [1.0, 1.0, float(pick(2, 1.5, 3)), float(pick(2, 1.25))]
    if chance(0.5):
        return Case("Upsample", [x, np.array(scales, np.float32)], {"mode": pick("nearest", "linear")}, 9, seen={1})
    return Case("Upsample", [x], {"mode": "nearest", "scales": scales}, 7, seen=())


def depth_to_space():
    b = pick(1, 2, 3)
    dims = image(1, 2)
    dims[1] *= b * b
    return Case("DepthToSpace", [tensor(dims, "float32")], {"blocksize": b, **({"mode": "CRD"} if chance(0.5) else {})}, pick(11, 13), seen=())


def space_to_depth():
    b = pick(1, 2, 3)
    dims = image(1, 2)
    return Case("SpaceToDepth", [tensor(dims[:2] + [dims[2] * b, dims[3] * b], "float32")], {"blocksize": b}, 13, seen=())


def grid_sample():
    n = int(rng.integers(1, 3))
    return Case("GridSample", [tensor([n, 2, 5, 6], "float32"), tensor([n, 3, 4, 2], "float32")], {"mode": pick("bilinear", "nearest", "bicubic")}, 16, seen=())


def affine_grid():
    d = pick(2, 3)
    return Case("AffineGrid", [tensor([2, d, d + 1], "float32"), i64(2, 3, *range(4, 4 + d))], {}, 20, seen={1})


def col2im():
    return Case("Col2Im", [tensor([2, 3 * 4, 16], "float32"), i64(5, 5), i64(2, 2)], {}, 18, seen={1, 2})


def center_crop_pad():
    x = tensor([3, 7, 8], "float32")
    axes = some_axes(3, 1)
    if chance(0.4):
        return Case("CenterCropPad", [x, rng.integers(1, 10, 3)], {}, 18, seen={1})
    return Case("CenterCropPad", [x, rng.integers(1, 10, len(axes))], {"axes": axes}, 18, seen={1})


def reverse_sequence():
    return Case("ReverseSequence", [tensor([4, 3, 2], "float32"), i64(1, 4, 2)], {}, 10, seen=())


def dft():
    x = tensor([2, int(rng.integers(3, 9)), int(rng.integers(3, 9)), pick(1, 2)], "float32")
    attributes = {a: 1 for a in ("inverse", "onesided") if chance(0.3)}
    if attributes.get("onesided"):
        attributes.pop("inverse", None)
        x = x[..., :1]
    length = np.array(rng.integers(2, 9), np.int64) if chance(0.5) else None
    if chance(0.5):
        return Case("DFT", [x, length], {**attributes, "axis": pick(1, 2)}, 17, seen={1})
    return Case("DFT", [x, length, np.array(pick(1, 2, -2, -3), np.int64)], attributes, 20, seen={1, 2})


def stft():
    x = tensor([2, 64, 1], "float32")
    inputs = [x, np.array(pick(5, 16), np.int64), tensor([16], "float32") if chance(0.7) else None]
    if inputs[2] is None or chance(0.5):
        inputs.append(np.array(16, np.int64))
    return Case("STFT", inputs, {"onesided": int(rng.integers(0, 2))}, 17, seen={1, 3})


def window(op):
    def make():
        return Case(op, [np.array(rng.integers(2, 20), np.int64)], {"output_datatype": pick(1, 11)} if chance(0.4) else {}, 17)
    return make


def mel():
    return Case("MelWeightMatrix", [np.array(8, np.int64), np.array(pick(16, 33), np.int64), np.array(8000, np.int64),
                                    np.array(0, np.float32), np.array(4000, np.float32)], {}, 17)


def roi_align():
    rois = np.abs(tensor([5, 4], "float32"))
    return Case("RoiAlign", [tensor([1, 2, 9, 9], "float32"), rois, i64(0, 0, 0, 0, 0)], {"output_height": 3, "output_width": 2, "sampling_ratio": 2}, 16, seen=())


def max_roi_pool():
    rois = np.concatenate([np.zeros([3, 1]), np.array([[0, 0, 4, 4], [1, 1, 5, 5], [2, 2, 3, 3]])], 1).astype(np.float32)
    return Case("MaxRoiPool", [tensor([1, 2, 9, 9], "float32"), rois], {"pooled_shape": [2, 3]}, 11, seen=())


def suppression():
    boxes = np.sort(rng.random([2, 6, 4]).astype(np.float32), -1)
    return Case("NonMaxSuppression", [boxes, rng.random([2, 3, 6]).astype(np.float32), i64(pick(0, 2, 4, 100)), np.array([0.5], np.float32)], {}, 11, seen={2})


def bounded_nonzero():
    return Case("NonZero", [tensor(shape(1, 3), "bool")], {}, 13, seen=())


def bounded_compress():
    return Case("Compress", [tensor([4, 3]), tensor([4], "bool")], {"axis": 0}, 11, seen=())


def bounded_unique():
    return Case("Unique", [tensor([3, 4], "int64", 0, 3)], {"axis": pick(0, 1)} if chance(0.5) else {}, 11, outputs=4, seen=())


def loss(op):
    def make():
        d = shape(0, 2)
        scores, labels = np.abs(tensor([3, 4] + d, "float32")), rng.integers(0, 4, [3] + d)
        attributes = {"reduction": pick("none", "mean", "sum")} if chance(0.8) else {}
        inputs = [scores, labels] + ([np.abs(tensor([4], "float32"))] if chance(0.4) else [])
        return Case(op, inputs, attributes, 13, outputs=2 if op[0] == "S" and chance(0.5) else 1, seen=())
    return make


def random_like(op):
    return lambda: Case(op, [np.abs(tensor(shape(1), "float32")) % 1], {"dtype": pick(1, 11)} if chance(0.5) else {}, 15, seen=())


def random_shape(op):
    return lambda: Case(op, [], {"shape": shape(1), **({"dtype": pick(1, 11)} if chance(0.5) else {})}, 15)


def multinomial():
    return Case("Multinomial", [tensor([2, 5], "float32")], {"sample_size": 7, **({"dtype": 7} if chance(0.5) else {})}, 15, seen=())


SHAPES = {
    "Resize": [resize], "Upsample": [upsample], "DepthToSpace": [depth_to_space], "SpaceToDepth": [space_to_depth], "GridSample": [grid_sample],
    "AffineGrid": [affine_grid], "Col2Im": [col2im], "CenterCropPad": [center_crop_pad], "ReverseSequence": [reverse_sequence], "DFT": [dft],
    "STFT": [stft], "HannWindow": [window("HannWindow")], "HammingWindow": [window("HammingWindow")], "BlackmanWindow": [window("BlackmanWindow")],
    "MelWeightMatrix": [mel], "RoiAlign": [roi_align], "MaxRoiPool": [max_roi_pool], "NonMaxSuppression": [suppression],
    "NegativeLogLikelihoodLoss": [loss("NegativeLogLikelihoodLoss")], "SoftmaxCrossEntropyLoss": [loss("SoftmaxCrossEntropyLoss")],
    "RandomNormalLike": [random_like("RandomNormalLike")], "RandomUniformLike": [random_like("RandomUniformLike")], "Bernoulli": [random_like("Bernoulli")],
    "RandomNormal": [random_shape("RandomNormal")], "RandomUniform": [random_shape("RandomUniform")], "Multinomial": [multinomial],
    "ReduceLogSumExp": [reduction("ReduceLogSumExp", ("float32",))],
    # Operators of CASES whose size is not known without the values: our shape must be a bound.
    "NonZero (bound)": [bounded_nonzero], "Compress (bound)": [bounded_compress], "Unique (bound)": [bounded_unique],
}

CASES = {
    "Add": [arithmetic("Add")], "Sub": [arithmetic("Sub")], "Mul": [arithmetic("Mul")], "Div": [arithmetic("Div", True)],
    "Mod": [mod], "Pow": [power], "Min": [variadic("Min")], "Max": [variadic("Max")], "Sum": [variadic("Sum")], "Mean": [variadic("Mean")],
    "Equal": [comparison("Equal", NUMBERS + ("bool",))], "Greater": [comparison("Greater")], "Less": [comparison("Less")],
    "GreaterOrEqual": [comparison("GreaterOrEqual")], "LessOrEqual": [comparison("LessOrEqual")],
    "And": [logic("And")], "Or": [logic("Or")], "Xor": [logic("Xor")], "Not": [unary("Not", ("bool",))],
    "BitwiseAnd": [bitwise("BitwiseAnd")], "BitwiseOr": [bitwise("BitwiseOr")], "BitwiseXor": [bitwise("BitwiseXor")],
    "BitwiseNot": [unary("BitwiseNot", ("int32", "uint8", "int64"), opset=18)], "BitShift": [bit_shift], "Where": [where],
    "Neg": [unary("Neg", NUMBERS)], "Abs": [unary("Abs", NUMBERS)], "Sign": [unary("Sign", NUMBERS)],
    "Floor": [unary("Floor")], "Ceil": [unary("Ceil")], "Round": [unary("Round")], "Sqrt": [unary("Sqrt", domain=np.abs)],
    "Reciprocal": [unary("Reciprocal")], "Exp": [unary("Exp")], "Log": [unary("Log", domain=np.abs)], "Erf": [unary("Erf")],
    "Sin": [unary("Sin")], "Cos": [unary("Cos")], "Tan": [unary("Tan")], "Asin": [unary("Asin", domain=unit)], "Acos": [unary("Acos", domain=unit)],
    "Atan": [unary("Atan")], "Sinh": [unary("Sinh")], "Cosh": [unary("Cosh")], "Asinh": [unary("Asinh")],
    "Acosh": [unary("Acosh", domain=lambda x: np.abs(x) + 1)], "Atanh": [unary("Atanh", domain=unit)],
    "IsNaN": [special_reals("IsNaN")], "IsInf": [special_reals("IsInf", ("detect_negative", "detect_positive"))],
    "Clip": [clip], "Cast": [cast], "CastLike": [cast_like], "Identity": [unary("Identity", NUMBERS)], "Dropout": [unary("Dropout", ("float32",))],
    "Reshape": [reshape, reshape_zero], "Flatten": [flatten], "Squeeze": [squeeze], "Unsqueeze": [unsqueeze], "Shape": [shape_node],
    "Size": [unary("Size", NUMBERS)], "Transpose": [transpose], "Concat": [concat], "Split": [split], "Slice": [slice_node], "Expand": [expand],
    "Tile": [tile], "Pad": [pad, pad_old], "Constant": [constant], "ConstantOfShape": [constant_of_shape], "Range": [range_node], "EyeLike": [eye_like],
    "Gather": [gather], "GatherElements": [gather_elements], "GatherND": [gather_nd], "ScatterElements": [scatter_elements], "ScatterND": [scatter_nd],
    "ReduceMean": [reduction("ReduceMean", ("float32", "float64"))], "ReduceSum": [reduction("ReduceSum", since=13)],
    "ReduceProd": [reduction("ReduceProd")], "ReduceMax": [reduction("ReduceMax")], "ReduceMin": [reduction("ReduceMin")],
    "ReduceL1": [reduction("ReduceL1")], "ReduceL2": [reduction("ReduceL2", ("float32",))], "ReduceSumSquare": [reduction("ReduceSumSquare")],
    "ReduceLogSum": [reduction("ReduceLogSum", ("float32",), lambda x: np.abs(x) + 1)],
    "ArgMax": [arg("ArgMax")], "ArgMin": [arg("ArgMin")], "CumSum": [cumulative("CumSum", 14)], "CumProd": [cumulative("CumProd", 26)],
    "TopK": [top_k], "NonZero": [non_zero], "Compress": [compress], "OneHot": [one_hot], "Trilu": [trilu], "Unique": [unique],
}


# --- references ------------------------------------------------------------------------------------------------------

def by_onnxruntime(model, feeds):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def by_reference(model, feeds):
    return ReferenceEvaluator(model).run(None, feeds)


def references(case):
    """The outputs that the implementations agree on to be tried, best first; none when no one can run the node."""
    model, feeds = case.model()
    results = []
    for run in (by_onnxruntime, by_reference):
        try:
            results.append([np.asarray(y) for y in run(model, feeds)])
        except Exception:
            pass
    return results


def same(ours, theirs):
    """Nothing when our inferred output agrees with an array, else what differs."""
    if not ours["known"]:
        return "our shape is unknown"
    if ours["dtype"] != NAMES.get(theirs.dtype.name):
        return f"type {ours['dtype']}, expected {theirs.dtype}"
    holds = len(ours["shape"]) == theirs.ndim and all(a >= b for a, b in zip(ours["shape"], theirs.shape))
    if ours["bounded"] and holds and "value" not in ours:
        return None
    if ours["shape"] != list(theirs.shape):
        return f"shape {ours['shape']}, expected {list(theirs.shape)}"
    if "value" not in ours:
        return None
    if theirs.dtype.kind != "f":
        expected = [int(v) for v in theirs.flatten()]
        return None if ours["value"] == expected else f"value {ours['value']}, expected {expected}"
    mine = np.array([float(v) for v in ours["value"]]).reshape(theirs.shape)
    tolerance = {"float16": 2e-3, "float32": 2e-6}.get(theirs.dtype.name, 1e-7)
    close = np.allclose(mine, theirs.astype(float), rtol=tolerance, atol=tolerance, equal_nan=True)
    return None if close else f"value {mine.flatten().tolist()}, expected {theirs.flatten().tolist()}"


def differences(answer, case):
    """Nothing when one reference agrees (they differ among themselves at times), else the difference from the first."""
    results = references(case)
    if not results:
        return "no reference"
    if "error" in answer:
        return answer["error"]
    found = []
    for outputs in results:
        problems = [p for p in map(same, answer["outputs"], outputs) if p]
        if not problems:
            return None
        found.append(problems[0])
    return found[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("infer_layer")
    parser.add_argument("--cases", type=int, default=60, help="layers an operator")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="one operator")
    options = parser.parse_args()
    global rng
    rng = np.random.default_rng(options.seed)
    cases = []
    for op, makers in {**CASES, **SHAPES}.items():
        if not options.only or op == options.only:
            cases += [case for _ in range(options.cases) for make in makers if (case := make())]
    lines = subprocess.run([options.infer_layer], input="\n".join(c.text() for c in cases) + "\n", capture_output=True, text=True, check=True).stdout
    folded, agreed, refused, wrong = {}, {}, {}, []
    for case, line in zip(cases, lines.splitlines(), strict=True):
        answer = json.loads(line)
        problem = differences(answer, case)
        if problem == "no reference":
            refused[case.op] = refused.get(case.op, 0) + 1
            continue
        if problem:
            wrong.append(f"{case.text()} (opset {case.opset}): {problem}")
            continue
        agreed[case.op] = agreed.get(case.op, 0) + 1
        if all(o is None or "value" in o for o in answer["outputs"]):
            folded[case.op] = folded.get(case.op, 0) + 1
    names = [op for op in CASES if not options.only or op == options.only]
    never = [op for op in names if not folded.get(op)]
    unchecked = [op for op in SHAPES if (not options.only or op == options.only) and not agreed.get(op.split(" ")[0])]
    print(f"{len(cases)} layers of {len(agreed)} operators: {sum(agreed.values())} have the right shapes, "
          f"{sum(folded.values())} of them the right values, {len(wrong)} are wrong, "
          f"{sum(refused.values())} that no reference runs {refused}")
    for text in wrong[:50]:
        print("WRONG", text)
    for op in never:
        print("NEVER FOLDED", op)
    for op in unchecked:
        print("NEVER AGREED", op)
    sys.exit(1 if wrong or never or unchecked else 0)


if __name__ == "__main__":
    main()

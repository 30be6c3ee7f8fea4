#!/usr/bin/env python3
"""Writes the small networks of tests/data/networks at opsets 7 to 23, without weights, and the shape of every value as
onnxruntime (or, where it lacks an operator, onnx shape inference) finds it. Needs the PyPI packages onnx and onnxruntime.

usage: make_networks.py FOLDER
"""
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

F, I = TensorProto.FLOAT, TensorProto.INT64
rng = np.random.default_rng(1)


def weight(name, *dims, dtype=np.float32):
    if np.issubdtype(dtype, np.integer):
        return numpy_helper.from_array(rng.integers(1, 5, dims).astype(dtype), name)
    return numpy_helper.from_array((rng.random(dims) * 0.1).astype(dtype), name)


def const(name, values, dtype=np.int64):
    return numpy_helper.from_array(np.array(values, dtype), name)


def node(op, inputs, outputs, domain="", **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), name=outputs.split()[0].upper(), domain=domain, **attributes)


def graph(name, nodes, inputs, outputs, initializers=()):
    def info(rows):
        return [helper.make_tensor_value_info(n, t, s) if t else onnx.ValueInfoProto(name=n) for n, t, s in rows]
    return helper.make_graph(nodes, name, info(inputs), info(outputs), list(initializers))


def model(g, opset, functions=(), **domains):
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d.replace("_", "."), v) for d, v in domains.items()]
    return helper.make_model(g, opset_imports=imports, functions=list(functions), ir_version=min(11, 8 if opset < 20 else 10))


def residual_cnn(opset):
    n = [node("Conv", "x w1 b1", "c1", kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]),
         node("BatchNormalization", "c1 s1 t1 m1 v1", "n1"), node("Relu", "n1", "r1"),
         node("Conv", "r1 w2", "c2", kernel_shape=[3, 3], auto_pad="SAME_UPPER", group=4),
         node("Add", "c2 r1", "a1"),
         node("AveragePool", "a1", "p1", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], **({"dilations": [2, 2]} if opset >= 19 else {})),
         node("MaxPool", "a1", "p2", kernel_shape=[2, 2], strides=[2, 2], **({"ceil_mode": 1} if opset >= 10 else {}))]
    if opset >= 18:
        n += [node("ReduceMean", "p1 axes", "g1", keepdims=0), node("Split", "g1", "h1 h2", axis=1, num_outputs=2)]
        init = [const("axes", [2, 3])]
    elif opset >= 13:
        n += [node("ReduceMean", "p1", "g1", axes=[2, 3], keepdims=0), node("Split", "g1 parts", "h1 h2", axis=1)]
        init = [const("parts", [8, 8])]
    else:
        n += [node("ReduceMean", "p1", "g1", axes=[2, 3], keepdims=0), node("Split", "g1", "h1 h2", axis=1, split=[8, 8])]
        init = []
    n += [node("Gemm", "h1 w3 b3", "y1", transB=1), node("Softmax", "y1", "y"), node("Flatten", "p2", "z", axis=1),
          node("GlobalAveragePool", "a1", "q"), node("Identity", "h2", "u")]
    init += [weight("w1", 16, 3, 3, 3), weight("b1", 16), weight("w2", 16, 4, 3, 3), weight("w3", 10, 8), weight("b3", 10)]
    init += [weight(k, 16) for k in ("s1", "t1", "m1", "v1")]
    return model(graph("cnn", n, [("x", F, [1, 3, 33, 32])], [("y", F, None), ("z", F, None), ("q", F, None), ("u", F, None)], init), opset)


def transformer(opset):
    """A block whose shapes are computed by nodes, as exporters of dynamic networks write them."""
    n = [node("Shape", "ids", "sh"), node("Gather", "sh zero", "b", axis=0), node("Gather", "sh one", "t", axis=0)]
    if opset >= 13:
        n += [node("Unsqueeze", "b axis0", "bu"), node("Unsqueeze", "t axis0", "tu")]
    else:
        n += [node("Unsqueeze", "b", "bu", axes=[0]), node("Unsqueeze", "t", "tu", axes=[0])]
    n += [node("Concat", "bu tu h d", "heads", axis=0), node("Concat", "bu tu minus", "flat", axis=0),
          node("Gather", "table ids", "e"),
          node("LayerNormalization", "e g1 o1", "ln", axis=-1) if opset >= 17 else node("Identity", "e", "ln"),
          node("MatMul", "ln wq", "q0"), node("Reshape", "q0 heads", "q1"), node("Transpose", "q1", "q", perm=[0, 2, 1, 3]),
          node("MatMul", "ln wk", "k0"), node("Reshape", "k0 heads", "k1"), node("Transpose", "k1", "k", perm=[0, 2, 3, 1]),
          node("MatMul", "ln wv", "v0"), node("Reshape", "v0 heads", "v1"), node("Transpose", "v1", "v", perm=[0, 2, 1, 3]),
          node("MatMul", "q k", "s0"), node("Mul", "s0 scale", "s1"), node("Softmax", "s1", "s2", axis=-1 if opset >= 13 else 3),
          node("MatMul", "s2 v", "x0"), node("Transpose", "x0", "x1", perm=[0, 2, 1, 3]), node("Reshape", "x1 flat", "x2"),
          node("MatMul", "x2 wo", "x3"), node("Add", "x3 e", "x4"), node("MatMul", "x4 wu", "u0")]
    n += [node("Gelu", "u0", "u1", approximate="tanh")] if opset >= 20 else [node("Sigmoid", "u0", "u9"), node("Mul", "u0 u9", "u1")]
    n += [node("MatMul", "u1 wd", "u2"), node("Add", "u2 x4", "y")]
    w = [weight(k, 32, 32) for k in ("wq", "wk", "wv", "wo")] + [weight("wu", 32, 64), weight("wd", 64, 32), weight("table", 100, 32),
         weight("g1", 32), weight("o1", 32), const("zero", 0), const("one", 1), const("axis0", [0]), const("h", [4]), const("d", [8]),
         const("minus", [-1]), const("scale", 0.35, np.float32)]
    return model(graph("transformer", n, [("ids", I, ["batch", "seq"])], [("y", F, None)], w), opset)


def newer_operators(opset):
    """Operators and forms that came with opsets 18 to 23."""
    n = [node("Split", "x", "a b c", axis=1, num_outputs=3), node("ReduceSum", "a ax", "rs", keepdims=1),
         node("Resize", "b empty scales", "rz", mode="linear", antialias=1), node("Pad", "c pads", "pd", mode="reflect"),
         node("Mish", "a", "mi"), node("BitwiseAnd", "m m", "bw"), node("CenterCropPad", "x crop", "cc", axes=[2, 3]),
         node("Col2Im", "col size block", "ci"), node("ReduceLogSumExp", "x ax", "lse", keepdims=0)]
    n[2].input[1] = ""
    out = ["rs", "rz", "pd", "mi", "bw", "cc", "ci", "lse"]
    if opset >= 19:
        n += [node("Equal", "a a", "eq"), node("DeformConv", "x dw off", "dc", kernel_shape=[3, 3])]
        out += ["eq", "dc"]
    if opset >= 20:
        n += [node("GridSample", "x grid", "gs", mode="linear"), node("ReduceMax", "eq ax", "rx", keepdims=0), node("IsNaN", "x", "nan"),
              node("AffineGrid", "theta gsize", "ag")]
        out += ["gs", "rx", "nan", "ag"]
    if opset >= 21:
        n += [node("GroupNormalization", "x gg gb", "gn", num_groups=2), node("Shape", "x", "sh", start=1),
              node("QuantizeLinear", "x qs", "qu", output_dtype=TensorProto.INT8), node("DequantizeLinear", "qu qs", "dq")]
        out += ["gn", "sh", "qu", "dq"]
    if opset >= 23:
        n += [node("RMSNormalization", "t rg", "rm"), node("Attention", "t t t", "at", q_num_heads=4, kv_num_heads=4),
              node("Reshape", "t t4", "t5"), node("RotaryEmbedding", "t5 rc rsn", "ro")]
        out += ["rm", "at", "ro"]
    init = [const("ax", [2, 3]), const("scales", [1, 1, 2, 2], np.float32), const("pads", [0, 0, 1, 1, 0, 0, 2, 2]), const("crop", [10, 6]),
            const("size", [5, 5]), const("block", [1, 5]), const("gsize", [1, 2, 4, 5]), weight("gg", 6), weight("gb", 6),
            weight("dw", 4, 6, 3, 3), const("qs", 0.1, np.float32), weight("rg", 32), const("t4", [1, 7, 4, 8])]
    if opset >= 23:
        n[-2] = node("Reshape", "t t4", "t5")
        n.insert(len(n) - 1, node("Transpose", "t5", "t6", perm=[0, 2, 1, 3]))
        n[-1].input[0] = "t6"
        init += [weight("rc", 1, 7, 4), weight("rsn", 1, 7, 4)]
    inputs = [("x", F, [1, 6, 8, 8]), ("m", TensorProto.INT32, [3, 4]), ("col", F, [1, 5, 5]), ("grid", F, [1, 4, 5, 2]), ("theta", F, [1, 2, 3]),
              ("t", F, [1, 7, 32]), ("off", F, [1, 18, 6, 6])]
    used = {i for k in n for i in k.input}
    return model(graph("newer", n, [i for i in inputs if i[0] in used], [(o, None, None) for o in out], [i for i in init if i.name in used]), opset)


def control(opset):
    """If, Loop and Scan with names from outside, and a loop whose count is in the graph."""
    then = graph("then", [node("MatMul", "x w", "tb")], [], [("tb", F, None)])
    other = graph("other", [node("Identity", "x", "eb")], [], [("eb", F, None)])
    body = graph("body", [node("MatMul", "state w", "m"), node("Add", "m x", "next"), node("Identity", "go", "again"), node("ReduceSum", "next", "each", keepdims=0)],
                 [("i", I, []), ("go", TensorProto.BOOL, []), ("state", F, [2, 8])], [("again", TensorProto.BOOL, []), ("next", F, [2, 8]), ("each", F, [])])
    step = graph("step", [node("Add", "s row", "s2"), node("Mul", "s2 s2", "o2")], [("s", F, [8]), ("row", F, [8])], [("s2", F, [8]), ("o2", F, [8])])
    n = [node("If", "cond", "i1", then_branch=then, else_branch=other), node("Loop", "trips true i1", "l1 l2", body=body),
         node("Scan", "zero l1", "sc1 sc2", body=step, num_scan_inputs=1), node("Add", "l1 sc2", "y")]
    init = [weight("w", 8, 8), const("trips", 5), const("true", True, np.bool_), weight("zero", 8)]
    return model(graph("control", n, [("x", F, [2, 8]), ("cond", TensorProto.BOOL, [])], [("y", F, None), ("l2", F, None), ("sc1", F, None)], init), opset)


def functions(opset):
    """Local functions, nested, with attribute references and a default."""
    f = helper.make_function("local", "Scale", ["x"], ["y"],
                             [helper.make_node("Constant", [], ["c"]), helper.make_node("Mul", ["x", "c"], ["m"]), helper.make_node("LeakyRelu", ["m"], ["y"])],
                             [helper.make_opsetid("", opset)], attributes=["factor", "slope"])
    for target, name, reference in ((f.node[0], "value_float", "factor"), (f.node[2], "alpha", "slope")):
        a = onnx.AttributeProto(name=name, ref_attr_name=reference, type=onnx.AttributeProto.FLOAT)
        target.attribute.append(a)
    inner = helper.make_node("Scale", ["p"], ["q"], domain="local", slope=0.2)
    inner.attribute.append(onnx.AttributeProto(name="factor", ref_attr_name="times", type=onnx.AttributeProto.FLOAT))
    g = helper.make_function("local", "Dense", ["x", "w"], ["q"], [helper.make_node("MatMul", ["x", "w"], ["p"]), inner],
                             [helper.make_opsetid("", opset), helper.make_opsetid("local", 1)], attributes=["times"])
    n = [node("Dense", "x w", "h", domain="local", times=2.0), node("Scale", "h", "y", domain="local", factor=3.0, slope=0.1)]
    return model(graph("functions", n, [("x", F, [4, 8])], [("y", F, None)], [weight("w", 8, 16)]), opset, [f, g], local=1)


def recurrent(opset):
    n = [node("LSTM", "x w r b", "y1 h1 c1", hidden_size=16, direction="bidirectional"), node("GRU", "x wg rg", "y2", hidden_size=16),
         node("RNN", "x wr rr", "y3 h3", hidden_size=8), node("Squeeze", "h3 ax" if opset >= 13 else "h3", "s", **({} if opset >= 13 else {"axes": [0]}))]
    init = [weight("w", 2, 64, 12), weight("r", 2, 64, 16), weight("b", 2, 128), weight("wg", 1, 48, 12), weight("rg", 1, 48, 16), weight("wr", 1, 8, 12),
            weight("rr", 1, 8, 8), const("ax", [0])]
    return model(graph("recurrent", n, [("x", F, [10, 3, 12])], [(k, F, None) for k in ("y1", "h1", "c1", "y2", "y3", "s")], init if opset >= 13 else init[:-1]), opset)


def quantized(opset):
    init = [weight("w", 8, 3, 3, 3, dtype=np.int8), const("sx", 0.1, np.float32), const("zx", 3, np.uint8), const("sw", 0.2, np.float32), const("zw", 0, np.int8),
            const("sy", 0.3, np.float32), const("zy", 4, np.uint8), weight("wm", 8, 5, dtype=np.int8), const("flat", [0, 8])]
    n = [node("QuantizeLinear", "x sx zx", "xq"), node("QLinearConv", "xq sx zx w sw zw sy zy", "c", pads=[1, 1, 1, 1]), node("DequantizeLinear", "c sy zy", "d"),
         node("GlobalAveragePool", "d", "g"), node("Reshape", "g flat", "f"), node("QuantizeLinear", "f sy zy", "fq"),
         node("QLinearMatMul", "fq sy zy wm sw zw sx zx", "m"), node("DynamicQuantizeLinear", "f", "dq ds dz"), node("MatMulInteger", "dq wm dz zw", "mi"),
         node("ConvInteger", "xq w zx zw", "ci", pads=[1, 1, 1, 1]), node("DequantizeLinear", "m sx zx", "y")]
    return model(graph("quantized", n, [("x", F, [1, 3, 8, 8])], [("y", F, None), ("mi", TensorProto.INT32, None), ("ci", TensorProto.INT32, None)], init), opset)


def listed_constants(opset):
    """Constants whose elements stand in attributes; the shape of a bias hangs on them."""
    nodes = [
        node("Shape", "w", "w_shape"), node("Constant", "", "first", value_ints=[0]), node("Gather", "w_shape first", "channels"),
        node("Constant", "", "zeros", value_floats=[0.0, 0.0]), node("Constant", "", "at", value_int=0), node("Gather", "zeros at", "zero"),
        node("CastLike", "zero x", "like"), node("Expand", "like channels", "b"), node("Conv", "x w b", "y", pads=[1, 1, 1, 1]),
    ]
    return model(graph("listed", nodes, [("x", F, [1, 3, 8, 8])], [("y", F, None)], [weight("w", 16, 3, 3, 3)]), opset)


def microsoft(opset):
    ms = "com.microsoft"
    init = [weight("we", 50, 32), weight("pe", 16, 32), weight("te", 2, 32), weight("g", 32), weight("b", 32), weight("wa", 32, 96), weight("ba", 96), weight("w1", 32, 64),
            weight("b1", 64), weight("w2", 64, 32), weight("b2", 32), weight("nb", 64, 1, 16, dtype=np.uint8), weight("ns", 64)]
    n = [node("EmbedLayerNormalization", "ids seg we pe te g b", "e mask", ms), node("Attention", "e wa ba", "a", ms, num_heads=4),
         node("SkipLayerNormalization", "a e g b b2", "s", ms), node("MatMul", "s w1", "m"), node("BiasGelu", "m b1", "bg", ms), node("FastGelu", "m b1", "fg", ms),
         node("FusedMatMul", "bg w2", "fm", ms, alpha=0.5), node("MatMulNBits", "s nb ns", "mn", ms, K=32, N=64, bits=4, block_size=32), node("Gelu", "mn", "ge", ms),
         node("QuickGelu", "mn", "qg", ms), node("Add", "fm s", "y")]
    ids = [("ids", TensorProto.INT32, [2, 12]), ("seg", TensorProto.INT32, [2, 12])]
    return model(graph("microsoft", n, ids, [("y", F, None), ("fg", F, None), ("ge", F, None), ("qg", F, None)], init), opset, com_microsoft=1)


def sample(value):
    shape = [d.dim_value or 1 + len(d.dim_param) for d in value.type.tensor_type.shape.dim]
    dtype = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
    if dtype == np.bool_:
        return np.ones(shape, dtype)
    return rng.integers(0, 2, shape).astype(dtype) if np.issubdtype(dtype, np.integer) else rng.random(shape).astype(dtype)


def measured_shapes(m):
    """Runs the network with every value of the main graph as an output."""
    inferred = onnx.shape_inference.infer_shapes(m)
    known = {v.name: v for v in list(inferred.graph.value_info) + list(inferred.graph.output)}
    wide = onnx.ModelProto.FromString(m.SerializeToString())
    del wide.graph.output[:]
    names = [o for n in m.graph.node for o in n.output if o]
    wide.graph.output.extend([onnx.ValueInfoProto(name=k) for k in names])
    feed = {v.name: sample(v) for v in m.graph.input}
    try:
        session = onnxruntime.InferenceSession(wide.SerializeToString(), providers=["CPUExecutionProvider"])
        return {k: list(v.shape) for k, v in zip(names, session.run(names, feed))}, "onnxruntime"
    except Exception as error:  # an operator that onnxruntime lacks
        print("  onnxruntime:", str(error).splitlines()[0][:150])
        return {k: [d.dim_value for d in known[k].type.tensor_type.shape.dim] for k in names if k in known}, "onnx"


def strip(m):
    """Weights leave; names, dimensions and types stay. Integers up to 64 elements and scalars are what shapes depend on."""
    for t in m.graph.initializer:
        array = numpy_helper.to_array(t)
        if array.size <= 8 or (array.size <= 64 and np.issubdtype(array.dtype, np.integer)):
            continue
        t.ClearField("raw_data")
        t.data_location = TensorProto.EXTERNAL
        del t.external_data[:]
    return m


def main():
    folder = pathlib.Path(sys.argv[1])
    made = {f"cnn_{o}": residual_cnn(o) for o in (7, 9, 10, 11, 13, 17, 18, 19, 21, 23)}
    made |= {f"transformer_{o}": transformer(o) for o in (11, 13, 17, 18, 20, 22, 23)}
    made |= {f"newer_{o}": newer_operators(o) for o in (18, 19, 20, 21, 22, 23)}
    made |= {f"control_{o}": control(o) for o in (11, 13, 18, 21)}
    made |= {f"functions_{o}": functions(o) for o in (16, 18, 23)}
    made |= {f"recurrent_{o}": recurrent(o) for o in (7, 14, 22)}
    made |= {f"quantized_{o}": quantized(o) for o in (11, 19, 21)}
    made |= {"microsoft_17": microsoft(17)}
    made |= {"listed_constants_20": listed_constants(20)}
    golden = {}
    for name, m in made.items():
        shapes, source = measured_shapes(m)
        golden[name] = {"source": source, "dimensions": {d.dim_param: 1 + len(d.dim_param) for v in m.graph.input for d in v.type.tensor_type.shape.dim if d.dim_param},
                        "shapes": shapes}
        onnx.save(strip(m), folder / f"{name}.onnx")
        print(name, source, len(shapes))
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in golden.items())
    (folder / "shapes.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()

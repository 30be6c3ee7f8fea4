"""Normalizations and softmax."""

from __future__ import annotations

from wattlayer.capture.aten import Builder, rule
from wattlayer.capture.calls import Call, Value
from wattlayer.capture.operators.elementwise import cast


def _parameter(b: Builder, given: object, shape: list[int], like: Value, name: str) -> Value:
    """A scale or bias that the module leaves out is ones or zeros, as exporters write it."""
    return given if isinstance(given, Value) else Value(name, tuple(shape), like.dtype, True)


@rule("batch_norm", "_native_batch_norm_legit_no_training", "native_batch_norm", "cudnn_batch_norm", "_batch_norm_impl_index")
def _batch_norm(b: Builder, call: Call) -> None:
    x = call["input"]
    channels = [x.shape[1]]
    names = (("weight", "scale"), ("bias", "bias"), ("running_mean", "mean"), ("running_var", "var"))
    parameters = [_parameter(b, call.get(name), channels, x, made) for name, made in names]
    b.node("BatchNormalization", [x, *parameters], call.out, epsilon=float(call.get("eps", 1e-5)), momentum=1 - float(call.get("momentum", 0.1)))


@rule("layer_norm", "native_layer_norm")
def _layer_norm(b: Builder, call: Call) -> None:
    x, shape = call["input"], list(call["normalized_shape"])
    scale = _parameter(b, call.get("weight"), shape, x, "scale")
    inputs = [x, scale] + ([call["bias"]] if isinstance(call.get("bias"), Value) else [])
    b.node("LayerNormalization", inputs, call.out, axis=-len(shape), epsilon=float(call.get("eps", 1e-5)))


@rule("rms_norm", "_fused_rms_norm")
def _rms_norm(b: Builder, call: Call) -> None:
    x, shape = call["input"], list(call["normalized_shape"])
    epsilon = call.get("eps")
    scale = _parameter(b, call.get("weight"), shape, x, "scale")
    b.node("RMSNormalization", [x, scale], call.out, axis=-len(shape), epsilon=float(1e-7 if epsilon is None else epsilon))


@rule("group_norm", "native_group_norm")
def _group_norm(b: Builder, call: Call) -> None:
    x = call["input"]
    groups = int(call.get("num_groups", call.get("group", 1)))
    parameters = [_parameter(b, call.get(name), [x.shape[1]], x, name) for name in ("weight", "bias")]
    b.node("GroupNormalization", [x, *parameters], call.out, num_groups=groups, epsilon=float(call.get("eps", 1e-5)))


@rule("instance_norm")
def _instance_norm(b: Builder, call: Call) -> None:
    x = call["input"]
    parameters = [_parameter(b, call.get(name), [x.shape[1]], x, name) for name in ("weight", "bias")]
    b.node("InstanceNormalization", [x, *parameters], call.out, epsilon=float(call.get("eps", 1e-5)))


@rule("softmax", "_softmax", "log_softmax", "_log_softmax", "_safe_softmax")
def _softmax(b: Builder, call: Call) -> None:
    x = cast(b, call["self"], call.out.dtype)
    op = "LogSoftmax" if "log" in call.op else "Softmax"
    b.node(op, [x], call.out, axis=int(call["dim"]))

#include <algorithm>
#include <cmath>
#include <numeric>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/aten_calls.h"

namespace wattlayer::aten {
namespace {

Operand turned_if(AtenCalls& calls, const Layer& layer, int i, std::string_view attribute) {
  if (layer.attributes.integer(attribute, 0) == 0) return input(i);
  return calls.add("aten::t", {{"self", input(i)}});
}

}  // namespace

AtenCalls gemm(const Layer& layer) {
  AtenCalls calls;
  const Operand a = turned_if(calls, layer, 0, "transA"), b = turned_if(calls, layer, 1, "transB");
  const double alpha = layer.attributes.real("alpha", 1), beta = layer.attributes.real("beta", 1);
  if (layer.has_input(2)) {
    std::vector<AtenArgument> arguments = {{"self", input(2)}, {"mat1", a}, {"mat2", b}};
    if (beta != 1) arguments.push_back({"beta", AtenValue(beta)});
    if (alpha != 1) arguments.push_back({"alpha", AtenValue(alpha)});
    calls.outputs = {calls.add("aten::addmm", std::move(arguments))};
    return calls;
  }
  Operand product = calls.add("aten::mm", {{"self", a}, {"mat2", b}});
  if (alpha != 1) product = calls.add("aten::mul.Scalar", {{"self", product}, {"other", AtenValue(alpha)}});
  calls.outputs = {product};
  return calls;
}

AtenCalls divide(const Layer& layer) {
  if (is_float(layer.output(0).dtype)) return single("aten::div.Tensor", {{"self", input(0)}, {"other", input(1)}});
  return single("aten::div.Tensor_mode",
                {{"self", input(0)}, {"other", input(1)}, {"rounding_mode", AtenValue(std::string("trunc"))}});
}

AtenCalls remainder(const Layer& layer) {
  const bool as_c = layer.attributes.integer("fmod", 0) != 0;
  return single(as_c ? "aten::fmod.Tensor" : "aten::remainder.Tensor", {{"self", input(0)}, {"other", input(1)}});
}

AtenCalls combine(const Layer& layer) {
  const std::string aten = layer.op == "Min" ? "aten::minimum" : layer.op == "Max" ? "aten::maximum" : "aten::add.Tensor";
  AtenCalls calls;
  Operand x = input(0);
  for (size_t i = 1; i < layer.inputs.size(); ++i) x = calls.add(aten, {{"self", x}, {"other", input(static_cast<int>(i))}});
  if (layer.op == "Mean" && layer.inputs.size() > 1)
    x = calls.add("aten::div.Scalar", {{"self", x}, {"other", AtenValue(static_cast<double>(layer.inputs.size()))}});
  if (calls.calls.empty()) x = calls.add("aten::alias", {{"self", x}});
  calls.outputs = {x};
  return calls;
}

AtenCalls reduce(const Layer& layer) {
  std::vector<int64_t> axes = layer.has_input(1) ? integers(layer, 1) : std::vector<int64_t>();
  if (axes.empty() && layer.attributes.integer("noop_with_empty_axes", 0) != 0)
    return single("aten::alias", {{"self", input(0)}});
  for (int64_t& a : axes) a = axis(layer, 0, a);
  if (axes.empty()) {
    axes.resize(layer.input(0).shape.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  const bool keep = layer.attributes.integer("keepdims", 1) != 0;
  AtenCalls calls;
  Operand x = input(0);
  const auto over = [&](const char* aten, std::vector<AtenArgument> more = {}) {
    std::vector<AtenArgument> arguments = {{"self", x}, {"dim", AtenValue(axes)}, {"keepdim", AtenValue(keep)}};
    arguments.insert(arguments.end(), more.begin(), more.end());
    x = calls.add(aten, std::move(arguments));
  };
  if (layer.op == "ReduceMean") over("aten::mean.dim");
  if (layer.op == "ReduceMax") over("aten::amax");
  if (layer.op == "ReduceMin") over("aten::amin");
  if (layer.op == "ReduceLogSumExp") over("aten::logsumexp");
  if (layer.op == "ReduceL1") over("aten::linalg_vector_norm", {{"ord", AtenValue(1.0)}});
  if (layer.op == "ReduceL2") over("aten::linalg_vector_norm", {{"ord", AtenValue(2.0)}});
  if (layer.op == "ReduceSumSquare") x = calls.add("aten::square", {{"self", x}});
  if (layer.op == "ReduceSum" || layer.op == "ReduceSumSquare" || layer.op == "ReduceLogSum") {
    over("aten::sum.dim_IntList");
    if (!is_float(layer.output(0).dtype) && layer.output(0).dtype != DataType::i64)
      x = calls.add("aten::to.dtype", {{"self", x}, {"dtype", AtenValue(layer.output(0).dtype)}});
  }
  if (layer.op == "ReduceLogSum") x = calls.add("aten::log", {{"self", x}});
  if (layer.op == "ReduceProd") {
    std::sort(axes.rbegin(), axes.rend());
    for (int64_t a : axes)
      x = calls.add("aten::prod.dim_int", {{"self", x}, {"dim", AtenValue(a)}, {"keepdim", AtenValue(keep)}});
  }
  if (calls.calls.empty()) x = calls.add("aten::alias", {{"self", x}});
  calls.outputs = {x};
  return calls;
}

AtenCalls running(const Layer& layer) {
  const int64_t along = axis(layer, 0, integers(layer, 1).at(0));
  const bool reverse = layer.attributes.integer("reverse", 0) != 0, sums = layer.op == "CumSum";
  AtenCalls calls;
  Operand x = input(0);
  const auto flip = [&] { x = calls.add("aten::flip", {{"self", x}, {"dims", AtenValue(std::vector<int64_t>{along})}}); };
  if (reverse) flip();
  const Operand start = x;
  x = calls.add(sums ? "aten::cumsum" : "aten::cumprod",
                {{"self", x}, {"dim", AtenValue(along)}, {"dtype", AtenValue(layer.output(0).dtype)}});
  if (layer.attributes.integer("exclusive", 0) != 0)
    x = calls.add(sums ? "aten::sub.Tensor" : "aten::div.Tensor", {{"self", x}, {"other", start}});
  if (reverse) flip();
  calls.outputs = {x};
  return calls;
}

AtenCalls hard_sigmoid(const Layer& layer) {
  const double alpha = layer.attributes.real("alpha", 0.2), beta = layer.attributes.real("beta", 0.5);
  if (std::abs(alpha - 1.0 / 6) < 1e-4 && beta == 0.5) return single("aten::hardsigmoid", {{"self", input(0)}});
  AtenCalls calls;
  Operand x = calls.add("aten::mul.Scalar", {{"self", input(0)}, {"other", AtenValue(alpha)}});
  x = calls.add("aten::add.Scalar", {{"self", x}, {"other", AtenValue(beta)}});
  calls.outputs = {calls.add("aten::clamp", {{"self", x}, {"min", AtenValue(0.0)}, {"max", AtenValue(1.0)}})};
  return calls;
}

/// ATen's border is the same on both sides; a border that does not count cannot be added beforehand.
AtenCalls average_pool(const Layer& layer) {
  const size_t spatial = std::max<size_t>(1, layer.input(0).shape.size() - 2);
  const bool counted = layer.attributes.integer("count_include_pad", 0) != 0;
  std::vector<int64_t> pads = layer.attributes.integers("pads"), strides = layer.attributes.integers("strides");
  pads.resize(2 * spatial);
  if (strides.empty()) strides.assign(spatial, 1);
  for (int64_t d : layer.attributes.integers("dilations"))
    if (d != 1) throw Error(ErrorKind::unsupported, layer.op + ": dilations have no ATen counterpart");
  AtenCalls calls;
  Operand x = input(0);
  std::vector<int64_t> begin(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(spatial));
  if (!std::equal(begin.begin(), begin.end(), pads.begin() + static_cast<std::ptrdiff_t>(spatial))) {
    if (!counted) throw Error(ErrorKind::unsupported, layer.op + ": uneven pads that do not count have no ATen counterpart");
    std::vector<int64_t> around;
    for (size_t i = spatial; i-- > 0;) around.insert(around.end(), {pads[i], pads[i + spatial]});
    x = calls.add("aten::constant_pad_nd", {{"self", x}, {"pad", AtenValue(around)}, {"value", AtenValue(0.0)}});
    begin.assign(spatial, 0);
  }
  calls.outputs = {calls.add("aten::avg_pool" + std::to_string(spatial) + "d",
                             {{"self", x},
                              {"kernel_size", AtenValue(layer.attributes.integers("kernel_shape"))},
                              {"stride", AtenValue(strides)},
                              {"padding", AtenValue(begin)},
                              {"ceil_mode", AtenValue(layer.attributes.integer("ceil_mode", 0) != 0)},
                              {"count_include_pad", AtenValue(counted)}})};
  return calls;
}

/// In training ATen overwrites the running statistics.
AtenCalls batch_norm(const Layer& layer) {
  AtenCalls calls;
  calls.outputs = {calls.add("aten::batch_norm", {{"input", input(0)},
                                                  {"weight", input(1)},
                                                  {"bias", input(2)},
                                                  {"running_mean", input(3)},
                                                  {"running_var", input(4)},
                                                  {"training", AtenValue(layer.attributes.integer("training_mode", 0) != 0)},
                                                  {"momentum", AtenValue(0.1)},
                                                  {"eps", AtenValue(layer.attributes.real("epsilon", 1e-5))},
                                                  {"cudnn_enabled", AtenValue(true)}})};
  for (size_t i = 1; i < layer.outputs.size() && i < 3; ++i) calls.outputs.push_back(input(static_cast<int>(i) + 2));
  return calls;
}

AtenCalls layer_norm(const Layer& layer) {
  const Shape& x = layer.input(0).shape;
  const int64_t first = axis(layer, 0, layer.attributes.integer("axis", -1));
  const bool statistics = layer.outputs.size() > 1;
  AtenCalls calls;
  const Operand y = calls.add(statistics ? "aten::native_layer_norm" : "aten::layer_norm",
                              {{"input", input(0)},
                               {"normalized_shape", AtenValue(Shape(x.begin() + first, x.end()))},
                               {"weight", optional_input(layer, 1)},
                               {"bias", optional_input(layer, 2)},
                               {"eps", AtenValue(layer.attributes.real("epsilon", 1e-5))}});
  for (size_t i = 0; i < layer.outputs.size(); ++i) calls.outputs.push_back(result(y, static_cast<int>(i)));
  return calls;
}

/// As torch.nn.functional.local_response_norm computes it.
AtenCalls lrn(const Layer& layer) {
  const int64_t size = layer.attributes.integer("size", 1);
  const Shape& x = layer.input(0).shape;
  Shape volume = {x[0], 1, x[1], x.size() > 2 ? x[2] : 1, -1};
  AtenCalls calls;
  Operand energy = calls.add("aten::mul.Tensor", {{"self", input(0)}, {"other", input(0)}});
  energy = calls.add("aten::reshape", {{"self", energy}, {"shape", AtenValue(volume)}});
  energy =
      calls.add("aten::constant_pad_nd",
                {{"self", energy}, {"pad", AtenValue(Shape{0, 0, 0, 0, (size - 1) / 2, size / 2})}, {"value", AtenValue(0.0)}});
  energy = calls.add("aten::avg_pool3d",
                     {{"self", energy}, {"kernel_size", AtenValue(Shape{size, 1, 1})}, {"stride", AtenValue(Shape{1, 1, 1})}});
  energy = calls.add("aten::reshape", {{"self", energy}, {"shape", AtenValue(x)}});
  energy = calls.add("aten::mul.Scalar", {{"self", energy}, {"other", AtenValue(layer.attributes.real("alpha", 1e-4))}});
  energy = calls.add("aten::add.Scalar", {{"self", energy}, {"other", AtenValue(layer.attributes.real("bias", 1))}});
  energy = calls.add("aten::pow.Tensor_Scalar", {{"self", energy}, {"exponent", AtenValue(layer.attributes.real("beta", 0.75))}});
  calls.outputs = {calls.add("aten::div.Tensor", {{"self", input(0)}, {"other", energy}})};
  return calls;
}

}  // namespace wattlayer::aten

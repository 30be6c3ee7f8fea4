#include <algorithm>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/gradient_activations.h"

namespace wattlayer::aten {
namespace {

/// A call with several results, of which the layer wants some.
AtenCalls several(const Layer& layer, std::string aten, std::vector<AtenArgument> arguments) {
  AtenCalls calls;
  const Operand first = calls.add(std::move(aten), std::move(arguments));
  for (size_t i = 0; i < layer.outputs.size(); ++i) calls.outputs.push_back(result(first, static_cast<int>(i)));
  return calls;
}

/// Which of three results are wanted.
AtenValue mask(const Layer& layer) {
  std::vector<int64_t> wanted;
  for (size_t i = 0; i < 3; ++i) wanted.push_back(i < layer.outputs.size() && layer.outputs[i].present);
  return wanted;
}

std::vector<int64_t> along(const Layer& layer, std::string_view attribute, int64_t otherwise) {
  std::vector<int64_t> values = layer.attributes.integers(attribute);
  values.resize(std::max<size_t>(1, layer.input(0).shape.size() - 2), values.empty() ? otherwise : values.back());
  return values;
}

/// ATen pads both sides alike.
AtenValue even_pads(const Layer& layer) {
  const size_t spatial = std::max<size_t>(1, layer.input(0).shape.size() - 2);
  std::vector<int64_t> pads = layer.attributes.integers("pads");
  pads.resize(2 * spatial);
  const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(spatial);
  if (!std::equal(pads.begin(), middle, middle))
    throw Error(ErrorKind::unsupported, layer.op + ": gradients of uneven pads have no ATen counterpart");
  return std::vector<int64_t>(pads.begin(), middle);
}

std::string dimensions(const Layer& layer) { return std::to_string(std::max<int64_t>(1, layer.input(0).rank() - 2)) + "d"; }

}  // namespace

AtenCalls conv_grad(const Layer& layer) {
  const bool transposed = layer.op == "com.microsoft.ConvTransposeGrad";
  const int64_t channels = layer.input(0).shape.at(1);
  return several(layer, "aten::convolution_backward",
                 {{"grad_output", input(0)},
                  {"input", input(1)},
                  {"weight", input(2)},
                  {"bias_sizes", AtenValue(std::vector<int64_t>{channels})},
                  {"stride", AtenValue(along(layer, "strides", 1))},
                  {"padding", even_pads(layer)},
                  {"dilation", AtenValue(along(layer, "dilations", 1))},
                  {"transposed", AtenValue(transposed)},
                  {"output_padding", AtenValue(along(layer, "output_padding", 0))},
                  {"groups", AtenValue(layer.attributes.integer("group", 1))},
                  {"output_mask", mask(layer)}});
}

AtenCalls max_pool_grad(const Layer& layer) {
  return single("aten::max_pool" + dimensions(layer) + "_with_indices_backward",
                {{"grad_output", input(0)},
                 {"self", input(2)},
                 {"kernel_size", AtenValue(layer.attributes.integers("kernel_shape"))},
                 {"stride", AtenValue(along(layer, "strides", 1))},
                 {"padding", even_pads(layer)},
                 {"dilation", AtenValue(along(layer, "dilations", 1))},
                 {"ceil_mode", AtenValue(layer.attributes.integer("ceil_mode", 0) != 0)},
                 {"indices", input(1)}});
}

AtenCalls average_pool_grad(const Layer& layer) {
  return single("aten::avg_pool" + dimensions(layer) + "_backward",
                {{"grad_output", input(0)},
                 {"self", input(1)},
                 {"kernel_size", AtenValue(layer.attributes.integers("kernel_shape"))},
                 {"stride", AtenValue(along(layer, "strides", 1))},
                 {"padding", even_pads(layer)},
                 {"ceil_mode", AtenValue(layer.attributes.integer("ceil_mode", 0) != 0)},
                 {"count_include_pad", AtenValue(layer.attributes.integer("count_include_pad", 0) != 0)},
                 {"divisor_override", AtenValue(std::monostate())}});
}

AtenCalls batch_norm_grad(const Layer& layer) {
  return several(layer, "aten::native_batch_norm_backward",
                 {{"grad_out", input(0)},
                  {"input", input(1)},
                  {"weight", optional_input(layer, 2)},
                  {"running_mean", absent()},
                  {"running_var", absent()},
                  {"save_mean", input(3)},
                  {"save_invstd", input(4)},
                  {"train", AtenValue(true)},
                  {"eps", AtenValue(1e-5)},
                  {"output_mask", mask(layer)}});
}

AtenCalls layer_norm_grad(const Layer& layer) {
  const Shape& x = layer.input(1).shape;
  const int64_t first = axis(layer, 1, layer.attributes.integer("axis", -1));
  return several(layer, "aten::native_layer_norm_backward",
                 {{"grad_out", input(0)},
                  {"input", input(1)},
                  {"normalized_shape", AtenValue(Shape(x.begin() + first, x.end()))},
                  {"mean", input(3)},
                  {"rstd", input(4)},
                  {"weight", optional_input(layer, 2)},
                  {"bias", optional_input(layer, 2)},
                  {"output_mask", mask(layer)}});
}

AtenCalls softmax_grad(const Layer& layer) {
  const bool logarithm = layer.op == "com.microsoft.LogSoftmaxGrad";
  return single(logarithm ? "aten::_log_softmax_backward_data" : "aten::_softmax_backward_data",
                {{"grad_output", input(0)},
                 {"output", input(1)},
                 {"dim", AtenValue(layer.attributes.integer("axis", -1))},
                 {"input_dtype", AtenValue(layer.input(0).dtype)}});
}

/// Rows of a table; other axes have no kernel of their own.
AtenCalls gather_grad(const Layer& layer) {
  if (layer.attributes.integer("axis", 0) != 0)
    throw Error(ErrorKind::unsupported, layer.op + ": only rows of a table have an ATen counterpart");
  return single("aten::embedding_dense_backward", {{"grad_output", input(0)},
                                                   {"indices", input(2)},
                                                   {"num_weights", AtenValue(layer.input(1).shape.at(0))},
                                                   {"padding_idx", AtenValue(int64_t{-1})},
                                                   {"scale_grad_by_freq", AtenValue(false)}});
}

AtenCalls dropout(const Layer& layer) {
  if (layer.attributes.integer("training_mode", 0) == 0) return single("aten::alias", {{"self", input(0)}});
  return several(layer, "aten::native_dropout", {{"input", input(0)}, {"p", AtenValue(0.5)}, {"train", AtenValue(true)}});
}

AtenCalls activation_grad(const Layer& layer) {
  const auto all = gradient_activations();
  const auto a = std::find_if(all.begin(), all.end(), [&](const GradientActivation& g) { return g.op == layer.op; });
  const std::string aten(a->aten);
  const Attributes& at = layer.attributes;
  std::vector<AtenArgument> arguments = {{"grad_output", input(0)}};
  const char* other = aten == "aten::sigmoid_backward" || aten == "aten::tanh_backward" ? "output"
                      : aten == "aten::elu_backward"                                    ? "self_or_result"
                                                                                        : "self";
  arguments.push_back({other, input(1)});
  const auto say = [&arguments](const char* name, AtenValue value) { arguments.push_back({name, std::move(value)}); };
  if (aten == "aten::threshold_backward") say("threshold", 0.0);
  if (aten == "aten::hardtanh_backward") say("min_val", 0.0), say("max_val", 6.0);
  if (aten == "aten::gelu_backward") say("approximate", std::string(at.text("approximate", "none")));
  if (aten == "aten::leaky_relu_backward") say("negative_slope", at.real("alpha", 0.01)), say("self_is_result", true);
  if (aten == "aten::elu_backward")
    say("alpha", at.real("alpha", 1)), say("scale", 1.0), say("input_scale", 1.0), say("is_result", true);
  if (aten == "aten::softplus_backward") say("beta", 1.0), say("threshold", 20.0);
  return single(aten, std::move(arguments));
}

}  // namespace wattlayer::aten

#include <algorithm>

#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/products.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/run.h"
#include "wattlayer/ops/windows.h"

namespace wattlayer {
namespace {

using rules::dim;
using rules::require;

/// Where a convolution keeps its operands, and the input whose type the output has; -1: 32-bit integers.
struct ConvForm {
  size_t w = 1, bias = 2;
  int type = 0;
  bool channels_last = false;
};
constexpr ConvForm plain{}, nhwc{.channels_last = true}, integer{.bias = SIZE_MAX, .type = -1},
    qlinear{.w = 3, .bias = 8, .type = 7};

bool channels_last(const Layer& layer, const ConvForm& form) {
  return form.channels_last || layer.attributes.integer("channels_last", 0) != 0;
}

/// Makes auto_pad explicit and drops a kernel_shape that the weights give anyway.
template <const ConvForm& form>
void normalize_conv(Layer& layer, int) {
  layer.attributes.erase("kernel_shape");
  const Tensor& x = layer.input(0);
  const Tensor& w = layer.input(form.w);
  if (x.known && w.known && w.rank() >= 3)
    rules::explicit_pads(layer, rules::spatial(x.shape, channels_last(layer, form)), rules::spatial(w.shape));
}

int64_t group_of(const Layer& layer) {
  const int64_t group = layer.attributes.integer("group", 1);
  require(group > 0, layer, "group must be positive; found " + std::to_string(group));
  return group;
}

template <const ConvForm& form>
void conv_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 3);
  const Tensor& x = layer.input(0);
  const Tensor& w = layer.input(form.w);
  rules::require_rank(layer, form.w, x.rank(), x.rank());
  const bool last = channels_last(layer, form);
  const int64_t channels = last ? x.shape.back() : x.shape[1], expected = rules::product(w.shape[1], group_of(layer));
  require(channels == expected, layer,
          "input " + rules::text(x.shape) + " has " + std::to_string(channels) + " channels, weight " + rules::text(w.shape) +
              " with group " + std::to_string(group_of(layer)) + " expects " + std::to_string(expected));
  Shape out = rules::windowed(layer, rules::spatial(x.shape, last), rules::spatial(w.shape));
  out.insert(out.begin(), x.shape[0]);
  out.insert(last ? out.end() : out.begin() + 1, w.shape[0]);
  rules::set_output(layer, 0, std::move(out), form.type < 0 ? DataType::i32 : layer.input(static_cast<size_t>(form.type)).dtype);
}

/// As an implicit matrix product. Getzner et al. 2023, Table 3: k^2 * w_out * h_out * c_in * c_out * B (c_in of one group);
/// ptflops counts the same, with one operation an output for the bias.
template <const ConvForm& form>
Cost conv_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const Tensor& w = layer.input(form.w);
  const double groups = std::max(1.0, static_cast<double>(layer.attributes.integer("group", 1)));
  const double outputs = layer.output(0).elements();
  rules::count_product(c, groups, rules::ratio(outputs, dim(w, 0)), dim(w, 0) / groups, rules::ratio(w.elements(), dim(w, 0)));
  if (layer.has_input(form.bias)) c.flops += outputs;
  rules::add_activation(c, layer.attributes.text("activation", ""), outputs);
  return c;
}

/// Zero points, scale, rounding and saturation of every output.
template <const ConvForm& form, int flops>
Cost quantized_conv_cost(const Layer& layer) {
  Cost c = conv_cost<form>(layer);
  c.flops += flops * c.output_elements;
  return c;
}

/// FusedConv adds a further tensor (input 3) before its activation.
template <const ConvForm& form>
Cost fused_conv_cost(const Layer& layer) {
  Cost c = conv_cost<form>(layer);
  if (layer.has_input(3)) c.flops += c.output_elements;
  return c;
}

/// Four neighbours are weighted for every kernel element of every position and input channel: 8 FLOPs, one more for the mask.
Cost deform_conv_cost(const Layer& layer) {
  Cost c = conv_cost<plain>(layer);
  c.flops = layer.has_input(3) ? c.output_elements : 0;
  c.flops += (layer.has_input(4) ? 9 : 8) * c.groups * c.m * c.k;
  return c;
}

/// Elements that padding must take away so that the output has the size of output_shape, or at most input x stride (auto_pad
/// SAME).
void normalize_conv_transpose(Layer& layer, int) {
  const Tensor& x = layer.input(0);
  const Tensor& w = layer.input(1);
  layer.attributes.erase("kernel_shape");
  if (!x.known || !w.known || w.rank() < 3 || x.rank() != w.rank()) return;
  const std::string mode(layer.attributes.text("auto_pad", "NOTSET"));
  const bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  const std::vector<int64_t> given = layer.attributes.integers("output_shape");
  const size_t spatial = x.shape.size() - 2;
  if (mode == "VALID") layer.attributes.erase("pads");
  layer.attributes.erase("auto_pad");
  layer.attributes.erase("output_shape");
  if (!same && given.size() < spatial) return;
  std::vector<int64_t> pads(2 * spatial);
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t in = x.shape[i + 2], stride = layer.attributes.integer_at("strides", i, 1);
    const int64_t full = rules::transposed_extent(layer, in, w.shape[i + 2], i);
    const int64_t wanted = given.size() >= spatial ? given[given.size() - spatial + i] : rules::product(in, stride);
    require(wanted >= 0, layer, "output_shape must not be negative; found " + std::to_string(wanted));
    int64_t total = rules::difference(full, wanted);
    if (total < 0 && same) total = 0;
    if (total < 0) {
      std::vector<int64_t> extra = layer.attributes.integers("output_padding");
      extra.resize(spatial);
      extra[i] = rules::sum(extra[i], -total);
      layer.attributes.set("output_padding", extra);
      total = 0;
    }
    pads[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
    pads[i + spatial] = total - pads[i];
  }
  layer.attributes.set("pads", pads);
}

void conv_transpose_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 3);
  const Tensor& x = layer.input(0);
  const Tensor& w = layer.input(1);
  rules::require_rank(layer, 1, x.rank(), x.rank());
  require(x.shape[1] == w.shape[0], layer,
          "input " + rules::text(x.shape) + " and weight " + rules::text(w.shape) + " must agree in input channels");
  require(x.shape[1] % group_of(layer) == 0, layer,
          std::to_string(x.shape[1]) + " channels cannot be divided into " + std::to_string(group_of(layer)) + " groups");
  Shape out = {x.shape[0], rules::product(w.shape[1], group_of(layer))};
  const size_t spatial = x.shape.size() - 2;
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t full = rules::transposed_extent(layer, x.shape[i + 2], w.shape[i + 2], i);
    const int64_t pads =
        rules::sum(layer.attributes.integer_at("pads", i, 0), layer.attributes.integer_at("pads", i + spatial, 0));
    out.push_back(rules::difference(full, pads));
    require(out.back() >= 0, layer,
            "pads of " + std::to_string(pads) + " are more than the " + std::to_string(full) + " elements they are taken from");
  }
  rules::set_output(layer, 0, std::move(out), x.dtype);
}

/// Every input element meets a kernel of each output channel of its group: ptflops and the papers count the same.
Cost conv_transpose_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const Tensor& x = layer.input(0);
  const Tensor& w = layer.input(1);
  const double groups = std::max(1.0, static_cast<double>(layer.attributes.integer("group", 1)));
  rules::count_product(c, groups, rules::ratio(x.elements(), dim(x, 1)), rules::ratio(w.elements(), dim(w, 0)),
                       dim(x, 1) / groups);
  if (layer.has_input(2)) c.flops = c.output_elements;
  return c;
}

/// A depthwise convolution of each position with those before it; the last ones are carried to the next call. Input
/// [batch, channels, ..., length], or [batch, length, channels] with channels_last=1; weight [channels, 1, kernel ...].
void causal_conv_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 3, 5);
  const Shape& x = layer.input(0).shape;
  rules::require_rank(layer, 1, layer.input(0).rank(), layer.input(0).rank());
  const bool last = layer.attributes.integer("channels_last", 0) != 0;
  const int64_t channels = last ? rules::product(x, 2) : x[1], kernel = layer.input(1).shape.back();
  require(layer.input(1).shape[0] == channels && kernel > 0, layer,
          "weight " + rules::text(layer.input(1).shape) + " does not fit the " + std::to_string(channels) + " channels of " +
              rules::text(x));
  rules::same_as_input(layer);
  if (layer.outputs.size() < 2) return;
  Shape state = x;
  (last ? state[1] : state.back()) = rules::product(kernel - 1, layer.attributes.integer("dilation", 1));
  require((last ? state[1] : state.back()) >= 0, layer, "dilation must be positive");
  if (const int64_t window = layer.attributes.integer("state_window", 0); window > 0) state.insert(state.begin(), window);
  rules::set_output(layer, 1, std::move(state), layer.has_input(3) ? layer.input(3).dtype : layer.input(0).dtype);
}

Cost causal_conv_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const double channels = dim(layer.input(1), 0), outputs = layer.output(0).elements();
  rules::count_product(c, channels, rules::ratio(outputs, channels), 1, rules::ratio(layer.input(1).elements(), channels));
  if (layer.has_input(2)) c.flops = outputs;
  const bool swish = layer.attributes.text("activation", "none") == "swish";
  rules::add_activation(c, swish ? "silu" : layer.attributes.text("activation", "none"), outputs);
  return c;
}

Operator causal_conv(std::string_view name, std::vector<AttributeInfo> attributes, std::vector<std::string_view> examples) {
  return {.name = name,
          .family = Family::conv,
          .summary =
              "depthwise convolution with the positions before, carrying state; MACs = outputs x kernel elements, one FLOP an "
              "output for the bias",
          .shapes = causal_conv_shapes,
          .cost = causal_conv_cost,
          .attributes = std::move(attributes),
          .weight_inputs = 0b110,
          .examples = std::move(examples)};
}

Run convolution(std::string_view transposed, RunArgument output_padding) {
  return {"aten::convolution",
          {run::input("input"), run::input("weight", 1), run::input("bias", 2), run::attribute("stride", "strides", "1"),
           run::pads("padding"), run::attribute("dilation", "dilations", "1"), run::constant("transposed", transposed),
           output_padding, run::attribute("groups", "group", "1")}};
}

/// Convolutions differ by where their operands are.
template <const ConvForm& form>
Operator conv(std::string_view name, std::string_view summary, Cost (*cost)(const Layer&), uint32_t weights,
              std::vector<AttributeInfo> more, std::vector<std::string_view> examples) {
  std::vector<AttributeInfo> attributes = {{"dilations", "1"}, {"group", "1"}, {"pads", "0"}, {"strides", "1"}};
  attributes.insert(attributes.end(), more.begin(), more.end());
  return {.name = name,
          .family = Family::conv,
          .summary = summary,
          .shapes = conv_shapes<form>,
          .cost = cost,
          .normalize = normalize_conv<form>,
          .attributes = std::move(attributes),
          .weight_inputs = weights,
          .examples = std::move(examples)};
}

const char* const conv_summary =
    "convolution; MACs = outputs x (input channels / group) x kernel elements, one FLOP an output for the bias";

std::vector<Operator> all() {
  std::vector<Operator> operators = {
      conv<plain>("Conv", conv_summary, conv_cost<plain>, 0b110, {},
                  {"Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1", "Conv 2x32x28x28 32x1x3x3 32 group=32 strides=2,2",
                   "Conv 1x80x300 64x80x3 64 pads=1,1", "Conv 1x3x8x32x32 16x3x3x3x3 16 dilations=1,2,2"}),
      causal_conv("CausalConvWithState", {{"activation", "none"}},
                  {"CausalConvWithState 1x64x16 64x1x4 64 1x64x3 activation=silu outputs=1,1"}),
      causal_conv("com.microsoft.CausalConvWithState",
                  {{"activation", "none"}, {"channels_last", "0"}, {"dilation", "1"}, {"ndim", "1"}, {"state_window", "0"}},
                  {"com.microsoft.CausalConvWithState 1x64x16 64x1x4 64 1x64x3 activation=silu outputs=1,1",
                   "com.microsoft.CausalConvWithState 1x16x64 64x1x4 64 1x6x64 channels_last=1 dilation=2 outputs=1,1"}),
      conv<integer>("ConvInteger", "convolution of 8-bit integers in 32 bits; MACs as Conv, 2 FLOPs an output for zero points",
                    quantized_conv_cost<integer, 2>, 0b1010, {},
                    {"ConvInteger 1x64x28x28 64x64x3x3 scalar scalar pads=1,1,1,1 dtype=uint8"}),
      {
          .name = "ConvTranspose",
          .family = Family::conv,
          .summary = "transposed convolution; MACs = inputs x (output channels / group) x kernel elements, one FLOP an output "
                     "for the bias",
          .shapes = conv_transpose_shapes,
          .cost = conv_transpose_cost,
          .normalize = normalize_conv_transpose,
          .attributes = {{"dilations", "1"}, {"group", "1"}, {"output_padding", "0"}, {"pads", "0"}, {"strides", "1"}},
          .weight_inputs = 0b110,
          .run = convolution("true", run::attribute("output_padding", "output_padding", "0")),
          .examples = {"ConvTranspose 1x64x28x28 64x32x2x2 32 strides=2,2",
                       "ConvTranspose 1x16x10x10 16x4x3x3 group=2 output_padding=1,1 pads=1,1,1,1 strides=2,2"},
          .backward = backward_rules::conv_transpose,
      },
      conv<plain>("DeformConv",
                  "convolution of positions moved by offsets; MACs as Conv, 8 FLOPs a sample to interpolate, one more for a mask",
                  deform_conv_cost, 0b1010, {{"offset_group", "1"}},
                  {"DeformConv 1x16x14x14 32x16x3x3 1x18x14x14 32 1x9x14x14 pads=1,1,1,1"}),
      conv<qlinear>("QLinearConv", "convolution of quantized tensors, quantized again; MACs as Conv, 4 FLOPs an output",
                    quantized_conv_cost<qlinear, 4>, 0b111111110, {},
                    {"QLinearConv 1x64x28x28 f32:scalar scalar int8:64x64x3x3 f32:64 int8:64 f32:scalar scalar i32:64 "
                     "pads=1,1,1,1 dtype=uint8"}),
      conv<plain>("com.microsoft.FusedConv",
                  "convolution, addition and activation; MACs and FLOPs as Conv, FLOPs of addition and activation",
                  fused_conv_cost<plain>, 0b110, {{"activation"}},
                  {"com.microsoft.FusedConv 1x64x28x28 64x64x3x3 64 activation=Relu pads=1,1,1,1"}),
      conv<nhwc>("com.microsoft.NhwcConv", "convolution of channels-last tensors; counts as Conv", conv_cost<nhwc>, 0b110, {},
                 {"com.microsoft.NhwcConv 1x28x28x64 32x64x3x3 32 pads=1,1,1,1"}),
      conv<nhwc>("com.microsoft.NhwcFusedConv", "FusedConv of channels-last tensors", fused_conv_cost<nhwc>, 0b110,
                 {{"activation"}},
                 {"com.microsoft.NhwcFusedConv 1x28x28x64 32x64x3x3 32 1x28x28x32 activation=Relu pads=1,1,1,1 dtype=f16"}),
      conv<qlinear>("com.microsoft.QLinearConv", "QLinearConv that also takes channels-last tensors",
                    quantized_conv_cost<qlinear, 4>, 0b111111110, {{"channels_last", "0"}},
                    {"com.microsoft.QLinearConv 1x28x28x64 f32:scalar scalar int8:64x64x3x3 f32:64 int8:64 f32:scalar scalar "
                     "channels_last=1 dtype=uint8"}),
  };
  operators[0].run = convolution("false", run::constant("output_padding", "0"));
  operators[0].backward = backward_rules::conv;
  return operators;
}

}  // namespace

const std::vector<Operator>& conv_operators() {
  static const std::vector<Operator> operators = all();
  return operators;
}

}  // namespace wattlayer

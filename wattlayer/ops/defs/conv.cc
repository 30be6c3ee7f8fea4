#include <algorithm>

#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

namespace wattlayer {
namespace {

using rules::require;

/// Makes auto_pad explicit and drops a kernel_shape that the weights give anyway.
void normalize_conv(Layer& layer, int) {
  const Tensor& x = layer.input(0);
  const Tensor& w = layer.input(1);
  if (!x.known || !w.known || w.rank() < 3 || x.rank() != w.rank()) return;
  const size_t spatial = static_cast<size_t>(w.rank()) - 2;
  layer.attributes.erase("kernel_shape");
  const std::string mode(layer.attributes.text("auto_pad", "NOTSET"));
  layer.attributes.erase("auto_pad");
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER") return;
  std::vector<int64_t> pads(2 * spatial);
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t stride = layer.attributes.integer_at("strides", i, 1);
    const int64_t kernel = (w.shape[i + 2] - 1) * layer.attributes.integer_at("dilations", i, 1) + 1;
    const int64_t out = (x.shape[i + 2] + stride - 1) / std::max<int64_t>(stride, 1);
    const int64_t total = std::max<int64_t>(0, (out - 1) * stride + kernel - x.shape[i + 2]);
    pads[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
    pads[i + spatial] = total - pads[i];
  }
  layer.attributes.set("pads", pads);
}

void conv_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  const Tensor& x = layer.input(0);
  const Tensor& w = layer.input(1);
  require(x.rank() >= 3 && w.rank() == x.rank(), layer,
          "input " + rules::text(x.shape) + " and weight " + rules::text(w.shape) + " must have the same rank of 3 or more");
  const int64_t group = layer.attributes.integer("group", 1);
  require(group > 0 && x.shape[1] == w.shape[1] * group, layer,
          "input " + rules::text(x.shape) + " has " + std::to_string(x.shape[1]) + " channels, weight " + rules::text(w.shape) + " with group " +
              std::to_string(group) + " expects " + std::to_string(w.shape[1] * group));
  Shape out = {x.shape[0], w.shape[0]};
  const size_t spatial = x.shape.size() - 2;
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t stride = layer.attributes.integer_at("strides", i, 1);
    require(stride > 0, layer, "strides must be positive");
    const int64_t pads = layer.attributes.integer_at("pads", i, 0) + layer.attributes.integer_at("pads", i + spatial, 0);
    const int64_t kernel = (w.shape[i + 2] - 1) * layer.attributes.integer_at("dilations", i, 1) + 1;
    const int64_t room = x.shape[i + 2] + pads - kernel;
    require(room >= 0, layer, "kernel of " + std::to_string(kernel) + " is larger than the padded input of " + std::to_string(x.shape[i + 2] + pads));
    out.push_back(room / stride + 1);
  }
  rules::set_output(layer, 0, std::move(out), x.dtype);
}

/// Getzner et al. 2023, Table 3: k^2 * w_out * h_out * c_in * c_out * B (c_in per group).
Cost conv_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const Tensor& w = layer.input(1);
  const Tensor& y = layer.output(0);
  c.groups = static_cast<double>(layer.attributes.integer("group", 1));
  c.n = static_cast<double>(w.shape[0]) / c.groups;
  c.k = w.elements() / static_cast<double>(w.shape[0]);
  c.m = y.elements() / static_cast<double>(y.shape[1]);
  c.macs = c.groups * c.m * c.n * c.k;
  if (layer.has_input(2)) c.flops = c.output_elements;
  return c;
}

}  // namespace

const std::vector<Operator>& conv_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "Conv",
          .family = Family::conv,
          .summary = "convolution; MACs = outputs x (input channels / group) x kernel elements, one FLOP an output for the bias",
          .shapes = conv_shapes,
          .cost = conv_cost,
          .normalize = normalize_conv,
          .attributes = {{"dilations", "1"}, {"group", "1"}, {"pads", "0"}, {"strides", "1"}},
          .weight_inputs = 0b110,
          .run = {"aten::convolution",
                  {{.parameter = "input"},
                   {.parameter = "weight", .index = 1},
                   {.parameter = "bias", .index = 2},
                   {.parameter = "stride", .source = RunArgument::Source::attribute, .attribute = "strides", .literal = "1"},
                   {.parameter = "padding", .source = RunArgument::Source::attribute, .attribute = "pads", .literal = "0"},
                   {.parameter = "dilation", .source = RunArgument::Source::attribute, .attribute = "dilations", .literal = "1"},
                   {.parameter = "transposed", .source = RunArgument::Source::constant, .literal = "false"},
                   {.parameter = "output_padding", .source = RunArgument::Source::constant, .literal = "0"},
                   {.parameter = "groups", .source = RunArgument::Source::attribute, .attribute = "group", .literal = "1"}}},
          .examples = {"Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1", "Conv 2x32x28x28 32x1x3x3 32 group=32 strides=2,2"},
      },
  };
  return operators;
}

}  // namespace wattlayer

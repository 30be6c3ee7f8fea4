#include <algorithm>

#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/run.h"
#include "wattlayer/ops/windows.h"

namespace wattlayer {
namespace {

using rules::dim;
using rules::require;

/// Makes auto_pad explicit and drops a kernel_shape that the weights give anyway.
void normalize_conv(Layer& layer, int) {
  layer.attributes.erase("kernel_shape");
  const Tensor& x = layer.input(0);
  const Tensor& w = layer.input(1);
  if (x.known && w.known && w.rank() >= 3) rules::explicit_pads(layer, rules::spatial(x.shape), rules::spatial(w.shape));
}

void require_channels(const Layer& layer, int64_t channels, const Tensor& w, int64_t group) {
  require(group > 0 && channels == rules::product(w.shape[1], group), layer,
          "input has " + std::to_string(channels) + " channels, weight " + rules::text(w.shape) + " with group " +
              std::to_string(group) + " expects " + std::to_string(group > 0 ? rules::product(w.shape[1], group) : 0));
}

void conv_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 3);
  const Tensor& x = layer.input(0);
  const Tensor& w = layer.input(1);
  rules::require_rank(layer, 1, x.rank(), x.rank());
  require_channels(layer, x.shape[1], w, layer.attributes.integer("group", 1));
  Shape out = {x.shape[0], w.shape[0]};
  const Shape windows = rules::windowed(layer, rules::spatial(x.shape), rules::spatial(w.shape));
  out.insert(out.end(), windows.begin(), windows.end());
  rules::set_output(layer, 0, std::move(out), x.dtype);
}

/// The implicit matrix product of a convolution with weight `w`: Getzner et al. 2023, Table 3, k^2 * w_out * h_out * c_in * c_out
/// * B (c_in of one group); ptflops counts the same, with one operation an output for the bias.
Cost implicit_product(const Layer& layer, const Tensor& w, double positions, double outputs) {
  Cost c = rules::moved(layer);
  c.groups = std::max(1.0, static_cast<double>(layer.attributes.integer("group", 1)));
  c.n = outputs / c.groups;
  c.k = rules::ratio(w.elements(), dim(w, 0));
  c.m = positions;
  c.macs = c.groups * c.m * c.n * c.k;
  return c;
}

Cost conv_cost(const Layer& layer) {
  const Tensor& w = layer.input(1);
  const Tensor& y = layer.output(0);
  Cost c = implicit_product(layer, w, rules::ratio(y.elements(), dim(y, 1)), dim(w, 0));
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
                  {run::input("input"), run::input("weight", 1), run::input("bias", 2), run::attribute("stride", "strides", "1"),
                   run::pads("padding"), run::attribute("dilation", "dilations", "1"), run::constant("transposed", "false"),
                   run::constant("output_padding", "0"), run::attribute("groups", "group", "1")}},
          .examples = {"Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1", "Conv 2x32x28x28 32x1x3x3 32 group=32 strides=2,2"},
      },
  };
  return operators;
}

}  // namespace wattlayer

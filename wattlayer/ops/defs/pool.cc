#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/run.h"
#include "wattlayer/ops/windows.h"

namespace wattlayer {
namespace {

using rules::require;

void normalize_pool(Layer& layer, int) {
  const Tensor& x = layer.input(0);
  if (x.present && x.known) rules::explicit_pads(layer, rules::spatial(x.shape), layer.attributes.integers("kernel_shape"));
}

Shape pooled(const Layer& layer) {
  rules::require_rank(layer, 0, 3);
  const Shape& in = layer.input(0).shape;
  const Shape windows = rules::windowed(layer, rules::spatial(in), layer.attributes.integers("kernel_shape"));
  Shape out = {in[0], in[1]};
  out.insert(out.end(), windows.begin(), windows.end());
  return out;
}

void pool_shapes(Layer& layer) {
  if (rules::inputs_known(layer)) rules::set_output(layer, 0, pooled(layer), layer.input(0).dtype);
}

void max_pool_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  pool_shapes(layer);
  if (layer.outputs.size() > 1) rules::set_output(layer, 1, layer.output(0).shape, DataType::i64);
}

void global_pool_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 2);
  Shape out(layer.input(0).shape.size(), 1);
  out[0] = layer.input(0).shape[0];
  out[1] = layer.input(0).shape[1];
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

/// Elements of one window.
double window(const Layer& layer) { return elements(layer.attributes.integers("kernel_shape")); }

/// Getzner et al. 2023, Table 3 counts half of it, k^2 * out / 2.
Cost pool_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = window(layer) * layer.output(0).elements();
  return c;
}

Cost lp_pool_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const bool roots = layer.attributes.integer("p", 2) != 1;
  c.flops = 2 * window(layer) * c.output_elements;
  c.special = roots ? c.output_elements : 0;
  return c;
}

Cost global_pool_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = layer.input(0).elements();
  return c;
}

Cost global_lp_pool_cost(const Layer& layer) {
  Cost c = global_pool_cost(layer);
  c.flops *= 2;
  c.special = c.output_elements;
  return c;
}

}  // namespace

const std::vector<Operator>& pool_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "AveragePool",
          .family = Family::pool,
          .summary = "mean of a sliding window; FLOPs = outputs x kernel elements",
          .shapes = pool_shapes,
          .cost = pool_cost,
          .normalize = normalize_pool,
          .attributes = {{"ceil_mode", "0"},
                         {"count_include_pad", "0"},
                         {"dilations", "1"},
                         {"kernel_shape"},
                         {"pads", "0"},
                         {"strides", "1"}},
          .run = {"aten::avg_pool2d",
                  {run::input("self"), run::attribute("kernel_size", "kernel_shape", ""),
                   run::attribute("stride", "strides", "1"), run::pads("padding"),
                   run::attribute("ceil_mode", "ceil_mode", "false"),
                   run::attribute("count_include_pad", "count_include_pad", "false")}},
          .examples = {"AveragePool 1x64x56x56 kernel_shape=3,3 pads=1,1,1,1 strides=2,2",
                       "AveragePool 1x192x35x35 count_include_pad=1 kernel_shape=3,3 pads=1,1,1,1"},
      },
      {
          .name = "GlobalAveragePool",
          .family = Family::pool,
          .summary = "mean over all positions of a channel; FLOPs = inputs",
          .shapes = global_pool_shapes,
          .cost = global_pool_cost,
          .run = {"aten::adaptive_avg_pool2d", {run::input("self"), run::constant("output_size", "[1,1]")}},
          .examples = {"GlobalAveragePool 1x512x7x7"},
      },
      {
          .name = "GlobalLpPool",
          .family = Family::pool,
          .summary = "p-norm over all positions of a channel; FLOPs = 2 x inputs, one root an output",
          .shapes = global_pool_shapes,
          .cost = global_lp_pool_cost,
          .attributes = {{"p", "2"}},
          .examples = {"GlobalLpPool 1x512x7x7"},
      },
      {
          .name = "GlobalMaxPool",
          .family = Family::pool,
          .summary = "maximum over all positions of a channel; FLOPs = inputs",
          .shapes = global_pool_shapes,
          .cost = global_pool_cost,
          .run = {"aten::adaptive_max_pool2d", {run::input("self"), run::constant("output_size", "[1,1]")}},
          .examples = {"GlobalMaxPool 1x512x7x7"},
      },
      {
          .name = "LpPool",
          .family = Family::pool,
          .summary = "p-norm of a sliding window; FLOPs = 2 x outputs x kernel elements, one root an output",
          .shapes = pool_shapes,
          .cost = lp_pool_cost,
          .normalize = normalize_pool,
          .attributes = {{"ceil_mode", "0"}, {"dilations", "1"}, {"kernel_shape"}, {"p", "2"}, {"pads", "0"}, {"strides", "1"}},
          .examples = {"LpPool 1x64x56x56 kernel_shape=2,2 strides=2,2"},
      },
      {
          .name = "MaxPool",
          .family = Family::pool,
          .summary = "maximum of a sliding window; FLOPs = outputs x kernel elements",
          .shapes = max_pool_shapes,
          .cost = pool_cost,
          .normalize = normalize_pool,
          .attributes =
              {{"ceil_mode", "0"}, {"dilations", "1"}, {"kernel_shape"}, {"pads", "0"}, {"storage_order", "0"}, {"strides", "1"}},
          .run = {"aten::max_pool2d",
                  {run::input("self"), run::attribute("kernel_size", "kernel_shape", ""),
                   run::attribute("stride", "strides", "1"), run::pads("padding"), run::attribute("dilation", "dilations", "1"),
                   run::attribute("ceil_mode", "ceil_mode", "false")}},
          .examples = {"MaxPool 1x64x112x112 kernel_shape=3,3 pads=1,1,1,1 strides=2,2",
                       "MaxPool 1x64x55x55 ceil_mode=1 kernel_shape=3,3 strides=2,2",
                       "MaxPool 1x8x32x32 kernel_shape=2,2 strides=2,2 outputs=1,1"},
      },
  };
  return operators;
}

}  // namespace wattlayer

#include <algorithm>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/run.h"
#include "wattlayer/ops/windows.h"

namespace wattlayer {
namespace {

using rules::require;

/// Channels-last pools: com.microsoft.NhwcMaxPool always, quantized pools by attribute.
bool channels_last(const Layer& layer) {
  return layer.op == "com.microsoft.NhwcMaxPool" || layer.attributes.integer("channels_last", 0) != 0;
}

void normalize_pool(Layer& layer, int) {
  const Tensor& x = layer.input(0);
  if (x.present && x.known)
    rules::explicit_pads(layer, rules::spatial(x.shape, channels_last(layer)), layer.attributes.integers("kernel_shape"));
}

/// Puts batch and channels around the spatial dimensions.
Shape with_channels(const Layer& layer, Shape spatial) {
  const Shape& in = layer.input(0).shape;
  const bool last = channels_last(layer);
  spatial.insert(spatial.begin(), in[0]);
  spatial.insert(last ? spatial.end() : spatial.begin() + 1, last ? in.back() : in[1]);
  return spatial;
}

void pool_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 3);
  const Shape in = rules::spatial(layer.input(0).shape, channels_last(layer));
  Shape out = with_channels(layer, rules::windowed(layer, in, layer.attributes.integers("kernel_shape")));
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
  if (layer.outputs.size() > 1) rules::set_output(layer, 1, layer.output(0).shape, DataType::i64);
}

void global_pool_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 2);
  rules::set_output(layer, 0, with_channels(layer, Shape(layer.input(0).shape.size() - 2, 1)), layer.input(0).dtype);
}

/// The inverse of MaxPool's size, unless output_shape, a small constant, tells it.
void max_unpool_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 3);
  const Shape& in = layer.input(0).shape;
  rules::require_rank(layer, 1, layer.input(0).rank(), layer.input(0).rank());
  if (layer.has_input(2)) {
    const Tensor& given = layer.input(2);
    layer.outputs[0].known = given.value != nullptr;
    if (!given.value) return;
    require(given.value->size() == in.size(), layer,
            "output_shape has " + std::to_string(given.value->size()) + " elements; expected one a dimension");
    Shape out;
    for (size_t i = 0; i < in.size(); ++i) out.push_back(given.value->integer(i));
    require(std::all_of(out.begin(), out.end(), [](int64_t d) { return d >= 0; }), layer, "output_shape must not be negative");
    return rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
  }
  const Shape spatial = rules::spatial(in), kernel = layer.attributes.integers("kernel_shape");
  require(kernel.size() == spatial.size(), layer,
          "kernel_shape must have one dimension for each spatial dimension of " + rules::text(in));
  Shape out = {in[0], in[1]};
  for (size_t i = 0; i < spatial.size(); ++i) {
    const int64_t pads =
        rules::sum(layer.attributes.integer_at("pads", i, 0), layer.attributes.integer_at("pads", i + spatial.size(), 0));
    out.push_back(rules::difference(rules::transposed_extent(layer, spatial[i], kernel[i], i), pads));
    require(out.back() >= 0, layer, "pads of " + std::to_string(pads) + " are larger than the output");
  }
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

/// The backward pass asks where each maximum was.
void keep_indices(Layer& layer) { layer.outputs.resize(2); }

/// Elements of one window; one that is larger than the input meets only the input.
double window(const Layer& layer) {
  const Tensor& x = layer.input(0);
  double count = 1;
  for (int64_t i = 0; i + 2 < x.rank(); ++i) {
    const double kernel = static_cast<double>(layer.attributes.integer_at("kernel_shape", static_cast<size_t>(i), 1));
    count *= std::min(kernel, rules::dim(x, i + (channels_last(layer) ? 1 : 2)));
  }
  return std::max(count, 0.0);
}

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

/// Requantization of every output: shift, scale, rounding, saturation.
template <Cost (*cost)(const Layer&)>
Cost quantized(const Layer& layer) {
  Cost c = cost(layer);
  c.flops += 4 * c.output_elements;
  return c;
}

Cost unpool_cost(const Layer& layer) { return rules::moved(layer); }

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
          .run = {"aten::avg_pool2d"},
          .calls = aten::average_pool,
          .examples = {"AveragePool 1x64x56x56 kernel_shape=3,3 pads=1,1,1,1 strides=2,2",
                       "AveragePool 1x16x101 ceil_mode=1 kernel_shape=2, strides=2,",
                       "AveragePool 1x192x35x35 count_include_pad=1 kernel_shape=3,3 pads=1,1,1,1"},
          .backward = backward_rules::average_pool,
      },
      {
          .name = "GlobalAveragePool",
          .family = Family::pool,
          .summary = "mean over all positions of a channel; FLOPs = inputs",
          .shapes = global_pool_shapes,
          .cost = global_pool_cost,
          .run = {"aten::adaptive_avg_pool{d}d", {run::input("self"), run::spatial_output("output_size")}},
          .examples = {"GlobalAveragePool 1x512x7x7", "GlobalAveragePool 2x64x100"},
          .backward = backward_rules::global_average_pool,
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
          .run = {"aten::adaptive_max_pool{d}d", {run::input("self"), run::spatial_output("output_size")}},
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
          .shapes = pool_shapes,
          .cost = pool_cost,
          .normalize = normalize_pool,
          .attributes =
              {{"ceil_mode", "0"}, {"dilations", "1"}, {"kernel_shape"}, {"pads", "0"}, {"storage_order", "0"}, {"strides", "1"}},
          .run = {"aten::max_pool{d}d",
                  {run::input("self"), run::attribute("kernel_size", "kernel_shape", ""),
                   run::attribute("stride", "strides", "1"), run::pads("padding"), run::attribute("dilation", "dilations", "1"),
                   run::attribute("ceil_mode", "ceil_mode", "false")}},
          .examples = {"MaxPool 1x64x112x112 kernel_shape=3,3 pads=1,1,1,1 strides=2,2",
                       "MaxPool 1x64x55x55 ceil_mode=1 kernel_shape=3,3 strides=2,2",
                       "MaxPool 1x8x8x16x16 kernel_shape=2,2,2 strides=2,2,2",
                       "MaxPool 1x8x32x32 kernel_shape=2,2 strides=2,2 outputs=1,1"},
          .backward = backward_rules::max_pool,
          .train = keep_indices,
      },
      {
          .name = "MaxUnpool",
          .family = Family::pool,
          .summary = "puts each value back where MaxPool found it, zeros elsewhere; no arithmetic",
          .shapes = max_unpool_shapes,
          .cost = unpool_cost,
          .attributes = {{"kernel_shape"}, {"pads", "0"}, {"strides", "1"}},
          .run = {"aten::max_unpool{d}d", {run::input("self"), run::input("indices", 1), run::spatial_output("output_size")}},
          .examples = {"MaxUnpool 1x8x16x16 i64:1x8x16x16 kernel_shape=2,2 strides=2,2",
                       "MaxUnpool 1x1x2x2 i64:1x1x2x2 [1,1,5,5] kernel_shape=2,2 strides=2,2"},
      },
      {
          .name = "com.microsoft.MaxpoolWithMask",
          .family = Family::pool,
          .summary = "maximum of a sliding window over unmasked positions; FLOPs = outputs x kernel elements",
          .shapes = pool_shapes,
          .cost = pool_cost,
          .normalize = normalize_pool,
          .attributes = {{"kernel_shape"}, {"pads", "0"}, {"storage_order", "0"}, {"strides", "1"}},
          .examples = {"com.microsoft.MaxpoolWithMask 1x8x32x32 i32:1x8x32x32 kernel_shape=2,2 strides=2,2"},
      },
      {
          .name = "com.microsoft.NhwcMaxPool",
          .family = Family::pool,
          .summary = "MaxPool of channels-last quantized tensors; FLOPs = outputs x kernel elements",
          .shapes = pool_shapes,
          .cost = pool_cost,
          .normalize = normalize_pool,
          .attributes = {{"ceil_mode", "0"}, {"dilations", "1"}, {"kernel_shape"}, {"pads", "0"}, {"strides", "1"}},
          .examples = {"com.microsoft.NhwcMaxPool 1x112x112x64 kernel_shape=3,3 pads=1,1,1,1 strides=2,2 dtype=uint8"},
      },
      {
          .name = "com.microsoft.QLinearAveragePool",
          .family = Family::pool,
          .summary = "AveragePool of quantized tensors; 4 FLOPs more an output",
          .shapes = pool_shapes,
          .cost = quantized<pool_cost>,
          .normalize = normalize_pool,
          .attributes = {{"ceil_mode", "0"},
                         {"channels_last", "0"},
                         {"count_include_pad", "0"},
                         {"kernel_shape"},
                         {"pads", "0"},
                         {"strides", "1"}},
          .weight_inputs = 0b11110,
          .examples = {"com.microsoft.QLinearAveragePool 1x64x56x56 f32:scalar scalar f32:scalar scalar kernel_shape=2,2 "
                       "strides=2,2 dtype=uint8",
                       "com.microsoft.QLinearAveragePool 1x56x56x64 f32:scalar scalar f32:scalar scalar channels_last=1 "
                       "kernel_shape=3,3 pads=1,1,1,1 dtype=uint8"},
      },
      {
          .name = "com.microsoft.QLinearGlobalAveragePool",
          .family = Family::pool,
          .summary = "GlobalAveragePool of quantized tensors; 4 FLOPs more an output",
          .shapes = global_pool_shapes,
          .cost = quantized<global_pool_cost>,
          .attributes = {{"channels_last", "0"}},
          .weight_inputs = 0b11110,
          .examples = {"com.microsoft.QLinearGlobalAveragePool 1x512x7x7 f32:scalar scalar f32:scalar scalar dtype=uint8",
                       "com.microsoft.QLinearGlobalAveragePool 1x7x7x512 f32:scalar scalar f32:scalar scalar channels_last=1 "
                       "dtype=uint8"},
      },
  };
  return operators;
}

}  // namespace wattlayer

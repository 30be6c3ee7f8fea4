#include <algorithm>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/run.h"

namespace wattlayer {
namespace {

using rules::require;

/// Scale, bias and statistics (inputs `first` and on) must have one element a channel.
void require_channel_vectors(const Layer& layer, size_t first) {
  const int64_t channels = layer.input(0).shape[1];
  for (size_t i = first; i < layer.inputs.size(); ++i)
    if (layer.has_input(i))
      require(elements(layer.input(i).shape) == static_cast<double>(channels), layer,
              "input " + std::to_string(i) + " is " + rules::text(layer.input(i).shape) + "; expected " +
                  std::to_string(channels) + " elements, one a channel of " + rules::text(layer.input(0).shape));
}

/// Before opset 14 further outputs meant training; opset 7 and 8 could normalize each position on its own.
void normalize_batch_norm(Layer& layer, int opset) {
  if (opset < 14 && layer.outputs.size() > 1 && layer.output(1).present) layer.attributes.set("training_mode", int64_t{1});
}

void batch_norm_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 2);
  if (layer.attributes.integer("spatial", 1) != 0) require_channel_vectors(layer, 1);
  rules::set_output(layer, 0, layer.input(0).shape, layer.input(0).dtype);
  for (size_t i = 1; i < layer.outputs.size(); ++i) rules::set_output(layer, i, layer.input(1).shape, layer.input(3).dtype);
}

/// Inference folds to a scale and a shift, as ptflops counts; training also finds mean and variance.
Cost batch_norm_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const bool training = layer.attributes.integer("training_mode", 0) != 0;
  const double x = layer.input(0).elements(), channels = layer.input(1).elements();
  c.flops = (training ? 7 : 2) * x;
  c.special = training ? channels : 0;
  return c;
}

void use_batch_statistics(Layer& layer) {
  layer.attributes.set("training_mode", int64_t{1});
  layer.outputs.resize(3);
}

/// Mean and deviation of each row.
void keep_statistics(Layer& layer) { layer.outputs.resize(3); }

void instance_norm_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 3);
  require_channel_vectors(layer, 1);
  rules::same_as_input(layer);
}

/// Mean 1, deviation 1, variance 2, scaling 1, and 1 each for scale and shift; one reciprocal root a group.
Cost standardize_cost(const Layer& layer, double groups, bool centred = true) {
  Cost c = rules::moved(layer);
  c.flops = ((centred ? 5 : 3) + layer.has_input(1) + layer.has_input(2)) * layer.input(0).elements();
  c.special = groups;
  return c;
}

Cost instance_norm_cost(const Layer& layer) {
  return standardize_cost(layer, rules::dim(layer.input(0), 0) * rules::dim(layer.input(0), 1));
}

int64_t first_normalized_axis(const Layer& layer) {
  rules::require_rank(layer, 0, 1);
  return rules::axis(layer.attributes.integer("axis", -1), layer.input(0).rank());
}

void layer_norm_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  const Tensor& x = layer.input(0);
  const int64_t axis = first_normalized_axis(layer);
  for (size_t i = 1; i < 3; ++i)
    if (layer.has_input(i))
      require(rules::broadcast(x.shape, layer.input(i).shape) == x.shape, layer,
              "scale and bias " + rules::text(layer.input(i).shape) + " must broadcast to the input " + rules::text(x.shape));
  Shape statistics = x.shape;
  for (size_t i = static_cast<size_t>(axis); i < statistics.size(); ++i) statistics[i] = 1;
  rules::same_as_input(layer);
  const DataType stash = from_onnx_type(static_cast<int>(layer.attributes.integer("stash_type", 1))).value_or(DataType::f32);
  for (size_t i = 1; i < layer.outputs.size(); ++i) rules::set_output(layer, i, statistics, stash);
}

/// Positions that are normalized on their own.
double rows(const Layer& layer) {
  const Tensor& x = layer.input(0);
  const int64_t attribute = layer.attributes.integer("axis", -1);
  const int64_t axis = attribute < 0 ? attribute + x.rank() : attribute;
  double count = 1;
  for (int64_t i = 0; i < std::min(axis, x.rank()); ++i) count *= rules::dim(x, i);
  return count;
}

Cost layer_norm_cost(const Layer& layer) { return standardize_cost(layer, rows(layer)); }

/// Squares and their sum over the neighbouring channels, scaling and a power.
Cost lrn_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = (static_cast<double>(layer.attributes.integer("size", 1)) + 3) * c.output_elements;
  c.special = c.output_elements;
  return c;
}

void lrn_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 2);
  require(layer.attributes.integer("size", 0) > 0, layer, "attribute size must be positive");
  rules::same_as_input(layer);
}

/// Root mean square: squares and their sum, scaling, scale; one reciprocal root a row.
Cost rms_norm_cost(const Layer& layer) { return standardize_cost(layer, rows(layer), false); }

void group_norm_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 3);
  const int64_t channels = layer.input(0).shape[1], groups = layer.attributes.integer("num_groups", 0);
  require(groups > 0 && channels % groups == 0, layer,
          std::to_string(channels) + " channels cannot be divided into " + std::to_string(groups) + " groups");
  rules::same_as_input(layer);
}

Cost group_norm_cost(const Layer& layer) {
  return standardize_cost(layer, rules::dim(layer.input(0), 0) * static_cast<double>(layer.attributes.integer("num_groups", 1)));
}

void lp_norm_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  first_normalized_axis(layer);
  rules::same_as_input(layer);
}

/// Powers, their sum and the scaling; one root a vector where p is 2.
Cost lp_norm_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const bool roots = layer.attributes.integer("p", 2) == 2;
  c.flops = 3 * c.output_elements;
  c.special = roots ? rules::ratio(c.output_elements, rules::dim(layer.input(0), layer.attributes.integer("axis", -1))) : 0;
  return c;
}

void mean_variance_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 1);
  for (int64_t axis : layer.attributes.integers("axes")) rules::axis(axis, layer.input(0).rank());
  rules::same_as_input(layer);
}

Cost mean_variance_cost(const Layer& layer) {
  std::vector<int64_t> axes = layer.attributes.integers("axes");
  if (axes.empty()) axes = {0, 2, 3};
  double width = 1;
  for (int64_t axis : axes) width *= rules::dim(layer.input(0), axis);
  return standardize_cost(layer, rules::ratio(layer.input(0).elements(), width));
}

}  // namespace

const std::vector<Operator>& normalization_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "BatchNormalization",
          .family = Family::normalization,
          .summary = "scale and shift by channel, 2 FLOPs an element; in training also mean and variance, 7 FLOPs",
          .shapes = batch_norm_shapes,
          .cost = batch_norm_cost,
          .normalize = normalize_batch_norm,
          .attributes = {{"epsilon", "1e-05"}, {"momentum", "0.9"}, {"spatial", "1"}, {"training_mode", "0"}},
          .weight_inputs = 0b11110,
          .can_run_in_place = true,
          .run = {"aten::batch_norm"},
          .calls = aten::batch_norm,
          .examples = {"BatchNormalization 1x64x56x56 64 64 64 64", "BatchNormalization 8x16 16 16 16 16 epsilon=0.001",
                       "BatchNormalization 8x16x4x4 16 16 16 16 training_mode=1 outputs=1,1,1"},
          .backward = backward_rules::batch_norm,
          .train = use_batch_statistics,
      },
      {
          .name = "GroupNormalization",
          .family = Family::normalization,
          .summary = "standardizes groups of channels of each sample; 7 FLOPs an element, one root a group",
          .shapes = group_norm_shapes,
          .cost = group_norm_cost,
          .attributes = {{"epsilon", "1e-05"}, {"num_groups"}, {"stash_type", "1"}},
          .weight_inputs = 0b110,
          .run = {"aten::group_norm",
                  {run::input("input"), run::attribute("num_groups", "num_groups", ""), run::input("weight", 1),
                   run::input("bias", 2), run::attribute("eps", "epsilon", "1e-05"), run::constant("cudnn_enabled", "true")}},
          .examples = {"GroupNormalization 2x32x16x16 32 32 num_groups=8"},
          .backward = backward_rules::standardize,
      },
      {
          .name = "InstanceNormalization",
          .family = Family::normalization,
          .summary = "standardizes each channel of each sample; 7 FLOPs an element, one root a channel",
          .shapes = instance_norm_shapes,
          .cost = instance_norm_cost,
          .attributes = {{"epsilon", "1e-05"}},
          .weight_inputs = 0b110,
          .run = {"aten::instance_norm",
                  {run::input("input"), run::input("weight", 1), run::input("bias", 2), run::constant("running_mean", "None"),
                   run::constant("running_var", "None"), run::constant("use_input_stats", "true"),
                   run::constant("momentum", "0.1"), run::attribute("eps", "epsilon", "1e-05"),
                   run::constant("cudnn_enabled", "true")}},
          .examples = {"InstanceNormalization 2x32x16x16 32 32"},
          .backward = backward_rules::standardize,
      },
      {
          .name = "LRN",
          .family = Family::normalization,
          .summary = "divides by a power of the local energy over channels; FLOPs = (size + 3) an element, one power an element",
          .shapes = lrn_shapes,
          .cost = lrn_cost,
          .attributes = {{"alpha", "0.0001"}, {"beta", "0.75"}, {"bias", "1.0"}, {"size"}},
          .run = {"aten::avg_pool3d"},
          .calls = aten::lrn,
          .examples = {"LRN 1x96x27x27 size=5"},
          .backward = backward_rules::standardize,
      },
      {
          .name = "LayerNormalization",
          .family = Family::normalization,
          .summary = "standardizes all dimensions from `axis` on; 5 FLOPs an element, 1 each for scale and bias, one root a row",
          .shapes = layer_norm_shapes,
          .cost = layer_norm_cost,
          .attributes = {{"axis", "-1"}, {"epsilon", "1e-05"}, {"stash_type", "1"}},
          .weight_inputs = 0b110,
          .run = {"aten::layer_norm"},
          .calls = aten::layer_norm,
          .examples = {"LayerNormalization 1x128x768 768 768", "LayerNormalization 2x16x8x8 16x8x8 axis=1 outputs=1,1,1"},
          .backward = backward_rules::layer_norm,
          .train = keep_statistics,
      },
      {
          .name = "LpNormalization",
          .family = Family::normalization,
          .summary = "divides vectors along `axis` by their p-norm; 3 FLOPs an element, one root a vector where p is 2",
          .shapes = lp_norm_shapes,
          .cost = lp_norm_cost,
          .attributes = {{"axis", "-1"}, {"p", "2"}},
          .examples = {"LpNormalization 2x64x28x28 axis=1"},
          .backward = backward_rules::standardize,
      },
      {
          .name = "MeanVarianceNormalization",
          .family = Family::normalization,
          .summary = "standardizes over `axes` (0, 2, 3); 5 FLOPs an element, one root a group",
          .shapes = mean_variance_shapes,
          .cost = mean_variance_cost,
          .attributes = {{"axes"}},
          .examples = {"MeanVarianceNormalization 2x16x8x8", "MeanVarianceNormalization 2x16x8x8 axes=2,3"},
      },
      {
          .name = "RMSNormalization",
          .family = Family::normalization,
          .summary = "divides all dimensions from `axis` on by their root mean square; 4 FLOPs an element, one root a row",
          .shapes = layer_norm_shapes,
          .cost = rms_norm_cost,
          .attributes = {{"axis", "-1"}, {"epsilon", "1e-05"}, {"stash_type", "1"}},
          .weight_inputs = 0b10,
          .run = {"aten::rms_norm",
                  {run::input("input"), run::dims("normalized_shape", 0, "axis", "-1"), run::input("weight", 1),
                   run::attribute("eps", "epsilon", "1e-05")}},
          .examples = {"RMSNormalization 1x128x2048 2048"},
          .backward = backward_rules::standardize,
      },
  };
  return operators;
}

}  // namespace wattlayer

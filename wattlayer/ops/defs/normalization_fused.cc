#include <algorithm>

#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

/// Normalizations of ONNX Runtime, some with what stands before and after them.
namespace wattlayer {
namespace {

using rules::dim;
using rules::require;

/// Rows of the last dimension.
double rows(const Tensor& x) { return rules::ratio(x.elements(), dim(x, -1)); }

void simplified_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 1);
  Shape statistics = layer.input(0).shape;
  const int64_t axis = rules::axis(layer.attributes.integer("axis", -1), layer.input(0).rank());
  for (size_t i = static_cast<size_t>(axis); i < statistics.size(); ++i) statistics[i] = 1;
  rules::same_as_input(layer);
  if (layer.outputs.size() > 1) rules::set_output(layer, 1, statistics, DataType::f32);
}

Cost simplified_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = 4 * layer.input(0).elements();
  c.special = rows(layer.input(0));
  return c;
}

/// Outputs: the result, mean, reciprocal deviation, and the sum before the normalization.
void skip_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 2, 3);
  const Shape x = layer.input(0).shape;
  require(rules::broadcast(x, layer.input(1).shape) == x, layer,
          "skip " + rules::text(layer.input(1).shape) + " must broadcast to the input " + rules::text(x));
  rules::same_as_input(layer);
  Shape statistics = x;
  statistics.back() = 1;
  for (size_t i = 1; i < layer.outputs.size(); ++i)
    rules::set_output(layer, i, i == 3 ? x : statistics, i == 3 ? layer.input(0).dtype : DataType::f32);
}

/// The sum with skip (and bias), then the normalization with its scale (and shift).
template <int norm_flops, size_t bias>
Cost skip_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = (1 + norm_flops + layer.has_input(bias)) * layer.input(0).elements();
  c.special = rows(layer.input(0));
  return c;
}

void embed_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 2, 2);
  rules::require_rank(layer, 2, 2, 2);
  const Shape& ids = layer.input(0).shape;
  const Shape out = {ids[0], ids[1], layer.input(2).shape[1]};
  rules::set_output(layer, 0, out, layer.input(2).dtype);
  if (layer.outputs.size() > 1) rules::set_output(layer, 1, {out[0]}, layer.input(0).dtype);
  if (layer.outputs.size() > 2) rules::set_output(layer, 2, out, layer.input(2).dtype);
}

/// Sums of two or three embeddings, then 7 FLOPs an element. Only the rows that are looked up are read from the tables.
Cost embed_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const double x = layer.output(0).elements(), tables = 2 + layer.has_input(4);
  c.flops = (tables - 1 + 7) * x;
  c.special = rows(layer.output(0));
  for (size_t i = 2; i <= 4; ++i)
    if (layer.has_input(i)) {
      const double read = std::min(layer.input(i).bytes(), x * bits(layer.input(i).dtype) / 8);
      (layer.input(i).constant ? c.weight_bytes : c.input_bytes) += read - layer.input(i).bytes();
    }
  return c;
}

void group_norm_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 3);
  const Shape& x = layer.input(0).shape;
  const int64_t channels = layer.attributes.integer("channels_last", 1) ? x.back() : x[1],
                groups = layer.attributes.integer("groups", 0);
  require(groups > 0 && channels % groups == 0, layer,
          std::to_string(channels) + " channels cannot be divided into " + std::to_string(groups) + " groups");
  rules::same_as_input(layer);
  if (layer.outputs.size() > 1) rules::set_output(layer, 1, layer.input(0).shape, layer.input(0).dtype);
}

/// SiLU afterwards: 3 FLOPs, exp and reciprocal. Skip and bias before: one FLOP each.
Cost group_norm_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const bool silu = layer.attributes.integer("activation", 0) != 0;
  const double x = layer.input(0).elements();
  c.flops = (7 + (silu ? 3 : 0) + layer.has_input(3) + layer.has_input(4)) * x;
  c.special = dim(layer.input(0), 0) * static_cast<double>(layer.attributes.integer("groups", 1)) + (silu ? 2 * x : 0);
  return c;
}

void gated_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 1);
  rules::require_rank(layer, 2, layer.input(0).rank(), layer.input(0).rank());
  rules::same_as_input(layer);
}

/// RMS normalization of each group of C elements, times the activated gate.
Cost gated_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const double x = layer.input(0).elements();
  c.flops = (4 + 3 + 1) * x;
  c.special = 2 * x + rules::ratio(x, dim(layer.input(1), -1));
  return c;
}

}  // namespace

const std::vector<Operator>& normalization_fused_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "SimplifiedLayerNormalization",
          .family = Family::normalization,
          .summary = "ONNX Runtime's RMSNormalization; 4 FLOPs an element, one root a row",
          .shapes = simplified_shapes,
          .cost = simplified_cost,
          .attributes = {{"axis", "-1"}, {"epsilon", "1e-05"}, {"stash_type", "1"}},
          .weight_inputs = 0b10,
          .examples = {"SimplifiedLayerNormalization 1x128x2048 2048"},
          .backward = backward_rules::standardize,
      },
      {
          .name = "com.microsoft.EmbedLayerNormalization",
          .family = Family::normalization,
          .summary = "sum of word, position and segment embeddings, normalized; 9 FLOPs an element, one root a row; reads the "
                     "rows it looks up",
          .shapes = embed_shapes,
          .cost = embed_cost,
          .attributes = {{"epsilon", "1e-12"}, {"mask_index_type"}},
          .weight_inputs = 0b1111100,
          .examples = {"com.microsoft.EmbedLayerNormalization i32:1x128 i32:1x128 30522x768 512x768 2x768 768 768",
                       "com.microsoft.EmbedLayerNormalization i32:2x16 - 1000x64 512x64 - 64 64 i32:2x16 outputs=1,1"},
      },
      {
          .name = "com.microsoft.GatedRMSNorm",
          .family = Family::normalization,
          .summary =
              "RMS normalization of groups of the last dimension times an activated gate; 8 FLOPs, exp and reciprocal an element",
          .shapes = gated_shapes,
          .cost = gated_cost,
          .attributes = {{"activation", "silu"}, {"epsilon", "1e-05"}},
          .weight_inputs = 0b10,
          .examples = {"com.microsoft.GatedRMSNorm 1x16x256 64 1x16x256"},
      },
      {
          .name = "com.microsoft.GroupNorm",
          .family = Family::normalization,
          .summary =
              "GroupNormalization, channels last, with SiLU or none; 7 FLOPs an element, 3 more, exp and reciprocal for SiLU",
          .shapes = group_norm_shapes,
          .cost = group_norm_cost,
          .attributes = {{"activation"}, {"channels_last", "1"}, {"epsilon", "1e-05"}, {"groups"}},
          .weight_inputs = 0b110,
          .examples = {"com.microsoft.GroupNorm 2x16x16x320 320 320 activation=1 groups=32"},
      },
      {
          .name = "com.microsoft.SkipGroupNorm",
          .family = Family::normalization,
          .summary = "GroupNorm of the sum of two tensors and a bias; one FLOP more for each",
          .shapes = group_norm_shapes,
          .cost = group_norm_cost,
          .attributes = {{"activation"}, {"channels_last", "1"}, {"epsilon", "1e-05"}, {"groups"}},
          .weight_inputs = 0b10110,
          .examples = {"com.microsoft.SkipGroupNorm 2x16x16x320 320 320 2x16x16x320 320 activation=1 groups=32 outputs=1,1"},
      },
      {
          .name = "com.microsoft.SkipLayerNormalization",
          .family = Family::normalization,
          .summary = "LayerNormalization of the sum of two tensors and a bias; 8 FLOPs an element, one more for the bias, one "
                     "root a row",
          .shapes = skip_shapes,
          .cost = skip_cost<7, 4>,
          .attributes = {{"epsilon", "1e-12"}},
          .weight_inputs = 0b11100,
          .examples = {"com.microsoft.SkipLayerNormalization 1x128x768 1x128x768 768 768 768",
                       "com.microsoft.SkipLayerNormalization 1x128x768 1x128x768 768 768 outputs=1,0,0,1"},
      },
      {
          .name = "com.microsoft.SkipSimplifiedLayerNormalization",
          .family = Family::normalization,
          .summary =
              "RMS normalization of the sum of two tensors and a bias; 5 FLOPs an element, one more for the bias, one root a row",
          .shapes = skip_shapes,
          .cost = skip_cost<4, 3>,
          .attributes = {{"epsilon", "1e-12"}},
          .weight_inputs = 0b1100,
          .examples = {"com.microsoft.SkipSimplifiedLayerNormalization 1x128x2048 1x128x2048 2048 outputs=1,0,0,1 dtype=f16"},
      },
  };
  return operators;
}

}  // namespace wattlayer

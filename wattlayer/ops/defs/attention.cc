#include <algorithm>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/attention_sizes.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/products.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/run.h"

namespace wattlayer {
namespace {

using rules::AttentionSizes;
using rules::heads_of;
using rules::require;

/// Attention of opset 23: Q, K, V of [batch, heads, length, size], or [batch, length, heads x size] with the number of heads as
/// attributes.
AttentionSizes onnx_sizes(const Layer& layer) {
  for (size_t i = 0; i < 3; ++i) rules::require_rank(layer, i, 3, 4);
  const Shape &q = layer.input(0).shape, &k = layer.input(1).shape, &v = layer.input(2).shape;
  require(q.size() == k.size() && k.size() == v.size(), layer, "Q, K and V must all have 3 or all have 4 dimensions");
  AttentionSizes s;
  s.batch = q[0];
  if (q.size() == 4) {
    s.heads = q[1], s.kv_heads = k[1], s.queries = q[2], s.keys = k[2], s.size = q[3], s.value_size = v[3];
    require(k[3] == s.size && v[1] == s.kv_heads && v[2] == s.keys, layer,
            "K " + rules::text(k) + " and V " + rules::text(v) + " do not fit Q " + rules::text(q));
  } else {
    s.heads = heads_of(layer, "q_num_heads"), s.kv_heads = heads_of(layer, "kv_num_heads");
    s.queries = q[1], s.keys = k[1];
    s.size = rules::share(layer, q[2], s.heads), s.value_size = rules::share(layer, v[2], s.kv_heads);
    require(rules::share(layer, k[2], s.kv_heads) == s.size && v[1] == s.keys, layer,
            "K " + rules::text(k) + " and V " + rules::text(v) + " do not fit Q " + rules::text(q));
  }
  if (layer.has_input(4)) {
    rules::require_rank(layer, 4, 4, 4);
    s.past = layer.input(4).shape[2];
  }
  require(s.kv_heads > 0 && s.heads % s.kv_heads == 0, layer,
          std::to_string(s.heads) + " query heads cannot share " + std::to_string(s.kv_heads) + " key heads");
  return s;
}

void attention_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  const AttentionSizes s = onnx_sizes(layer);
  const Shape& q = layer.input(0).shape;
  const int64_t total = rules::sum(s.past, s.keys);
  rules::set_output(
      layer, 0, q.size() == 4 ? Shape{q[0], q[1], q[2], s.value_size} : Shape{q[0], q[1], rules::product(s.heads, s.value_size)},
      layer.input(0).dtype);
  if (layer.outputs.size() > 1) rules::set_output(layer, 1, {s.batch, s.kv_heads, total, s.size}, layer.input(1).dtype);
  if (layer.outputs.size() > 2) rules::set_output(layer, 2, {s.batch, s.kv_heads, total, s.value_size}, layer.input(2).dtype);
  if (layer.outputs.size() > 3) rules::set_output(layer, 3, {s.batch, s.heads, s.queries, total}, layer.input(0).dtype);
}

Cost attention_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  rules::count_attention(c, onnx_sizes(layer), layer.has_input(3) || layer.attributes.integer("is_causal", 0));
  return c;
}

/// X [batch, heads, length, size] or [batch, length, heads x size].
void rotary_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 3, 4);
  const int64_t heads = layer.attributes.integer("num_heads", 0);
  if (layer.input(0).rank() == 3 && heads != 0) rules::share(layer, layer.input(0).shape[2], heads);
  rules::same_as_input(layer);
}

/// Elements that are rotated: all, or `rotary_embedding_dim` of each head. Each costs two products and a sum.
Cost rotary_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const Tensor& x = layer.input(0);
  const double heads = std::max(1.0, static_cast<double>(layer.attributes.integer("num_heads", 0)));
  const double size = x.rank() == 4 ? rules::dim(x, 3) : rules::dim(x, 2) / heads;
  const double rotated = static_cast<double>(layer.attributes.integer("rotary_embedding_dim", 0));
  c.flops = 3 * x.elements() * (rotated > 0 && size > 0 ? std::min(1.0, rotated / size) : 1);
  return c;
}

/// Linear attention keeps a state of [size, value size] a head: a token updates it (a product; two more with the delta rule) and
/// reads it.
AttentionSizes linear_sizes(const Layer& layer) {
  for (size_t i = 0; i < 3; ++i) rules::require_rank(layer, i, 3, 3);
  const Shape &q = layer.input(0).shape, &k = layer.input(1).shape, &v = layer.input(2).shape;
  AttentionSizes s;
  s.batch = q[0], s.queries = s.keys = q[1];
  s.heads = heads_of(layer, "q_num_heads"), s.kv_heads = heads_of(layer, "kv_num_heads");
  s.size = rules::share(layer, q[2], s.heads), s.value_size = rules::share(layer, v[2], s.kv_heads);
  require(k[1] == q[1] && v[1] == q[1] && rules::share(layer, k[2], s.kv_heads) == s.size, layer,
          "key " + rules::text(k) + " and value " + rules::text(v) + " do not fit query " + rules::text(q));
  return s;
}

void linear_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  const AttentionSizes s = linear_sizes(layer);
  rules::set_output(layer, 0, {s.batch, s.queries, rules::product(std::max(s.heads, s.kv_heads), s.value_size)},
                    layer.input(0).dtype);
  Shape state = {s.batch, s.kv_heads, s.size, s.value_size};
  if (const int64_t window = layer.attributes.integer("state_window", 0); window > 0) state.insert(state.begin(), window);
  const DataType type = layer.has_input(3) ? layer.input(3).dtype : layer.input(0).dtype;
  if (layer.outputs.size() > 1) rules::set_output(layer, 1, std::move(state), type);
}

Cost linear_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const AttentionSizes s = linear_sizes(layer);
  const std::string_view rule = layer.attributes.text("update_rule", "gated_delta");
  const bool delta = rule.find("delta") != std::string_view::npos, gated = rule.find("gated") != std::string_view::npos;
  const double tokens = static_cast<double>(s.batch) * static_cast<double>(s.queries);
  const double state = static_cast<double>(s.size) * static_cast<double>(s.value_size);
  const double updates = static_cast<double>(s.kv_heads) * (delta ? 2 : 1),
               reads = static_cast<double>(std::max(s.heads, s.kv_heads));
  c.steps = std::max<double>(1, static_cast<double>(s.queries));
  c.groups = static_cast<double>(s.batch) * reads, c.m = 1, c.n = static_cast<double>(s.value_size),
  c.k = static_cast<double>(s.size);
  c.macs = tokens * (updates + reads) * state;
  c.flops = gated ? tokens * static_cast<double>(s.kv_heads) * state : 0;
  c.special = gated ? layer.input(4).elements() : 0;
  return c;
}

/// Sines and cosines of the positions (input 0) rotate q and k (1 and 3) with their half-rotated forms (2 and 4).
void gemma_rotary_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  for (size_t i = 1; i < 5; ++i) rules::require_rank(layer, i, 4, 4);
  layer.outputs.resize(std::max<size_t>(layer.outputs.size(), 2));
  rules::set_output(layer, 0, layer.input(1).shape, layer.input(1).dtype);
  rules::set_output(layer, 1, layer.input(3).shape, layer.input(3).dtype);
}

Cost gemma_rotary_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = 3 * c.output_elements;
  c.special = 2 * layer.input(0).elements();
  return c;
}

/// A bias that depends on the distance alone: [1, heads, queries, keys] from a table, lengths by constant inputs.
void relative_bias_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 2, 2);
  const std::optional<int64_t> queries = rules::constant_of(layer, 1), keys = rules::constant_of(layer, 2);
  layer.outputs[0].known = queries && keys;
  if (!queries || !keys) return;
  require(*queries >= 0 && *keys >= 0, layer, "lengths must not be negative");
  rules::set_output(layer, 0, {1, layer.input(0).shape[1], *queries, *keys}, layer.input(0).dtype);
}

/// WavLM: two gates from the query, projected to D, scale the bias of each position.
void gated_bias_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 2, 3);
  rules::require_rank(layer, 2, 4, 4);
  rules::require_rank(layer, 3, 2, 2);
  const Shape& position = layer.input(2).shape;
  const int64_t heads = heads_of(layer, "num_heads");
  require(position[1] == heads && rules::share(layer, layer.input(0).shape.back(), heads) == layer.input(3).shape[0], layer,
          "query " + rules::text(layer.input(0).shape) + ", bias " + rules::text(position) + " and weight " +
              rules::text(layer.input(3).shape) + " do not fit " + std::to_string(heads) + " heads");
  if (layer.input(0).rank() == 2) rules::require_rank(layer, 6, 2, 2);
  const int64_t batch = layer.input(0).rank() == 2 ? layer.input(6).shape[0] : layer.input(0).shape[0];
  rules::set_output(layer, 0, {batch, heads, position[2], position[3]}, layer.input(0).dtype);
}

Cost gated_bias_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const double positions = rules::ratio(layer.input(0).elements(), rules::dim(layer.input(3), 0));
  rules::count_product(c, 1, positions, rules::dim(layer.input(3), 1), rules::dim(layer.input(3), 0));
  c.flops = layer.input(0).elements() + 2 * positions * c.n + 3 * positions + c.output_elements;
  c.special = 4 * positions;
  return c;
}

Operator linear_attention(std::string_view name, std::string_view example) {
  return {
      .name = name,
      .family = Family::attention,
      .summary =
          "recurrence over a state of size x value size a head; MACs = tokens x (key heads x (1, or 2 with the delta rule) + "
          "heads) x state",
      .shapes = linear_shapes,
      .cost = linear_cost,
      .attributes = {{"kv_num_heads"}, {"q_num_heads"}, {"scale", "0.0"}, {"state_window", "0"}, {"update_rule", "gated_delta"}},
      .examples = {example}};
}

}  // namespace

const std::vector<Operator>& attention_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "Attention",
          .family = Family::attention,
          .summary = "softmax(Q K' + mask) V; MACs = batch x heads x queries x keys x (size + value size), 5 FLOPs and one exp a "
                     "score, one more for a mask",
          .shapes = attention_shapes,
          .cost = attention_cost,
          .attributes = {{"is_causal", "0"},
                         {"kv_num_heads"},
                         {"left_window_size", "-1"},
                         {"q_num_heads"},
                         {"qk_matmul_output_mode", "0"},
                         {"right_window_size", "-1"},
                         {"scale"},
                         {"softcap", "0.0"}},
          .run = {"aten::scaled_dot_product_attention"},
          .calls = aten::attention,
          .examples = {"Attention 1x12x128x64 1x12x128x64 1x12x128x64",
                       "Attention 1x32x16x64 1x8x16x64 1x8x16x64 - 1x8x112x64 1x8x112x64 is_causal=1 outputs=1,1,1",
                       "Attention 2x16x64 2x10x64 2x10x32 16x10 kv_num_heads=4 q_num_heads=4 outputs=1,0,0,1"},
          .backward = backward_rules::attention,
      },
      linear_attention("LinearAttention",
                       "LinearAttention 1x16x64 1x16x64 1x16x32 1x4x16x8 1x16x4 1x16x4 kv_num_heads=4 q_num_heads=4 outputs=1,1"),
      {
          .name = "RotaryEmbedding",
          .family = Family::attention,
          .summary = "rotates pairs of elements by position; 3 FLOPs a rotated element",
          .shapes = rotary_shapes,
          .cost = rotary_cost,
          .attributes = {{"interleaved", "0"}, {"num_heads", "0"}, {"rotary_embedding_dim", "0"}},
          .weight_inputs = 0b110,
          .examples = {"RotaryEmbedding 1x8x16x64 512x32 512x32 i64:1x16",
                       "RotaryEmbedding 1x16x512 1x16x16 1x16x16 num_heads=8 rotary_embedding_dim=32"},
          .backward = backward_rules::rotary,
      },
      linear_attention("com.microsoft.LinearAttention",
                       "com.microsoft.LinearAttention 1x16x64 1x16x64 1x16x32 1x4x16x8 1x16x4 1x16x4 kv_num_heads=4 "
                       "q_num_heads=4 outputs=1,1"),
      {
          .name = "com.microsoft.GatedRelativePositionBias",
          .family = Family::attention,
          .summary =
              "relative position bias scaled by gates from the query; MACs = positions x heads x size x D, one FLOP an output",
          .shapes = gated_bias_shapes,
          .cost = gated_bias_cost,
          .attributes = {{"num_heads"}},
          .weight_inputs = 0b111010,
          .examples = {"com.microsoft.GatedRelativePositionBias 2x16x64 64 1x4x16x16 16x8 8 1x4x1x1 num_heads=4"},
      },
      {
          .name = "com.microsoft.GemmaRotaryEmbedding",
          .family = Family::attention,
          .summary = "rotates q and k by sines and cosines of the positions; 3 FLOPs an output, sine and cosine of each position "
                     "element",
          .shapes = gemma_rotary_shapes,
          .cost = gemma_rotary_cost,
          .examples =
              {"com.microsoft.GemmaRotaryEmbedding f32:1x16x64 1x8x16x64 1x8x16x64 1x8x16x64 1x8x16x64 outputs=1,1 dtype=f16"},
      },
      {
          .name = "com.microsoft.RelativePositionBias",
          .family = Family::attention,
          .summary = "bias by distance from a table of buckets; 4 FLOPs and one logarithm a position",
          .shapes = relative_bias_shapes,
          .cost =
              [](const Layer& layer) {
                Cost c = rules::moved(layer);
                const double positions = rules::dim(layer.output(0), 2) * rules::dim(layer.output(0), 3);
                c.flops = 4 * positions, c.special = positions;
                return c;
              },
          .attributes = {{"is_bidirectional", "0"}, {"max_distance"}},
          .weight_inputs = 0b1,
          .examples = {"com.microsoft.RelativePositionBias 32x8 [16] [16] max_distance=128"},
      },
      {
          .name = "com.microsoft.RotaryEmbedding",
          .family = Family::attention,
          .summary = "RotaryEmbedding with positions as its second input; 3 FLOPs a rotated element",
          .shapes = rotary_shapes,
          .cost = rotary_cost,
          .attributes = {{"interleaved", "0"},
                         {"is_packed_batching", "0"},
                         {"num_heads", "0"},
                         {"rotary_embedding_dim", "0"},
                         {"scale", "1.0"}},
          .weight_inputs = 0b1100,
          .examples = {"com.microsoft.RotaryEmbedding 1x16x512 i64:1x16 512x32 512x32 num_heads=8"},
          .backward = backward_rules::rotary,
      },
  };
  return operators;
}

}  // namespace wattlayer

#include <algorithm>

#include "wattlayer/ops/attention_sizes.h"
#include "wattlayer/ops/rules.h"

/// Attention operators of ONNX Runtime in which not every query meets every key: packed, windowed and block-sparse.
namespace wattlayer {
namespace {

using rules::AttentionSizes;
using rules::constant_of;
using rules::dim;
using rules::grouped_sizes;
using rules::heads_of;
using rules::projected_sizes;
using rules::require;
using rules::share;

double number(int64_t x) { return static_cast<double>(x); }

void projected_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  const AttentionSizes s = projected_sizes(layer, 0);
  Shape out = layer.input(0).shape;
  out.back() = rules::product(s.heads, s.value_size);
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

void sparse_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  const AttentionSizes s = grouped_sizes(layer);
  rules::set_output(layer, 0, {s.batch, s.queries, rules::product(s.heads, s.size)}, layer.input(0).dtype);
  for (size_t i = 1; i < std::min<size_t>(3, layer.outputs.size()); ++i)
    rules::set_output(layer, i, layer.input(i + 2).shape, layer.input(i + 2).dtype);
}

/// The share of blocks that the mask keeps: stored columns over those of a dense mask of the same rows.
Cost sparse_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  AttentionSizes s = grouped_sizes(layer);
  s.keys = std::max<int64_t>(0, constant_of(layer, 7).value_or(s.keys)), s.past = 0;
  rules::count_attention(c, s, true);
  const double rows = std::max(1.0, dim(layer.input(5), -1) - 1);
  const double kept = std::min(1.0, rules::ratio(dim(layer.input(6), -1), rows * rows));
  c.n *= kept, c.macs *= kept, c.flops *= kept, c.special *= kept;
  return c;
}

/// Query [tokens, width] or [tokens, heads, 3, size]; token_offset tells batch and length.
AttentionSizes packed_sizes(const Layer& layer) {
  rules::require_rank(layer, 0, 2, 4);
  rules::require_rank(layer, 4, 2, 2);
  const Shape &q = layer.input(0).shape, &offsets = layer.input(4).shape;
  require(q.size() != 3, layer, "query " + rules::text(q) + " must have 2 or 4 dimensions");
  AttentionSizes s;
  s.heads = s.kv_heads = heads_of(layer, "num_heads");
  s.batch = offsets[0], s.queries = s.keys = offsets[1];
  s.size = s.value_size = q.size() == 4 ? q[3] : share(layer, q[1], s.heads);
  if (layer.has_input(2)) {
    rules::require_rank(layer, 2, 2, 2);
    s.value_size = share(layer, layer.input(2).shape[1], s.heads);
  }
  return s;
}

void packed_multi_head_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  const AttentionSizes s = packed_sizes(layer);
  rules::set_output(layer, 0, {layer.input(0).shape[0], rules::product(s.heads, s.value_size)}, layer.input(0).dtype);
}

Cost packed_multi_head_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  rules::count_attention(c, packed_sizes(layer), layer.has_input(6));
  if (layer.has_input(3)) c.flops += dim(layer.input(0), 0) * layer.input(3).elements();
  return c;
}

/// Packed tokens attend within their own sequence; token_offset (input 3) tells batch and length.
Cost packed_attention_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  AttentionSizes s = projected_sizes(layer, 0);
  const double tokens = number(s.queries);
  if (layer.input(3).rank() == 2) s.batch = layer.input(3).shape[0], s.queries = s.keys = layer.input(3).shape[1];
  rules::count_attention(c, s, layer.has_input(5));
  rules::add_projection(c, tokens, dim(layer.input(1), 0), dim(layer.input(1), 1), layer.has_input(2));
  return c;
}

/// Each position attends to a window of 2 W + 1 positions; the few global ones are left out.
Cost longformer_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  AttentionSizes s = projected_sizes(layer, 0);
  const int64_t window = std::max<int64_t>(0, layer.attributes.integer("window", 0));
  s.keys = window >= s.keys / 2 ? s.keys : 2 * window + 1;
  rules::count_attention(c, s, true);
  rules::add_projection(c, number(s.batch) * number(s.queries), dim(layer.input(1), 0), dim(layer.input(1), 1), true);
  return c;
}

}  // namespace

const std::vector<Operator>& attention_sparse_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "com.microsoft.LongformerAttention",
          .family = Family::attention,
          .summary = "projection to Q, K and V and attention to a window of 2 W + 1 positions; MACs as com.microsoft.Attention "
                     "with that many keys",
          .shapes = projected_shapes,
          .cost = longformer_cost,
          .attributes = {{"num_heads"}, {"window"}},
          .weight_inputs = 0b110110,
          .examples =
              {"com.microsoft.LongformerAttention 1x512x768 768x2304 2304 1x512 768x2304 2304 i32:1x512 num_heads=12 window=32"},
      },
      {
          .name = "com.microsoft.PackedAttention",
          .family = Family::attention,
          .summary =
              "projection to Q, K and V of packed tokens and attention within their sequences; MACs as com.microsoft.Attention",
          .shapes = projected_shapes,
          .cost = packed_attention_cost,
          .attributes = {{"num_heads"}, {"qkv_hidden_sizes"}, {"scale"}},
          .weight_inputs = 0b110,
          .examples = {"com.microsoft.PackedAttention 30x64 64x192 192 i32:2x16 i32:3 num_heads=8"},
      },
      {
          .name = "com.microsoft.PackedMultiHeadAttention",
          .family = Family::attention,
          .summary =
              "attention of packed tokens within their sequences; MACs = batch x heads x length x length x (size + value size)",
          .shapes = packed_multi_head_shapes,
          .cost = packed_multi_head_cost,
          .attributes = {{"num_heads"}, {"scale"}},
          .weight_inputs = 0b1000,
          .examples = {"com.microsoft.PackedMultiHeadAttention 30x64 30x64 30x64 192 i32:2x16 i32:3 num_heads=8"},
      },
      {
          .name = "com.microsoft.SparseAttention",
          .family = Family::attention,
          .summary =
              "GroupQueryAttention under a block mask; counts as dense attention times the share of blocks that the mask keeps",
          .shapes = sparse_shapes,
          .cost = sparse_cost,
          .attributes = {{"do_rotary", "0"},
                         {"kv_num_heads"},
                         {"num_heads"},
                         {"rotary_interleaved", "0"},
                         {"scale"},
                         {"sparse_block_size"}},
          .examples = {"com.microsoft.SparseAttention 1x64x128 1x64x64 1x64x64 1x2x64x32 1x2x64x32 i32:[0,1,3,5,7]@1x5 "
                       "i32:[0,0,1,1,2,2,3]@1x7 "
                       "i32:[64] i32:[64] kv_num_heads=2 num_heads=4 sparse_block_size=16 outputs=1,1,1"},
      },
  };
  return operators;
}

}  // namespace wattlayer

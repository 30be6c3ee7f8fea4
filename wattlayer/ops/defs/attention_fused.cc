#include <algorithm>

#include "wattlayer/ops/attention_sizes.h"
#include "wattlayer/ops/products.h"
#include "wattlayer/ops/rules.h"

/// Attention operators of ONNX Runtime.
namespace wattlayer {
namespace {

using rules::AttentionSizes;
using rules::dim;
using rules::heads_of;
using rules::require;
using rules::share;

double number(int64_t x) { return static_cast<double>(x); }

/// Value of a constant input of one element; nothing when unknown.
std::optional<int64_t> constant_of(const Layer& layer, size_t i) {
  const Tensor& t = layer.input(i);
  if (!t.present || !t.value || t.value->size() != 1) return std::nullopt;
  return t.value->integer(0);
}

/// Attention with its own projection: input [batch, length, in], weights [in, q + k + v]. Packed: [tokens, in], treated as one
/// sequence.
AttentionSizes projected_sizes(const Layer& layer, size_t past) {
  rules::require_rank(layer, 0, 2, 3);
  rules::require_rank(layer, 1, 2, 2);
  const Shape &x = layer.input(0).shape, &w = layer.input(1).shape;
  require(x.back() == w[0], layer, "input " + rules::text(x) + " does not fit the weight " + rules::text(w));
  AttentionSizes s;
  s.heads = s.kv_heads = heads_of(layer, "num_heads");
  s.batch = x.size() == 3 ? x[0] : 1;
  s.queries = s.keys = x[x.size() - 2];
  const std::vector<int64_t> widths = layer.attributes.integers("qkv_hidden_sizes");
  if (widths.size() == 3) {
    s.size = share(layer, widths[0], s.heads), s.value_size = share(layer, widths[2], s.heads);
    require(rules::sum(rules::sum(widths[0], widths[1]), widths[2]) == w[1] && widths[0] == widths[1] && widths[2] >= 0 &&
                widths[0] >= 0,
            layer, "qkv_hidden_sizes " + rules::text(widths) + " do not fit the weight " + rules::text(w));
  } else {
    require(w[1] % 3 == 0, layer, "weight " + rules::text(w) + " cannot be divided into three projections");
    s.size = s.value_size = share(layer, w[1] / 3, s.heads);
  }
  if (past > 0 && layer.has_input(past)) {
    rules::require_rank(layer, past, 5, 5);
    s.past = layer.input(past).shape[3];
  }
  return s;
}

/// A shared buffer holds past and present; how much of it is filled is an input.
bool shares_buffer(const Layer& layer) { return layer.attributes.integer("past_present_share_buffer", 0) != 0; }

template <size_t past, size_t result_type>
void projected_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  const AttentionSizes s = projected_sizes(layer, past);
  Shape out = layer.input(0).shape;
  out.back() = rules::product(s.heads, s.value_size);
  const DataType type = layer.input(result_type).dtype;
  rules::set_output(layer, 0, std::move(out), type);
  if (layer.outputs.size() > 1)
    rules::set_output(layer, 1, {2, s.batch, s.heads, shares_buffer(layer) ? s.past : rules::sum(s.past, s.keys), s.size}, type);
}

template <size_t past, size_t past_length, size_t mask = 3>
Cost projected_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  AttentionSizes s = projected_sizes(layer, past);
  if (past_length > 0 && shares_buffer(layer))
    s.past = constant_of(layer, past_length).value_or(std::max<int64_t>(0, s.past - s.keys));
  rules::count_attention(c, s, layer.has_input(mask) || layer.has_input(5));
  rules::add_projection(c, number(s.batch) * number(s.queries), dim(layer.input(1), 0), dim(layer.input(1), 1),
                        layer.has_input(2));
  return c;
}

/// Query [batch, length, width] or packed with key and value; key and value as sequences, by head, packed together, or from a
/// cache.
AttentionSizes multi_head_sizes(const Layer& layer, size_t past) {
  rules::require_rank(layer, 0, 3, 5);
  const Shape& q = layer.input(0).shape;
  AttentionSizes s;
  s.heads = s.kv_heads = heads_of(layer, "num_heads");
  s.batch = q[0];
  s.queries = s.keys = q[1];
  if (q.size() == 5) {
    s.size = s.value_size = q[4];
    require(q[2] == s.heads && q[3] == 3, layer, "packed query " + rules::text(q) + " must be batch x length x heads x 3 x size");
  } else if (!layer.has_input(1)) {
    s.size = s.value_size = share(layer, q.back() / 3, s.heads);
  } else {
    s.size = s.value_size = share(layer, q.back(), s.heads);
    const Shape &k = layer.input(1).shape, &v = layer.input(2).shape;
    require(k.size() >= 3 && k.size() <= 5, layer, "key " + rules::text(k) + " must have 3 to 5 dimensions");
    s.keys = k.size() == 4 ? k[2] : k[1];
    if (layer.has_input(2)) {
      rules::require_rank(layer, 2, 3, 4);
      s.value_size = v.size() == 4 ? v[3] : share(layer, v[2], s.heads);
    }
  }
  if (layer.has_input(past)) {
    rules::require_rank(layer, past, 4, 4);
    s.past = layer.input(past).shape[2];
  }
  return s;
}

template <size_t past>
void multi_head_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  const AttentionSizes s = multi_head_sizes(layer, past);
  const DataType type = layer.input(0).dtype;
  const int64_t total = shares_buffer(layer) ? s.past : rules::sum(s.past, s.keys);
  rules::set_output(layer, 0, {s.batch, s.queries, rules::product(s.heads, s.value_size)}, type);
  if (layer.outputs.size() > 1) rules::set_output(layer, 1, {s.batch, s.heads, total, s.size}, type);
  if (layer.outputs.size() > 2) rules::set_output(layer, 2, {s.batch, s.heads, total, s.value_size}, type);
  if (layer.outputs.size() > 3) rules::set_output(layer, 3, {s.batch, s.heads, s.queries, total}, type);
}

template <size_t past, size_t mask, size_t bias, size_t past_length>
Cost multi_head_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  AttentionSizes s = multi_head_sizes(layer, past);
  if (shares_buffer(layer)) s.past = constant_of(layer, past_length).value_or(std::max<int64_t>(0, s.past - s.keys));
  rules::count_attention(c, s, layer.has_input(mask) || layer.has_input(mask + 1));
  if (layer.has_input(bias))
    c.flops += number(s.batch) * number(s.queries) * number(s.heads) * (2 * number(s.size) + number(s.value_size));
  return c;
}

/// Query [batch, length, heads x size], or with key and value of kv_num_heads packed behind it; caches hold [batch, kv heads,
/// length, size].
AttentionSizes grouped_sizes(const Layer& layer) {
  rules::require_rank(layer, 0, 3, 3);
  const Shape& q = layer.input(0).shape;
  AttentionSizes s;
  s.heads = heads_of(layer, "num_heads"), s.kv_heads = heads_of(layer, "kv_num_heads");
  require(s.heads % s.kv_heads == 0, layer,
          std::to_string(s.heads) + " query heads cannot share " + std::to_string(s.kv_heads) + " key heads");
  s.batch = q[0], s.queries = s.keys = q[1];
  s.size =
      layer.has_input(1) ? share(layer, q[2], s.heads) : share(layer, q[2], rules::sum(s.heads, rules::product(s.kv_heads, 2)));
  s.value_size = s.size;
  if (layer.has_input(1)) {
    rules::require_rank(layer, 1, 3, 4);
    s.keys = layer.input(1).shape[layer.input(1).rank() == 4 ? 2 : 1];
  }
  if (layer.has_input(3)) {
    rules::require_rank(layer, 3, 4, 4);
    s.past = layer.input(3).shape[2];
  }
  return s;
}

/// The present cache: as long as the past with the new keys, or as an input says where the cache is a longer buffer.
template <size_t total_length>
int64_t present_length(const Layer& layer, const AttentionSizes& s) {
  const std::optional<int64_t> total = constant_of(layer, total_length);
  if (total) return std::max(s.past, *total);
  return rules::sum(s.past, s.keys);
}

void grouped_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  const AttentionSizes s = grouped_sizes(layer);
  const DataType type = layer.input(0).dtype, cache = layer.has_input(3) ? layer.input(3).dtype : type;
  const int64_t total = present_length<6>(layer, s);
  rules::set_output(layer, 0, {s.batch, s.queries, rules::product(s.heads, s.size)}, type);
  const int64_t stored = layer.has_input(3) ? layer.input(3).shape[3] : s.size;
  for (size_t i = 1; i < std::min<size_t>(3, layer.outputs.size()); ++i)
    rules::set_output(layer, i, {s.batch, s.kv_heads, total, stored}, cache);
  if (layer.outputs.size() > 3) rules::set_output(layer, 3, {s.batch, s.heads, s.queries, total}, type);
}

/// Keys that take part: the total length where it is known, else all of the present cache, at most a local window's.
Cost grouped_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  AttentionSizes s = grouped_sizes(layer);
  int64_t total = constant_of(layer, 6).value_or(present_length<6>(layer, s));
  if (const int64_t window = layer.attributes.integer("local_window_size", -1); window > 0)
    total = std::min(total, std::max(window, s.queries));
  s.keys = std::max<int64_t>(total, 0), s.past = 0;
  rules::count_attention(c, s, true);
  if (layer.attributes.integer("do_rotary", 0))
    c.flops += 3 * number(s.batch) * number(s.queries) * (number(s.heads) + number(s.kv_heads)) * number(s.size);
  return c;
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

const char* const projected_summary =
    "projection to Q, K and V and attention; MACs = tokens x in x (q + k + v) + batch x heads x queries x keys x (size + value "
    "size)";
const char* const multi_head_summary =
    "attention of projected Q, K and V; MACs = batch x heads x queries x keys x (size + value size), 5 FLOPs and one exp a "
    "score, one more for a mask";

}  // namespace

const std::vector<Operator>& attention_fused_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "com.microsoft.Attention",
          .family = Family::attention,
          .summary = projected_summary,
          .shapes = projected_shapes<4, 0>,
          .cost = projected_cost<4, 6>,
          .attributes = {{"do_rotary", "0"},
                         {"num_heads"},
                         {"past_present_share_buffer", "0"},
                         {"qkv_hidden_sizes"},
                         {"scale"},
                         {"unidirectional", "0"}},
          .weight_inputs = 0b110,
          .examples = {"com.microsoft.Attention 1x128x768 768x2304 2304 i32:1x128 num_heads=12",
                       "com.microsoft.Attention 1x1x768 768x2304 2304 - 2x1x12x127x64 num_heads=12 unidirectional=1 outputs=1,1",
                       "com.microsoft.Attention 2x16x64 64x160 160 num_heads=4 qkv_hidden_sizes=64,64,32"},
      },
      {
          .name = "com.microsoft.DecoderMaskedMultiHeadAttention",
          .family = Family::attention,
          .summary = multi_head_summary,
          .shapes = multi_head_shapes<5>,
          .cost = multi_head_cost<5, 3, 10, 7>,
          .attributes = {{"num_heads"}, {"output_qk", "0"}, {"past_present_share_buffer", "0"}, {"scale"}},
          .weight_inputs = 0b10000000000,
          .examples =
              {"com.microsoft.DecoderMaskedMultiHeadAttention 1x1x512 1x1x512 1x1x512 - - 1x8x128x64 1x8x128x64 i32:[100] "
               "num_heads=8 past_present_share_buffer=1 outputs=1,1,1"},
      },
      {
          .name = "com.microsoft.DecoderMaskedSelfAttention",
          .family = Family::attention,
          .summary = projected_summary,
          .shapes = projected_shapes<4, 0>,
          .cost = projected_cost<4, 6>,
          .attributes = {{"do_rotary", "0"}, {"num_heads"}, {"past_present_share_buffer", "0"}, {"scale"}},
          .weight_inputs = 0b110,
          .examples = {"com.microsoft.DecoderMaskedSelfAttention 1x1x512 512x1536 1536 - 2x1x8x64x64 - i32:[63] num_heads=8 "
                       "past_present_share_buffer=1 "
                       "outputs=1,1"},
      },
      {
          .name = "com.microsoft.GroupQueryAttention",
          .family = Family::attention,
          .summary = "attention whose query heads share key heads; MACs = batch x heads x queries x total length (at most a "
                     "local window) x 2 size, 6 FLOPs "
                     "and one exp a score, 3 FLOPs a rotated element",
          .shapes = grouped_shapes,
          .cost = grouped_cost,
          .attributes = {{"causal", "1"},
                         {"do_rotary", "0"},
                         {"kv_num_heads"},
                         {"local_window_size", "-1"},
                         {"num_heads"},
                         {"rotary_interleaved", "0"},
                         {"scale"},
                         {"smooth_softmax", "-1"},
                         {"softcap", "0.0"}},
          .weight_inputs = 0b110000000,
          .examples = {"com.microsoft.GroupQueryAttention 1x16x512 1x16x128 1x16x128 - - i32:1 i32:[16]@scalar kv_num_heads=2 "
                       "num_heads=8 outputs=1,1,1",
                       "com.microsoft.GroupQueryAttention 1x1x768 - - 1x2x128x64 1x2x128x64 i32:1 i32:[100]@scalar 4096x32 "
                       "4096x32 do_rotary=1 "
                       "kv_num_heads=2 num_heads=8 outputs=1,1,1"},
      },
      {
          .name = "com.microsoft.LongformerAttention",
          .family = Family::attention,
          .summary = "projection to Q, K and V and attention to a window of 2 W + 1 positions; MACs as com.microsoft.Attention "
                     "with that many keys",
          .shapes = projected_shapes<0, 0>,
          .cost = longformer_cost,
          .attributes = {{"num_heads"}, {"window"}},
          .weight_inputs = 0b110110,
          .examples =
              {"com.microsoft.LongformerAttention 1x512x768 768x2304 2304 1x512 768x2304 2304 i32:1x512 num_heads=12 window=32"},
      },
      {
          .name = "com.microsoft.MultiHeadAttention",
          .family = Family::attention,
          .summary = multi_head_summary,
          .shapes = multi_head_shapes<6>,
          .cost = multi_head_cost<6, 4, 3, 8>,
          .attributes = {{"num_heads"}, {"scale"}, {"unidirectional", "0"}},
          .weight_inputs = 0b1000,
          .examples = {"com.microsoft.MultiHeadAttention 2x16x64 2x10x64 2x10x64 192 num_heads=8",
                       "com.microsoft.MultiHeadAttention 1x1x64 1x1x64 1x1x64 - - - 1x8x15x8 1x8x15x8 num_heads=8 outputs=1,1,1",
                       "com.microsoft.MultiHeadAttention 1x16x8x3x8 num_heads=8"},
      },
      {
          .name = "com.microsoft.PackedAttention",
          .family = Family::attention,
          .summary = projected_summary,
          .shapes = projected_shapes<0, 0>,
          .cost = packed_attention_cost,
          .attributes = {{"num_heads"}, {"qkv_hidden_sizes"}, {"scale"}},
          .weight_inputs = 0b110,
          .examples = {"com.microsoft.PackedAttention 30x64 64x192 192 i32:2x16 i32:3 num_heads=8"},
      },
      {
          .name = "com.microsoft.PackedMultiHeadAttention",
          .family = Family::attention,
          .summary = multi_head_summary,
          .shapes = packed_multi_head_shapes,
          .cost = packed_multi_head_cost,
          .attributes = {{"num_heads"}, {"scale"}},
          .weight_inputs = 0b1000,
          .examples = {"com.microsoft.PackedMultiHeadAttention 30x64 30x64 30x64 192 i32:2x16 i32:3 num_heads=8"},
      },
      {
          .name = "com.microsoft.QAttention",
          .family = Family::attention,
          .summary = projected_summary,
          .shapes = projected_shapes<8, 3>,
          .cost = projected_cost<8, 0, 5>,
          .attributes =
              {{"do_rotary", "0"}, {"num_heads"}, {"past_present_share_buffer", "0"}, {"scale"}, {"unidirectional", "0"}},
          .weight_inputs = 0b11011110,
          .examples = {"com.microsoft.QAttention 1x128x768 int8:768x2304 f32:2304 f32:scalar f32:scalar i32:1 scalar int8:scalar "
                       "num_heads=12 dtype=uint8"},
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

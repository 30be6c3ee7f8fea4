#include <algorithm>

#include "wattlayer/ops/attention_sizes.h"
#include "wattlayer/ops/products.h"
#include "wattlayer/ops/rules.h"

/// Attention operators of ONNX Runtime.
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

/// Keys that take part: the total length where it is known, else all of the present cache, at most a local window's. Of the
/// past, what lies before the first query's window is not read.
Cost grouped_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  AttentionSizes s = grouped_sizes(layer);
  int64_t total = constant_of(layer, 6).value_or(present_length<6>(layer, s));
  if (const int64_t window = layer.attributes.integer("local_window_size", -1); window > 0) {
    const double past = layer.has_input(3) ? number(s.past) : 0;
    const double unread = past > 0 ? std::clamp(number(total - s.queries - window) / past, 0.0, 1.0) : 0;
    c.input_bytes -= unread * (layer.input(3).bytes() + layer.input(4).bytes());
    total = std::min(total, window);
  }
  s.keys = std::max<int64_t>(total, 0), s.past = 0;
  rules::count_attention(c, s, true);
  if (layer.attributes.integer("do_rotary", 0))
    c.flops += 3 * number(s.batch) * number(s.queries) * (number(s.heads) + number(s.kv_heads)) * number(s.size);
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
  };
  return operators;
}

}  // namespace wattlayer

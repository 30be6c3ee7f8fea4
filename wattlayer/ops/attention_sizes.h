#pragma once
#include <optional>

#include "wattlayer/ops/operator.h"

/// Sizes and counts that all attention operators share.
namespace wattlayer::rules {

/// Of one attention: `past` keys come from a cache in front of `keys` new ones.
struct AttentionSizes {
  int64_t batch = 1, heads = 1, kv_heads = 1, queries = 0, keys = 0, past = 0, size = 0, value_size = 0;
};

/// A number of heads, positive. Throws Error(invalid_input).
int64_t heads_of(const Layer& layer, std::string_view attribute);

/// width / heads, where it divides. Throws Error(invalid_input).
int64_t share(const Layer& layer, int64_t width, int64_t heads);

/// Value of a constant input of one element; nothing when unknown.
std::optional<int64_t> constant_of(const Layer& layer, size_t input);

/// Attention with its own projection: input [batch, length, in], weights [in, q + k + v]; packed tokens [tokens, in] count as one
/// sequence. `past`: input that holds the cache; 0: none. Throws Error(invalid_input).
AttentionSizes projected_sizes(const Layer& layer, size_t past);

/// Query [batch, length, heads x size], or with key and value of kv_num_heads packed behind it; caches, inputs 3 and 4, hold
/// [batch, kv heads, length, size]. Throws Error(invalid_input).
AttentionSizes grouped_sizes(const Layer& layer);

/// Q K' and the weighted sum of V, both as dense products (also under a causal mask, as ptflops counts them); a score costs its
/// scale and a softmax of 4 FLOPs and one exp, and one FLOP more where it is masked. The main product is Q K'.
void count_attention(Cost& cost, const AttentionSizes& sizes, bool masked);

/// Adds a projection of `rows` rows from `in` to `out` elements, with bias, to macs and flops.
void add_projection(Cost& cost, double rows, double in, double out, bool bias);

}  // namespace wattlayer::rules

#pragma once
#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/network.h"

/// Parts of transformers as PyTorch runs them in eager mode, on sequences [batch, length, width].
namespace wattlayer::transformer {

struct AttentionSettings {
  enum class Scale { scores, queries, none };  ///< what is divided by the root of the head size

  int64_t heads = 1;
  int64_t kv_heads = 0;  ///< 0: as many as heads
  bool causal = false;
  bool fused = false;  ///< one operator, as torch.nn.functional.scaled_dot_product_attention
  Scale scale = Scale::scores;
  int mask = -1;         ///< value that is added to the scores, or chooses among them; -1: none
  bool chooses = false;  ///< the mask is boolean
  int bias = -1;         ///< value that is added to the scores besides (ALiBi); -1: none
};

/// What `attention=eager|sdpa` says of a fused operator. Throws Error(invalid_input) for anything else.
bool fused_attention(const NetworkSpec& spec, std::string_view habit);

/// Options that every transformer here takes.
inline const std::vector<std::string_view> text_options = {"sequence", "attention", "head"};

/// The rank does not matter: leading dimensions become rows of one product.
int dense(GraphBuilder& b, int x, int64_t outputs, bool bias = true);
/// Product with a weight that is there already, [outputs, width].
int project(GraphBuilder& b, int x, int weight);
int layer_norm(GraphBuilder& b, int x);
/// In six calls, as transformers writes it.
int rms_norm(GraphBuilder& b, int x);
/// Rows of a table: `ids` of any shape.
int embedding(GraphBuilder& b, int table, int ids);
int slice(GraphBuilder& b, int x, int64_t axis, int64_t from, int64_t to);
int reshape(GraphBuilder& b, int x, Shape shape);
int scaled(GraphBuilder& b, int x, double factor);
int gelu(GraphBuilder& b, int x);
/// The tanh form in eight calls (NewGELUActivation).
int gelu_new(GraphBuilder& b, int x);
/// Numbers 0 .. length - 1.
int positions(GraphBuilder& b, int64_t length);
/// A lower triangle [length, length].
int causal_mask(GraphBuilder& b, int64_t length, bool boolean);

/// q [batch, length, heads x size], k and v likewise; returns [batch, length, heads x size].
int attention(GraphBuilder& b, int q, int k, int v, const AttentionSettings& settings);

/// Rotates q or k [batch, length, heads, size] in five calls; tables broadcast to it.
int rotate(GraphBuilder& b, int x, int cosines, int sines);

}  // namespace wattlayer::transformer

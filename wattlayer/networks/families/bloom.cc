#include "wattlayer/networks/transformer.h"

namespace wattlayer {
namespace {

using namespace transformer;

struct Plan {
  std::string_view name;
  int64_t layers, width, heads, vocabulary;
};

/// Configurations of the published checkpoints; BLOOMZ is BLOOM trained further.
constexpr Plan plans[] = {{"bloomz-560m", 24, 1024, 16, 250880}, {"bloom-560m", 24, 1024, 16, 250880}};

/// Slopes of the heads times the positions of real tokens: [batch, heads, 1, length].
int alibi(GraphBuilder& b, int tokens, int64_t heads) {
  const Shape s = b.shape(tokens);
  const int counted = b.add("Mul", {b.add("Sub", {b.add("CumSum", {tokens, b.constant({1})}), b.constant({1})}), tokens});
  const int wide = reshape(b, b.add("Cast", {counted}, {{"to", "f32"}}), {s[0], 1, s[1]});
  return reshape(b, b.add("Mul", {b.input({heads, 1}), wide}), {s[0], heads, 1, s[1]});
}

/// x 0.5 (1 + tanh(0.7979 x (1 + 0.044715 x^2))) in nine calls, as bloom_gelu_forward writes it.
int bloom_gelu(GraphBuilder& b, int x) {
  const int square = b.add("Mul", {scaled(b, x, 0.044715), x});
  const int inner = b.add("Mul", {scaled(b, x, 0.79788456), b.add("Add", {square, b.scalar(1)})});
  return b.add("Mul", {scaled(b, x, 0.5), b.add("Add", {b.add("Tanh", {inner}), b.scalar(1)})});
}

/// transformers/models/bloom/modeling_bloom.py.
Graph build(const Plan& plan, const NetworkSpec& spec) {
  const int64_t length = spec.integer("sequence", 128), width = plan.width;
  GraphBuilder b(std::string(plan.name), spec);
  const int words = b.weight({plan.vocabulary, width});
  const int ids = b.input({spec.batch, length}, DataType::i64), tokens = b.input({spec.batch, length}, DataType::i64);
  int x = layer_norm(b, embedding(b, words, ids));
  // The product carries the scale (baddbmm) and starts from the bias of the heads.
  AttentionSettings settings{.heads = plan.heads,
                             .causal = true,
                             .fused = fused_attention(spec, "eager"),
                             .scale = AttentionSettings::Scale::none,
                             .mask = causal_mask(b, length, false),
                             .bias = alibi(b, tokens, plan.heads)};
  x = b.repeat(plan.layers, x, [&](int h) {
    const int qkv = dense(b, layer_norm(b, h), 3 * width);
    const int q = slice(b, qkv, 2, 0, width), k = slice(b, qkv, 2, width, 2 * width), v = slice(b, qkv, 2, 2 * width, 3 * width);
    h = b.add("Add", {h, dense(b, attention(b, q, k, v, settings), width)});
    return b.add("Add", {h, dense(b, bloom_gelu(b, dense(b, layer_norm(b, h), 4 * width)), width)});
  });
  x = layer_norm(b, x);
  return b.finish({spec.flag("head") ? project(b, x, words) : x});
}

std::optional<Graph> bloom(const NetworkSpec& spec) {
  for (const Plan& plan : plans)
    if (same_network_name(spec.name, plan.name)) return build(plan, spec);
  return std::nullopt;
}

}  // namespace

const std::vector<NetworkFamily>& bloom_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"bloomz-560m", "bloom-560m"},
       .summary = "BLOOM, as in transformers: a prefill; sequence=128, head=1 adds the projection to the vocabulary",
       .options = text_options,
       .build = bloom}};
  return families;
}

}  // namespace wattlayer

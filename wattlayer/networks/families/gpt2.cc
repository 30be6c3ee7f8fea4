#include "wattlayer/networks/transformer.h"

namespace wattlayer {
namespace {

using namespace transformer;

struct Plan {
  std::string_view name;
  int64_t layers, width, heads, vocabulary, positions;
  bool norm_first = true;  ///< GPT-2; the first GPT normalises after the residual sum
};

/// Configurations of the published checkpoints.
constexpr Plan plans[] = {{"gpt2", 12, 768, 12, 50257, 1024},        {"gpt2-medium", 24, 1024, 16, 50257, 1024},
                          {"gpt2-large", 36, 1280, 20, 50257, 1024}, {"gpt2-xl", 48, 1600, 25, 50257, 1024},
                          {"distilgpt2", 6, 768, 12, 50257, 1024},   {"openai-gpt", 12, 768, 12, 40478, 512, false}};

int self_attention(GraphBuilder& b, int x, const AttentionSettings& settings) {
  const int64_t width = b.shape(x).back();
  const int qkv = dense(b, x, 3 * width);
  const int q = slice(b, qkv, 2, 0, width), k = slice(b, qkv, 2, width, 2 * width), v = slice(b, qkv, 2, 2 * width, 3 * width);
  return dense(b, attention(b, q, k, v, settings), width);
}

int mlp(GraphBuilder& b, int x) {
  const int64_t width = b.shape(x).back();
  return dense(b, gelu_new(b, dense(b, x, 4 * width)), width);
}

/// transformers/models/gpt2/modeling_gpt2.py and openai; the projection to the vocabulary only with head=1.
Graph build(const Plan& plan, const NetworkSpec& spec) {
  const int64_t length = spec.integer("sequence", 128);
  GraphBuilder b(std::string(plan.name), spec);
  const int words = b.weight({plan.vocabulary, plan.width}), places = b.weight({std::max(plan.positions, length), plan.width});
  const int ids = b.input({spec.batch, length}, DataType::i64);
  int x = b.add("Add", {embedding(b, words, ids), embedding(b, places, positions(b, length))});
  AttentionSettings settings{
      .heads = plan.heads, .causal = true, .fused = plan.norm_first && fused_attention(spec, "eager"), .chooses = true};
  if (!settings.fused) settings.mask = causal_mask(b, length, true);
  x = b.repeat(plan.layers, x, [&](int y) {
    if (plan.norm_first) {
      y = b.add("Add", {self_attention(b, layer_norm(b, y), settings), y});
      return b.add("Add", {y, mlp(b, layer_norm(b, y))});
    }
    y = layer_norm(b, b.add("Add", {y, self_attention(b, y, settings)}));
    return layer_norm(b, b.add("Add", {y, mlp(b, y)}));
  });
  if (plan.norm_first) x = layer_norm(b, x);
  return b.finish({spec.flag("head") ? project(b, x, words) : x});
}

std::optional<Graph> gpt2(const NetworkSpec& spec) {
  for (const Plan& plan : plans)
    if (same_network_name(spec.name, plan.name)) return build(plan, spec);
  return std::nullopt;
}

}  // namespace

const std::vector<NetworkFamily>& gpt2_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl", "distilgpt2", "openai-gpt"},
       .summary = "GPT and GPT-2, as in transformers: a prefill; sequence=128, head=1 adds the projection to the vocabulary",
       .options = text_options,
       .build = gpt2}};
  return families;
}

}  // namespace wattlayer

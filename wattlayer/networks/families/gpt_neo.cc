#include "wattlayer/networks/transformer.h"

namespace wattlayer {
namespace {

using namespace transformer;
using Scale = AttentionSettings::Scale;

struct Plan {
  std::string_view name;
  int64_t layers, width, heads, hidden, vocabulary, positions;
};

/// Configuration of the published checkpoint.
constexpr Plan plans[] = {{"gpt-neo-125m", 12, 768, 12, 3072, 50257, 2048}};

int outputs_of(GraphBuilder& b, const NetworkSpec& spec, int x, int words) {
  return spec.flag("head") ? project(b, x, words) : x;
}

/// transformers/models/gpt_neo/modeling_gpt_neo.py: scores are not scaled; every second layer masks a window, at no less work.
Graph build(const Plan& plan, const NetworkSpec& spec) {
  const int64_t length = spec.integer("sequence", 128);
  GraphBuilder b(std::string(plan.name), spec);
  const int words = b.weight({plan.vocabulary, plan.width}), places = b.weight({std::max(plan.positions, length), plan.width});
  const int ids = b.input({spec.batch, length}, DataType::i64);
  AttentionSettings settings{
      .heads = plan.heads, .causal = true, .fused = fused_attention(spec, "eager"), .scale = Scale::none, .chooses = true};
  if (!settings.fused) settings.mask = causal_mask(b, length, true);
  int x = b.add("Add", {embedding(b, words, ids), embedding(b, places, positions(b, length))});
  x = b.repeat(plan.layers, x, [&](int h) {
    const int y = layer_norm(b, h);
    const int q = dense(b, y, plan.width, false), k = dense(b, y, plan.width, false), v = dense(b, y, plan.width, false);
    h = b.add("Add", {dense(b, attention(b, q, k, v, settings), plan.width), h});
    return b.add("Add", {h, dense(b, gelu_new(b, dense(b, layer_norm(b, h), plan.hidden)), plan.width)});
  });
  return b.finish({outputs_of(b, spec, layer_norm(b, x), words)});
}

std::optional<Graph> gpt_neo(const NetworkSpec& spec) {
  for (const Plan& plan : plans)
    if (same_network_name(spec.name, plan.name)) return build(plan, spec);
  return std::nullopt;
}

}  // namespace

const std::vector<NetworkFamily>& gpt_neo_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"gpt-neo-125m"},
       .summary = "GPT-Neo, as in transformers: a prefill; sequence=128, head=1 adds the projection to the vocabulary",
       .options = text_options,
       .build = gpt_neo}};
  return families;
}

}  // namespace wattlayer

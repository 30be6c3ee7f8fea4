#include "wattlayer/networks/transformer.h"

namespace wattlayer {
namespace {

using namespace transformer;
using Scale = AttentionSettings::Scale;

struct Plan {
  std::string_view name;
  int64_t layers, width, heads, hidden, vocabulary, positions;
};

/// Configurations of the published checkpoints.
constexpr Plan plans[] = {{"opt-125m", 12, 768, 12, 3072, 50272, 2050}, {"opt-1.3b", 24, 2048, 32, 8192, 50272, 2050}};

int outputs_of(GraphBuilder& b, const NetworkSpec& spec, int x, int words) {
  return spec.flag("head") ? project(b, x, words) : x;
}

/// transformers/models/opt/modeling_opt.py: positions are counted from the mask and start at 2.
Graph build(const Plan& plan, const NetworkSpec& spec) {
  const int64_t length = spec.integer("sequence", 128);
  GraphBuilder b(std::string(plan.name), spec);
  const int words = b.weight({plan.vocabulary, plan.width});
  const int places = b.weight({std::max(plan.positions, length + 2), plan.width});
  const int ids = b.input({spec.batch, length}, DataType::i64), tokens = b.input({spec.batch, length}, DataType::i64);
  AttentionSettings settings{
      .heads = plan.heads, .causal = true, .fused = fused_attention(spec, "eager"), .scale = Scale::queries};
  if (!settings.fused) settings.mask = causal_mask(b, length, false);
  const int counted = b.add("Sub", {b.add("Mul", {b.add("CumSum", {tokens, b.constant({1})}), tokens}), b.constant({1})});
  const int at = b.add("Add", {counted, b.constant({2})});
  int x = b.add("Add", {embedding(b, words, ids), embedding(b, places, at)});
  x = b.repeat(plan.layers, x, [&](int h) {
    const int y = layer_norm(b, h);
    const int q = dense(b, y, plan.width), k = dense(b, y, plan.width), v = dense(b, y, plan.width);
    h = b.add("Add", {h, dense(b, attention(b, q, k, v, settings), plan.width)});
    return b.add("Add", {h, dense(b, b.relu(dense(b, layer_norm(b, h), plan.hidden)), plan.width)});
  });
  return b.finish({outputs_of(b, spec, layer_norm(b, x), words)});
}

std::optional<Graph> opt(const NetworkSpec& spec) {
  for (const Plan& plan : plans)
    if (same_network_name(spec.name, plan.name)) return build(plan, spec);
  return std::nullopt;
}

}  // namespace

const std::vector<NetworkFamily>& opt_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"opt-125m", "opt-1.3b"},
       .summary = "OPT, as in transformers: a prefill; sequence=128, head=1 adds the projection to the vocabulary",
       .options = text_options,
       .build = opt}};
  return families;
}

}  // namespace wattlayer

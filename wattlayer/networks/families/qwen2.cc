#include "wattlayer/networks/transformer.h"

namespace wattlayer {
namespace {

using namespace transformer;

struct Plan {
  std::string_view name;
  int64_t layers, width, heads, kv_heads, hidden, vocabulary;
};

/// Configurations of the published checkpoints.
constexpr Plan plans[] = {{"qwen2-0.5b", 24, 896, 14, 2, 4864, 151936}, {"qwen2-1.5b", 28, 1536, 12, 2, 8960, 151936}};

struct RotaryTables {
  int cosines, sines;  ///< [length, 1, size]
};

/// Made in every pass: angles by an outer product, twice side by side.
RotaryTables rotary_tables(GraphBuilder& b, int64_t length, int64_t size) {
  const int angles = b.add("MatMul", {b.input({length, 1}), b.input({1, size / 2})});
  const int both = reshape(b, b.add("Concat", {angles, angles}, {{"axis", int64_t{-1}}}), {length, 1, size});
  return {scaled(b, b.add("Cos", {both}), 1), scaled(b, b.add("Sin", {both}), 1)};
}

int self_attention(GraphBuilder& b, int x, const Plan& plan, const AttentionSettings& settings, const RotaryTables& tables) {
  const Shape s = b.shape(x);
  const int64_t size = plan.width / plan.heads;
  const auto rotated = [&](int y, int64_t heads) {
    const int turned = rotate(b, reshape(b, y, {s[0], s[1], heads, size}), tables.cosines, tables.sines);
    return reshape(b, turned, {s[0], s[1], heads * size});
  };
  const int q = dense(b, x, plan.width), k = dense(b, x, plan.kv_heads * size), v = dense(b, x, plan.kv_heads * size);
  return dense(b, attention(b, rotated(q, plan.heads), rotated(k, plan.kv_heads), v, settings), plan.width, false);
}

int gated_mlp(GraphBuilder& b, int x, int64_t hidden) {
  const int gate = b.add("Swish", {dense(b, x, hidden, false)});
  return dense(b, b.add("Mul", {gate, dense(b, x, hidden, false)}), b.shape(x).back(), false);
}

/// transformers/models/qwen2/modeling_qwen2.py.
Graph build(const Plan& plan, const NetworkSpec& spec) {
  const int64_t length = spec.integer("sequence", 128);
  GraphBuilder b(std::string(plan.name), spec);
  const int words = b.weight({plan.vocabulary, plan.width});
  int x = embedding(b, words, b.input({spec.batch, length}, DataType::i64));
  AttentionSettings settings{
      .heads = plan.heads, .kv_heads = plan.kv_heads, .causal = true, .fused = fused_attention(spec, "eager")};
  if (!settings.fused) settings.mask = causal_mask(b, length, false);
  const RotaryTables tables = rotary_tables(b, length, plan.width / plan.heads);
  x = b.repeat(plan.layers, x, [&](int h) {
    h = b.add("Add", {h, self_attention(b, rms_norm(b, h), plan, settings, tables)});
    return b.add("Add", {h, gated_mlp(b, rms_norm(b, h), plan.hidden)});
  });
  x = rms_norm(b, x);
  return b.finish({spec.flag("head") ? project(b, x, words) : x});
}

std::optional<Graph> qwen2(const NetworkSpec& spec) {
  for (const Plan& plan : plans)
    if (same_network_name(spec.name, plan.name)) return build(plan, spec);
  return std::nullopt;
}

}  // namespace

const std::vector<NetworkFamily>& qwen2_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"qwen2-0.5b", "qwen2-1.5b"},
       .summary = "Qwen2, as in transformers: a prefill; sequence=128, head=1 adds the projection to the vocabulary",
       .options = text_options,
       .build = qwen2}};
  return families;
}

}  // namespace wattlayer

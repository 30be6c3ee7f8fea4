#include "wattlayer/networks/transformer.h"

namespace wattlayer {
namespace {

using namespace transformer;

enum class Kind { bert, roberta, distilbert };

struct Plan {
  std::string_view name;
  Kind kind;
  int64_t layers, width, heads, vocabulary, positions, types;
};

/// Configurations of the published checkpoints.
constexpr Plan plans[] = {{"bert-base-uncased", Kind::bert, 12, 768, 12, 30522, 512, 2},
                          {"bert-large-uncased", Kind::bert, 24, 1024, 16, 30522, 512, 2},
                          {"roberta-base", Kind::roberta, 12, 768, 12, 50265, 514, 1},
                          {"roberta-large", Kind::roberta, 24, 1024, 16, 50265, 514, 1},
                          {"distilbert-base-uncased", Kind::distilbert, 6, 768, 12, 30522, 512, 0},
                          {"distilroberta-base", Kind::roberta, 6, 768, 12, 50265, 514, 1}};

/// RoBERTa counts positions of the tokens that are not padding.
int counted_positions(GraphBuilder& b, int ids) {
  const int real = b.add("Cast", {b.add("Equal", {ids, b.constant({1})})}, {{"to", "i64"}});
  const int counted = b.add("CumSum", {real, b.constant({1})});
  return b.add("Add", {b.add("Mul", {counted, real}), b.constant({1})});
}

int embeddings(GraphBuilder& b, const Plan& plan, int ids, int64_t length) {
  const int words = b.weight({plan.vocabulary, plan.width}), places = b.weight({std::max(plan.positions, length), plan.width});
  int x = embedding(b, words, ids);
  if (plan.types > 0)
    x = b.add("Add", {x, embedding(b, b.weight({plan.types, plan.width}), b.input(b.shape(ids), DataType::i64))});
  const int at = plan.kind == Kind::roberta ? counted_positions(b, ids) : positions(b, length);
  return layer_norm(b, b.add("Add", {x, embedding(b, places, at)}));
}

/// The mask of padding in the form that eager attention wants; a fused operator is called without one.
AttentionSettings settings_for(GraphBuilder& b, const Plan& plan, const NetworkSpec& spec, int64_t length) {
  AttentionSettings s{.heads = plan.heads, .fused = fused_attention(spec, "eager")};
  if (s.fused) return s;
  const int tokens = b.input({spec.batch, length}, DataType::i64);
  const int wide = reshape(b, tokens, {spec.batch, 1, 1, length});
  if (plan.kind == Kind::distilbert) {
    s.scale = AttentionSettings::Scale::queries;
    s.mask = b.add("Cast", {wide}, {{"to", "bool"}}), s.chooses = true;
  } else {
    s.mask = scaled(b, b.add("Sub", {b.scalar(1), b.add("Cast", {wide}, {{"to", "f32"}})}), -10000);
  }
  return s;
}

/// transformers/models/bert/modeling_bert.py, roberta and distilbert: the encoder, with the pooler where there is one.
Graph build(const Plan& plan, const NetworkSpec& spec) {
  const int64_t length = spec.integer("sequence", 128);
  GraphBuilder b(std::string(plan.name), spec);
  const int ids = b.input({spec.batch, length}, DataType::i64);
  int x = embeddings(b, plan, ids, length);
  const AttentionSettings settings = settings_for(b, plan, spec, length);
  x = b.repeat(plan.layers, x, [&](int y) {
    const int q = dense(b, y, plan.width), k = dense(b, y, plan.width), v = dense(b, y, plan.width);
    y = layer_norm(b, b.add("Add", {dense(b, attention(b, q, k, v, settings), plan.width), y}));
    const int hidden = gelu(b, dense(b, y, 4 * plan.width));
    return layer_norm(b, b.add("Add", {dense(b, hidden, plan.width), y}));
  });
  if (plan.kind == Kind::distilbert || !spec.flag("head", true)) return b.finish({x});
  const int first = reshape(b, slice(b, x, 1, 0, 1), {spec.batch, plan.width});
  return b.finish({x, b.add("Tanh", {dense(b, first, plan.width)})});
}

std::optional<Graph> bert(const NetworkSpec& spec) {
  for (const Plan& plan : plans)
    if (same_network_name(spec.name, plan.name)) return build(plan, spec);
  return std::nullopt;
}

}  // namespace

const std::vector<NetworkFamily>& bert_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"bert-base-uncased", "bert-large-uncased", "roberta-base", "roberta-large", "distilbert-base-uncased",
                 "distilroberta-base"},
       .summary = "BERT, RoBERTa and DistilBERT encoders, as in transformers; sequence=128, head=0 leaves the pooler out",
       .options = text_options,
       .build = bert}};
  return families;
}

}  // namespace wattlayer

#include "wattlayer/networks/transformer.h"

namespace wattlayer {
namespace {

using namespace transformer;

/// transformers/models/ctrl/modeling_ctrl.py with the configuration of sshleifer/tiny-ctrl (width 16, feed-forward 2).
std::optional<Graph> ctrl(const NetworkSpec& spec) {
  if (!same_network_name(spec.name, "tiny-ctrl") && !same_network_name(spec.name, "sshleifer/tiny-ctrl")) return std::nullopt;
  constexpr int64_t layers = 2, width = 16, heads = 2, hidden = 2, vocabulary = 246534;
  const int64_t length = spec.integer("sequence", 128);
  GraphBuilder b("tiny-ctrl", spec);
  const int words = b.weight({vocabulary, width});
  const int ids = b.input({spec.batch, length}, DataType::i64);
  AttentionSettings settings{.heads = heads, .causal = true};
  settings.mask = causal_mask(b, length, false);
  int x = scaled(b, embedding(b, words, ids), 4);
  x = b.add("Add", {x, b.input({length, width})});  // sines of the positions, made once
  for (int64_t i = 0; i < layers; ++i) {
    const int y = layer_norm(b, x);
    const int q = dense(b, y, width), k = dense(b, y, width), v = dense(b, y, width);
    x = b.add("Add", {x, dense(b, attention(b, q, k, v, settings), width)});
    x = b.add("Add", {x, dense(b, b.relu(dense(b, layer_norm(b, x), hidden)), width)});
  }
  x = layer_norm(b, x);
  return b.finish({spec.flag("head") ? project(b, x, words) : x});
}

}  // namespace

const std::vector<NetworkFamily>& ctrl_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"tiny-ctrl"},
       .summary = "sshleifer/tiny-ctrl, as in transformers; sequence=128, head=1 adds the projection to the vocabulary",
       .options = {"sequence", "head"},
       .build = ctrl}};
  return families;
}

}  // namespace wattlayer

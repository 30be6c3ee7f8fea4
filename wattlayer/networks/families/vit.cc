#include "wattlayer/networks/transformer.h"

namespace wattlayer {
namespace {

using namespace transformer;

struct Plan {
  std::string_view name;
  int64_t layers, width, heads;
};

/// Configurations of google/vit-*-patch16-224.
constexpr Plan plans[] = {{"vit-base", 12, 768, 12}, {"vit-large", 24, 1024, 16}};
constexpr int64_t patch = 16;

/// One row a patch, and one that stands for the image.
int embeddings(GraphBuilder& b, const Plan& plan, const NetworkSpec& spec) {
  const int64_t size = spec.size.value_or(224);
  const int image = b.input({spec.batch, 3, size, size});
  const int map = b.conv(image, {.channels = plan.width, .kernel = patch, .stride = patch});
  const int64_t patches = b.shape(map)[2] * b.shape(map)[3];
  const int rows =
      b.add("Transpose", {reshape(b, map, {spec.batch, plan.width, patches})}, {{"perm", std::vector<int64_t>{0, 2, 1}}});
  const int first = b.add("Expand", {b.weight({1, 1, plan.width}), b.constant({spec.batch, 1, plan.width})});
  return b.add("Add", {b.add("Concat", {first, rows}, {{"axis", int64_t{1}}}), b.weight({1, patches + 1, plan.width})});
}

/// transformers/models/vit/modeling_vit.py: the encoder and its pooler.
Graph build(const Plan& plan, const NetworkSpec& spec) {
  GraphBuilder b(std::string(plan.name), spec);
  int x = embeddings(b, plan, spec);
  const AttentionSettings settings{.heads = plan.heads, .fused = fused_attention(spec, "eager")};
  x = b.repeat(plan.layers, x, [&](int h) {
    const int y = layer_norm(b, h);
    const int q = dense(b, y, plan.width), k = dense(b, y, plan.width), v = dense(b, y, plan.width);
    h = b.add("Add", {dense(b, attention(b, q, k, v, settings), plan.width), h});
    return b.add("Add", {dense(b, gelu(b, dense(b, layer_norm(b, h), 4 * plan.width)), plan.width), h});
  });
  x = layer_norm(b, x);
  if (!spec.flag("head", true)) return b.finish({x});
  const int first = reshape(b, slice(b, x, 1, 0, 1), {spec.batch, plan.width});
  return b.finish({x, b.add("Tanh", {dense(b, first, plan.width)})});
}

std::optional<Graph> vit(const NetworkSpec& spec) {
  for (const Plan& plan : plans)
    if (same_network_name(spec.name, plan.name)) return build(plan, spec);
  return std::nullopt;
}

}  // namespace

const std::vector<NetworkFamily>& vit_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"vit-base", "vit-large"},
       .summary = "Vision transformers with patches of 16, as in transformers; head=0 leaves the pooler out",
       .options = {"attention", "head"},
       .build = vit}};
  return families;
}

}  // namespace wattlayer

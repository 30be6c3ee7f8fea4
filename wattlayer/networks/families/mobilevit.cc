#include "wattlayer/networks/round_channels.h"
#include "wattlayer/networks/transformer.h"

namespace wattlayer {
namespace {

using namespace transformer;

int conv_norm(GraphBuilder& b, int x, ConvSettings settings, bool activated = true) {
  settings.pad = settings.kernel / 2;
  settings.bias = false;
  x = b.batch_norm(b.conv(x, settings));
  return activated ? b.add("Swish", {x}) : x;
}

int inverted_residual(GraphBuilder& b, int x, int64_t out, int64_t stride) {
  const int64_t in = b.channels(x), hidden = round_channels(4 * static_cast<double>(in));
  int y = conv_norm(b, x, {.channels = hidden});
  y = conv_norm(b, y, {.channels = hidden, .kernel = 3, .stride = stride, .group = hidden});
  y = conv_norm(b, y, {.channels = out}, false);
  return stride == 1 && in == out ? b.add("Add", {x, y}) : y;
}

constexpr int64_t patch = 2;

/// Pixels at the same place of each patch form a sequence: [batch x 4, patches, channels].
int unfold(GraphBuilder& b, int x) {
  const Shape s = b.shape(x);
  const int64_t high = s[2] / patch, wide = s[3] / patch, area = patch * patch;
  x = reshape(b, x, {s[0] * s[1] * high, patch, wide, patch});
  x = reshape(b, b.add("Transpose", {x}, {{"perm", std::vector<int64_t>{0, 2, 1, 3}}}), {s[0], s[1], high * wide, area});
  x = b.add("Transpose", {x}, {{"perm", std::vector<int64_t>{0, 3, 2, 1}}});
  return reshape(b, x, {s[0] * area, high * wide, s[1]});
}

int fold(GraphBuilder& b, int x, const Shape& map) {
  const int64_t high = map[2] / patch, wide = map[3] / patch, area = patch * patch;
  x = reshape(b, x, {map[0], area, high * wide, map[1]});
  x = b.add("Transpose", {x}, {{"perm", std::vector<int64_t>{0, 3, 2, 1}}});
  x = reshape(b, x, {map[0] * map[1] * high, wide, patch, patch});
  return reshape(b, b.add("Transpose", {x}, {{"perm", std::vector<int64_t>{0, 2, 1, 3}}}), map);
}

struct Stage {
  int64_t channels, width, layers;
};

int transformer_stage(GraphBuilder& b, int x, const Stage& stage, bool fused) {
  x = inverted_residual(b, x, stage.channels, 2);
  int y = b.conv(conv_norm(b, x, {.channels = stage.channels, .kernel = 3}), {.channels = stage.width, .bias = false});
  const Shape map = b.shape(y);
  const AttentionSettings settings{.heads = 4, .fused = fused};
  y = unfold(b, y);
  for (int64_t i = 0; i < stage.layers; ++i) {
    const int z = layer_norm(b, y);
    const int q = dense(b, z, stage.width), k = dense(b, z, stage.width), v = dense(b, z, stage.width);
    y = b.add("Add", {dense(b, attention(b, q, k, v, settings), stage.width), y});
    y = b.add("Add", {dense(b, b.add("Swish", {dense(b, layer_norm(b, y), 2 * stage.width)}), stage.width), y});
  }
  y = conv_norm(b, fold(b, layer_norm(b, y), map), {.channels = stage.channels});
  return conv_norm(b, b.add("Concat", {x, y}, {{"axis", int64_t{1}}}), {.channels = stage.channels, .kernel = 3});
}

/// transformers/models/mobilevit/modeling_mobilevit.py with the configuration of apple/mobilevit-small.
std::optional<Graph> mobilevit(const NetworkSpec& spec) {
  if (!same_network_name(spec.name, "mobilevit-small")) return std::nullopt;
  constexpr Stage stages[] = {{96, 144, 2}, {128, 192, 4}, {160, 240, 3}};
  const int64_t size = spec.size.value_or(256);
  const bool fused = fused_attention(spec, "eager");
  GraphBuilder b("mobilevit-small", spec);
  int x = conv_norm(b, b.input({spec.batch, 3, size, size}), {.channels = 16, .kernel = 3, .stride = 2});
  x = inverted_residual(b, x, 32, 1);
  for (int i = 0; i < 3; ++i) x = inverted_residual(b, x, 64, i == 0 ? 2 : 1);
  for (const Stage& stage : stages) x = transformer_stage(b, x, stage, fused);
  x = conv_norm(b, x, {.channels = 640});
  const int pooled = b.add("ReduceMean", {x, b.constant({2, 3})}, {{"keepdims", int64_t{0}}});
  return b.finish({spec.flag("head") ? b.linear(pooled, 1000) : pooled});
}

}  // namespace

const std::vector<NetworkFamily>& mobilevit_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"mobilevit-small"},
       .summary = "MobileViT (Mehta and Rastegari 2022), as in transformers; head=1 adds the classifier",
       .options = {"attention", "head"},
       .build = mobilevit}};
  return families;
}

}  // namespace wattlayer

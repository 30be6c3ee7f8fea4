#include <cmath>

#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/networks/round_channels.h"

namespace wattlayer {
namespace {

struct Stage {
  int64_t expansion, kernel, stride, channels, blocks;
};

struct Plan {
  std::string_view name;
  double width, depth;
  int64_t size;
};

constexpr Stage stages[] = {{1, 3, 1, 16, 1},  {6, 3, 2, 24, 2},  {6, 5, 2, 40, 2}, {6, 3, 2, 80, 3},
                            {6, 5, 1, 112, 3}, {6, 5, 2, 192, 4}, {6, 3, 1, 320, 1}};

/// tensorflow/tpu, models/official/efficientnet/lite/efficientnet_lite_builder.py.
constexpr Plan plans[] = {{"efficientnet_lite0", 1.0, 1.0, 224},
                          {"efficientnet_lite1", 1.0, 1.1, 240},
                          {"efficientnet_lite2", 1.1, 1.2, 260},
                          {"efficientnet_lite3", 1.2, 1.4, 280},
                          {"efficientnet_lite4", 1.4, 1.8, 300}};

int conv_norm(GraphBuilder& b, int x, ConvSettings settings) {
  settings.pad = settings.kernel / 2;
  settings.bias = false;
  return b.batch_norm(b.conv(x, settings));
}

int relu6(GraphBuilder& b, int x) { return b.add("Clip", {x, b.scalar(0), b.scalar(6)}); }

int block(GraphBuilder& b, int x, const Stage& stage, int64_t out, int64_t stride) {
  const int64_t in = b.channels(x), hidden = in * stage.expansion;
  int y = stage.expansion == 1 ? x : relu6(b, conv_norm(b, x, {.channels = hidden}));
  y = relu6(b, conv_norm(b, y, {.channels = hidden, .kernel = stage.kernel, .stride = stride, .group = hidden}));
  y = conv_norm(b, y, {.channels = out});
  return stride == 1 && in == out ? b.add("Add", {y, x}) : y;
}

/// Stem and head keep their channels, first and last stage their depth (`fix_head_stem`).
Graph build(const Plan& plan, const NetworkSpec& spec) {
  const int64_t size = spec.size.value_or(plan.size);
  GraphBuilder b(std::string(plan.name), spec);
  int x = b.input({spec.batch, 3, size, size});
  x = relu6(b, conv_norm(b, x, {.channels = 32, .kernel = 3, .stride = 2}));
  for (const Stage& stage : stages) {
    const bool fixed = &stage == std::begin(stages) || &stage == std::end(stages) - 1;
    const int64_t out = round_channels(static_cast<double>(stage.channels) * plan.width);
    const auto blocks = static_cast<int64_t>(std::ceil(static_cast<double>(stage.blocks) * (fixed ? 1.0 : plan.depth)));
    for (int64_t i = 0; i < blocks; ++i) x = block(b, x, stage, out, i == 0 ? stage.stride : 1);
  }
  x = relu6(b, conv_norm(b, x, {.channels = 1280}));
  return b.finish({b.linear(b.add("Dropout", {b.flatten(b.global_pool(x))}), spec.integer("classes", 1000))});
}

std::optional<Graph> efficientnet_lite(const NetworkSpec& spec) {
  for (const Plan& plan : plans)
    if (same_network_name(spec.name, plan.name)) return build(plan, spec);
  return std::nullopt;
}

}  // namespace

const std::vector<NetworkFamily>& efficientnet_lite_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "efficientnet_lite3", "efficientnet_lite4"},
       .summary = "EfficientNet-lite: ReLU6 and no squeeze-and-excitation, as in the authors' TensorFlow code",
       .options = {"classes"},
       .build = efficientnet_lite}};
  return families;
}

}  // namespace wattlayer

#include <algorithm>
#include <cmath>

#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/networks/round_channels.h"

namespace wattlayer {
namespace {

/// A stage of equal blocks; `fused`: the depthwise and the first 1x1 convolution are one 3x3 convolution (v2).
struct Stage {
  bool fused;
  int64_t expansion, kernel, stride, channels, blocks;
};

struct Plan {
  std::string_view name;
  std::vector<Stage> stages;
  int64_t stem, last, size;
  double width = 1, depth = 1;  ///< multipliers of v1
};

const std::vector<Stage>& v1_stages() {
  static const std::vector<Stage> stages = {{false, 1, 3, 1, 16, 1}, {false, 6, 3, 2, 24, 2},  {false, 6, 5, 2, 40, 2},
                                            {false, 6, 3, 2, 80, 3}, {false, 6, 5, 1, 112, 3}, {false, 6, 5, 2, 192, 4},
                                            {false, 6, 3, 1, 320, 1}};
  return stages;
}

/// torchvision/models/efficientnet.py; input sizes of v1 as its weights state them.
const std::vector<Plan>& plans() {
  static const std::vector<Plan> all = {
      {"efficientnet_b0", v1_stages(), 32, 1280, 224, 1.0, 1.0},
      {"efficientnet_b1", v1_stages(), 32, 1280, 240, 1.0, 1.1},
      {"efficientnet_b2", v1_stages(), 32, 1280, 288, 1.1, 1.2},
      {"efficientnet_b3", v1_stages(), 32, 1280, 300, 1.2, 1.4},
      {"efficientnet_b4", v1_stages(), 32, 1280, 380, 1.4, 1.8},
      {"efficientnet_b5", v1_stages(), 32, 1280, 456, 1.6, 2.2},
      {"efficientnet_b6", v1_stages(), 32, 1280, 528, 1.8, 2.6},
      {"efficientnet_b7", v1_stages(), 32, 1280, 600, 2.0, 3.1},
      {"efficientnet_v2_s",
       {{true, 1, 3, 1, 24, 2},
        {true, 4, 3, 2, 48, 4},
        {true, 4, 3, 2, 64, 4},
        {false, 4, 3, 2, 128, 6},
        {false, 6, 3, 1, 160, 9},
        {false, 6, 3, 2, 256, 15}},
       24,
       1280,
       384},
      {"efficientnet_v2_m",
       {{true, 1, 3, 1, 24, 3},
        {true, 4, 3, 2, 48, 5},
        {true, 4, 3, 2, 80, 5},
        {false, 4, 3, 2, 160, 7},
        {false, 6, 3, 1, 176, 14},
        {false, 6, 3, 2, 304, 18},
        {false, 6, 3, 1, 512, 5}},
       24,
       1280,
       480},
      {"efficientnet_v2_l",
       {{true, 1, 3, 1, 32, 4},
        {true, 4, 3, 2, 64, 7},
        {true, 4, 3, 2, 96, 7},
        {false, 4, 3, 2, 192, 10},
        {false, 6, 3, 1, 224, 19},
        {false, 6, 3, 2, 384, 25},
        {false, 6, 3, 1, 640, 7}},
       32,
       1280,
       480},
  };
  return all;
}

int silu(GraphBuilder& b, int x) { return b.add("Mul", {x, b.add("Sigmoid", {x})}); }

int conv_norm(GraphBuilder& b, int x, const ConvSettings& settings) {
  ConvSettings s = settings;
  s.pad = s.kernel / 2;
  s.bias = false;
  return b.batch_norm(b.conv(x, s));
}

int squeeze_excitation(GraphBuilder& b, int x, int64_t squeezed) {
  int y = silu(b, b.conv(b.global_pool(x), {.channels = squeezed}));
  return b.add("Mul", {b.add("Sigmoid", {b.conv(y, {.channels = b.channels(x)})}), x});
}

int block(GraphBuilder& b, int x, const Stage& stage, int64_t out, int64_t stride) {
  const int64_t in = b.channels(x), hidden = round_channels(static_cast<double>(in * stage.expansion));
  int y = x;
  if (stage.fused) {
    if (stage.expansion == 1) y = silu(b, conv_norm(b, y, {.channels = out, .kernel = stage.kernel, .stride = stride}));
    else
      y = conv_norm(b, silu(b, conv_norm(b, y, {.channels = hidden, .kernel = stage.kernel, .stride = stride})),
                    {.channels = out});
  } else {
    if (hidden != in) y = silu(b, conv_norm(b, y, {.channels = hidden}));
    y = silu(b, conv_norm(b, y, {.channels = hidden, .kernel = stage.kernel, .stride = stride, .group = hidden}));
    y = conv_norm(b, squeeze_excitation(b, y, std::max<int64_t>(1, in / 4)), {.channels = out});
  }
  return stride == 1 && in == out ? b.add("Add", {y, x}) : y;
}

Graph build(const Plan& plan, const NetworkSpec& spec) {
  const bool v1 = plan.stages.front().fused == false;
  const int64_t size = spec.size.value_or(plan.size);
  GraphBuilder b(std::string(plan.name), spec);
  int x = b.input({spec.batch, 3, size, size});
  x = silu(b,
           conv_norm(b, x, {.channels = round_channels(static_cast<double>(plan.stem) * plan.width), .kernel = 3, .stride = 2}));
  int64_t out = 0;
  for (const Stage& stage : plan.stages) {
    out = round_channels(static_cast<double>(stage.channels) * plan.width);
    const auto blocks = static_cast<int64_t>(std::ceil(static_cast<double>(stage.blocks) * plan.depth));
    for (int64_t i = 0; i < blocks; ++i) x = block(b, x, stage, out, i == 0 ? stage.stride : 1);
  }
  x = silu(b, conv_norm(b, x, {.channels = v1 ? 4 * out : plan.last}));
  return b.finish({b.linear(b.add("Dropout", {b.flatten(b.global_pool(x))}), 1000)});
}

std::optional<Graph> efficientnet(const NetworkSpec& spec) {
  std::string name = spec.name;
  if (same_network_name(name, "efficientnet") || same_network_name(name, "efficientnet_v1")) name = "efficientnet_b0";
  if (same_network_name(name, "efficientnet_v2")) name = "efficientnet_v2_s";
  for (const Plan& plan : plans())
    if (same_network_name(name, plan.name)) return build(plan, spec);
  return std::nullopt;
}

}  // namespace

const std::vector<NetworkFamily>& efficientnet_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"efficientnet_b0", "efficientnet_b1", "efficientnet_b2", "efficientnet_b3", "efficientnet_b4", "efficientnet_b5",
                 "efficientnet_b6", "efficientnet_b7", "efficientnet_v2_s", "efficientnet_v2_m", "efficientnet_v2_l"},
       .summary = "EfficientNet v1 and v2, as in torchvision",
       .build = efficientnet}};
  return families;
}

}  // namespace wattlayer

#include <algorithm>

#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/networks/round_channels.h"

namespace wattlayer {
namespace {

/// Expansion as a factor of the input channels; `squeeze`: squeeze-and-excitation; `hard`: h-swish instead of ReLU.
struct Block {
  double expansion;
  int64_t channels, kernel, stride;
  bool squeeze, hard;
};

struct Plan {
  std::string_view name;
  std::vector<Block> blocks;
  int64_t last, features;  ///< channels of the last convolution before and after the pool
};

/// The authors' slim/nets/mobilenet/mobilenet_v3.py, V3_LARGE and V3_SMALL.
const std::vector<Plan>& plans() {
  static const std::vector<Plan> all = {{"mobilenet_v3_large",
                                         {{1, 16, 3, 1, false, false},
                                          {4, 24, 3, 2, false, false},
                                          {3, 24, 3, 1, false, false},
                                          {3, 40, 5, 2, true, false},
                                          {3, 40, 5, 1, true, false},
                                          {3, 40, 5, 1, true, false},
                                          {6, 80, 3, 2, false, true},
                                          {2.5, 80, 3, 1, false, true},
                                          {184 / 80., 80, 3, 1, false, true},
                                          {184 / 80., 80, 3, 1, false, true},
                                          {6, 112, 3, 1, true, true},
                                          {6, 112, 3, 1, true, true},
                                          {6, 160, 5, 2, true, true},
                                          {6, 160, 5, 1, true, true},
                                          {6, 160, 5, 1, true, true}},
                                         960,
                                         1280},
                                        {"mobilenet_v3_small",
                                         {{1, 16, 3, 2, true, false},
                                          {72. / 16, 24, 3, 2, false, false},
                                          {88. / 24, 24, 3, 1, false, false},
                                          {4, 40, 5, 2, true, true},
                                          {6, 40, 5, 1, true, true},
                                          {6, 40, 5, 1, true, true},
                                          {3, 48, 5, 1, true, true},
                                          {3, 48, 5, 1, true, true},
                                          {6, 96, 5, 2, true, true},
                                          {6, 96, 5, 1, true, true},
                                          {6, 96, 5, 1, true, true}},
                                         576,
                                         1024}};
  return all;
}

int activation(GraphBuilder& b, int x, bool hard) { return hard ? b.add("HardSwish", {x}) : b.relu(x); }

int conv_norm(GraphBuilder& b, int x, ConvSettings settings) {
  settings.pad = settings.kernel / 2;
  settings.bias = false;
  return b.batch_norm(b.conv(x, settings));
}

int squeeze_excitation(GraphBuilder& b, int x) {
  const int64_t squeezed = round_channels(static_cast<double>(b.channels(x)) / 4);
  const int y = b.relu(b.conv(b.global_pool(x), {.channels = squeezed}));
  const int gate = b.add("HardSigmoid", {b.conv(y, {.channels = b.channels(x)})}, {{"alpha", 1.0 / 6}});
  return b.add("Mul", {x, gate});
}

int expanded_conv(GraphBuilder& b, int x, const Block& block, int64_t out) {
  const int64_t in = b.channels(x), hidden = round_channels(static_cast<double>(in) * block.expansion);
  int y = hidden == in ? x : activation(b, conv_norm(b, x, {.channels = hidden}), block.hard);
  y = conv_norm(b, y, {.channels = hidden, .kernel = block.kernel, .stride = block.stride, .group = hidden});
  y = activation(b, y, block.hard);
  if (block.squeeze) y = squeeze_excitation(b, y);
  y = conv_norm(b, y, {.channels = out});
  return block.stride == 1 && in == out ? b.add("Add", {x, y}) : y;
}

/// Minimalistic networks have the same widths without squeeze-and-excitation, h-swish and kernels of 5. The last convolution
/// does not shrink with the width.
Graph build(const Plan& plan, const NetworkSpec& spec) {
  const bool minimalistic = spec.flag("minimalistic");
  const double width = spec.real("width", 1);
  const auto scaled = [&](int64_t channels) { return round_channels(static_cast<double>(channels) * width); };
  const int64_t size = spec.size.value_or(224);
  GraphBuilder b(std::string(plan.name), spec);
  int x = b.input({spec.batch, 3, size, size});
  x = activation(b, conv_norm(b, x, {.channels = scaled(16), .kernel = 3, .stride = 2}), !minimalistic);
  for (Block block : plan.blocks) {
    if (minimalistic) block.kernel = 3, block.squeeze = block.hard = false;
    x = expanded_conv(b, x, block, scaled(block.channels));
  }
  const int64_t features = width > 1 ? scaled(plan.features) : plan.features;
  x = activation(b, conv_norm(b, x, {.channels = scaled(plan.last)}), !minimalistic);
  x = activation(b, b.conv(b.global_pool(x), {.channels = features}), !minimalistic);
  return b.finish({b.linear(b.flatten(x), spec.integer("classes", 1000))});
}

std::optional<Graph> mobilenet_v3(const NetworkSpec& spec) {
  for (const Plan& plan : plans())
    if (same_network_name(spec.name, plan.name)) return build(plan, spec);
  return std::nullopt;
}

}  // namespace

const std::vector<NetworkFamily>& mobilenet_v3_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"mobilenet_v3_large", "mobilenet_v3_small"},
       .summary = "MobileNet v3 of any width, also minimalistic, as in the authors' TensorFlow code",
       .options = {"width", "minimalistic", "classes"},
       .build = mobilenet_v3}};
  return families;
}

}  // namespace wattlayer

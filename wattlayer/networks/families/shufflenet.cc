#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

/// Channels of the stem, the three stages and the last convolution; torchvision/models/shufflenetv2.py.
struct ShufflePlan {
  std::string_view name;
  std::vector<int64_t> channels;
};

const std::vector<ShufflePlan>& plans() {
  static const std::vector<ShufflePlan> all = {
      {"shufflenet_v2_x0_5", {24, 48, 96, 192, 1024}},
      {"shufflenet_v2_x1_0", {24, 116, 232, 464, 1024}},
      {"shufflenet_v2_x1_5", {24, 176, 352, 704, 1024}},
      {"shufflenet_v2_x2_0", {24, 244, 488, 976, 2048}},
  };
  return all;
}

int conv_norm(GraphBuilder& b, int x, const ConvSettings& settings) {
  ConvSettings s = settings;
  s.pad = s.kernel / 2;
  s.bias = false;
  return b.batch_norm(b.conv(x, s));
}

int depthwise(GraphBuilder& b, int x, int64_t stride) {
  return conv_norm(b, x, {.channels = b.channels(x), .kernel = 3, .stride = stride, .group = b.channels(x)});
}

int main_branch(GraphBuilder& b, int x, int64_t channels, int64_t stride) {
  x = b.relu(conv_norm(b, x, {.channels = channels}));
  return b.relu(conv_norm(b, depthwise(b, x, stride), {.channels = channels}));
}

/// channel_shuffle with two groups, as views and one transposition.
int shuffle(GraphBuilder& b, int x) {
  const Shape s = b.shape(x);
  x = b.add("Reshape", {x, b.constant({s[0], 2, s[1] / 2, s[2], s[3]})});
  x = b.add("Transpose", {x}, {{"perm", std::vector<int64_t>{0, 2, 1, 3, 4}}});
  return b.add("Reshape", {x, b.constant(s)});
}

int unit(GraphBuilder& b, int x, int64_t out, int64_t stride) {
  const int64_t half = out / 2;
  int left = x, right = x;
  if (stride == 1) {
    left = b.add("Slice", {x, b.constant({0}), b.constant({half}), b.constant({1})});
    right = b.add("Slice", {x, b.constant({half}), b.constant({out}), b.constant({1})});
  } else {
    left = b.relu(conv_norm(b, depthwise(b, x, stride), {.channels = half}));
  }
  return shuffle(b, b.add("Concat", {left, main_branch(b, right, half, stride)}, {{"axis", int64_t{1}}}));
}

std::optional<Graph> shufflenet(const NetworkSpec& spec) {
  const std::string name = same_network_name(spec.name, "shufflenet_v2") ? "shufflenet_v2_x1_0" : spec.name;
  for (const ShufflePlan& plan : plans()) {
    if (!same_network_name(name, plan.name)) continue;
    constexpr int64_t blocks[] = {4, 8, 4};
    const int64_t size = spec.size.value_or(224);
    GraphBuilder b(std::string(plan.name), spec);
    const bool small = spec.flag("small");
    const int64_t stride = small ? 1 : 2;
    int x =
        b.relu(conv_norm(b, b.input({spec.batch, 3, size, size}), {.channels = plan.channels[0], .kernel = 3, .stride = stride}));
    if (!small) x = b.max_pool(x, 3, 2, 1);
    for (size_t stage = 0; stage < 3; ++stage)
      for (int64_t i = 0; i < blocks[stage]; ++i) x = unit(b, x, plan.channels[stage + 1], i == 0 ? 2 : 1);
    x = b.relu(conv_norm(b, x, {.channels = plan.channels[4]}));
    return b.finish(
        {b.linear(b.add("ReduceMean", {x, b.constant({2, 3})}, {{"keepdims", int64_t{0}}}), spec.integer("classes", 1000))});
  }
  return std::nullopt;
}

}  // namespace

const std::vector<NetworkFamily>& shufflenet_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0"},
       .summary = "ShuffleNet v2, as in torchvision; small=1 for images of 32 x 32 (stem without stride and pool)",
       .options = {"small", "classes"},
       .build = shufflenet}};
  return families;
}

}  // namespace wattlayer

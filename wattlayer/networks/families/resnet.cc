#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/classifier.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

/// Blocks of each of the four stages; torchvision/models/resnet.py.
struct ResnetPlan {
  std::string_view name;
  std::vector<int64_t> blocks;
  bool bottleneck;
};

const std::vector<ResnetPlan>& plans() {
  static const std::vector<ResnetPlan> all = {
      {"resnet18", {2, 2, 2, 2}, false},  {"resnet34", {3, 4, 6, 3}, false},  {"resnet50", {3, 4, 6, 3}, true},
      {"resnet101", {3, 4, 23, 3}, true}, {"resnet152", {3, 8, 36, 3}, true},
  };
  return all;
}

int conv_norm(GraphBuilder& b, int x, int64_t channels, int64_t kernel, int64_t stride) {
  return b.batch_norm(b.conv(x, {.channels = channels, .kernel = kernel, .stride = stride, .pad = kernel / 2, .bias = false}));
}

/// Which convolution of a bottleneck has the stride: the 3x3, as in torchvision, or the first, as published and in Keras.
int block(GraphBuilder& b, int x, int64_t width, int64_t stride, bool bottleneck, bool stride_first) {
  const int64_t out = bottleneck ? 4 * width : width;
  int y = x;
  if (bottleneck) {
    y = b.relu(conv_norm(b, y, width, 1, stride_first ? stride : 1));
    y = b.relu(conv_norm(b, y, width, 3, stride_first ? 1 : stride));
    y = conv_norm(b, y, out, 1, 1);
  } else {
    y = b.relu(conv_norm(b, y, width, 3, stride));
    y = conv_norm(b, y, width, 3, 1);
  }
  const bool same = stride == 1 && b.channels(x) == out;
  return b.relu(b.add("Add", {y, same ? x : conv_norm(b, x, out, 1, stride)}));
}

std::optional<Graph> resnet(const NetworkSpec& spec) {
  for (const ResnetPlan& plan : plans()) {
    if (!same_network_name(spec.name, plan.name)) continue;
    const int64_t size = spec.size.value_or(224);
    GraphBuilder b(std::string(plan.name), spec);
    int x = b.input({spec.batch, 3, size, size});
    x = b.max_pool(b.relu(conv_norm(b, x, 64, 7, 2)), 3, 2, 1);
    for (size_t stage = 0; stage < plan.blocks.size(); ++stage)
      for (int64_t i = 0; i < plan.blocks[stage]; ++i)
        x = block(b, x, int64_t{64} << stage, stage > 0 && i == 0 ? 2 : 1, plan.bottleneck, spec.flag("stride_first"));
    return b.finish({classifier(b, x, spec)});
  }
  return std::nullopt;
}

}  // namespace

const std::vector<NetworkFamily>& resnet_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152"},
       .summary = "ResNet, as in torchvision; stride_first=1 as in Keras; classes, hidden=1024/512",
       .options = {"stride_first", "classes", "hidden", "top", "norm"},
       .build = resnet}};
  return families;
}

}  // namespace wattlayer

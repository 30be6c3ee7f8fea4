#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

std::optional<Graph> alexnet(const NetworkSpec& spec) {
  if (!same_network_name(spec.name, "alexnet")) return std::nullopt;
  const int64_t size = spec.size.value_or(224);
  GraphBuilder b("alexnet", spec);
  int x = b.input({spec.batch, 3, size, size});
  x = b.max_pool(b.relu(b.conv(x, {.channels = 64, .kernel = 11, .stride = 4, .pad = 2})), 3, 2);
  x = b.max_pool(b.relu(b.conv(x, {.channels = 192, .kernel = 5, .pad = 2})), 3, 2);
  for (int64_t channels : {384, 256, 256}) x = b.relu(b.conv(x, {.channels = channels, .kernel = 3, .pad = 1}));
  x = b.max_pool(x, 3, 2);
  if (b.shape(x)[2] == 6) x = b.add("Identity", {x});  // AdaptiveAvgPool2d(6) of a 6x6 map
  x = b.flatten(x);
  for (int i = 0; i < 2; ++i) x = b.relu(b.linear(b.add("Dropout", {x}), 4096));
  return b.finish({b.linear(x, 1000)});
}

}  // namespace

const std::vector<NetworkFamily>& alexnet_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"alexnet"}, .summary = "AlexNet, one column, as in torchvision", .build = alexnet}};
  return families;
}

}  // namespace wattlayer

#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/classifier.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

constexpr int64_t pool = 0;

/// Channels of the convolutions, 0 for a pool: torchvision/models/vgg.py, configurations A, B, D and E.
struct VggPlan {
  std::string_view name;
  std::vector<int64_t> layers;
};

const std::vector<VggPlan>& plans() {
  static const std::vector<VggPlan> all = {
      {"vgg11", {64, pool, 128, pool, 256, 256, pool, 512, 512, pool, 512, 512, pool}},
      {"vgg13", {64, 64, pool, 128, 128, pool, 256, 256, pool, 512, 512, pool, 512, 512, pool}},
      {"vgg16", {64, 64, pool, 128, 128, pool, 256, 256, 256, pool, 512, 512, 512, pool, 512, 512, 512, pool}},
      {"vgg19", {64, 64, pool, 128, 128, pool, 256, 256, 256, 256, pool, 512, 512, 512, 512, pool, 512, 512, 512, 512, pool}},
  };
  return all;
}

Graph build(const VggPlan& plan, const NetworkSpec& spec) {
  const int64_t size = spec.size.value_or(224);
  GraphBuilder b(std::string(plan.name), spec);
  int x = b.input({spec.batch, 3, size, size});
  for (int64_t channels : plan.layers)
    x = channels == pool ? b.max_pool(x, 2, 2) : b.relu(b.conv(x, {.channels = channels, .kernel = 3, .pad = 1}));
  if (spec.options.contains("top")) return b.finish({classifier(b, x, spec)});
  if (b.shape(x)[2] == 7) x = b.add("Identity", {x});  // AdaptiveAvgPool2d(7) of a 7x7 map
  x = b.flatten(x);
  for (int i = 0; i < 2; ++i) x = b.add("Dropout", {b.relu(b.linear(x, 4096))});
  return b.finish({b.linear(x, spec.integer("classes", 1000))});
}

std::optional<Graph> vgg(const NetworkSpec& spec) {
  for (const VggPlan& plan : plans())
    if (same_network_name(spec.name, plan.name)) return build(plan, spec);
  return std::nullopt;
}

}  // namespace

const std::vector<NetworkFamily>& vgg_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"vgg11", "vgg13", "vgg16", "vgg19"},
       .summary = "VGG without batch normalisation, as in torchvision; top=average for a classifier of one's own",
       .options = {classifier_options.begin(), classifier_options.end()},
       .build = vgg}};
  return families;
}

}  // namespace wattlayer

#include <gtest/gtest.h>

#include <map>

#include "wattlayer/core/error.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

/// Multiply-accumulates, and parameters without the running statistics of batch normalisation.
struct Counts {
  double macs = 0, parameters = 0;
};

Counts counts(const std::string& spec) {
  const Graph graph = network(spec);
  Counts c;
  c.parameters = parameters(graph);
  for (const Node& node : graph.nodes) {
    c.macs += cost(node.layer).macs;
    if (node.layer.op == "BatchNormalization") c.parameters -= 2 * static_cast<double>(node.layer.input(0).shape[1]);
  }
  return c;
}

TEST(MobileNet, WidthsAndResolutionsAsPublished) {
  // tensorflow/models, research/slim/nets/mobilenet_v1.md and mobilenet/README.md: millions of MACs and parameters, 1001 classes.
  const std::map<std::string, Counts> published = {{"mobilenet_v1?width=1&classes=1001", {569, 4.24}},
                                                   {"mobilenet_v1?width=0.25&resolution=128&classes=1001", {14, 0.47}},
                                                   {"mobilenet_v1?width=0.5&resolution=160&classes=1001", {77, 1.34}},
                                                   {"mobilenet_v1?width=0.5&resolution=224&classes=1001", {150, 1.34}},
                                                   {"mobilenet_v2?width=1.4&classes=1001", {582, 6.06}},
                                                   {"mobilenet_v2?width=1.3&classes=1001", {509, 5.34}},
                                                   {"mobilenet_v2?width=1&resolution=160&classes=1001", {154, 3.47}},
                                                   {"mobilenet_v2?width=0.75&resolution=128&classes=1001", {69, 2.61}},
                                                   {"mobilenet_v2?width=0.5&resolution=192&classes=1001", {71, 1.95}},
                                                   {"mobilenet_v2?width=0.35&resolution=224&classes=1001", {59, 1.66}},
                                                   {"mobilenet_v2?width=0.35&resolution=96&classes=1001", {11, 1.66}},
                                                   {"mobilenet_v3_large?width=0.75&classes=1001", {155, 4.0}},
                                                   {"mobilenet_v3_large?minimalistic=1&classes=1001", {209, 3.9}},
                                                   {"mobilenet_v3_small?width=0.75&classes=1001", {44, 2.04}},
                                                   {"mobilenet_v3_small?minimalistic=1&classes=1001", {52, 2.04}}};
  for (const auto& [spec, count] : published) {
    const Counts found = counts(spec);
    EXPECT_NEAR(found.macs / 1e6, count.macs, 1 + 0.01 * count.macs) << spec;
    EXPECT_NEAR(found.parameters / 1e6, count.parameters, 0.04 + 0.01 * count.parameters) << spec;
  }
}

TEST(MobileNet, AsOtherLibrariesCountThem) {
  // torchvision (v3 of width 1) and timm (the others) of the same architectures, at 1000 classes.
  const std::map<std::string, Counts> published = {
      {"mobilenet_v1", {568740352, 4231976}},           {"mobilenet_v2?width=0.5", {97131840, 1968680}},
      {"mobilenet_v2?width=1.4", {582195824, 6108776}}, {"mobilenet_v3_large", {216589760, 5483032}},
      {"mobilenet_v3_small", {56510400, 2542856}},      {"efficientnet_lite0", {385187552, 4652008}}};
  for (const auto& [spec, count] : published) {
    EXPECT_EQ(counts(spec).macs, count.macs) << spec;
    EXPECT_EQ(counts(spec).parameters, count.parameters) << spec;
  }
}

TEST(MobileNet, LargerEfficientNetLites) {
  // tensorflow/tpu, efficientnet/lite/README.md: millions of parameters and MACs (which it counts with the element-wise work).
  const std::map<std::string, Counts> published = {{"efficientnet_lite1", {631, 5.4}},
                                                   {"efficientnet_lite2", {899, 6.1}},
                                                   {"efficientnet_lite3", {1440, 8.2}},
                                                   {"efficientnet_lite4", {2640, 13.0}}};
  for (const auto& [spec, count] : published) {
    EXPECT_NEAR(counts(spec).macs / 1e6 / count.macs, 0.96, 0.012) << spec;
    EXPECT_NEAR(counts(spec).parameters / 1e6, count.parameters, 0.05) << spec;
  }
}

TEST(MobileNet, WrongOptionsAreOneSentence) {
  for (const char* spec : {"mobilenet_v1?width=x", "mobilenet_v1?width=0", "mobilenet_v3_large?minimalistic=yes",
                           "mobilenet_v2?minimalistic=1", "mobilenet_v1?widht=1"})
    EXPECT_THROW(network(spec), Error) << spec;
}

}  // namespace
}  // namespace wattlayer

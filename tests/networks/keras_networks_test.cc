#include <gtest/gtest.h>

#include <map>

#include "wattlayer/core/error.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

double gflops(const std::string& spec) {
  double macs = 0;
  for (const Node& node : network(spec).nodes) macs += cost(node.layer).macs;
  return 2e-9 * macs;
}

TEST(KerasNetworks, OperationsOfAForwardPassAsTensorFlowCountsThem) {
  // gaissa-pre: GFLOPs of one image, biases and batch normalisation not among them.
  const std::map<std::string, double> published = {
      {"inception_v3?size=75&top=flatten&hidden=2048/1024&norm=1&classes=102", 0.41669401},
      {"inception_v3?size=128&top=flatten&hidden=2048/1024&norm=1&classes=102", 1.502556228},
      {"inception_v3?size=224&top=flatten&hidden=2048/1024&norm=1&classes=102", 5.898369732},
      {"inception_v3?size=224&top=flatten&hidden=2048/2048&norm=1&classes=120", 5.902855984},
      {"nasnet_mobile?size=128&hidden=512&classes=1", 0.37164736},
      {"mobilenet_v2?size=128&width=0.5&top=average&hidden=512&classes=1", 0.06402816},
      {"resnet50?size=128&stride_first=1&hidden=1024/512&classes=1", 2.52438272},
      {"vgg16?size=128&top=average&classes=1", 10.028770304},
      {"xception?size=128&hidden=1024&classes=1", 2.958404032}};
  for (const auto& [spec, count] : published) EXPECT_NEAR(gflops(spec) / count, 1, 0.01) << spec;
}

TEST(KerasNetworks, ParametersAsKerasPrintsThem) {
  EXPECT_EQ(parameters(network("nasnet_mobile")), 5326716);
  EXPECT_EQ(parameters(network("vgg16?top=average&classes=1")), 14714688 + 513);
  EXPECT_EQ(parameters(network("mobilenet_v2")), 3538984);
  // Keras gives the batch normalisations of Inception no scale: 17,216 parameters less.
  EXPECT_EQ(parameters(network("inception_v3")), 23851784 + 17216);
}

TEST(KerasNetworks, AWrongClassifierIsNamed) {
  EXPECT_THROW(network("xception?hidden=1024/x"), Error);
  EXPECT_THROW(network("inception_v3?top=maximum"), Error);
  EXPECT_THROW(network("resnet50?norm=2"), Error);
}

}  // namespace
}  // namespace wattlayer

#include <gtest/gtest.h>

#include "tests/shared_folder.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

TEST(Zoo, ResNet50HasItsMacs) {
  const auto shared = shared_folder();
  if (!shared) GTEST_SKIP() << "no ../shared/zoo: networks to read are missing";
  const Graph graph = read_onnx(*shared / "zoo/torchvision/resnet50.onnx");
  double conv = 0;
  for (const Node& node : graph.nodes)
    if (node.layer.op == "Conv") conv += cost(node.layer).macs;
  EXPECT_GE(conv, 118013952);
}

}  // namespace
}  // namespace wattlayer

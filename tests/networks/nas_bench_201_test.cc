#include <gtest/gtest.h>

#include "wattlayer/core/error.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

double macs(const Graph& graph) {
  double sum = 0;
  for (const Node& node : graph.nodes) sum += cost(node.layer).macs;
  return sum;
}

std::string error_of(const std::string& spec) {
  try {
    network(spec);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(NasBench201, BothSpellingsOfACellAreTheSameNetwork) {
  const Graph nats = network(
      "nas_bench_201?cell=|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_3x3~0|none~1|skip_connect~2|&task=darcy");
  const Graph index =
      network("nas_bench_201?cell=avg_pool_3x3~0/nor_conv_1x1~0/skip_connect~1/nor_conv_3x3~0/none~1/skip_connect~2,task=darcy");
  ASSERT_EQ(nats.nodes.size(), index.nodes.size());
  for (size_t i = 0; i < nats.nodes.size(); ++i) EXPECT_EQ(nats.nodes[i].layer.op, index.nodes[i].layer.op);
  EXPECT_EQ(macs(nats), macs(index));
}

TEST(NasBench201, TasksHaveTheirInputsAndHeads) {
  const std::string cell = "nas_bench_201?cell=none~0/none~0/none~1/none~0/none~1/none~2&task=";
  const auto input = [&](const char* task) { return network(cell + task).nodes.front().layer.input(0).shape; };
  const auto output = [&](const char* task) { return network(cell + task).nodes.back().layer.output(0).shape; };
  EXPECT_EQ(input("cifar100"), (Shape{1, 3, 32, 32}));
  EXPECT_EQ(input("ninapro"), (Shape{1, 1, 52, 16}));
  EXPECT_EQ(input("darcy&batch=2"), (Shape{2, 1, 88, 88}));
  EXPECT_EQ(output("cifar100"), (Shape{1, 100}));
  EXPECT_EQ(output("ninapro"), (Shape{1, 18}));
  EXPECT_EQ(output("darcy"), (Shape{1, 1}));
}

TEST(NasBench201, WrongCellsAreOneSentence) {
  EXPECT_NE(error_of("nas_bench_201").find("has 0 edges"), std::string::npos);
  EXPECT_NE(error_of("nas_bench_201?cell=none~0/none~0").find("has 2 edges"), std::string::npos);
  EXPECT_NE(error_of("nas_bench_201?cell=conv~0/none~0/none~1/none~0/none~1/none~2").find("'conv~0'"), std::string::npos);
  EXPECT_NE(error_of("nas_bench_201?cell=none~1/none~0/none~1/none~0/none~1/none~2").find("'none~1'"), std::string::npos);
  EXPECT_NE(error_of("nas_bench_201?cell=none~0/none~0/none~0/none~0/none~1/none~2").find("'none~0'"), std::string::npos);
  EXPECT_NE(error_of("nas_bench_201?cell=none~0/none~0/none~1/none~0/none~1/none~2/none~2").find("more than six"),
            std::string::npos);
  EXPECT_NE(error_of("nas_bench_201?cell=none~0/none~0/none~1/none~0/none~1/none~2&task=x").find("ninapro"), std::string::npos);
}

}  // namespace
}  // namespace wattlayer

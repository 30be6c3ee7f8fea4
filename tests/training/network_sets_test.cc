#include "wattlayer/training/network_sets.h"

#include <gtest/gtest.h>

#include "wattlayer/core/error.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

TEST(NetworkSets, OfAPerceptronAreThoseOfButterE) {
  for (const char* widths : {"mlp_4_19_19_1", "mlp_60_300_20_20_3", "mlp_2_1000_1"}) {
    const Graph graph = network(std::string(widths) + "?batch=256");
    MlpTraining training{.batch = 256, .samples = 3848};
    std::string text = widths;
    for (size_t at = text.find('_'); at != text.npos; at = text.find('_', at + 1))
      training.widths.push_back(std::stoll(text.substr(at + 1)));
    training.features = training.widths.front();
    training.widths.erase(training.widths.begin());
    const WorkingSetSizes expected = working_set_sizes(training);
    const NetworkSets found = network_sets(graph, 3848);
    EXPECT_EQ(found.parameters, training.parameters());
    ASSERT_EQ(found.sizes.inter_layer.size(), expected.inter_layer.size()) << widths;
    for (size_t l = 0; l < expected.inter_layer.size(); ++l)
      EXPECT_EQ(found.sizes.inter_layer[l].distributed_bytes, expected.inter_layer[l].distributed_bytes);
    EXPECT_EQ(found.sizes.forward.replicated_bytes, expected.forward.replicated_bytes);
    EXPECT_EQ(found.sizes.backward.replicated_bytes, expected.backward.replicated_bytes);
    EXPECT_EQ(found.sizes.backward.distributed_bytes, expected.backward.distributed_bytes);
    EXPECT_EQ(found.sizes.samples.bytes(), expected.samples.bytes());
  }
}

TEST(NetworkSets, OfAConvolutionalNetworkHoldWhatItsLayersReadAndWrite) {
  const NetworkSets sets = network_sets(network("alexnet?batch=2"), std::nullopt);
  EXPECT_NEAR(sets.parameters, 61100840, 1);
  // The first convolution: 3 x 224 x 224 to 64 x 55 x 55, two images.
  EXPECT_EQ(sets.sizes.inter_layer[0].distributed_bytes, 2 * 4 * (3 * 224 * 224 + 64 * 55 * 55));
  EXPECT_EQ(sets.sizes.samples.bytes(), 0);
  EXPECT_EQ(sets.unknown_shapes, 0u);
}

TEST(NetworkSets, ANodeThatRunsOftenHasASetForEachTime) {
  Graph graph = network("mlp_4_19_1?batch=256");
  const size_t once = network_sets(graph, 10).sizes.inter_layer.size();
  graph.nodes[0].count = 1500;
  EXPECT_EQ(network_sets(graph, 10).sizes.inter_layer.size(), once + 1499);
  graph.nodes[0].count = 1e9;
  EXPECT_THROW(network_sets(graph, 10), Error);
}

TEST(NetworkSets, ANetworkWithoutLayersIsRefused) { EXPECT_THROW(network_sets({.name = "nothing"}, 10), Error); }

}  // namespace
}  // namespace wattlayer

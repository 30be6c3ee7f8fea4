#include <gtest/gtest.h>

#include <map>

#include "wattlayer/core/error.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

/// Without the running statistics of batch normalisation.
double trainable(const Graph& graph) {
  double sum = parameters(graph);
  for (const Node& node : graph.nodes)
    if (node.layer.op == "BatchNormalization") sum -= 2 * static_cast<double>(node.layer.input(0).shape[1]);
  return sum;
}

TEST(NasBench101, TrainableParametersAsInEcNas) {
  const std::map<std::string, double> published = {
      {"ops=-1-2&matrix=0100", 882570},
      {"ops=-11-2&matrix=011001000", 2793866},
      {"ops=-10-2&matrix=011001000", 11051402},
      {"ops=-122-2&matrix=0110001000010000", 1756298},
      {"ops=-120-2&matrix=0111001100010000", 4081418},
      {"ops=-1200-2&matrix=0111100111000100000100000", 6843402},
      {"ops=-1101-2&matrix=0110000111000100000100000", 3729162},
      {"ops=input|conv3x3-bn-relu|conv3x3-bn-relu|maxpool3x3|conv1x1-bn-relu|conv3x3-bn-relu|output"
       "&matrix=0110001001000000010000000101000001000000010000000",
       8992394},
      {"ops=input|maxpool3x3|conv1x1-bn-relu|maxpool3x3|conv3x3-bn-relu|output&matrix=011000001110000100000010000001000000",
       12088970}};
  for (const auto& [cell, count] : published) EXPECT_EQ(trainable(network("nas_bench_101?" + cell)), count) << cell;
}

TEST(NasBench101, BadCellsAreRefused) {
  for (const char* cell : {"ops=-12-2&matrix=0110", "ops=-12&matrix=0100", "ops=-13-2&matrix=011001000",
                           "ops=-12-2&matrix=011001001", "ops=-12-2&matrix=01100100x", "ops=-122-2&matrix=0010001000010000"})
    EXPECT_THROW(network(std::string("nas_bench_101?") + cell), Error) << cell;
}

}  // namespace
}  // namespace wattlayer

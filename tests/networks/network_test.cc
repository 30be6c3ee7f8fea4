#include "wattlayer/networks/network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/shared_folder.h"
#include "wattlayer/core/error.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/store/csv.h"
#include "wattlayer/store/text_file.h"

namespace wattlayer {
namespace {

double macs(const Graph& graph) {
  double sum = 0;
  for (const Node& node : graph.nodes) sum += cost(node.layer).macs;
  return sum;
}

TEST(Network, ParametersAsPublished) {
  // torchvision's own counts, from its table of pre-trained weights.
  const std::map<std::string, double> published = {
      {"alexnet", 61100840},
      {"vgg11", 132863336},
      {"vgg13", 133047848},
      {"vgg16", 138357544},
      {"vgg19", 143667240},
      {"resnet18", 11689512},
      {"resnet34", 21797672},
      {"resnet50", 25557032},
      {"resnet101", 44549160},
      {"resnet152", 60192808},
      {"mobilenet_v2", 3504872},
      {"efficientnet_b0", 5288548},
      {"efficientnet_b1", 7794184},
      {"efficientnet_b2", 9109994},
      {"efficientnet_b3", 12233232},
      {"efficientnet_b4", 19341616},
      {"efficientnet_b5", 30389784},
      {"efficientnet_b6", 43040704},
      {"efficientnet_b7", 66347960},
      {"efficientnet_v2_s", 21458488},
      {"efficientnet_v2_m", 54139356},
      {"efficientnet_v2_l", 118515272},
      {"shufflenet_v2_x0_5", 1366792},
      {"shufflenet_v2_x1_0", 2278604},
      {"shufflenet_v2_x1_5", 3503624},
      {"shufflenet_v2_x2_0", 7393996},
      // Others: keras.applications (which counts the running statistics) and the common PyTorch U-Net of two classes.
      {"xception", 22910480},
      {"unet", 31037698}};
  for (const auto& [name, count] : published) {
    const Graph graph = network(name);
    // Published counts leave out the running mean and variance of batch normalisation, unless they are Keras's.
    double statistics = 0;
    for (const Node& node : graph.nodes)
      if (node.layer.op == "BatchNormalization" && name != "xception")
        statistics += 2 * static_cast<double>(node.layer.input(0).shape[1]);
    EXPECT_EQ(parameters(graph) - statistics, count) << name;
  }
}

TEST(Network, MacsAsPublished) {
  // Giga-MACs of torchvision's table of pre-trained weights, at its input sizes.
  const std::map<std::string, double> published = {{"alexnet", 0.71},
                                                   {"vgg16", 15.47},
                                                   {"resnet18", 1.81},
                                                   {"resnet50", 4.09},
                                                   {"mobilenet_v2", 0.30},
                                                   {"efficientnet_b0", 0.39},
                                                   {"efficientnet_b4", 4.39},
                                                   {"efficientnet_b7", 37.75},
                                                   {"efficientnet_v2_s", 8.37},
                                                   {"efficientnet_v2_m", 24.58},
                                                   {"efficientnet_v2_l", 56.08},
                                                   {"shufflenet_v2_x1_0", 0.14},
                                                   {"shufflenet_v2_x2_0", 0.58}};
  for (const auto& [name, giga] : published) EXPECT_NEAR(macs(network(name)) / 1e9, giga, 0.006 + 0.003 * giga) << name;
}

TEST(Network, Vgg11MacsAsInThePaper) {
  // Getzner et al. 2023, table 3: convolutions with their bias, 7,492,882,432.
  double conv = 0;
  for (const Node& node : network("vgg11").nodes)
    if (node.layer.op == "Conv") conv += cost(node.layer).macs + cost(node.layer).output_elements;
  EXPECT_EQ(conv, 7492882432.0);
}

TEST(Network, BatchScalesEveryLayer) {
  EXPECT_EQ(macs(network("vgg16?batch=3")), 3 * macs(network("VGG-16")));
  EXPECT_EQ(network("vgg16?batch=3").batch, 3);
}

TEST(Network, EveryNameListedCanBeBuilt) {
  for (const NetworkFamily& family : network_families())
    for (std::string_view name : family.names) {
      if (name.find('{') != std::string_view::npos) continue;
      EXPECT_GT(parameters(network(name)), 1e5) << name;
    }
}

TEST(Network, RefusesNonsenseAndListsTheKnown) {
  for (const char* spec : {"", "vgg17", "vgg16?batch=0", "vgg16?batch=x", "vgg16?colour=red", "convnet_L2_F8_K3x4_W10",
                           "convnet_L2_W10", "mlp_5", "mlp_5_x", "convnet_L2_F8_K99x99_W10", "vgg16?size=8"})
    EXPECT_THROW(network(spec), Error) << spec;
  try {
    network("vgg17");
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("vgg16"), std::string::npos);
  }
}

TEST(Network, PerceptronHasItsWidths) { EXPECT_EQ(parameters(network("mlp_784_256_10")), 784 * 256 + 256 + 256 * 10 + 10); }

TEST(Network, ConvnetsMeetThePublishedCounts) {
  const auto shared = shared_folder();
  const auto file = shared.value_or("") / "data/jetson-nano-icas/models.csv.gz";
  if (!shared || !std::filesystem::exists(file)) GTEST_SKIP() << "needs data/jetson-nano-icas beside the project";
  const std::string text = read_text_file(file);
  CsvReader reader(text);
  size_t seen = 0, wrong_parameters = 0;
  double least = 2, most = 0;
  while (reader.next()) {
    const auto field = [&](std::string_view name) { return reader.fields()[*reader.column(name)]; };
    const Graph graph = network(field("Model Name"));
    wrong_parameters += parameters(graph) != std::stod(field("Total Parameters"));
    const double ratio = macs(graph) / std::stod(field("Total MACs"));
    least = std::min(least, ratio);
    most = std::max(most, ratio);
    ++seen;
  }
  EXPECT_GT(seen, 10000u);
  EXPECT_EQ(wrong_parameters, 0u);
  EXPECT_GE(least, 0.9835);
  EXPECT_LE(most, 1.0);
}

}  // namespace
}  // namespace wattlayer

#include <gtest/gtest.h>

#include <map>

#include "tests/shared_folder.h"
#include "wattlayer/core/catalogue.h"
#include "wattlayer/core/error.h"
#include "wattlayer/networks/network.h"
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

/// FLOPs of products with the addition of their bias.
double product_flops(const Graph& graph, bool bias) {
  double sum = 0;
  for (const Node& node : graph.nodes)
    if (const Cost c = cost(node.layer); c.macs > 0) sum += 2 * c.macs + (bias ? c.flops : 0);
  return sum;
}

TEST(Transformers, ParametersAsPublished) {
  // Of the published checkpoints, which share the table of words with the head.
  const std::map<std::string, double> published = {
      {"bert-base-uncased", 109482240},
      {"bert-large-uncased", 335141888},
      {"roberta-base", 124645632},
      {"distilbert-base-uncased", 66362880},
      {"gpt2", 124439808},
      {"gpt2-medium", 354823168},
      {"gpt2-large", 774030080},
      {"gpt2-xl", 1557611200},
      {"distilgpt2", 81912576},
      {"openai-gpt", 116534784},
      {"opt-125m", 125239296},
      {"opt-1.3b", 1315758080},
      {"gpt-neo-125m", 125198592},
      {"qwen2-0.5b", 494032768},
      {"qwen2-1.5b", 1543714304},
      {"bloomz-560m", 559214592},
      {"vit-large?head=0", 304326632 - 1025000},  // the published count has a classifier of 1000
  };
  for (const auto& [name, count] : published) EXPECT_EQ(parameters(network(name)), count) << name;
}

TEST(Transformers, MobileVitAsPublished) {
  const Graph graph = network("mobilevit-small?head=1");
  double statistics = 0;
  for (const Node& node : graph.nodes)
    if (node.layer.op == "BatchNormalization") statistics += 2 * static_cast<double>(node.layer.input(0).shape[1]);
  EXPECT_EQ(parameters(graph) - statistics, 5578632);
}

TEST(Transformers, MacsAsOfExportedNetworks) {
  // Products of the same architectures exported by PyTorch, at 128 tokens and with the head.
  const std::map<std::string, double> exported = {
      {"gpt2", 16114089984},     {"gpt2-xl", 201552896000},  {"distilgpt2", 10527277056},    {"gpt-neo-125m", 16114089984},
      {"opt-125m", 16115564544}, {"opt-1.3b", 169407938560}, {"mobilevit-small", 2000831488}};
  for (const auto& [name, count] : exported) EXPECT_EQ(macs(network(name + "?head=1")), count) << name;
}

TEST(Transformers, MacsOfMeasuredKernelLists) {
  // Products of the kernel lists that EnergAIzer's authors publish for the workloads that they measured.
  const std::map<std::string, double> listed = {
      {"gpt2?batch=2&sequence=512", 96636764160},           {"opt-1.3b?batch=8&sequence=1024", 10720238370816},
      {"qwen2-1.5b?batch=4&sequence=2048", 12176232415232}, {"bert-large-uncased?batch=8&sequence=256&head=0", 644245094400},
      {"vit-large?batch=32&head=0", 1969718034432},         {"resnet101?batch=16", 124822487040}};
  for (const auto& [spec, count] : listed) EXPECT_EQ(macs(network(spec)), count) << spec;
}

TEST(Transformers, FusedAttentionDoesTheSameProducts) {
  for (const char* name : {"bert-base-uncased", "gpt2", "opt-125m", "qwen2-0.5b", "bloomz-560m", "vit-base", "mobilevit-small"}) {
    const std::string spec = std::string(name) + "?batch=2&attention=";
    const Graph eager = network(spec + "eager"), fused = network(spec + "sdpa");
    EXPECT_NEAR(macs(fused) / macs(eager), 1, 1e-4) << name;
    EXPECT_EQ(parameters(fused), parameters(eager)) << name;
    EXPECT_LT(fused.nodes.size(), eager.nodes.size()) << name;
    const auto softmax = [](const Node& node) { return node.layer.op == "Softmax"; };
    EXPECT_TRUE(std::none_of(fused.nodes.begin(), fused.nodes.end(), softmax)) << name;
    EXPECT_TRUE(std::any_of(eager.nodes.begin(), eager.nodes.end(), softmax)) << name;
  }
}

TEST(Transformers, AttentionCopiesStridedHeadsOnlyWhereItMust) {
  const DataFiles files;
  const Catalogue catalogue(files);
  const Engine& engine = catalogue.engine("pytorch");
  const auto copies = [&](const char* spec) {
    double count = 0;
    for (const WorkloadItem& item : lower(network(spec), engine).items)
      if (item.layer.op == "Transpose") count += item.count;
    return count;
  };
  // A batch of heads is one stride for one sequence, two for more; the context is copied when heads are joined.
  EXPECT_EQ(copies("bert-base-uncased?batch=1"), 12);
  EXPECT_EQ(copies("bert-base-uncased?batch=2"), 12 * 4);
  EXPECT_EQ(copies("bert-base-uncased?batch=2&attention=sdpa"), 0);
}

TEST(Transformers, WrongOptionsAreOneSentence) {
  for (const char* spec : {"gpt2?attention=flash", "gpt2?sequence=0", "gpt2?sequence=x", "gpt2?head=2", "gpt2?size=4&length=3",
                           "tiny-ctrl?attention=sdpa", "hw_gpt_bench", "hw_gpt_bench?heads=4-4&mlp=4",
                           "hw_gpt_bench?heads=4-x&mlp=4-4", "hw_gpt_bench?heads=4&mlp=4&bias=x"})
    EXPECT_THROW(network(spec), Error) << spec;
}

/// Rows of a CSV file of the shared folder; nothing, and a skip, where it is not there.
std::optional<std::string> shared_text(const char* file) {
  const auto shared = shared_folder();
  if (!shared || !std::filesystem::exists(*shared / file)) return std::nullopt;
  return read_text_file(*shared / file);
}

TEST(Transformers, FlopsOfIrene) {
  const auto text = shared_text("data/irene/device_1/model_level_features.csv.gz");
  if (!text) GTEST_SKIP() << "needs data/irene beside the project";
  CsvReader reader(*text);
  std::map<std::string, int> seen;
  while (reader.next()) {
    const auto field = [&](std::string_view name) { return std::string(reader.fields()[*reader.column(name)]); };
    const std::string name = field("model_name");
    const Graph graph = network(name + "?batch=" + std::to_string(std::stoi(field("batch_size"))) +
                                "&sequence=" + std::to_string(std::stoi(field("seq_len"))));
    // Its count holds norms and activations besides products.
    const double ratio = product_flops(graph, true) / (std::stod(field("flops")) * 1e6);
    EXPECT_GT(ratio, name == "sshleifer/tiny-ctrl" ? 0.7 : 0.985) << name;
    EXPECT_LE(ratio, 1.0005) << name;
    ++seen[name];
  }
  EXPECT_EQ(seen.size(), 7u);
}

/// What irene lists of one network, batch and length.
struct Products {
  double flops = 0;
  size_t rows = 0;
};

TEST(Transformers, ProductsOfIrene) {
  std::map<std::string, Products> listed;
  for (const char* file : {"data/irene/device_1/ml1_level_features.csv.gz", "data/irene/device_1/ml2_level_features.csv.gz"}) {
    const auto text = shared_text(file);
    if (!text) GTEST_SKIP() << "needs data/irene beside the project";
    CsvReader reader(*text);
    while (reader.next()) {
      const auto field = [&](std::string_view name) { return std::string(reader.fields()[*reader.column(name)]); };
      const std::string level = field("level_name");
      const bool product = level.ends_with(":Linear") || level.ends_with(":Conv1D") || level.ends_with(":MatMul");
      if (!product || level == "pooler.dense:Linear") continue;
      Products& of = listed[field("model_name") + "?head=0&batch=" + std::to_string(std::stoi(field("batch_size"))) +
                            "&sequence=" + std::to_string(std::stoi(field("seq_len")))];
      of.flops += std::stod(field("flops")) * 1e6, ++of.rows;
    }
  }
  size_t whole = 0;
  for (const auto& [spec, products] : listed) {
    const Graph graph = network(spec);
    const auto is_product = [](const Node& node) { return cost(node.layer).macs > 0; };
    if (static_cast<size_t>(std::count_if(graph.nodes.begin(), graph.nodes.end(), is_product)) != products.rows) continue;
    const bool conv1d = spec.find("gpt") != std::string::npos;  // whose bias it does not count
    EXPECT_NEAR(product_flops(graph, !conv1d) / products.flops, 1, 1e-6) << spec;
    ++whole;
  }
  EXPECT_GE(whole + 3, listed.size());  // a few configurations are listed in part
  EXPECT_GT(whole, 180u);
}

TEST(Transformers, HwGptBenchMeetsItsColumns) {
  const auto text = shared_text("data/hw-gpt-bench/gpu_energy.csv.gz");
  if (!text) GTEST_SKIP() << "needs data/hw-gpt-bench beside the project";
  CsvReader reader(*text);
  std::map<std::string, int> seen;
  for (size_t row = 0; reader.next(); ++row) {
    if (row % 37 != 0) continue;
    const auto field = [&](std::string_view name) { return std::string(reader.fields()[*reader.column(name)]); };
    const Graph graph = network("hw_gpt_bench?embed=" + field("embed") + "&heads=" + field("heads") + "&mlp=" + field("mlp") +
                                "&bias=" + field("bias") + "&sequence=128&batch=2");
    EXPECT_EQ(parameters(graph), std::stod(field("params")));
    double products = 0;  // the column leaves the attention itself out
    for (const Node& node : graph.nodes)
      if (node.layer.op == "Gemm") products += cost(node.layer).macs;
    EXPECT_EQ(products / (2 * 128), std::stod(field("macs_per_token")));
    ++seen[field("scale") + field("bias")];
  }
  EXPECT_EQ(seen.size(), 6u);
}

TEST(Transformers, HwGptBenchCastsAsAutocastDoes) {
  const Graph graph = network("hw_gpt_bench?embed=192&heads=4&mlp=2&sequence=64");
  for (const Node& node : graph.nodes) {
    const DataType type = node.layer.output(0).dtype;
    const std::string_view op = node.layer.op;
    const bool half = op == "Gemm" || op == "Attention" || op == "Swish", full = op == "LayerNormalization" || op == "Gather";
    if (half || full) {
      EXPECT_EQ(type, half ? DataType::bf16 : DataType::f32) << node.name;
    }
  }
  const Graph plain = network("hw_gpt_bench?embed=192&heads=4&mlp=2&sequence=64&autocast=0");
  for (const Node& node : plain.nodes) EXPECT_NE(node.layer.op, "Cast");
}

}  // namespace
}  // namespace wattlayer

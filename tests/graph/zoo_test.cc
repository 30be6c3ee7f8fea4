#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "tests/shared_folder.h"
#include "wattlayer/core/error.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

/// One line of the zoo's index.csv.
struct Row {
  std::string file;
  double reference_macs = 0, onnx_macs = 0;  ///< 0: not known
  bool complete = false;                     ///< the prototype behind onnx_macs knew every shape
};

std::vector<Row> read_index(const std::filesystem::path& zoo) {
  std::ifstream in(zoo / "index.csv");
  std::string line;
  std::getline(in, line);
  std::vector<Row> rows;
  while (std::getline(in, line)) {
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (char c : line) {
      if (c == '"') quoted = !quoted;
      else if (c == ',' && !quoted) cells.emplace_back();
      else cells.back() += c;
    }
    if (cells.size() < 9 || !std::filesystem::exists(zoo / cells[0])) continue;
    rows.push_back({cells[0], std::atof(cells[6].c_str()), std::atof(cells[7].c_str()), cells[8] == "0"});
  }
  return rows;
}

bool is_priced(const Node& node) {
  auto known = [](const Tensor& t) { return !t.present || t.known; };
  return node.in_catalogue && std::all_of(node.layer.inputs.begin(), node.layer.inputs.end(), known) &&
         std::all_of(node.layer.outputs.begin(), node.layer.outputs.end(), known);
}

double macs_of(const Graph& graph, bool with_folded) {
  double macs = 0;
  for (const Node& node : graph.nodes)
    if (is_priced(node) && (with_folded || !node.folded)) macs += node.count * cost(node.layer).macs;
  return macs;
}

/// Networks of docs/macs.md that differ from the reference by more than 1 %.
std::set<std::string> explained() {
  std::ifstream in(std::filesystem::path(WATTLAYER_SOURCE_DIR) / "docs/macs.md");
  std::set<std::string> files;
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("| ") && line.find(".onnx |") != std::string::npos) files.insert(line.substr(2, line.find(" |") - 2));
  return files;
}

/// What the tests ask of a network, so that each is read once.
struct Summary {
  Row row;
  double macs = 0, macs_at_run_time = 0, nodes = 0, in_catalogue = 0;
  size_t unresolved = 0;
  int64_t batch = 1;
  std::string failure;
};

Summary summarize(const std::filesystem::path& zoo, const Row& row, const ImportOptions& options = {}) try {
  const Graph graph = read_onnx(zoo / row.file, options);
  Summary s{.row = row,
            .macs = macs_of(graph, true),
            .macs_at_run_time = macs_of(graph, false),
            .nodes = static_cast<double>(graph.nodes.size())};
  for (const Node& node : graph.nodes) s.in_catalogue += node.in_catalogue;
  s.unresolved = graph.unresolved.size();
  s.batch = graph.batch;
  return s;
} catch (const Error& e) {
  return {.row = row, .failure = e.what()};
}

class Zoo : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto shared = shared_folder();
    if (!shared || !std::filesystem::exists(*shared / "zoo/index.csv")) return;
    zoo_ = *shared / "zoo";
    for (const Row& row : read_index(zoo_)) networks_.push_back(summarize(zoo_, row));
  }
  void SetUp() override {
    if (networks_.empty()) GTEST_SKIP() << "the networks of ../shared/zoo are missing";
  }
  static inline std::filesystem::path zoo_;
  static inline std::vector<Summary> networks_;
};

TEST_F(Zoo, EveryNetworkIsReadAndPriced) {
  double nodes = 0, in_catalogue = 0, resolved = 0;
  for (const Summary& network : networks_) {
    EXPECT_EQ(network.failure, "");
    resolved += network.failure.empty() && network.unresolved == 0;
    nodes += network.nodes;
    in_catalogue += network.in_catalogue;
  }
  EXPECT_GE(resolved, 0.98 * static_cast<double>(networks_.size()));
  EXPECT_GE(in_catalogue, 0.995 * nodes);
  EXPECT_GE(catalogue().size(), 150u);
}

TEST_F(Zoo, MacsAgreeWithOtherCounters) {
  const std::set<std::string> known = explained();
  for (const Summary& network : networks_) {
    const Row& row = network.row;
    if (row.complete && row.onnx_macs > 0) {
      EXPECT_NEAR(network.macs / row.onnx_macs, 1, 0.01) << row.file;
    }
    const bool differs = row.reference_macs > 0 && std::abs(network.macs / row.reference_macs - 1) > 0.01;
    EXPECT_EQ(differs, known.contains(row.file))
        << row.file << ": docs/macs.md explains those that differ by more than 1 %, and only those";
  }
}

/// The leading dimension of these is not a batch: detectors take one image of 3 channels, the vocoder a list of frames.
bool has_no_batch(const std::string& file) {
  return file.find("/detection_") != std::string::npos || file.find("hifigan-speecht5") != std::string::npos;
}

TEST_F(Zoo, BatchMultipliesMacsExactly) {
  for (const Summary& one : networks_) {
    if (has_no_batch(one.row.file)) continue;
    ImportOptions options;
    options.batch = 4 * one.batch;
    const Summary four = summarize(zoo_, one.row, options);
    EXPECT_EQ(four.failure, "");
    EXPECT_EQ(four.macs_at_run_time, 4 * one.macs_at_run_time) << one.row.file;
    EXPECT_LE(four.unresolved, one.unresolved) << one.row.file;
  }
}

TEST_F(Zoo, DetectorsRefuseABatchOfTheirChannels) {
  ImportOptions options;
  options.batch = 4;
  try {
    read_onnx(zoo_ / "torchvision/detection_retinanet_resnet50_fpn.onnx", options);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::unsupported) << e.what();
  }
}

}  // namespace
}  // namespace wattlayer

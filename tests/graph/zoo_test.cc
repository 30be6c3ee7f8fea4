#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
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

class Zoo : public testing::Test {
 protected:
  void SetUp() override {
    const auto shared = shared_folder();
    if (!shared || !std::filesystem::exists(*shared / "zoo/index.csv"))
      GTEST_SKIP() << "the networks of ../shared/zoo are missing";
    zoo_ = *shared / "zoo";
    rows_ = read_index(zoo_);
  }
  std::filesystem::path zoo_;
  std::vector<Row> rows_;
};

TEST_F(Zoo, EveryNetworkIsReadAndPriced) {
  double nodes = 0, in_catalogue = 0;
  size_t resolved = 0;
  std::map<std::string, int> missing;
  for (const Row& row : rows_) {
    Graph graph;
    ASSERT_NO_THROW(graph = read_onnx(zoo_ / row.file)) << row.file;
    resolved += graph.unresolved.empty();
    for (const Node& node : graph.nodes) {
      ++nodes;
      in_catalogue += node.in_catalogue;
      if (!node.in_catalogue) ++missing[node.layer.op];
    }
  }
  for (const auto& [op, count] : missing) std::printf("not in the catalogue: %s, %d nodes\n", op.c_str(), count);
  EXPECT_GE(static_cast<double>(resolved), 0.98 * static_cast<double>(rows_.size()));
  EXPECT_GE(in_catalogue, 0.995 * nodes);
  EXPECT_GE(catalogue().size(), 150u);
}

TEST_F(Zoo, MacsAgreeWithOtherCounters) {
  std::set<std::string> differ;
  for (const Row& row : rows_) {
    const double macs = macs_of(read_onnx(zoo_ / row.file), true);
    if (row.complete && row.onnx_macs > 0) {
      EXPECT_NEAR(macs / row.onnx_macs, 1, 0.01) << row.file;
    }
    if (row.reference_macs > 0 && std::abs(macs / row.reference_macs - 1) > 0.01) differ.insert(row.file);
  }
  const std::set<std::string> known = explained();
  for (const std::string& file : differ)
    EXPECT_TRUE(known.contains(file)) << file << " differs by more than 1 %; explain it in docs/macs.md";
  for (const Row& row : rows_)
    EXPECT_TRUE(!known.contains(row.file) || differ.contains(row.file)) << row.file << " agrees; remove it from docs/macs.md";
}

/// The leading dimension of these is not a batch: detectors take one image of 3 channels, the vocoder a list of frames.
bool has_no_batch(const std::string& file) {
  return file.find("/detection_") != std::string::npos || file.find("hifigan-speecht5") != std::string::npos;
}

TEST_F(Zoo, BatchMultipliesMacsExactly) {
  for (const Row& row : rows_) {
    if (has_no_batch(row.file)) continue;
    const Graph one = read_onnx(zoo_ / row.file);
    ImportOptions options;
    options.batch = 4 * one.batch;
    Graph four;
    ASSERT_NO_THROW(four = read_onnx(zoo_ / row.file, options)) << row.file;
    EXPECT_EQ(macs_of(four, false), 4 * macs_of(one, false)) << row.file;
    EXPECT_LE(four.unresolved.size(), one.unresolved.size()) << row.file;
    EXPECT_EQ(four.batch, options.batch) << row.file;
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

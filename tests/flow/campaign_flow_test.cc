#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/cli/program_run.h"
#include "tests/shared_folder.h"
#include "tests/temporary_folder.h"
#include "wattlayer/bench/campaign_items.h"
#include "wattlayer/bench/collect.h"
#include "wattlayer/core/data_files.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/store/store.h"

namespace wattlayer {
namespace {

using test::ProgramRun;
using test::run_program;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

nlohmann::json estimate(const std::string& network, const std::filesystem::path& model, const std::string& batch) {
  const ProgramRun run = run_program({"estimate", network, "--on", model.string(), "--batch", batch, "--json"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return nlohmann::json::parse(run.out)["estimates"][0];
}

TEST(CampaignFlow, CollectFitEstimateComeBackToWhatTheSimulatedDeviceUses) {
  TemporaryFolder folder;
  const std::string db = folder / "my.db", model = folder / "my.wlm";
  ProgramRun run = run_program({"collect", "cpu-small", "--runner", "fake", "--meter", "fake", "--db", db});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(has(run.out, " 0 failed, 0 were there already, 0 left")) << run.out;
  run = run_program({"fit", "--db", db, "-o", model});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  // The campaign does not measure these two; the truth is what the store's law of the simulated device gives for measured ones.
  std::map<std::string, double> truth;
  for (const Measurement& row : Store(db).select({.kind = "network"})) truth[row.row] = *row.energy_j;
  for (const char* name : {"net:resnet18", "net:mobilenet_v2"}) {
    const auto e = estimate(name, model, "8");
    const double measured = truth.at(std::string(name) + " batch=8 [board]");
    EXPECT_NEAR(e["energy_j"]["value"].get<double>() / measured, 1, 0.15) << name;
    EXPECT_EQ(e["scope"], "board");
    EXPECT_EQ(e["hardware"], "simulated");
  }
}

TEST(CampaignFlow, ADatabaseBringsTheDescriptionItsRowsWereMeasuredUnder) {
  TemporaryFolder folder;
  std::filesystem::create_directories(folder / "mine/hardware");
  const std::string text = *DataFiles().read("hardware", "simulated.json");
  std::ofstream(folder / "mine/hardware/my-box.json") << text;
  const std::string db = folder / "my.db", other = folder / "other.db", model = folder / "my.wlm";
  ProgramRun run = run_program({"--data-dir", (folder / "mine").string(), "collect", "cpu-small", "--runner", "fake", "--meter",
                                "fake", "--hardware", "my-box", "--db", db, "--budget", "2m"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(has(run.out, "the budget ended; call it again to go on")) << run.out;
  ASSERT_EQ(run_program({"import", db, "--db", other}).exit_code, 0);
  run = run_program({"fit", "--db", other, "-o", model});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(has(run.out, "my-box/simulated/f32")) << run.out;
}

TEST(CampaignFlow, SeveralMetersGiveARowEachAndFitAsksWhich) {
  TemporaryFolder folder;
  const std::string db = folder / "my.db", model = (folder / "my.wlm").string();
  ProgramRun run = run_program({"collect", "cpu-small", "--runner", "fake", "--meter",
                                "fake:a+scope=cpu-package,fake:b+scope=gpu-board", "--db", db, "--budget", "3m"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  std::map<std::string, size_t> scopes;
  for (const Measurement& row : Store(db).select()) {
    ++scopes[row.scope];
    EXPECT_TRUE(row.row.ends_with(" [" + row.scope + "]")) << row.row;
  }
  EXPECT_EQ(scopes.size(), 2u);
  EXPECT_EQ(scopes["cpu-package"], scopes["gpu-board"]);
  run = run_program({"fit", "--db", db, "-o", model});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(has(run.err, "cpu-package, gpu-board") && has(run.err, "--scope")) << run.err;
  EXPECT_EQ(run_program({"fit", "--db", db, "--scope", "gpu-board", "-o", model}).exit_code, 0);
  EXPECT_TRUE(has(run_program({"fit", "--db", db, "--scope", "wall", "-o", model}).err, "no row has scope wall"));
}

TEST(CampaignFlow, WithoutAMeterTimeIsMeasuredAndEnergyOnlyModelledOnRequest) {
  TemporaryFolder folder;
  const std::string db = folder / "my.db", csv = folder / "my.csv", model = (folder / "my.wlm").string();
  ASSERT_EQ(run_program({"collect", "cpu-small", "--runner", "fake", "--meter", "none", "--db", db, "--budget", "3m"}).exit_code,
            0);
  for (const Measurement& row : Store(db).select()) EXPECT_TRUE(row.time_s && !row.energy_j && row.scope.empty()) << row.row;
  ProgramRun run = run_program({"fit", "--db", db, "-o", model});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(has(run.err, "--stated-power")) << run.err;
  EXPECT_EQ(run_program({"fit", "--db", db, "-o", model, "--stated-power", "25"}).exit_code, 0);
  EXPECT_TRUE(has(run_program({"estimate", "net:alexnet", "--on", model}).out, "modelled"));
  ASSERT_EQ(run_program({"export", "--db", db, "-o", csv}).exit_code, 0);
  ASSERT_EQ(run_program({"import", csv, "--db", (folder / "again.db").string()}).exit_code, 0);
  EXPECT_EQ(Store(folder / "again.db").size(), Store(db).size());
}

TEST(CampaignFlow, FitTakesTheScopeOfTheHardwareAndItsFirstMeter) {
  TemporaryFolder folder;
  const std::string db = folder / "my.db", model = (folder / "my.wlm").string();
  ProgramRun run =
      run_program({"collect", "cpu-small", "--runner", "fake", "--meter",
                   "fake:a+scope=cpu-package,fake:b+scope=board,fake:c+scope=board+gain=3", "--db", db, "--budget", "3m"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const size_t rows = Store(db).size() / 3;
  run = run_program({"fit", "--db", db, "-o", model});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(has(run.err, std::to_string(rows) + " rows are of a second meter")) << run.err;
  EXPECT_TRUE(has(run.err, "that of the hardware is taken: board")) << run.err;
  EXPECT_TRUE(has(run.err, "fitting " + std::to_string(rows) + " rows")) << run.err;
}

TEST(CampaignFlow, ShardsTogetherMakeTheWholeAndMergingTwiceChangesNothing) {
  TemporaryFolder folder;
  const std::string all = folder / "all.db";
  size_t sum = 0;
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    const std::string part = folder / (std::string("part-") + shard[0] + ".db");
    const ProgramRun run =
        run_program({"collect", "cpu-small", "--runner", "fake", "--meter", "fake", "--db", part, "--shard", shard});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const size_t rows = Store(part).size();
    EXPECT_GT(rows, 50u);
    sum += rows;
    for (int again = 0; again < 2; ++again) ASSERT_EQ(run_program({"import", part, "--db", all}).exit_code, 0);
    EXPECT_EQ(Store(all).size(), sum);
  }
  const ProgramRun run = run_program({"collect", "cpu-small", "--runner", "fake", "--meter", "fake", "--db", all});
  EXPECT_TRUE(has(run.out, "0 measured, 0 failed, " + std::to_string(sum) + " were there already, 0 left")) << run.out;
}

TEST(CampaignFlow, ExportedRowsAreADataSetThatIsEvaluated) {
  TemporaryFolder folder;
  const std::string db = folder / "my.db", csv = folder / "rows/mine.csv";
  std::filesystem::create_directories(folder / "rows");
  std::filesystem::create_directories(folder / "about/datasets");
  std::ofstream(folder / "mine.json") << R"({"schema": 1, "title": "t", "dtypes": ["f32", "bf16"], "batches": [1, 4],
      "networks": [{"names": ["net:alexnet", "net:vgg11", "net:resnet18", "net:mobilenet_v2"]}],
      "real": [{"names": ["net:alexnet", "net:vgg11", "net:resnet18", "net:mobilenet_v2"]}]})";
  ProgramRun run = run_program({"collect", folder / "mine.json", "--runner", "fake", "--meter", "fake", "--db", db,
                                "--runner-option", "fault=out-of-memory=Gemm 4x25088"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ASSERT_EQ(run_program({"export", "--db", db, "-o", csv}).exit_code, 0);
  const auto describe = [&](const std::string& hardware) {
    std::ofstream(folder / "about/datasets/mine.json")
        << R"({"schema": 1, "title": "t", "source": "here", "licence": "none", "hardware": ")" << hardware
        << R"(", "engine": "simulated", "scope": "board", "meter": "fake", "tables": [{"files": ["mine.csv"], "format": "csv_v1"}],
           "splits": [{"name": "networks from layers", "kind": "kinds", "train": "real-layer", "test": "network"}]})";
  };
  describe("simulated");
  const std::vector<std::string> about = {"--data-dir", (folder / "about").string()};
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.begin(), about.begin(), about.end());
    return run_program(words);
  };
  run = with({"import", "mine", "--dir", (folder / "rows").string(), "--db", (folder / "again.db").string()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(Store(folder / "again.db").size(), Store(db).size());
  for (const char* dtype : {"f32", "bf16"}) {
    run = with({"evaluate", "--dataset", "mine", "--dir", (folder / "rows").string(), "--method", "physics", "--dtype", dtype,
                "--json"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const auto rows = nlohmann::json::parse(run.out)["rows"];
    ASSERT_FALSE(rows.empty());
    EXPECT_EQ(rows[0]["n"], 7) << "eight networks, one failed";
    EXPECT_LT(rows[0]["medape"].get<double>(), 10);
  }
  describe("jetson-nano");
  run = with({"import", "mine", "--dir", (folder / "rows").string(), "--db", (folder / "other.db").string()});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(has(run.err, "is of simulated/simulated, the data set's description says jetson-nano/simulated")) << run.err;
}

TEST(CampaignFlow, MistakesAreOneSentenceBeforeAnythingIsMeasured) {
  TemporaryFolder folder;
  const std::string db = folder / "my.db";
  const auto fault = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"collect"});
    words.insert(words.end(), {"--runner", "fake"});
    const ProgramRun run = run_program(words);
    EXPECT_NE(run.exit_code, 0) << run.out;
    EXPECT_EQ(run.out, "");
    return run.err;
  };
  EXPECT_TRUE(has(fault({"cpu-smal", "--db", db}), "unknown campaign 'cpu-smal'; known: cpu-small, "));
  EXPECT_TRUE(has(fault({"cpu-small"}), "--db FILE"));
  EXPECT_TRUE(has(fault({"/nowhere/c.json", "--db", db}), "cannot read /nowhere/c.json"));
  EXPECT_TRUE(has(fault({"cpu-small", "--db", db, "--budget", "soon"}), "cannot read the duration 'soon'"));
  EXPECT_TRUE(has(fault({"cpu-small", "--db", db, "--shard", "5/4"}), "cannot read the shard '5/4'"));
  EXPECT_TRUE(has(fault({"cpu-small", "--db", db, "--networks", "/nowhere"}), "there is no such folder"));
  EXPECT_TRUE(has(fault({"cpu-small", "--db", db, "--hardware", "h200"}), "h200-sxm"));
  EXPECT_TRUE(has(fault({"cpu-small", "--db", db, "--meter", "fkae"}), "fkae"));
  EXPECT_TRUE(has(fault({"h200-torch", "--db", db}), "name the folder of the networks with --networks"));
  EXPECT_TRUE(has(fault({"cpu-small", "--db", "/nowhere/my.db"}), "/nowhere/my.db"));
  EXPECT_TRUE(has(fault({"cpu-small", "--db", db, "--slurm", "--shard", "1/2"}), "exclude each other"));
}

/// What a shipped campaign comes to with these networks at hand.
CampaignItems expanded(const std::string& id, const std::filesystem::path& networks) {
  const DataFiles files;
  const Campaign campaign = parse_campaign(*files.read("campaigns", id + ".json"), id);
  CampaignPlace place{.folders = {networks}, .engine = parse_engine(*files.read("engines", "pytorch.json"), "pytorch")};
  if (!campaign.hardware.empty())
    place.hardware = parse_hardware(*files.read("hardware", campaign.hardware + ".json"), campaign.hardware);
  return expand(campaign, place);
}

void expect_sound(const CampaignItems& all) {
  std::set<std::string> ids;
  for (const CampaignItem& item : all.items) {
    EXPECT_TRUE(ids.insert(item.id()).second) << item.id();
    EXPECT_EQ(item.obstacle, "") << item.id();
    if (item.layer.empty()) continue;
    const Layer layer = parse_layer(item.layer);
    EXPECT_EQ(print(layer), item.layer);
    for (const Tensor& t : layer.outputs) EXPECT_TRUE(!t.present || t.known) << item.layer;
  }
}

TEST(ShippedCampaign, CpuSmallFitsIntoTenMinutes) {
  const CampaignItems all = expanded("cpu-small", {});
  expect_sound(all);
  const Campaign campaign = parse_campaign(*DataFiles().read("campaigns", "cpu-small.json"), "cpu-small");
  double seconds = 0;
  std::set<std::string> operators;
  for (const CampaignItem& item : all.items) {
    seconds += expected_time(item, campaign, Seconds{0.001}).value;
    operators.insert(item.op);
  }
  EXPECT_GT(all.items.size(), 200u);
  EXPECT_GE(operators.size(), 12u);
  EXPECT_GT(seconds, 5 * 60);
  EXPECT_LT(seconds, 12 * 60);
}

TEST(ShippedCampaign, GetznerRandomKeepsTheRangesOfTheTable) {
  const CampaignItems all = expanded("getzner-random", {});
  expect_sound(all);
  std::map<std::string, size_t> count;
  for (const CampaignItem& item : all.items) {
    ++count[item.op];
    if (item.op == "Conv") {
      const Layer layer = parse_layer(item.layer);
      const Shape &x = layer.input(0).shape, &w = layer.input(1).shape;
      EXPECT_TRUE(x[0] <= 256 && x[1] <= 512 && x[2] >= 4 && x[2] <= 224 && w[0] <= 512 && w[2] >= 1 && w[2] <= 11) << item.layer;
      EXPECT_LE(layer.attributes.integer_at("strides", 0, 1), 5);
      EXPECT_LE(layer.attributes.integer_at("pads", 0, 0), 3);
    }
    if (item.op == "Gemm") EXPECT_LE(parse_layer(item.layer).input(0).shape[0], 512) << item.layer;
  }
  EXPECT_EQ(count["Conv"], 1000u);
  EXPECT_EQ(count["MaxPool"], 1000u);
  EXPECT_EQ(count["Gemm"], 1000u);
  for (const char* op : {"Relu", "Sigmoid", "Tanh", "Softmax"}) EXPECT_EQ(count[op], 500u) << op;
  EXPECT_EQ(count["network"], 20u);
}

TEST(ShippedCampaign, H200TorchHoldsNetworksOfEveryKindAtEveryBatchAndDataType) {
  const auto shared = shared_folder();
  if (!shared || !std::filesystem::exists(*shared / "zoo"))
    GTEST_SKIP() << "its networks are not here: a folder ../shared/zoo (or WATTLAYER_SHARED) would have to be there";
  const CampaignItems all = expanded("h200-torch", *shared / "zoo");
  expect_sound(all);
  std::map<std::string, size_t> kinds;
  std::set<std::string> networks;
  std::map<std::string, std::set<std::string>> cells;
  for (const CampaignItem& item : all.items) {
    ++kinds[item.kind];
    if (item.kind == "network") networks.insert(item.network);
    if (item.kind != "random-layer") cells[item.kind].insert(std::string(name(item.dtype)) + "/" + std::to_string(item.batch));
  }
  EXPECT_GE(networks.size(), 60u);
  for (const char* dtype : {"f32", "tf32", "bf16"})
    for (const char* batch : {"/1", "/32", "/128"})
      for (const char* kind : {"network", "real-layer"})
        EXPECT_TRUE(cells[kind].contains(std::string(dtype) + batch)) << kind << dtype << batch;
  EXPECT_GT(kinds["real-layer"], 20000u);
  EXPECT_GT(kinds["random-layer"], 3000u);
}

}  // namespace
}  // namespace wattlayer

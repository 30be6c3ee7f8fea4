#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program_run.h"

namespace wattlayer::test {
namespace {

using Json = nlohmann::json;

/// A small data set in the form of getzner: layers whose energy is 2 + 3e-9 x MACs of the paper, two networks.
class MeasurementVerbs : public testing::Test {
 protected:
  MeasurementVerbs() {
    std::string rows =
        "module,batch_size,image_size,kernel_size,in_channels,out_channels,stride,padding,macs,J,s,forward_passes,input_size,"
        "output_size\n";
    for (int i = 1; i <= 30; ++i) {
      const int in = 100 + 37 * i % 211, out = 50 + 53 * i % 301;
      const double macs = i * (in * out + out);
      rows += "linear," + std::to_string(i) + ",,,,,,," + std::to_string(macs) + "," + std::to_string(2 + 3e-9 * macs) +
              ",0.1,3," + std::to_string(in) + "," + std::to_string(out) + "\n";
    }
    folder.file("tidy_random_layers.csv", rows);
    folder.file("tidy_arch_models.csv",
                "architecture,batch_size,layer_idx,module,J,J_sd,n,s,macs,fwd,source\nalexnet,2,0,AlexNet,12.5,0.1,3,0.2,1,1,"
                "02\nalexnet,4,0,AlexNet,20,0.1,3,0.4,1,1,02\n");
  }
  ProgramRun evaluate(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"evaluate", "--dataset", "getzner", "--dir", folder.path().string(), "--quiet"});
    return run_program(arguments);
  }

  ScratchFolder folder;
  std::string store = (folder.path() / "a.db").string();
};

TEST_F(MeasurementVerbs, ImportTwiceThenExportAndImportAgain) {
  const std::vector<std::string> import = {"import", "getzner", "--dir", folder.path().string(), "--db", store};
  const ProgramRun first = run_program(import);
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_NE(first.out.find("32 measurements added, 0 were there already"), first.out.npos) << first.out;
  EXPECT_NE(run_program(import).out.find("0 measurements added, 32 were there already"), std::string::npos);
  const ProgramRun rows = run_program({"export", "--db", store});
  ASSERT_EQ(rows.exit_code, 0) << rows.err;
  const std::string csv = folder.file("rows.csv", rows.out), copy = (folder.path() / "b.db").string();
  ASSERT_EQ(run_program({"import", csv, "--db", copy}).exit_code, 0);
  EXPECT_EQ(run_program({"export", "--db", copy}).out, rows.out);
  EXPECT_NE(run_program({"import", store, "--db", copy}).out.find("32 were there already"), std::string::npos);
  EXPECT_EQ(run_program({"export", "--db", store, "--kind", "network"}).out.find("Gemm 30x"), std::string::npos);
}

TEST_F(MeasurementVerbs, ImportReportsRefusedRows) {
  folder.file("tidy_arch_models.csv",
              "architecture,batch_size,layer_idx,module,J,J_sd,n,s,macs,fwd,source\nalexnet,2,0,AlexNet,0,0.1,3,0.2,1,1,"
              "02\nlenet,4,0,LeNet,20,0.1,3,0.4,1,1,02\n");
  const ProgramRun run = run_program({"import", "getzner", "--dir", folder.path().string(), "--db", store, "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json json = Json::parse(run.out);
  EXPECT_EQ(json.at("added"), 30);
  ASSERT_EQ(json.at("refused").size(), 2u);
  EXPECT_EQ(json.at("refused")[1].at("line"), 3);
  EXPECT_NE(run.err.find("tidy_arch_models.csv:2: energy is 0"), run.err.npos) << run.err;
}

TEST_F(MeasurementVerbs, EvaluateGivesTheDocumentedRows) {
  const ProgramRun run = evaluate({"--method", "getzner,hj", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json rows = Json::parse(run.out).at("rows");
  ASSERT_EQ(rows.size(), 2u);
  const std::vector<std::string> fields = {"dataset",
                                           "hardware",
                                           "engine",
                                           "scope",
                                           "setup",
                                           "split",
                                           "unit_left_out",
                                           "pooled",
                                           "method",
                                           "level",
                                           "n",
                                           "medape",
                                           "mape",
                                           "p90",
                                           "max",
                                           "min",
                                           "bias",
                                           "r2",
                                           "coverage90",
                                           "width90",
                                           "time_medape",
                                           "time_mape",
                                           "n_predicted",
                                           "medape_predicted",
                                           "n_extrapolated",
                                           "medape_extrapolated"};
  EXPECT_EQ(rows[0].size(), fields.size());
  for (const std::string& field : fields) EXPECT_TRUE(rows[0].contains(field)) << field;
  EXPECT_EQ(rows[0].at("level"), "network");
  EXPECT_EQ(rows[0].at("n"), 2);
  EXPECT_TRUE(rows[0].at("coverage90").is_null());
  // Three linear layers of alexnet, the rest has no law: 3 x 2 J + 3e-9 J x MACs with bias.
  const double macs = 9216.0 * 4096 + 4096.0 * 4096 + 4096.0 * 1000 + 9192, two = 6 + 3e-9 * 2 * macs, four = 6 + 3e-9 * 4 * macs;
  EXPECT_NEAR(rows[0].at("mape").get<double>(), 50 * (std::abs(two / 12.5 - 1) + std::abs(four / 20 - 1)), 0.01);
}

TEST_F(MeasurementVerbs, EvaluatePrintsATable) {
  const ProgramRun run = evaluate({"--method", "mac-linear"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("MedAPE %"), run.out.npos);
  EXPECT_NE(run.out.find("mac-linear"), run.out.npos);
}

TEST_F(MeasurementVerbs, EvaluateTakesEveryDatasetThatIsThere) {
  const std::filesystem::path data = folder.path() / "all";
  std::filesystem::create_directories(data / "jetson-nano-icas");
  std::filesystem::create_directories(data / "something-else");
  std::string rows = "Model Name,Total Parameters,Avrg_POM_5V_IN,Total_POM_5V_IN,num_inferences,average_latency(ms),set\n";
  for (const char* set : {"a", "b"})
    for (int width : {40, 50, 60, 70})
      rows += "convnet_L7_F64_K3x3_W" + std::to_string(width) + ",,6000," + std::to_string(7200 * width) + ",3000," +
              std::to_string(0.4 * width) + "," + set + "\n";
  folder.file("all/jetson-nano-icas/models.csv", rows);
  const ProgramRun table = run_program({"evaluate", "--data", data.string(), "--method", "mac-linear", "--quiet"});
  ASSERT_EQ(table.exit_code, 0) << table.err;
  EXPECT_NE(table.out.find("jetson-nano-icas"), table.out.npos) << table.out;
  EXPECT_NE(table.out.find("one set left out"), table.out.npos) << table.out;
  const ProgramRun json = run_program({"evaluate", "--data", data.string(), "--shipped", "--json", "--quiet"});
  ASSERT_EQ(json.exit_code, 0) << json.err;
  const Json result = Json::parse(json.out);
  EXPECT_EQ(result.at("whole"), true);
  ASSERT_FALSE(result.at("rows").empty());
  EXPECT_EQ(result.at("rows")[0].at("method"), "physics");
  EXPECT_EQ(result.at("points").size(), 1u);
  EXPECT_EQ(result.at("points")[0].at("measured_and_predicted_j").size(), 8u);
}

TEST_F(MeasurementVerbs, EvaluateSaysWhichRowsNoEnergyModelCovers) {
  folder.file("all/willowec/raptorlake/linear.csv",
              "batch_size,in_size,out_size,for_energy,for_time,back_energy,back_time\n34,31,319,18187,1007,0,0\n");
  const ProgramRun run =
      run_program({"--data-dir", folder.path().string(), "evaluate", "--data", (folder.path() / "all").string(), "--dataset",
                   "willowec", "--shipped", "--json", "--quiet"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json result = Json::parse(run.out);
  const Json& missing = result.at("not_scored");
  if (!missing.empty()) {  // until an energy model ships for it
    EXPECT_EQ(missing[0].at("hardware"), "willowec-raptorlake");
    EXPECT_EQ(missing[0].at("rows"), 1);
  }
  EXPECT_EQ(missing.empty(), !result.at("rows").empty());
}

TEST_F(MeasurementVerbs, RefuseWhatIsWrong) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"import", "getzer", "--dir", ".", "--db", store}, "getzer"},
      {{"import", "getzner", "--db", store}, "--dir"},
      {{"import", "getzner", "--dir", "/no/such/folder", "--db", store}, "/no/such/folder"},
      {{"import", "missing.csv", "--db", store}, "missing.csv"},
      {{"import", "missing.db", "--db", store}, "missing.db"},
      {{"import", folder.file("empty.csv", ""), "--db", store}, "empty"},
      {{"export", "--db", (folder.path() / "none.db").string()}, "none.db"},
      {{"export", "--db", folder.file("text.db", std::string(4000, 'x'))}, "not a wattlayer store"},
      {{"evaluate", "--dataset", "getzner", "--dir", folder.path().string(), "--method", "guess"}, "guess"},
      {{"evaluate", "--dataset", "getzner", "--dir", folder.path().string(), "--split", "none"}, "none"},
      {{"evaluate", "--dataset", "getzner", "--dir", folder.path().string(), "--energy-model", "abacus/pytorch/f32"}, "abacus"},
      {{"evaluate", "--method", "hj"}, "--data"},
      {{"evaluate", "--dir", "."}, "--dataset"},
      {{"evaluate", "--data", "/no/such/folder"}, "/no/such/folder"},
      {{"evaluate", "--data", folder.path().string(), "--dataset", "getzner"}, "getzner"},
      {{"evaluate", "--data", folder.path().string(), "--dataset", "getzer"}, "getzer"},
      {{"fit", "-o", "x.wlm"}, "--db"},
      {{"fit", "--dataset", "getzner", "--dir", folder.path().string(), "--kind", "none", "-o", "x.wlm"}, "measurement"},
  };
  for (const auto& [arguments, wanted] : cases) {
    const ProgramRun run = run_program(arguments);
    EXPECT_EQ(run.exit_code, 1) << arguments[0] << " " << arguments[1] << ": " << run.err;
    EXPECT_EQ(run.out, "");
    EXPECT_NE(run.err.find(wanted), run.err.npos) << run.err;
  }
  EXPECT_EQ(run_program({"import"}).exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists("x.wlm"));
}

}  // namespace
}  // namespace wattlayer::test

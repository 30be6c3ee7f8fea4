#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program_run.h"

namespace wattlayer::test {
namespace {

using Json = nlohmann::json;

/// A folder in the form of getzner: a network and its layers.
class AnalyseVerb : public testing::Test {
 protected:
  AnalyseVerb() {
    folder.file("tidy_arch_models.csv",
                "architecture,batch_size,layer_idx,module,J,J_sd,n,s,macs,fwd,source\nalexnet,2,0,AlexNet,12.5,0.125,3,0.2,1,1,"
                "layerwise\n");
    folder.file(
        "tidy_arch_layers.csv",
        "architecture,batch_size,layer_idx,module,J,J_sd,n,s,macs,in_channels,out_channels,kernel_size,stride,padding,image_size,"
        "out_size,input_size,output_size,in_elems,out_elems,params,macs1\n"
        "alexnet,2,1,ReLU,2,0.1,3,0.1,1,,,,,0.0,,,,,100,100,0,0\n"
        "alexnet,2,2,Linear,8,0.1,3,0.1,1,,,,,,,,10,20,10,20,0,0\n");
  }
  ProgramRun analyse(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "analyse");
    arguments.insert(arguments.end(), {"--dataset", "getzner", "--dir", folder.path().string(), "--quiet"});
    return run_program(arguments);
  }

  ScratchFolder folder;
};

TEST_F(AnalyseVerb, AloneListsWhatThereIs) {
  const ProgramRun list = run_program({"analyse"});
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_NE(list.out.find("feature-sets"), std::string::npos);
  EXPECT_NE(list.out.find("wattlayer analyse NAME --dataset ID"), std::string::npos);
  const Json json = Json::parse(run_program({"analyse", "--json"}).out);
  EXPECT_GE(json["analyses"].size(), 9u);
}

TEST_F(AnalyseVerb, TableAndJsonSayTheSame) {
  const ProgramRun text = analyse({"energy-split"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  EXPECT_NE(text.out.find("alexnet  Gemm"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("80.0"), std::string::npos) << text.out;
  const Json json = Json::parse(analyse({"energy-split", "--json"}).out);
  EXPECT_EQ(json["analysis"], "energy-split");
  EXPECT_EQ(json["dataset"], "getzner");
  EXPECT_DOUBLE_EQ(json["tables"][0]["rows"][0]["share"], 80);
  const Json sums = Json::parse(analyse({"layer-sum", "--json"}).out);
  EXPECT_DOUBLE_EQ(sums["tables"][0]["rows"][0]["ratio_median"], 1.25);
  EXPECT_TRUE(sums["tables"][0]["rows"][0]["r2"].is_null());  // of one network
}

TEST_F(AnalyseVerb, SaysWhatIsMissing) {
  const ProgramRun unknown = analyse({"layer-sums"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_NE(unknown.err.find("unknown analysis 'layer-sums'; nearest of "), std::string::npos) << unknown.err;
  const ProgramRun nowhere = run_program({"analyse", "layer-sum"});
  EXPECT_EQ(nowhere.exit_code, 1);
  EXPECT_NE(nowhere.err.find("add --dataset ID --dir FOLDER"), std::string::npos) << nowhere.err;
  const ProgramRun no_rows = analyse({"by-task"});
  EXPECT_EQ(no_rows.exit_code, 1);
  EXPECT_NE(no_rows.err.find("condition `task`"), std::string::npos) << no_rows.err;
  EXPECT_TRUE(no_rows.out.empty());
  const ProgramRun method = analyse({"by-task", "--method", "physic"});
  EXPECT_EQ(method.exit_code, 1);
  EXPECT_NE(method.err.find("unknown method 'physic'; "), std::string::npos) << method.err;
  EXPECT_NE(method.err.find("physics"), std::string::npos) << method.err;
}

}  // namespace
}  // namespace wattlayer::test

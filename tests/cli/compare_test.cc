#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program_run.h"

namespace wattlayer::test {
namespace {

using Json = nlohmann::json;

class CompareVerb : public testing::Test {
 protected:
  ProgramRun compare(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"compare"});
    return run_program(arguments);
  }
  static void expect_refused(const ProgramRun& run, const std::string& wanted, int exit_code = 1) {
    EXPECT_EQ(run.exit_code, exit_code) << run.err;
    EXPECT_EQ(run.out, "");
    EXPECT_NE(run.err.find(wanted), run.err.npos) << run.err;
  }

  ScratchFolder folder;
  std::string model = folder.file("made-up.wlm", made_up_energy_model());
};

TEST_F(CompareVerb, NetworksAndBatches) {
  const ProgramRun run = compare({"net:mobilenet_v1", "net:resnet18", "--on", model, "--batch", "1,8", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json json = Json::parse(run.out);
  ASSERT_EQ(json.at("rows").size(), 4u);
  ASSERT_EQ(json.at("pairs").size(), 6u);
  double last = 0;
  for (const Json& row : json.at("rows")) {
    const double joules = row.at("energy_per_inference_j").at("value");
    EXPECT_GE(joules, last);
    last = joules;
    // The same figures as the verb estimate gives.
    const ProgramRun alone =
        run_program({"estimate", row.at("file"), "--on", model, "--batch", std::to_string(row.at("batch").get<int>()), "--json"});
    EXPECT_EQ(Json::parse(alone.out).at("estimates").at(0).at("energy_per_inference_j"), row.at("energy_per_inference_j"));
  }
  for (const Json& pair : json.at("pairs")) {
    EXPECT_GE(pair.at("ratio").at("value"), 1);
    EXPECT_EQ(pair.at("clear"), pair.at("ratio").at("low") > 1);
  }
  EXPECT_EQ(json.at("contests").size(), 5u);  // all; two batches; two networks
}

TEST_F(CompareVerb, SmallestSufficientNetwork) {
  const ProgramRun run = compare({"net:mobilenet_v1", "net:resnet18", "--on", model, "--accuracy",
                                  "net:mobilenet_v1=70.6,net:resnet18=69.8", "--min-accuracy", "69"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("Smallest sufficient network: net:mobilenet_v1"), run.out.npos) << run.out;
  EXPECT_NE(run.out.find("on the front"), run.out.npos);
}

TEST_F(CompareVerb, ScopesThatDifferAreRefused) {
  const std::vector<std::string> both = {"net:resnet18", "--on", "jetson-nano,xeon-gold-5120"};
  expect_refused(compare(both), "--allow-mixed-scope");
  std::vector<std::string> allowed = both;
  allowed.push_back("--allow-mixed-scope");
  const ProgramRun run = compare(allowed);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("MIXED SCOPES"), run.out.npos);
}

TEST_F(CompareVerb, BadInput) {
  expect_refused(compare({"net:resnet18", "--on", model}), "needs two estimates");
  expect_refused(compare({"net:resnet18", "net:resnet18", "--on", model}), "there twice");
  expect_refused(compare({"net:resnet18", "net:vgg16", "--on", model, "--accuracy", "net:resnet81=70"}), "net:resnet18");
  expect_refused(compare({"net:resnet18", "net:vgg16", "--on", model, "--accuracy", "net:resnet18=nan"}), "NETWORK=ACCURACY");
  expect_refused(compare({"net:resnet18", "net:vgg16", "--on", model, "--min-accuracy", "70"}), "--accuracy", 2);
  expect_refused(compare({"net:resnet18", "net:vgg16", "--on", model, "--batch", "0"}), "--batch", 2);
  expect_refused(compare({"net:resnet18", "net:vgg16"}), "--on", 2);
  expect_refused(compare({"net:resnet18", "net:vgg16", "--on", model, "--grid", "Frence"}), "France");
  expect_refused(compare({"net:resnet18", "net:vgg16", "--on", model, "--pue", "0.5"}), "--pue", 2);
  expect_refused(compare({"net:resnet18", "net:vgg16", "--on", model, "--embodied", "10"}), "--lifetime", 2);
}

TEST_F(CompareVerb, FactorsInEveryFormat) {
  const std::vector<std::string> asked = {"net:resnet18", "net:vgg16", "--on",       model, "--grid",    "FRA",
                                          "--price",      "0.30EUR",   "--pue",      "1.2", "--per-day", "1000000",
                                          "--embodied",   "150",       "--lifetime", "4"};
  const ProgramRun table = compare(asked);
  ASSERT_EQ(table.exit_code, 0) << table.err;
  for (const char* part : {"CO2e per inference", "France", "Our World in Data", "CC BY 4.0", "PUE 1.2", "0.3 EUR", "150 kg"})
    EXPECT_NE(table.out.find(part), table.out.npos) << part << "\n" << table.out;
  std::vector<std::string> as_json = asked;
  as_json.push_back("--json");
  const Json derived = Json::parse(compare(as_json).out).at("rows").at(0).at("derived");
  EXPECT_GT(derived.size(), 8u);
  for (const Json& figure : derived) EXPECT_FALSE(figure.at("basis").get<std::string>().empty());
  const ProgramRun plain = run_program({"estimate", "net:resnet18", "--on", model, "--json"});
  EXPECT_FALSE(Json::parse(plain.out).at("estimates").at(0).contains("derived"));
}

}  // namespace
}  // namespace wattlayer::test

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/program_run.h"
#include "wattlayer/core/text_file.h"

namespace wattlayer::test {
namespace {

using Json = nlohmann::json;

constexpr const char* conv = "Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1\n";
constexpr const char* wider = "Conv 1x64x56x56 128x64x3x3 pads=1,1,1,1\n";
constexpr const char* relu = "Relu 1x64x56x56\n";

class CheckBudgetVerb : public testing::Test {
 protected:
  ProgramRun check(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"check-budget", "--on", model, "--min-coverage", "0"});
    return run_program(arguments);
  }
  static void expect_refused(const ProgramRun& run, const std::string& wanted, int exit_code = 1) {
    EXPECT_EQ(run.exit_code, exit_code) << run.err;
    EXPECT_EQ(run.out, "");
    EXPECT_NE(run.err.find(wanted), run.err.npos) << run.err;
  }

  /// Joules of one inference: value, low, high.
  Json energy_of(const std::string& network) const {
    return Json::parse(run_program({"estimate", network, "--on", model, "--json"}).out)
        .at("estimates")
        .at(0)
        .at("energy_per_inference_j");
  }
  static std::string text(double value) { return Json(value).dump(); }

  ScratchFolder folder;
  std::string model = folder.file("made-up.wlm", made_up_energy_model());
  std::string network = folder.file("net.txt", std::string(conv) + relu);
};

TEST_F(CheckBudgetVerb, ExitsWithTheVerdict) {
  const Json e = energy_of(network);
  const double value = e.at("value"), low = e.at("low"), high = e.at("high");
  const ProgramRun within = check({network, "--max-j", text(high * 1.01)});
  EXPECT_EQ(within.exit_code, 0) << within.err;
  EXPECT_NE(within.out.find("within  net on "), within.out.npos) << within.out;
  EXPECT_EQ(check({network, "--max-j", text(low * 0.99)}).exit_code, 3);
  EXPECT_EQ(check({network, "--max-j", text(value)}).exit_code, 4);
  EXPECT_EQ(check({network, "--max-wh", text(high * 1.01 / 3600)}).exit_code, 0);
  EXPECT_EQ(check({network, "--max-kwh", text(low * 0.99 / 3.6e6)}).exit_code, 3);
  EXPECT_EQ(check({network, "--max-j", text(high * 0.97), "--confidence", "0.8"}).exit_code, 0);
  EXPECT_EQ(check({network, "--max-j", text(high * 1.01), "--confidence", "0.99"}).exit_code, 4);
  const ProgramRun uncovered = run_program({"check-budget", network, "--on", model, "--max-j", text(high * 1.01)});
  EXPECT_EQ(uncovered.exit_code, 4) << "the made-up energy model was fitted on nothing";
  EXPECT_NE(uncovered.out.find("only 0.0 % of the energy"), uncovered.out.npos) << uncovered.out;
}

TEST_F(CheckBudgetVerb, UsageErrorsExitWith2) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{network},
                                             {network, "--max-j", "0"},
                                             {network, "--max-j", "-1"},
                                             {network, "--max-j", "nan"},
                                             {network, "--max-j", "1", "--max-wh", "1"},
                                             {network, "--max-j", "1", "--confidence", "1.5"},
                                             {network, "--max-increase", "5%"},
                                             {network, "--max-j", "1", "--config", "x.toml"},
                                             {network, "--max-j", "1", "--json", "--github"},
                                             {"--max-j", "1"},
                                             {"--max-j", "1", "--config", "x.toml"}}) {
    const ProgramRun run = check(arguments);
    EXPECT_EQ(run.exit_code, 2) << run.err;
    EXPECT_EQ(run.out, "");
  }
}

TEST_F(CheckBudgetVerb, BadInputExitsWith1) {
  expect_refused(check({"no-such.onnx", "--max-j", "1"}), "cannot read no-such.onnx: no such file");
  expect_refused(check({network, "--max-j", "1", "--against", "no-such.json"}), "no-such.json");
  expect_refused(check({network, "--max-j", "1", "--against", folder.file("broken.json", "{")}), "broken.json");
  expect_refused(check({network, "--max-j", "1", "--max-increase", "5", "--against", "x"}), "such as 5%");
  expect_refused(run_program({"check-budget", "--config", (folder.path() / "none.toml").string()}), "none.toml");
}

TEST_F(CheckBudgetVerb, NamesTheLayerThatGotDearer) {
  const std::string baseline = (folder.path() / "main.json").string();
  ASSERT_EQ(run_program({"estimate", network, "--on", model, "--json", "-o", baseline}).exit_code, 0);
  const ProgramRun same = check({network, "--max-increase", "0%", "--against", baseline, "--json"});
  ASSERT_EQ(same.exit_code, 0) << same.err << same.out;
  EXPECT_EQ(Json::parse(same.out)["checks"][0]["change"]["change_j"]["high"], 0);
  folder.file("net.txt", std::string(conv) + wider + relu);
  const ProgramRun grown = check({network, "--max-increase", "5%", "--against", baseline, "--json"});
  ASSERT_EQ(grown.exit_code, 3) << grown.err << grown.out;
  const Json change = Json::parse(grown.out)["checks"][0]["change"];
  ASSERT_EQ(change["layers"].size(), 1u);
  EXPECT_EQ(change["layers"][0]["kind"], "new");
  EXPECT_GT(change["change_j"]["low"], 0);
  EXPECT_GT(change["increase"]["value"], 1);
}

TEST_F(CheckBudgetVerb, ABaselineOfSomethingElseIsRefused) {
  const std::string baseline = (folder.path() / "main.json").string();
  const std::string other = folder.file("other.txt", conv);
  ASSERT_EQ(run_program({"estimate", other, "--on", model, "--json", "-o", baseline}).exit_code, 0);
  expect_refused(check({network, "--max-j", "1", "--against", baseline}), "is of another network: it holds other on ");
  ASSERT_EQ(run_program({"estimate", network, "--on", "xeon-gold-5120", "--json", "-o", baseline}).exit_code, 0);
  expect_refused(check({network, "--max-j", "1", "--against", baseline}),
                 "knows net on xeon-gold-5120/pytorch/f32 at batch 1, not ");
}

TEST_F(CheckBudgetVerb, ARenamedNetworkMayNotGrowUnseen) {
  const std::string baseline = (folder.path() / "main.json").string();
  ASSERT_EQ(run_program({"estimate", network, "--on", model, "--json", "-o", baseline}).exit_code, 0);
  const std::string renamed = folder.file("renamed.txt", std::string(conv) + wider);
  const ProgramRun grown = check({network, renamed, "--max-j", "1e9", "--max-increase", "5%", "--against", baseline});
  EXPECT_EQ(grown.exit_code, 4) << grown.err << grown.out;
  EXPECT_NE(grown.out.find("renamed is new"), grown.out.npos) << grown.out;
  EXPECT_EQ(check({network, renamed, "--max-j", "1e9", "--against", baseline}).exit_code, 0) << "a new network within its limit";
}

TEST_F(CheckBudgetVerb, BudgetsOfAFileWithJUnitAndAnnotations) {
  const double high = energy_of(network).at("high");
  const std::string config = folder.file(
      "wattlayer.toml", "min_coverage = 0\n[[budget]]\nnetwork = \"net.txt\"\non = \"made-up.wlm\"\nmax_j = " + text(high * 2) +
                            "\n[[budget]]\nnetwork = [\"net.txt\", \"gone.onnx\"]\non = \"made-up.wlm\"\nmax_j = 1e-12\n");
  const std::string junit = (folder.path() / "junit.xml").string();
  const ProgramRun run = run_program({"check-budget", "--config", config, "--junit", junit, "--github"});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_NE(run.err.find("gone.onnx: no such file"), run.err.npos) << run.err;
  EXPECT_NE(run.out.find("\n::notice title=energy budget%3A within,file="), run.out.npos) << run.out;
  EXPECT_NE(run.out.find("\n::error title=energy budget%3A over,file="), run.out.npos) << run.out;
  EXPECT_NE(run.out.find(",line=6::"), run.out.npos) << run.out;
  const std::string xml = read_text(junit);
  EXPECT_NE(xml.find("tests=\"3\" failures=\"1\" errors=\"1\" skipped=\"0\""), xml.npos) << xml;
  expect_refused(run_program({"check-budget", "--config", config, "--on", model}), "a budget file states its own", 2);
}

TEST_F(CheckBudgetVerb, UnknownKeysOfAFileAreNamed) {
  const std::string config =
      folder.file("wattlayer.toml", "[[budget]]\nnetwork = \"net.txt\"\non = \"made-up.wlm\"\nmax_joules = 1\n");
  expect_refused(run_program({"check-budget", "--config", config}), "line 4: unknown key 'max_joules' in a budget; nearest");
}

TEST_F(CheckBudgetVerb, NamesStartNoLineOfTheirOwn) {
  const ProgramRun run = check({"no\n::error::file.txt", "--max-j", "1", "--github"});
  EXPECT_EQ(run.exit_code, 1);
  for (const std::string& text : {run.out, run.err}) EXPECT_EQ(text.find("\n::error::file"), text.npos) << text;
  EXPECT_NE(run.err.find("no?::error::file.txt"), run.err.npos) << run.err;
}

}  // namespace
}  // namespace wattlayer::test

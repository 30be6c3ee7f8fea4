#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/cli/program_run.h"

namespace wattlayer::test {
namespace {

using Json = nlohmann::json;

constexpr const char* conv = "Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1 dtype=f32";

/// What the scripts of a page read; null when there is no page.
Json content_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::string open = R"(<script type="application/json" id="content">)";
  const size_t at = text.find(open);
  if (at == text.npos) return nullptr;
  const size_t begin = at + open.size();
  return Json::parse(text.substr(begin, text.find("</script>", begin) - begin));
}

class PageOption : public testing::Test {
 protected:
  ScratchFolder folder;
  std::string page = folder.path() / "page.html";
  std::string model = folder.file("made-up.wlm", made_up_energy_model());
};

TEST_F(PageOption, EstimateWritesItBesideTheUsualOutput) {
  const ProgramRun run = run_program({"estimate", "net:alexnet", "--on", model, "--json", "--html", page});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json printed = Json::parse(run.out).at("estimates").at(0), json = content_of(page);
  ASSERT_TRUE(json.is_object());
  const Json& e = json.at("estimates").at(0);
  EXPECT_NEAR(e.at("energy").at(0).get<double>(), printed.at("energy_j").at("value").get<double>(),
              1e-6 * e.at("energy").at(0).get<double>());
  EXPECT_EQ(e.at("layers").at("energy").size(), printed.at("layers").size());
  EXPECT_EQ(json.at("command"), "wattlayer estimate net:alexnet --on " + model + " --json --html " + page);
  std::vector<int> batches;
  for (const Json& point : json.at("sweep")) batches.push_back(point.at("batch"));
  EXPECT_EQ(batches, (std::vector<int>{1, 2, 4, 8, 16, 32, 64, 128})) << "one batch was given, so that a curve is drawn";
}

TEST_F(PageOption, SweepIsLeftOutWhereBatchesAreGivenOrFixed) {
  ASSERT_EQ(run_program({"estimate", "net:alexnet", "--batch", "1,8", "--on", model, "--html", page}).exit_code, 0);
  EXPECT_TRUE(content_of(page).at("sweep").empty());
  ASSERT_EQ(run_program({"estimate", "--layer", conv, "--on", model, "--html", page}).exit_code, 0);
  EXPECT_TRUE(content_of(page).at("sweep").empty());
}

TEST_F(PageOption, CompareSaysWhoWins) {
  const ProgramRun run = run_program({"compare", "net:alexnet", "net:vgg11", "--on", model, "--html", page});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json json = content_of(page);
  EXPECT_EQ(json.at("kind"), "comparison");
  EXPECT_EQ(json.at("compared").size(), 2u);
  EXPECT_EQ(json.at("estimates").at(0).at("network"), "alexnet");
}

TEST_F(PageOption, MeasureHoldsTheWindows) {
  const ProgramRun run = run_program({"measure", "net:alexnet", "--runner", "fake", "--on", model, "--html", page});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json json = content_of(page), task = json.at("tasks").at(0);
  EXPECT_EQ(task.at("windows").at("time").size(), task.at("rows").at(0).at("windows").get<size_t>());
  EXPECT_EQ(task.at("estimate"), 0);
  EXPECT_EQ(json.at("estimates").at(0).at("network"), "alexnet");
}

TEST_F(PageOption, RefusesWhatItCannotShowOrWrite) {
  EXPECT_EQ(run_program({"estimate", "--list", "x", "--on", model, "--html", page}).exit_code, 2);
  EXPECT_EQ(run_program({"measure", "--exec", "true", "--html", page}).exit_code, 2);
  for (const std::vector<std::string>& verb :
       std::vector<std::vector<std::string>>{{"estimate", "--layer", conv, "--on", model},
                                             {"compare", "net:alexnet", "net:vgg11", "--on", model},
                                             {"measure", "--layer", conv, "--runner", "fake"}}) {
    std::vector<std::string> arguments = verb;
    arguments.insert(arguments.end(), {"--html", "/no/such/folder/x.html"});
    const ProgramRun run = run_program(arguments);
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_NE(run.err.find("cannot write /no/such/folder/x.html"), run.err.npos) << run.err;
    EXPECT_EQ(run.out, "");
  }
}

}  // namespace
}  // namespace wattlayer::test

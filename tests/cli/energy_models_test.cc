#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "tests/cli/program_run.h"
#include "wattlayer/core/data_files.h"

namespace wattlayer::test {
namespace {

using Json = nlohmann::json;

TEST(EnergyModelsVerb, ListsEveryShippedModelWithWhatItsCardSays) {
  const ProgramRun run = run_program({"energy-models"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  for (const std::string& file : DataFiles().list("energy_models")) {
    if (!file.ends_with(".wlm")) continue;
    const Json model = Json::parse(*DataFiles().read("energy_models", file));
    const std::string id = std::regex_replace(file.substr(0, file.size() - 4), std::regex("--"), "/");
    SCOPED_TRACE(id);
    const size_t row = run.out.find("\n" + id + " ");
    ASSERT_NE(row, run.out.npos) << run.out;
    const std::string line = run.out.substr(row + 1, run.out.find('\n', row + 1) - row - 1);
    EXPECT_NE(line.find(model.at("card").at("fitted").get<std::string>()), line.npos) << line;
    EXPECT_NE(run.out.find("\n" + id + ": "), run.out.npos);
    for (const Json& weakness : model.at("card").at("weaknesses"))
      EXPECT_NE(run.out.find("weakness: " + weakness.get<std::string>().substr(0, 30)), run.out.npos) << weakness;
  }
}

TEST(EnergyModelsVerb, ErrorsInTheListAreThoseOfTheCard) {
  const Json model = Json::parse(*DataFiles().read("energy_models", "xeon-gold-5120--pytorch--f32.wlm"));
  const Json& networks = model.at("card").at("held_out_blocks").at("networks");
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", networks.at("medape_percent").get<double>());
  const ProgramRun run = run_program({"energy-models"});
  const size_t row = run.out.find("\nxeon-gold-5120/pytorch/f32 ");
  ASSERT_NE(row, run.out.npos);
  EXPECT_NE(run.out.substr(row, run.out.find('\n', row + 1) - row).find(text), std::string::npos) << run.out;
}

TEST(EnergyModelsVerb, ShowsTheWholeCardOfOne) {
  const ProgramRun run = run_program({"energy-models", "jetson-nano"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out.find("jetson-nano/tensorrt/f32: "), 0u) << run.out;
  for (const char* field : {"source:", "licence_of_the_data:", "held_out_blocks:", "medape_percent:", "weaknesses:"})
    EXPECT_NE(run.out.find(field), run.out.npos) << field;
  EXPECT_EQ(run.out.find("xeon"), run.out.npos);
}

TEST(EnergyModelsVerb, CardsOfOthersMaySayAnything) {
  const ScratchFolder folder;
  Json model = Json::parse(made_up_energy_model());
  const std::vector<const char*> cards = {
      R"({})", R"({"rows": 3, "held_out_blocks": [], "weaknesses": "none", "fitted": 2026, "distinct_layers_by_group": [1]})",
      R"({"rows": {"d": null, "e": {"network": "x"}}, "held_out_blocks": {"networks": {"medape_percent": "low"}}})",
      R"({"weaknesses": ["steers \u001b[31m the terminal", {"a": 1}], "data": ["x"], "rows": {"a\nb": {"network": 2}}})"};
  for (const char* card : cards) {
    model["card"] = Json::parse(card);
    folder.file("energy_models/my-gpu--pytorch--f32.wlm", model.dump());
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {"energy-models"}, {"energy-models", "my-gpu/pytorch/f32"}, {"energy-models", "--json"}}) {
      std::vector<std::string> all = {"--data-dir", folder.path().string()};
      all.insert(all.end(), arguments.begin(), arguments.end());
      const ProgramRun run = run_program(all);
      EXPECT_EQ(run.exit_code, 0) << card << run.err;
      EXPECT_NE(run.out.find("my-gpu/pytorch/f32"), run.out.npos) << card;
      EXPECT_EQ(run.out.find('\x1b'), run.out.npos) << card;
    }
  }
}

TEST(EnergyModelsVerb, UnknownIdNamesTheNearest) {
  const ProgramRun hardware = run_program({"energy-models", "xeon-gold-5121"});
  EXPECT_EQ(hardware.exit_code, 1);
  EXPECT_NE(hardware.err.find("xeon-gold-5120"), hardware.err.npos) << hardware.err;
}

}  // namespace
}  // namespace wattlayer::test

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program_run.h"

namespace wattlayer::test {
namespace {

TEST(AdviseVerb, PrintsATableAndJson) {
  ScratchFolder folder;
  const std::string model = folder.file("made-up.wlm", made_up_energy_model());
  const ProgramRun table = run_program({"advise", "net:mobilenet_v2", "--on", model});
  ASSERT_EQ(table.exit_code, 0) << table.err;
  EXPECT_NE(table.out.find("dear layer"), table.out.npos) << table.out;
  const ProgramRun json = run_program({"advise", "net:mobilenet_v2", "--on", model, "--json", "--top", "2"});
  ASSERT_EQ(json.exit_code, 0) << json.err;
  EXPECT_EQ(nlohmann::json::parse(json.out)["dearest"].size(), 2u);
}

TEST(AdviseVerb, BadInput) {
  EXPECT_EQ(run_program({"advise", "net:resnet50"}).exit_code, 2);
  EXPECT_EQ(run_program({"advise", "net:resnet50", "--on", "jetson-nano", "--rate", "nan"}).exit_code, 2);
  const ProgramRun gone = run_program({"advise", "gone.onnx", "--on", "jetson-nano"});
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_NE(gone.err.find("cannot read gone.onnx: no such file"), gone.err.npos) << gone.err;
}

}  // namespace
}  // namespace wattlayer::test

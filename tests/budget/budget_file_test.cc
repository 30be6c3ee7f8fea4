#include <gtest/gtest.h>

#include "wattlayer/budget/budget.h"
#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_budget_file(text, "ci/wattlayer.toml");
  } catch (const Error& e) {
    return e.what();
  }
  return "accepted";
}

std::string with(const std::string& more) { return "[[budget]]\nnetwork = \"a.onnx\"\non = \"jetson-nano\"\nmax_j = 1\n" + more; }

TEST(BudgetFile, NetworksTimesTargetsTimesBatches) {
  const auto budgets = parse_budget_file(
      "confidence = 0.8\nagainst = \"main.json\"\n[[budget]]\nnetwork = [\"a.onnx\", \"net:vgg16\"]\non = [\"x\", \"y.wlm\"]\n"
      "batch = [1, 8]\nmax_wh = 2\nper = \"batch\"\nmax_increase = \"5 %\"\n\n[[budget]]\nnetwork = \"b.onnx\"\non = \"x\"\n"
      "max_j = 1\nconfidence = 0.95\ninputs = { image = \"1x3x8x8\" }\ndimensions = { seq = 128 }\n",
      "ci/wattlayer.toml");
  ASSERT_EQ(budgets.size(), 9u);
  EXPECT_EQ(budgets[0].network, "ci/a.onnx");
  EXPECT_EQ(budgets[7].network, "net:vgg16");
  EXPECT_EQ(budgets[1].reading.batch, 8);
  EXPECT_EQ(budgets[2].target, "ci/y.wlm");
  EXPECT_EQ(budgets[0].limit->joules(), 7200);
  EXPECT_TRUE(budgets[0].limit->per_batch);
  EXPECT_DOUBLE_EQ(*budgets[0].max_increase, 0.05);
  EXPECT_EQ(budgets[0].against, "ci/main.json");
  EXPECT_EQ(budgets[0].certainty.confidence, 0.8);
  EXPECT_EQ(budgets[0].line, 3u);
  EXPECT_EQ(budgets[8].certainty.confidence, 0.95);
  EXPECT_EQ(budgets[8].line, 11u);
  EXPECT_EQ(budgets[8].reading.inputs.at("image"), (Shape{1, 3, 8, 8}));
  EXPECT_EQ(budgets[8].reading.dimensions.at("seq"), 128);
}

TEST(BudgetFile, UnknownKeysAreNamedWithTheNearest) {
  EXPECT_NE(refusal(with("max_jj = 2\n")).find("ci/wattlayer.toml: line 5: unknown key 'max_jj' in a budget; nearest"),
            std::string::npos)
      << refusal(with("max_jj = 2\n"));
  EXPECT_NE(refusal(with("max_jj = 2\n")).find("max_j"), std::string::npos);
  EXPECT_NE(refusal("confidance = 1\n").find("unknown key 'confidance' outside a budget; known: budget, confidence"),
            std::string::npos);
}

TEST(BudgetFile, RefusesWhatCannotBe) {
  const std::pair<std::string, std::string> cases[] = {
      {"[[budget]\n", "line 1: not TOML"},
      {"", "no budget in it"},
      {"[budget]\nmax_j = 1\n", "[[budget]] with two brackets"},
      {"[[budget]]\non = \"x\"\nmax_j = 1\n", "without 'network'"},
      {"[[budget]]\nnetwork = \"a\"\nmax_j = 1\n", "without 'on'"},
      {"[[budget]]\nnetwork = \"a\"\non = \"x\"\n", "without a limit"},
      {"[[budget]]\nnetwork = \"a\"\non = \"x\"\nmax_j = 0\n", "line 4: max_j 0: expected a number above 0"},
      {"[[budget]]\nnetwork = \"a\"\non = \"x\"\nmax_j = -1\n", "max_j -1"},
      {"[[budget]]\nnetwork = \"a\"\non = \"x\"\nmax_j = nan\n", "max_j nan"},
      {"[[budget]]\nnetwork = \"a\"\non = \"x\"\nmax_j = inf\n", "max_j inf"},
      {"[[budget]]\nnetwork = \"a\"\non = \"x\"\nmax_j = \"1\"\n", "max_j is not a number"},
      {with("max_wh = 1\n"), "two limits"},
      {with("batch = 0\n"), "batch: expected a whole number from 1 on"},
      {with("batch = []\n"), "batch is an empty list"},
      {with("per = \"second\"\n"), "expected \"inference\" or \"batch\""},
      {with("max_increase = 5\n"), "expected per cent from 0 on, such as 5%"},
      {with("max_increase = \"-5%\"\n"), "expected per cent from 0 on"},
      {with("dtype = \"f17\"\n"), "f17"},
      {with("confidence = 1.5\n"), "confidence 1.5: expected 0.5 to 0.999"},
      {with("confidence = nan\n"), "confidence nan"},
      {with("inputs = { x = \"1xax3\" }\n"), "found '1xax3'"},
      {with("clock_mhz = -1\n"), "clock_mhz: expected a number above 0"},
      {with("network = \"b\"\n"), "not TOML"},
  };
  for (const auto& [text, wanted] : cases) EXPECT_NE(refusal(text).find(wanted), std::string::npos) << text << refusal(text);
}

TEST(BudgetFile, WattHours) {
  EXPECT_EQ(energy_limit(1, EnergyUnit::kwh, false, "x").joules(), 3.6e6);
  EXPECT_EQ(energy_limit(0.5, EnergyUnit::j, false, "x").text(), "0.5 J per inference");
}

}  // namespace
}  // namespace wattlayer

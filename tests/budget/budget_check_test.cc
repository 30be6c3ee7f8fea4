#include "wattlayer/budget/budget_check.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "wattlayer/budget/baseline.h"
#include "wattlayer/budget/budget_formats.h"
#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

BudgetCheck made_up(double joules, double limit_j, double coverage = 1) {
  BudgetCheck c;
  c.budget.network = "net.onnx", c.budget.target = "board";
  c.budget.limit = energy_limit(limit_j, EnergyUnit::j, false, "--max-j");
  c.estimate.emplace();
  c.estimate->network = "net";
  Estimate& e = c.estimate->estimate;
  e.hardware = "board", e.engine = "engine", e.batch = 2, e.coverage = coverage;
  e.energy_j = {2 * joules, joules, 4 * joules};  // of a batch of two
  judge_limit(c);
  return c;
}

TEST(BudgetCheck, WithinOverAndBetween) {
  EXPECT_EQ(made_up(1, 2.1).verdict, Verdict::within);
  EXPECT_EQ(made_up(1, 0.49).verdict, Verdict::over);
  const BudgetCheck between = made_up(1, 1.5);
  EXPECT_EQ(between.verdict, Verdict::cannot_say);
  EXPECT_NE(between.reason.find("its 90 % interval holds the limit of 1.5 J per inference"), std::string::npos) << between.reason;
  EXPECT_GT(*between.chance_over, 0.05);
  EXPECT_LT(*between.chance_over, 0.5);
}

TEST(BudgetCheck, LowerConfidenceSaysMore) {
  BudgetCheck c = made_up(1, 1.9);
  EXPECT_EQ(c.verdict, Verdict::cannot_say);
  c.reason.clear();
  c.budget.certainty.confidence = 0.8;
  judge_limit(c);
  EXPECT_EQ(c.verdict, Verdict::within);
}

TEST(BudgetCheck, OfTheBatchOrOfAnInference) {
  BudgetCheck c = made_up(1, 5);
  c.reason.clear();
  c.budget.limit->per_batch = true;
  judge_limit(c);
  EXPECT_DOUBLE_EQ(c.energy_j.value, 2);
  EXPECT_EQ(c.verdict, Verdict::within);
}

TEST(BudgetCheck, UncoveredAndIncomplete) {
  const BudgetCheck uncovered = made_up(1, 100, 0.05);
  EXPECT_EQ(uncovered.verdict, Verdict::cannot_say);
  EXPECT_NE(uncovered.reason.find("only 5.0 % of the energy"), std::string::npos) << uncovered.reason;
  BudgetCheck c = made_up(1, 100);
  c.reason.clear();
  c.estimate->estimate.interval_note = "incomplete";
  judge_limit(c);
  EXPECT_EQ(c.verdict, Verdict::cannot_say);
  c.reason.clear();
  c.budget.limit->amount = 0.1;  // what is known alone is over
  judge_limit(c);
  EXPECT_EQ(c.verdict, Verdict::over);
}

TEST(BudgetCheck, GrowthIsJudgedWithItsInterval) {
  const auto judged = [](double low, double value, double high) {
    BudgetCheck c = made_up(1, 10);
    c.budget.max_increase = 0.05, c.budget.against = "dir/main.json";
    c.change.emplace();
    c.change->before_j = {100, 50, 200};
    c.change->change_j = {value, low, high};
    judge_increase(c);
    return c;
  };
  EXPECT_EQ(judged(0, 0, 0).verdict, Verdict::within);
  EXPECT_EQ(judged(1, 2, 4).verdict, Verdict::within);
  EXPECT_EQ(judged(4, 7, 9).verdict, Verdict::cannot_say);
  const BudgetCheck over = judged(6, 7, 9);
  EXPECT_EQ(over.verdict, Verdict::over);
  EXPECT_EQ(over.reason.find("+7 % [+6 %, +9 %] against main.json is over the limit of +5 %; "), 0u) << over.reason;
}

TEST(BudgetCheck, GrowthOfWhatIsNotCoveredIsNotJudged) {
  BudgetCheck c = made_up(1, 10, 0.05);
  c.reason.clear();
  c.budget.max_increase = 0.05, c.budget.against = "main.json";
  c.change.emplace();
  c.change->before_j = {100, 50, 200};
  c.change->layers.emplace_back();
  c.change->change_j = {2, 1, 4};
  judge_increase(c);
  EXPECT_EQ(c.verdict, Verdict::cannot_say);
  EXPECT_NE(c.reason.find("only 5.0 % of the energy"), std::string::npos) << c.reason;
  c.reason.clear();
  c.change->layers.clear(), c.change->change_j = {};  // an unchanged network grows by nothing, covered or not
  judge_increase(c);
  EXPECT_EQ(c.verdict, Verdict::within);
}

TEST(BudgetCheck, TheWorstOfAll) {
  std::vector<BudgetCheck> checks(3);
  for (BudgetCheck& c : checks) c.verdict = Verdict::within;
  EXPECT_EQ(exit_status(worst(checks)), 0);
  checks[1].verdict = Verdict::cannot_say;
  EXPECT_EQ(exit_status(worst(checks)), 4);
  checks[2].verdict = Verdict::over;
  EXPECT_EQ(exit_status(worst(checks)), 3);
  checks[0].verdict = Verdict::failed;
  EXPECT_EQ(exit_status(worst(checks)), 1);
}

TEST(BudgetFormats, JUnitHoldsAnyBytes) {
  BudgetCheck c = made_up(1, 0.1);
  c.reason = "a < b & \"c\"\x01\xff\nd";
  const std::string xml = budget_junit(std::vector{c}, "2026-11-21T20:00:00");
  EXPECT_NE(xml.find("message=\"a &lt; b &amp; &quot;c&quot;??&#10;d\""), xml.npos) << xml;
  EXPECT_NE(xml.find("tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\""), xml.npos) << xml;
  EXPECT_NE(xml.find("classname=\"board.engine.f32\" name=\"net batch 2 within 0.1 J per inference\""), xml.npos) << xml;
}

TEST(BudgetFormats, AnnotationsAreOneLineEach) {
  BudgetCheck c = made_up(1, 0.1);
  c.reason = "100 %\r\n::error::no";
  c.budget.file = "a,b:c.toml", c.budget.line = 7;
  EXPECT_EQ(budget_annotations(std::vector{c}),
            "::error title=energy budget%3A over,file=a%2Cb%3Ac.toml,line=7::net on board/engine/f32, batch 2: 100 "
            "%25%0D%0A::error::no\n");
}

TEST(BudgetFormats, JsonSaysWhatIsUnknown) {
  BudgetCheck failed;
  failed.budget.network = "gone.onnx", failed.reason = "cannot read gone.onnx";
  const auto json = nlohmann::json::parse(budget_json(std::vector{made_up(1, 100), failed}));
  EXPECT_EQ(json["verdict"], "failed");
  EXPECT_EQ(json["exit_status"], 1);
  EXPECT_EQ(json["checks"][0]["verdict"], "within");
  EXPECT_TRUE(json["checks"][1]["energy_j"].is_null());
  EXPECT_TRUE(json["checks"][1]["chance_over"].is_null());
}

TEST(Baseline, RefusesWhatIsNone) {
  const auto refusal = [](const std::string& text) -> std::string {
    try {
      parse_baseline(text, "main.json");
    } catch (const Error& e) {
      return e.what();
    }
    return "accepted";
  };
  for (const auto& [text, wanted] :
       std::vector<std::pair<std::string, std::string>>{{"{", "main.json: not an output of `wattlayer estimate --json`"},
                                                        {"[1]", "schema 1 with estimates is expected"},
                                                        {"{\"schema\": 2, \"estimates\": []}", "schema 1"},
                                                        {"{\"schema\": 1, \"estimates\": []}", "no estimate in it"},
                                                        {"{\"schema\": 1, \"estimates\": [{\"network\": \"a\"}]}", "hardware"},
                                                        {"{\"schema\": 1, \"estimates\": [{\"network\": 3}]}", "main.json"}})
    EXPECT_NE(refusal(text).find(wanted), std::string::npos) << text << ": " << refusal(text);
}

}  // namespace
}  // namespace wattlayer

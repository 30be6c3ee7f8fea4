#include "wattlayer/pages/evaluation_page.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace wattlayer {
namespace {

using Json = nlohmann::json;

Json content_of(const Evaluation& evaluation) {
  const std::string text = evaluation_page(evaluation, "title & more");
  EXPECT_NE(text.find("<title>title &amp; more"), text.npos);
  const std::string open = R"(<script type="application/json" id="content">)";
  const size_t begin = text.find(open) + open.size();
  return Json::parse(text.substr(begin, text.find("</script>", begin) - begin));
}

TEST(EvaluationPage, HoldsRowsAndPoints) {
  Evaluation evaluation;
  EvaluationRow row{.dataset = "d", .split = "a < b", .unit_left_out = "all", .method = "mean", .level = "network"};
  row.score = Score{.n = 3, .medape = 12.34, .mape = 15, .r2 = 0.98765};
  evaluation.rows.push_back(row);
  row.method = "never";
  row.score.reset();
  row.note = "not enough rows";
  evaluation.rows.push_back(row);
  for (double truth : {0.1, 1.0, 10.0}) evaluation.points.push_back({"a < b", "all", "mean", "r", "network", truth, truth, "d"});
  evaluation.points.push_back({"a < b", "all", "mean", "r", "Conv", 1, -5, "d"});
  evaluation.points.push_back({"a < b", "all", "mean", "r", "network", 1, 1, "another data set"});
  const Json json = content_of(evaluation);
  EXPECT_EQ(json["kind"], "evaluation");
  ASSERT_EQ(json["sections"].size(), 1u);
  const Json& s = json["sections"][0];
  EXPECT_EQ(s["split"], "a < b");
  EXPECT_EQ(s["rows"][0]["score"]["medape"], 12.34);
  EXPECT_EQ(s["rows"][0]["score"]["r2"], 0.98765);
  EXPECT_TRUE(s["rows"][1]["score"].is_null());
  EXPECT_EQ(s["rows"][1]["note"], "not enough rows");
  ASSERT_EQ(s["plots"].size(), 1u);
  EXPECT_EQ(s["plots"][0]["measured"], Json({0.1, 1.0, 10.0, 1.0})) << "points of another data set stay out";
  EXPECT_EQ(s["plots"][0]["predicted"][3], -5);
  EXPECT_EQ(s["operators"], Json({"network", "Conv"}));
  EXPECT_EQ(s["plots"][0]["op"], Json({0, 0, 0, 1}));
  EXPECT_EQ(s["names"], Json({"r"})) << "rows that methods share are named once";
}

TEST(EvaluationPage, ThinsManyPointsAndSaysSo) {
  Evaluation evaluation;
  evaluation.rows.push_back({.split = "s", .unit_left_out = "all", .method = "m", .level = "layer"});
  for (int i = 1; i <= 10000; ++i) evaluation.points.push_back({"s", "all", "m", "r", "Conv", 1.0 * i, 2.0 * i});
  const Json json = content_of(evaluation);
  const Json& plot = json["sections"][0]["plots"][0];
  EXPECT_LE(plot["measured"].size(), 1500u);
  EXPECT_EQ(plot["points"], 10000);
}

}  // namespace
}  // namespace wattlayer

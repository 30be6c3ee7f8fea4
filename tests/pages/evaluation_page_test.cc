#include "wattlayer/pages/evaluation_page.h"

#include <gtest/gtest.h>

#include <regex>

namespace wattlayer {
namespace {

size_t count(const std::string& text, const std::string& word) {
  size_t found = 0;
  for (size_t at = 0; (at = text.find(word, at)) != text.npos; at += word.size()) ++found;
  return found;
}

TEST(EvaluationPage, HoldsTableAndPlots) {
  Evaluation evaluation;
  EvaluationRow row{.dataset = "d", .split = "a < b", .unit_left_out = "all", .method = "mean", .level = "network"};
  row.score = Score{.n = 3, .medape = 12.34, .mape = 15, .r2 = 0.98765};
  evaluation.rows.push_back(row);
  row.method = "never";
  row.score.reset();
  row.note = "not enough rows";
  evaluation.rows.push_back(row);
  for (double truth : {0.1, 1.0, 10.0}) evaluation.points.push_back({"a < b", "all", "mean", "r", "network", truth, truth, "d"});
  evaluation.points.push_back({"a < b", "all", "mean", "r", "network", 1, -5, "d"});
  evaluation.points.push_back({"a < b", "all", "mean", "r", "network", 1, 1, "another data set"});
  const std::string page = evaluation_page(evaluation, "title & more");
  EXPECT_EQ(count(page, "<svg"), 1u);
  EXPECT_EQ(count(page, "<circle"), 4u);
  EXPECT_NE(page.find("a &lt; b"), page.npos);
  EXPECT_NE(page.find("title &amp; more"), page.npos);
  EXPECT_NE(page.find("12.3"), page.npos);
  EXPECT_NE(page.find("0.9877"), page.npos);
  EXPECT_NE(page.find("not enough rows"), page.npos);
  EXPECT_EQ(page.find("http"), page.npos);  // nothing is fetched from elsewhere
  // Exact predictions lie on the diagonal: x + y is the side of the plot.
  const std::regex circle("cx='([0-9.]+)' cy='([0-9.]+)'");
  size_t on = 0;
  for (auto at = std::sregex_iterator(page.begin(), page.end(), circle); at != std::sregex_iterator(); ++at)
    on += std::abs(std::stod((*at)[1]) + std::stod((*at)[2]) - 300) < 0.2;
  EXPECT_EQ(on, 3u);
}

TEST(EvaluationPage, ThinsManyPoints) {
  Evaluation evaluation;
  evaluation.rows.push_back({.split = "s", .unit_left_out = "all", .method = "m", .level = "layer"});
  for (int i = 1; i <= 10000; ++i) evaluation.points.push_back({"s", "all", "m", "r", "Conv", 1.0 * i, 2.0 * i});
  EXPECT_LE(count(evaluation_page(evaluation, "t"), "<circle"), 1700u);
}

}  // namespace
}  // namespace wattlayer

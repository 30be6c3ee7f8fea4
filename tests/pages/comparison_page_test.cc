#include "wattlayer/pages/comparison_page.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace wattlayer {
namespace {

using Json = nlohmann::json;

TEST(ComparisonPage, SaysWhoWinsAndHowClearly) {
  Comparison comparison;
  for (const char* network : {"small", "large"}) {
    ComparedEstimate row;
    row.estimate.network = network;
    row.target = "h/e/f32";
    row.accuracy = network[0] == 's' ? 70 : 75;
    row.front = Front::on;
    comparison.rows.push_back(row);
  }
  comparison.rows[1].over_winner = Interval{2, 1.5, 2.5};
  comparison.rows[1].clear = true;
  comparison.pairs.push_back(
      {.cheap = 0, .dear = 1, .ratio = {2, 1.5, 2.5}, .saving_j = 3, .clear = true, .basis = "paired </script>"});
  comparison.contests.push_back({.batch = 8, .rows = {0, 1}});
  comparison.min_accuracy = 60;
  const std::string text = comparison_page(comparison, {});
  const std::string open = R"(<script type="application/json" id="content">)";
  const size_t begin = text.find(open) + open.size();
  const Json json = Json::parse(text.substr(begin, text.find("</script>", begin) - begin));
  EXPECT_EQ(json["kind"], "comparison");
  EXPECT_EQ(json["estimates"][json["compared"][1]["estimate"].get<size_t>()]["network"], "large");
  EXPECT_EQ(json["compared"][1]["over_winner"], Json({2.0, 1.5, 2.5}));
  EXPECT_TRUE(json["compared"][0]["over_winner"].is_null());
  EXPECT_EQ(json["compared"][0]["front"], "on");
  EXPECT_EQ(json["pairs"][0]["basis"], "paired </script>");
  EXPECT_EQ(json["contests"][0]["batch"], 8);
  EXPECT_TRUE(json["contests"][0]["tied"].empty());
  EXPECT_EQ(json["min_accuracy"], 60);
}

}  // namespace
}  // namespace wattlayer

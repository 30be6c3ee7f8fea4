#include "wattlayer/datasets/description.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

using Json = nlohmann::json;

Json good() {
  return Json::parse(
      R"({"schema": 1, "title": "t", "source": "s", "licence": "none", "hardware": "h", "engine": "e", "scope": "board",
    "meter": "m", "tables": [{"files": "a.csv", "kind": "network", "row": "{n}", "rows": [{"where": {"k": ["x", "y*"]}, "network": "{n}"},
    {"layer": "Relu {b}x3", "kind": "random-layer"}]}], "splits": [{"name": "s", "kind": "kinds", "train": "random-layer", "test": ["network"]}]})");
}

TEST(DatasetDescription, RulesTakeFromTheirTable) {
  const DatasetDescription d = parse_dataset(good().dump(), "id");
  ASSERT_EQ(d.tables.size(), 1u);
  EXPECT_EQ(d.tables[0].files, std::vector<std::string>{"a.csv"});
  EXPECT_EQ(d.tables[0].rows[0].kind, "network");
  EXPECT_EQ(d.tables[0].rows[1].kind, "random-layer");
  EXPECT_EQ(d.tables[0].rows[1].row, "{n}");
  EXPECT_EQ(d.splits[0].test, std::vector<std::string>{"network"});
  EXPECT_TRUE(d.splits[0].habitual);
  EXPECT_EQ(d.method, "counter");
  EXPECT_EQ(d.dtype, DataType::f32);
}

TEST(DatasetDescription, NamesTheFieldThatIsWrong) {
  const auto refused = [](const Json& json, const std::string& word) {
    try {
      parse_dataset(json.dump(), "broken");
      ADD_FAILURE() << "accepted: " << word;
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find(word), std::string::npos) << e.what();
      EXPECT_NE(std::string(e.what()).find("broken"), std::string::npos) << e.what();
    }
  };
  const auto changed = [](const std::string& pointer, const Json& value) {
    Json json = good();
    json[Json::json_pointer(pointer)] = value;
    return json;
  };
  refused(changed("/schema", 2), "schema");
  refused(changed("/title", 5), "title");
  refused(changed("/dtype", "f33"), "f33");
  refused(changed("/colour", "red"), "colour");
  refused(changed("/tables", Json::array()), "tables");
  refused(changed("/tables/0/files", 7), "files");
  refused(changed("/tables/0/rows", Json::array()), "rows");
  refused(changed("/tables/0/rows/0/kind", "net"), "kind");
  refused(changed("/tables/0/rows/0/layer", "Relu 1"), "layer or network");
  refused(changed("/tables/0/rows/0/where", 3), "where");
  refused(changed("/tables/0/drop", Json::parse(R"([{"from": 1}])")), "reason");
  refused(changed("/tables/0/drop", Json::parse(R"([{"reason": "r", "copies": "x"}])")), "copies");
  refused(changed("/tables/0/draw", Json::parse(R"([{"one_in": -2}])")), "one_in");
  refused(changed("/tables/0/derive", Json::parse(R"([{"names": "a", "from": "{b}", "map": {}, "lookup": "c.json"}])")),
          "pattern");
  refused(changed("/tables/0/derive", Json::parse(R"([{"names": ["a", "b"], "from": "{b}"}])")), "names");
  refused(changed("/tables/0/conditions", 4), "conditions");
  refused(changed("/splits/0/kind", "magic"), "kind of a split");
  refused(changed("/splits/0/calibration_rows", 3), "calibration_rows");
  refused(changed("/targets", Json::parse(R"([{"split": "other", "figure": "mape"}])")), "targets");
  refused(changed("/targets", Json::parse(R"([{"split": "s", "figure": "colour"}])")), "figure");
  refused(changed("/splits/0/train_share", 1.5), "train_share");
  refused(changed("/splits/0/train_share", 0.5), "seeds");
  refused(changed("/splits/0/seeds", Json::parse("[-1]")), "seeds");
  refused(Json("text"), "JSON object");
  EXPECT_THROW(parse_dataset("{", "broken"), Error);
  Json without = good();
  without.erase("hardware");
  refused(without, "hardware");
}

TEST(DatasetDescription, HardwareMayBeLeftToTheRules) {
  Json json = good();
  json.erase("hardware");
  json["tables"][0]["hardware"] = "{device}";
  json["splits"].push_back(
      {{"name", "d"}, {"kind", "leave-hardware"}, {"train", "network"}, {"test", "network"}, {"calibration_rows", {0, 5}}});
  json["splits"].push_back(
      {{"name", "t"}, {"kind", "leave-block"}, {"train", "network"}, {"test", "network"}, {"by", "task"}, {"folds", 3}});
  json["targets"] = Json::parse(R"([{"split": "d", "unit": "K=5", "figure": "medape", "must_reach": 10}])");
  const DatasetDescription d = parse_dataset(json.dump(), "id");
  EXPECT_EQ(d.tables[0].rows[1].hardware, "{device}");
  EXPECT_EQ(d.splits[1].kind, Split::Kind::leave_hardware);
  EXPECT_EQ(d.splits[1].calibration_rows, (std::vector<size_t>{0, 5}));
  EXPECT_EQ(d.splits[2].by, "task");
  EXPECT_EQ(d.splits[2].folds, 3u);
  EXPECT_EQ(d.targets[0].must_reach, 10);
}

}  // namespace
}  // namespace wattlayer

#include "wattlayer/bench/campaign.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

#include "tests/temporary_folder.h"
#include "wattlayer/bench/campaign_items.h"
#include "wattlayer/core/data_files.h"
#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

constexpr const char* small = R"({
  "schema": 1, "title": "t", "batches": [1, 4], "dtypes": ["f32", "bf16"], "lists": {"nets": ["net:alexnet", "net:vgg11"]},
  "protocol": {"tolerance": 0.05, "idle_s": 0, "group": 2},
  "random": [{"layer": "Relu {n}", "ranges": {"n": [1, 4096]}, "count": 10, "dtypes": ["f32"]}],
  "real": [{"names": ["@nets"], "most": 12}],
  "networks": [{"names": ["@nets"], "dtypes": ["float32"]}]
})";

std::string fault(const std::string& text) {
  try {
    parse_campaign(text, "c");
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::invalid_input);
    return e.what();
  }
  return "";
}

CampaignPlace place() {
  const DataFiles files;
  return {.engine = parse_engine(*files.read("engines", "pytorch.json"), "pytorch"), .hardware = {}};
}

TEST(Campaign, ReadsWhatTheFileSays) {
  const Campaign campaign = parse_campaign(small, "small");
  EXPECT_EQ(campaign.id, "small");
  EXPECT_EQ(campaign.group, 2);
  EXPECT_EQ(campaign.protocol.tolerance, 0.05);
  EXPECT_EQ(campaign.protocol.idle.value, 0);
  EXPECT_EQ(campaign.protocol.min_windows, Protocol{}.min_windows);
  ASSERT_EQ(campaign.real.size(), 1u);
  EXPECT_EQ(campaign.real[0].names, (std::vector<std::string>{"net:alexnet", "net:vgg11"}));
  EXPECT_EQ(campaign.real[0].batches, (std::vector<int64_t>{1, 4}));
  EXPECT_EQ(campaign.networks[0].dtypes, std::vector<DataType>{DataType::f32});
  EXPECT_TRUE(campaign.random[0].ranges[0].logarithmic) << "1 to 4096 spans decades";
}

TEST(Campaign, NamesTheFieldThatIsWrongAndTheNearestKnownOne) {
  EXPECT_NE(fault(R"({"schema": 1, "title": "t", "radnom": []})").find("'radnom' is unknown; nearest"), std::string::npos);
  EXPECT_NE(fault(R"({"schema": 1, "title": "t", "protocol": {"tolerence": 1}})").find("'protocol.tolerence' is unknown"),
            std::string::npos);
  EXPECT_NE(fault(R"({"schema": 2, "title": "t"})").find("schema: expected 1"), std::string::npos);
  EXPECT_NE(fault(R"({"schema": 1, "title": "t"})").find("nothing to measure"), std::string::npos);
  EXPECT_NE(fault(R"({"schema": 1, "title": "t", "random": [{"layer": "Relu {n}", "ranges": {"n": [9, 1]}, "count": 1}]})")
                .find("random[0].ranges.n.range: expected two whole numbers"),
            std::string::npos);
  EXPECT_NE(fault(R"({"schema": 1, "title": "t", "networks": [{"names": ["@nest"]}], "lists": {"nets": []}})")
                .find("networks[0].names: list '@nest' is unknown; known: @nets"),
            std::string::npos);
  EXPECT_NE(fault(R"({"schema": 1, "title": "t", "dtypes": ["f33"], "networks": [{"names": ["net:vgg11"]}]})").find("dtypes"),
            std::string::npos);
  EXPECT_NE(fault("{").find("campaign c: expected JSON: parse error at line 1"), std::string::npos) << fault("{");
  EXPECT_EQ(fault("[]"), "campaign c: expected a JSON object");
  EXPECT_EQ(fault(R"({"schema": 1, "title": "t", "dtypes": "f32"})"),
            "campaign c: dtypes: expected a list of texts, found \"f32\"");
}

TEST(Campaign, NumbersBeyondSenseAreRefusedWithTheirRange) {
  const auto protocol = [](const std::string& field) {
    return fault(R"({"schema": 1, "title": "t", "networks": [{"names": ["net:vgg11"]}], "protocol": {)" + field + "}}");
  };
  EXPECT_EQ(protocol(R"("window_s": 0.5)"), "");
  EXPECT_NE(protocol(R"("window_s": 1e300)").find("protocol.window_s: expected a number from 1e-06 to 86400, found 1e+300"),
            std::string::npos)
      << protocol(R"("window_s": 1e300)");
  EXPECT_NE(protocol(R"("min_windows": 1e9)").find("protocol.min_windows: expected a whole number from 2 to 10000"),
            std::string::npos);
  for (const char* field : {R"("tolerance": 0)", R"("tolerance": 1e9)", R"("budget_s": 1e18)", R"("warm_up_s": -1)",
                            R"("idle_s": 1e308)", R"("cool_to_c": 1e4)", R"("group": 1e12)", R"("threads": 3000000000)"})
    EXPECT_NE(protocol(field).find(" from "), std::string::npos) << field << protocol(field);
}

TEST(Campaign, EmptyListsAndNamesAreRefused) {
  const auto with = [](const std::string& field) {
    return fault(R"({"schema": 1, "title": "t", "networks": [{"names": ["net:vgg11"]}], )" + field + "}");
  };
  EXPECT_NE(with(R"("dtypes": [])").find("dtypes: expected at least one data type"), std::string::npos);
  EXPECT_NE(with(R"("device": "")").find("device: expected a text"), std::string::npos);
  EXPECT_NE(with(R"("batches": [2147483648])").find("batches: expected a list of whole numbers from 1 to"), std::string::npos);
  EXPECT_NE(with(R"("real": [{"names": [""]}])").find("real[0].names: expected a name in every entry"), std::string::npos);
}

TEST(Campaign, BadJsonOfEveryKindIsRefusedNotCrashed) {
  for (const char* text :
       {"[]", "null", "3", "\"x\"", R"({"schema": 1, "title": 3})", R"({"schema": 1, "title": "t", "random": {}})",
        R"({"schema": 1, "title": "t", "random": [3]})", R"({"schema":1,"title":"t","protocol":[]})",
        R"({"schema":1,"title":"t","random":[{"layer":"Relu {n}","ranges":{"n":[1]},"count":1}]})",
        R"({"schema":1,"title":"t","random":[{"layer":"Relu {n}","ranges":{"n":"x"},"count":1}]})",
        R"({"schema":1,"title":"t","random":[{"layer":"Relu {n}","ranges":{"n":[1,2]},"count":1.5}]})",
        R"({"schema":1,"title":"t","random":[{"layer":"Relu {n}","ranges":{"n":[1,2]},"count":-1}]})"})
    EXPECT_NE(fault(text), "") << text;
}

TEST(CampaignItems, AreEachThereOnceAndStable) {
  const Campaign campaign = parse_campaign(small, "small");
  const CampaignItems first = expand(campaign, place()), second = expand(campaign, place());
  ASSERT_EQ(first.items.size(), second.items.size());
  std::map<std::string, size_t> kinds;
  std::set<std::string> ids;
  for (size_t i = 0; i < first.items.size(); ++i) {
    EXPECT_EQ(first.items[i].id(), second.items[i].id());
    EXPECT_TRUE(ids.insert(first.items[i].id()).second) << first.items[i].id();
    ++kinds[first.items[i].kind];
    EXPECT_GT(first.items[i].pass_s, 0);
    EXPECT_EQ(first.items[i].obstacle, "");
  }
  EXPECT_EQ(kinds["network"], 4u);
  EXPECT_EQ(kinds["random-layer"], 10u);
  EXPECT_EQ(kinds["real-layer"], 24u);  // 12 in two data types
}

TEST(CampaignItems, KeysDoNotDependOnWhatElseTheCampaignHolds) {
  Campaign campaign = parse_campaign(small, "small");
  std::set<std::string> all;
  for (const CampaignItem& item : expand(campaign, place()).items) all.insert(item.id());
  campaign.networks.clear(), campaign.real.clear();
  for (const CampaignItem& item : expand(campaign, place()).items) EXPECT_TRUE(all.contains(item.id())) << item.id();
}

TEST(CampaignItems, ANetworkThatIsNotThereIsNamedWithThePlacesSearched) {
  Campaign campaign = parse_campaign(R"({"schema": 1, "title": "t", "networks": [{"names": ["a/b.onnx"]}]})", "c");
  CampaignPlace here = place();
  here.folders = {"/nowhere", "/nowhere/else"};
  try {
    expand(campaign, here);
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("/nowhere/a/b.onnx or /nowhere/else/a/b.onnx; name the folder"), std::string::npos)
        << e.what();
  }
}

TEST(CampaignItems, ANetworkThatNobodyCanReadIsRefusedAndABatchThatItRefusesIsNot) {
  const auto names = [](const std::string& name) {
    return parse_campaign(R"({"schema": 1, "title": "t", "networks": [{"names": [")" + name + R"("]}]})", "c");
  };
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "nets");
  std::ofstream(folder / "text.onnx") << "no network";
  CampaignPlace here = place();
  here.folders = {folder.path()};
  for (const char* name : {"net:nope", "nets", "text.onnx", "net:mlp?hidden=x"})
    EXPECT_THROW(expand(names(name), here), Error) << name;
}

TEST(CampaignItems, FewerRandomLayersThanAskedForIsSaid) {
  const Campaign campaign = parse_campaign(
      R"({"schema": 1, "title": "t", "random": [{"layer": "Relu {n}", "ranges": {"n": [1, 4]}, "count": 50}]})", "c");
  const CampaignItems items = expand(campaign, place());
  EXPECT_EQ(items.items.size(), 4u);
  ASSERT_EQ(items.remarks.size(), 1u);
  EXPECT_EQ(items.remarks[0], "random[0]: its ranges give 4 different layers of the 50 asked for (Relu {n})");
}

TEST(CampaignItems, TheMostUsefulComeFirst) {
  const Campaign campaign =
      parse_campaign(R"({"schema": 1, "title": "t", "real": [{"names": ["net:vgg16", "net:resnet50"]}]})", "c");
  const auto items = expand(campaign, place()).items;
  // Convolutions make up most of the time: the one with the largest share is first, and every operator comes before the tail.
  EXPECT_EQ(items[0].op, "Conv");
  std::set<std::string> early, all;
  for (size_t i = 0; i < items.size(); ++i) {
    all.insert(items[i].op);
    if (i < items.size() / 2) early.insert(items[i].op);
  }
  EXPECT_EQ(early, all);
  double conv_before = 1e9;
  for (const CampaignItem& item : items)
    if (item.op == "Conv") EXPECT_LE(item.share, conv_before), conv_before = item.share;
}

TEST(CampaignItems, MoreMemoryThanAllowedIsLeftOutAndCounted) {
  Campaign campaign = parse_campaign(small, "small");
  const size_t all = expand(campaign, place()).items.size();
  campaign.most_bytes = 1e7;
  const CampaignItems fewer = expand(campaign, place());
  EXPECT_GT(fewer.too_large, 0u);
  EXPECT_EQ(fewer.items.size() + fewer.too_large, all);
  ASSERT_EQ(fewer.remarks.size(), 1u);
  EXPECT_NE(fewer.remarks[0].find("most_bytes (1e+07)"), std::string::npos) << fewer.remarks[0];
}

}  // namespace
}  // namespace wattlayer

#include "wattlayer/datasets/row_text.h"

#include <gtest/gtest.h>

#include <map>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

std::optional<std::string> fill(std::string_view text) {
  static const std::map<std::string, std::string, std::less<>> columns = {
      {"batch", "4.0"},      {"half", "0.5"}, {"name", "vgg16"}, {"empty", ""},
      {"latency(ms)", "20"}, {"a/b", "7"},    {"zero", "0"},     {"big", "12345678901234"}};
  return fill_template(text, [](std::string_view name) -> std::optional<std::string_view> {
    const auto at = columns.find(name);
    if (at == columns.end()) return std::nullopt;
    return at->second;
  });
}

TEST(RowText, FillsColumns) {
  EXPECT_EQ(fill("Relu {batch}x{batch}"), "Relu 4x4");
  EXPECT_EQ(fill("{name}/b{batch}"), "vgg16/b4");
  EXPECT_EQ(fill("plain"), "plain");
  EXPECT_EQ(fill("{half}"), "0.5");
  EXPECT_EQ(fill("{big}"), "12345678901234");
  EXPECT_EQ(fill(""), "");
}

TEST(RowText, WorksOffProductsFromTheLeft) {
  EXPECT_EQ(fill("{batch * half}"), "2");
  EXPECT_EQ(fill("{batch / half / 1000}"), "0.008");
  EXPECT_EQ(fill("{latency(ms) / 1000}"), "0.02");
  EXPECT_EQ(fill("{batch / 8 * 3}"), "1.5");
  EXPECT_EQ(fill("{a/b}"), "7");  // the name of a column wins
}

TEST(RowText, AddsAndRoundsFromTheLeft) {
  EXPECT_EQ(fill("{batch + 1 * 2}"), "10");
  EXPECT_EQ(fill("{batch - 1}"), "3");
  EXPECT_EQ(fill("{half max 1}"), "1");
  EXPECT_EQ(fill("{batch min half}"), "0.5");
  EXPECT_EQ(fill("{batch / 3 ceil 1}"), "2");
  EXPECT_EQ(fill("{batch ceil 3}"), "6");
}

TEST(RowText, AnEmptyColumnGivesNothing) {
  EXPECT_EQ(fill("{empty}"), std::nullopt);
  EXPECT_EQ(fill("{batch / empty}"), std::nullopt);
}

TEST(RowText, GapsMayBeAllowed) {
  const auto column = [](std::string_view name) -> std::optional<std::string_view> {
    if (name == "empty") return "";
    return name == "x" ? std::optional<std::string_view>("7") : std::nullopt;
  };
  EXPECT_EQ(fill_template_with_gaps("{empty}/{x}", column), "/7");
  EXPECT_EQ(fill_template_with_gaps("{empty * 2}/{x}", column), std::nullopt);
}

TEST(RowText, RefusesWhatCannotBeWorkedOut) {
  for (const char* text :
       {"{missing}", "{batch / missing}", "{name * 2}", "{batch / zero}", "{batch ceil zero}", "{batch + name}", "{batch", "{}"})
    EXPECT_THROW(fill(text), Error) << text;
}

}  // namespace
}  // namespace wattlayer

#include "wattlayer/datasets/row_columns.h"

#include <gtest/gtest.h>

#include "tests/temporary_folder.h"
#include "wattlayer/core/error.h"
#include "wattlayer/store/text_file.h"

namespace wattlayer {
namespace {

TEST(Fits, StarsStandForAnyCharacters) {
  EXPECT_TRUE(fits("encoder.layer.0.attention.self.query:Linear", "*.query:Linear"));
  EXPECT_TRUE(fits("a.b.c", "A.*.C"));
  EXPECT_TRUE(fits("", "*"));
  EXPECT_TRUE(fits("abcabd", "*abd"));
  EXPECT_FALSE(fits("abc", "ab"));
  EXPECT_FALSE(fits("abc", "*d"));
  EXPECT_FALSE(fits("abc", "abcd*"));
}

/// The derived columns of a table of one row.
std::optional<std::string> derived(const std::vector<DerivedColumn>& columns, const std::string& name,
                                   const std::filesystem::path& folder = {}) {
  const DatasetTable table{.derive = columns};
  CsvReader reader("workload,dtype,index\nvit_large_pbf16_b8,bfloat16,1\n");
  reader.next();
  RowColumns row(table, reader, folder, "host/part/a.csv");
  row.derive();
  const auto value = row(name);
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

TEST(RowColumns, PatternsGiveTheirGroups) {
  const DerivedColumn column{.names = {"net", "type", "batch", "eager"},
                             .from = "{workload}",
                             .pattern = "([a-z]+)_large_p([a-z]+[0-9]+)_b([0-9]+)(_eager)?"};
  EXPECT_EQ(derived({column}, "net"), "vit");
  EXPECT_EQ(derived({column}, "type"), "bf16");
  EXPECT_EQ(derived({column}, "batch"), "8");
  EXPECT_EQ(derived({column}, "eager"), "");
  EXPECT_EQ(derived({column}, "other"), std::nullopt);
}

TEST(RowColumns, LaterColumnsUseEarlierOnes) {
  const DerivedColumn first{.names = {"type"}, .from = "{dtype}", .map = {{"bfloat16", "bf16"}}};
  const DerivedColumn second{.names = {"text"}, .from = "{type}/{folder}/{file}/{line}"};
  EXPECT_EQ(derived({first, second}, "text"), "bf16/host/part/host/part/a.csv/2");
}

TEST(RowColumns, OccurrencesAreCountedRowByRow) {
  const DatasetTable table{.derive = {{.names = {"n"}, .from = "{net}", .occurrence = true}}};
  CsvReader reader("net\nx\ny\nx\nx\n");
  RowColumns row(table, reader, {}, "a.csv");
  std::string counted;
  while (reader.next()) row.derive(), counted += *row("n");
  EXPECT_EQ(counted, "1123");
}

TEST(RowColumns, LookupsGoBothWays) {
  TemporaryFolder folder;
  write_text_file(folder / "index.json", R"({"cell a": 0, "cell b": 1, "1": "one"})");
  EXPECT_EQ(derived({{.names = {"cell"}, .from = "{index}", .lookup = "index.json", .inverse = true}}, "cell", folder.path()),
            "cell b");
  EXPECT_EQ(derived({{.names = {"word"}, .from = "{index}", .lookup = "index.json"}}, "word", folder.path()), "one");
}

TEST(RowColumns, WhatCannotBeMadeIsRefused) {
  TemporaryFolder folder;
  write_text_file(folder / "index.json", R"({"cell a": 0})");
  const auto refused = [&](const DerivedColumn& column, const std::string& word) {
    try {
      derived({column}, "x", folder.path());
      ADD_FAILURE() << "accepted: " << word;
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find(word), std::string::npos) << e.what();
    }
  };
  refused({.names = {"x"}, .from = "{dtype}", .pattern = "f(32)"}, "bfloat16");
  refused({.names = {"x"}, .from = "{dtype}", .pattern = "f(32"}, "f(32");
  refused({.names = {"x"}, .from = "{dtype}", .map = {{"float32", "f32"}}}, "float32");
  refused({.names = {"x"}, .from = "{index}", .lookup = "index.json", .inverse = true}, "index.json");
  refused({.names = {"x"}, .from = "{index}", .lookup = "none.json"}, "none.json");
  refused({.names = {"x"}, .from = "{none}"}, "none");
}

TEST(RowColumns, ATextThatMayBeAbsentHasAnotherwise) {
  EXPECT_EQ(derived({{.names = {"x"}, .from = "{dtype}", .pattern = "f(32)", .otherwise = ""}}, "x"), "");
  EXPECT_EQ(derived({{.names = {"x"}, .from = "{dtype}", .map = {{"a", "b"}}, .otherwise = "{index}"}}, "x"), "1");
}

}  // namespace
}  // namespace wattlayer

#include "wattlayer/store/csv.h"

#include <gtest/gtest.h>

#include "tests/store/example_measurements.h"
#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

TEST(CsvReader, ReadsQuotesLineBreaksAndEmptyFields) {
  CsvReader reader(
      "\xEF\xBB\xBF"
      "a,b,c\r\n1,\"x \"\"y\"\"\n,z\",\r\n\n,,\n\"\",2,3");
  EXPECT_EQ(reader.header(), (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.fields(), (std::vector<std::string>{"1", "x \"y\"\n,z", ""}));
  EXPECT_EQ(reader.line(), 2u);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.fields(), (std::vector<std::string>{"", "", ""}));
  EXPECT_EQ(reader.line(), 5u);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.fields(), (std::vector<std::string>{"", "2", "3"}));
  EXPECT_FALSE(reader.next());
}

TEST(CsvReader, FindsFaultWithBrokenRecords) {
  CsvReader reader("a,b\n1\n1,2,3\nx\"y,2\n\"x\"y,2\n1,\"open\n");
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(reader.next()) << i;
    EXPECT_NE(reader.fault(), "") << i;
  }
  EXPECT_FALSE(reader.next());
}

TEST(CsvReader, RefusesTablesWithoutAHeader) {
  for (const char* text : {"", "\n\n", "a,a\n1,2", "\"a"}) EXPECT_THROW(CsvReader{text}, Error) << text;
}

TEST(Csv, RoundTripIsLossless) {
  const auto rows = example_measurements();
  const std::string text = print_csv(rows);
  const CsvMeasurements read = parse_csv(text, "x.csv");
  EXPECT_TRUE(read.refused.empty()) << read.refused[0].reason;
  ASSERT_EQ(read.measurements.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(describe(read.measurements[i]), describe(rows[i]));
  EXPECT_EQ(print_csv(read.measurements), text);
}

TEST(Csv, RefusesBadRowsWithTheirLine) {
  const std::string head = "dataset,row,kind,hardware,engine,dtype,energy_j,time_s,scope,layers\n";
  const std::string good = "d,1,network,h,e,f32,1.5,,board,Relu 2x3\n";
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"d,2,network,h,e,f32,-1,,board,Relu 2x3", "energy_j"},  {"d,2,network,h,e,f32,0,,board,Relu 2x3", "energy_j"},
      {"d,2,network,h,e,f32,nan,,board,Relu 2x3", "energy_j"}, {"d,2,network,h,e,f32,1.5J,,board,Relu 2x3", "energy_j"},
      {"d,2,network,h,e,f33,1,,board,Relu 2x3", "f33"},        {"d,2,net,h,e,f32,1,,board,Relu 2x3", "kind"},
      {"d,2,network,h,e,f32,,,board,Relu 2x3", "energy_j"},    {"d,2,network,h,e,f32,1,,board,Conv 1x2 3", "layer 1"},
      {"d,2,network,h,e,f32,1,,board,-3 Relu 2x3", "count"},   {"d,2,network,h,e,f32,1,,board,", "layers"},
      {",2,network,h,e,f32,1,,board,Relu 2x3", "dataset"},     {"d,2,network,h,e,f32,1,,board", "fields"},
  };
  for (const auto& [line, word] : bad) {
    const CsvMeasurements read = parse_csv(head + good + line + "\n" + good, "x.csv");
    EXPECT_EQ(read.measurements.size(), 2u) << line;
    ASSERT_EQ(read.refused.size(), 1u) << line;
    EXPECT_EQ(read.refused[0].line, 3u);
    EXPECT_EQ(read.refused[0].file, "x.csv");
    EXPECT_NE(read.refused[0].reason.find(word), std::string::npos) << read.refused[0].reason;
  }
}

TEST(Csv, RefusesUnknownAndMissingColumns) {
  EXPECT_THROW(parse_csv("dataset,row\n", "x.csv"), Error);
  EXPECT_THROW(parse_csv("dataset,row,kind,hardware,engine,dtype,energy_j,time_s,scope,layers,colour\n", "x.csv"), Error);
}

}  // namespace
}  // namespace wattlayer

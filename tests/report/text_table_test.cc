#include "wattlayer/report/text_table.h"

#include <gtest/gtest.h>

namespace wattlayer {
namespace {

TEST(TextTable, AlignsByWhatATerminalShows) {
  TextTable table({{"NAME"}, {"ENERGY", Align::right}});
  table.row({"é", "1 µJ"});
  table.row({"longer", "22 mJ"});
  EXPECT_EQ(table.print(), "NAME    ENERGY\né         1 µJ\nlonger   22 mJ\n");
}

TEST(TextTable, ColoursOnlyWhenAsked) {
  TextTable table({{"A"}});
  table.row({"x"}, Style::red);
  EXPECT_EQ(table.print(false), "A\nx\n");
  EXPECT_EQ(table.print(true), "\033[2mA\033[0m\n\033[31mx\033[0m\n");
}

TEST(TextTable, CutsLongCellsInTheMiddle) {
  EXPECT_EQ(shorten("abcdefghij", 5), "ab…ij");
  EXPECT_EQ(shorten("abc", 5), "abc");
}

TEST(TextTable, WrapsAtBlanks) {
  EXPECT_EQ(wrapped("  one two three", 9, "    "), "  one two\n    three\n");
  EXPECT_EQ(wrapped("averyveryverylongword x", 5), "averyveryverylongword\nx\n");
  EXPECT_EQ(wrapped("", 5), "\n");
}

TEST(TextTable, NamesFromFilesCannotSteerTheTerminal) {
  EXPECT_EQ(printable("a\033[31mb\n"), "a?[31mb?");
  EXPECT_EQ(printable("ok µ\xff"), "ok µ?");
  EXPECT_EQ(printable("\xc2\x9b"), "?");
}

}  // namespace
}  // namespace wattlayer

#include "wattlayer/core/number_text.h"

#include <gtest/gtest.h>

namespace wattlayer {
namespace {

TEST(NumberText, IsTheWholeText) {
  EXPECT_EQ(real_of("-1.5e3"), -1500);
  EXPECT_EQ(whole_of("-12"), -12);
  for (const char* text : {"", " 1", "1 ", "1,5", "0x1", "+1", "one", "nan", "inf", "1e999"}) EXPECT_FALSE(real_of(text)) << text;
  for (const char* text : {"", "1.0", "1e3", "9223372036854775808", " 1"}) EXPECT_FALSE(whole_of(text)) << text;
}

}  // namespace
}  // namespace wattlayer

#include "wattlayer/report/quantity_text.h"

#include <gtest/gtest.h>

namespace wattlayer {
namespace {

TEST(QuantityText, ChoosesThePrefix) {
  EXPECT_EQ(quantity(0, "J"), "0 J");
  EXPECT_EQ(quantity(0.01824, "J"), "18.2 mJ");
  EXPECT_EQ(quantity(4.112e9, "MACs"), "4.11 GMACs");
  EXPECT_EQ(quantity(999.96, "W"), "1.00 kW");
  EXPECT_EQ(quantity(999.4, "W"), "999 W");
  EXPECT_EQ(quantity(2.5e-7, "s"), "250 ns");
  EXPECT_EQ(quantity(-0.5, "J"), "-500 mJ");
  EXPECT_EQ(quantity(1e40, "J").back(), 'J');
}

TEST(QuantityText, IntervalSharesThePrefixOfItsValue) {
  EXPECT_EQ(quantity_interval(1.2, 0.9, 1.6, "J"), "1.20 J [0.90, 1.60]");
  EXPECT_EQ(quantity_interval(0.9, 0.4, 2.5, "J"), "900 mJ [400, 2500]");
}

TEST(QuantityText, SharesCountsAndBars) {
  EXPECT_EQ(percent(0.613), "61.3 %");
  EXPECT_EQ(percent(1e-5), "<0.1 %");
  EXPECT_EQ(percent(0), "0.0 %");
  EXPECT_EQ(count_text(3), "3");
  EXPECT_EQ(count_text(1024), "1,024");
  EXPECT_EQ(count_text(25557032), "25,557,032");
  EXPECT_EQ(count_text(2.5), "2.5");
  EXPECT_EQ(binary_bytes(20185088), "19.25 MiB");
  EXPECT_EQ(bar(1, 4), "████");
  EXPECT_EQ(bar(0.5, 3), "█▌");
  EXPECT_EQ(bar(0, 3), "");
}

}  // namespace
}  // namespace wattlayer

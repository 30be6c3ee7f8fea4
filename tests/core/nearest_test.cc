#include "wattlayer/core/nearest.h"

#include <gtest/gtest.h>

namespace wattlayer {
namespace {

const std::vector<std::string> known = {"rtx-3090", "rtx-4090",       "rtx-4090-ti",    "a100-sxm", "xeon-gold-5120",
                                        "t4",       "jetson-orin-nx", "raspberry-pi-5", "rtx-4080", "h100-nvl"};

TEST(Nearest, FindsWhatIsSpelledInAnotherWay) {
  EXPECT_EQ(nearest("RTX 4090", known).substr(0, 33), "; nearest of 10: rtx-4090, rtx-40");
  EXPECT_NE(nearest("A100_SXM", known).find(": a100-sxm"), std::string::npos);
  EXPECT_NE(nearest("NVIDIA GeForce RTX 3090", known).find(": rtx-3090"), std::string::npos);
  EXPECT_NE(nearest("xeongold5210", known).find(": xeon-gold-5120"), std::string::npos);
}

TEST(Nearest, TakesAnyName) {
  EXPECT_NE(nearest("", known).find("nearest of 10"), std::string::npos);
  EXPECT_NE(nearest("--", known).find("nearest of 10"), std::string::npos);
  EXPECT_NE(nearest(std::string(10000, 'x'), known).find("nearest of 10"), std::string::npos);
  EXPECT_EQ(nearest("x", {}), "; none is known");
}

}  // namespace
}  // namespace wattlayer

#include "wattlayer/training/to_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

/// loss = a epoch^-1/2 and energy = b epoch are straight over logarithms, so that the crossing is known.
std::string power_law(double size, double a, double b) {
  std::string rows;
  for (const double epoch : {1, 3, 10, 30, 100})
    rows += std::to_string(size) + "," + std::to_string(epoch) + "," + std::to_string(a / std::sqrt(epoch)) + "," +
            std::to_string(b * epoch) + "\n";
  return rows;
}

TEST(ToLoss, FindsTheCrossingOfAPowerLaw) {
  const auto curves = read_loss_curves("size,epoch,loss,energy_j\n" + power_law(1024, 2, 7) + power_law(64, 4, 1));
  ASSERT_EQ(curves.size(), 2u);
  EXPECT_EQ(curves[0].size, 64);
  const auto sizes = energy_to_loss(curves, 0.5);
  EXPECT_NEAR(sizes[0].epoch, 64, 0.01);
  EXPECT_NEAR(sizes[0].energy_j, 64, 0.01);
  EXPECT_NEAR(sizes[1].epoch, 16, 0.01);
  EXPECT_NEAR(sizes[1].energy_j, 7 * 16, 0.1);
  EXPECT_EQ(cheapest(sizes, 0.5).size, 64);
  const auto low = energy_to_loss(curves, 0.3);
  EXPECT_FALSE(low[0].reached);
  EXPECT_NEAR(low[0].least_loss, 0.4, 1e-6);
  EXPECT_EQ(cheapest(low, 0.3).size, 1024);
}

TEST(ToLoss, TheFirstCrossingCountsAndRowsMayMix) {
  const auto curves =
      read_loss_curves("epoch,energy,loss,size,note\n1,10,2,5,x\n1,20,3,9,\n2,20,0.5,5,\n3,30,2,5,\n4,40,0.4,5,\n");
  const auto sizes = energy_to_loss(curves, 1);
  EXPECT_NEAR(sizes[0].epoch, std::sqrt(2), 1e-12);
  EXPECT_FALSE(sizes[1].reached);
  EXPECT_TRUE(energy_to_loss(curves, 2)[0].at_first_epoch);
}

std::string refusal(const std::string& csv, double loss = 0.1) {
  try {
    const auto sizes = energy_to_loss(read_loss_curves(csv), loss);
    cheapest(sizes, loss);
  } catch (const Error& e) {
    return e.what();
  }
  return "taken";
}

TEST(ToLoss, SaysWhatIsWrongAndWhere) {
  const std::string head = "size,epoch,loss,energy_j\n";
  EXPECT_NE(refusal(head + "8,1,0.5,10\n").find("least of all is 0.5"), std::string::npos);
  EXPECT_NE(refusal(head + "8,2,0.5,10\n8,1,0.4,20\n").find("line 3: epochs of size 8 are not sorted"), std::string::npos);
  EXPECT_NE(refusal(head + "8,1,0.5,10\n8,1,0.4,20\n").find("line 3: size 8 has epoch 1 twice"), std::string::npos);
  EXPECT_NE(refusal(head + "8,1,0.5,10\n8,2,0.4,5\n").find("line 3: expected the energy spent up to each epoch"),
            std::string::npos);
  EXPECT_NE(refusal(head + "8,1,0,10\n").find("line 2: loss: expected a number above 0, found 0"), std::string::npos);
  EXPECT_NE(refusal(head + "8,1,0.5,-1\n").find("line 2: energy_j"), std::string::npos);
  EXPECT_NE(refusal(head + "8,1,nan,10\n").find("expected a number, found 'nan'"), std::string::npos);
  EXPECT_NE(refusal(head + "8,1,,10\n").find("found ''"), std::string::npos);
  EXPECT_NE(refusal(head + "8,1,0.5\n").find("line 2"), std::string::npos);
  EXPECT_NE(refusal(head).find("no rows"), std::string::npos);
  EXPECT_NE(refusal("size,loss\n").find("expected a column epoch, found size, loss"), std::string::npos);
  EXPECT_NE(refusal(head + "8,1,0.5,10\n", 0).find("loss: expected a number above 0"), std::string::npos);
}

}  // namespace
}  // namespace wattlayer

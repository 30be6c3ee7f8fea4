#include "wattlayer/fit/noise_floor.h"

#include <gtest/gtest.h>

#include <cmath>

#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

std::vector<Repeat> repeats(const std::vector<std::string>& identities, const std::vector<double>& energies) {
  std::vector<Repeat> rows;
  for (size_t i = 0; i < energies.size(); ++i) rows.push_back({&identities[i], energies[i]});
  return rows;
}

TEST(NoiseFloor, IsOfTheRowsMeasuredMoreThanOnce) {
  const std::vector<std::string> identities = {"a", "b", "c", "d", "e", "a", "b", "c", "d", "e", "alone"};
  const std::vector<double> energies = {1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 7};
  const auto floor = noise_floor(repeats(identities, energies));
  ASSERT_TRUE(floor);
  EXPECT_EQ(floor->n, 10u);
  EXPECT_EQ(floor->workloads, 5u);
  EXPECT_DOUBLE_EQ(floor->mape, 25);  // answer 1: 0 and 50 %; answer 2: 100 % and 0
  EXPECT_NEAR(floor->medape, 100 * ((std::sqrt(2) - 1) + (1 - std::sqrt(0.5))) / 2, 1e-9);
  EXPECT_NEAR(floor->p90, 100 * (std::sqrt(2) - 1), 1e-9);
}

TEST(NoiseFloor, IsUnknownForFewWorkloads) {
  const std::vector<std::string> identities = {"a", "a", "b", "b", "c", "c", "d", "d"};
  EXPECT_FALSE(noise_floor(repeats(identities, {1, 2, 1, 2, 1, 2, 1, 2})));
}

TEST(NoiseFloor, TellsConditionsAndLayersApart) {
  Measurement a{.hardware = "h", .engine = "e"};
  a.workload = {.name = "a", .items = {{.layer = parse_layer("Relu 1x8")}}};
  Measurement b = a;
  b.workload.name = "b";
  EXPECT_EQ(identity(a), identity(b));
  b.conditions["clock_mhz"] = "900";
  EXPECT_NE(identity(a), identity(b));
  b = a;
  b.workload.items[0].count = 2;
  EXPECT_NE(identity(a), identity(b));
}

}  // namespace
}  // namespace wattlayer

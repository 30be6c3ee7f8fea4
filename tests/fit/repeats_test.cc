#include "wattlayer/fit/repeats.h"

#include <gtest/gtest.h>

#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

Measurement step(const std::string& layer, double energy, const std::string& batch, const std::string& seconds) {
  Measurement m{.hardware = "a40", .engine = "pytorch"};
  m.workload.items.push_back({.layer = parse_layer(layer)});
  m.workload.is_network = true;
  m.kind = "training-step";
  m.energy_j = energy;
  m.time_s = energy / 100;
  m.conditions = {{"batch", batch}, {"duration_s", seconds}};
  return m;
}

TEST(AveragedRepeats, ConfigurationsKeepApartWhatIsNoRepeat) {
  std::vector<Measurement> all = {step("Relu 1x8", 2, "1", "10"), step("Relu 1x8", 8, "1", "12"),  // repeats
                                  step("Relu 1x8", 5, "2", "10"), step("Relu 1x9", 7, "1", "10")};
  all.push_back(all[0]);
  all.back().kind = "network";  // no training: stays
  std::vector<const Measurement*> rows;
  for (const Measurement& m : all) rows.push_back(&m);
  const AveragedRepeats averaged(rows);
  ASSERT_EQ(averaged.rows().size(), 4u);
  double product = 1;
  for (const Measurement* m : averaged.rows()) product *= *m->energy_j;
  EXPECT_NEAR(product, 4 * 5 * 7 * 2, 1e-9);
  for (const Measurement* m : averaged.rows()) EXPECT_NEAR(*m->time_s * 100, *m->energy_j, 1e-12);
}

}  // namespace
}  // namespace wattlayer

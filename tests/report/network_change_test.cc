#include "wattlayer/report/network_change.h"

#include <gtest/gtest.h>

#include <cmath>

namespace wattlayer {
namespace {

LayerRow row(std::string layer, double count, double joules, std::vector<std::string> names, double factor = 1.2) {
  LayerRow r;
  r.layer = layer, r.op = layer.substr(0, layer.find(' ')), r.names = std::move(names);
  r.name = r.names.empty() ? r.op : r.names.front();
  r.count = count, r.energy_j = {joules, joules / factor, joules * factor};
  return r;
}

EstimateReport report_of(std::vector<LayerRow> layers, double pass_j = 0) {
  EstimateReport r;
  double total = pass_j;
  for (const LayerRow& layer : layers) total += layer.energy_j.value;
  r.layers = std::move(layers);
  r.estimate.energy_j = {total, total / 1.5, total * 1.5};
  return r;
}

TEST(NetworkChange, EqualLayersCancelExactly) {
  const auto one = report_of({row("Conv a", 3, 0.3, {"c1", "c2", "c3"}), row("Relu b", 1, 0.1, {"r"})}, 0.05);
  const NetworkChange change = network_change(one, one);
  EXPECT_TRUE(change.layers.empty());
  EXPECT_EQ(change.change_j.value, 0);
  EXPECT_EQ(change.change_j.low, 0);
  EXPECT_EQ(change.change_j.high, 0);
}

TEST(NetworkChange, ALayerOfOneNameBecomesDearer) {
  const auto before = report_of({row("Conv a", 3, 0.3, {"c1", "c2", "c3"}), row("Gemm x", 1, 5, {"fc"})});
  const auto after = report_of({row("Conv a", 2, 0.2, {"c1", "c3"}), row("Conv b", 1, 0.4, {"c2"}), row("Gemm x", 1, 5, {"fc"})});
  const NetworkChange change = network_change(before, after);
  ASSERT_EQ(change.layers.size(), 1u);
  const LayerChange& c = change.layers[0];
  EXPECT_EQ(c.kind, ChangeKind::dearer);
  EXPECT_EQ(c.name, "c2");
  EXPECT_EQ(c.before, "Conv a");
  EXPECT_EQ(c.after, "Conv b");
  EXPECT_NEAR(c.before_j.value, 0.1, 1e-12);
  EXPECT_NEAR(c.change_j(), 0.3, 1e-12);
  EXPECT_NEAR(change.change_j.value, 0.3, 1e-12);
  // Only the layers that differ carry an error: 0.4 × 0.2 and 0.1 × (1 - 1/1.2), not half of 5.7 J.
  EXPECT_NEAR(change.change_j.high, 0.3 + std::hypot(0.08, 0.1 - 0.1 / 1.2), 1e-12);
  EXPECT_GT(change.change_j.low, 0.2);
  EXPECT_NEAR(change.equal_share, 1 - 0.4 / 5.6, 1e-12);
  EXPECT_NEAR(change.increase().value, 0.3 / 5.3, 1e-12);
}

TEST(NetworkChange, NewAndGone) {
  const auto before = report_of({row("Conv a", 1, 1, {""}), row("Relu b", 2, 0.2, {"", ""})});
  const auto after = report_of({row("Conv a", 1, 1, {""}), row("Relu b", 1, 0.1, {""}), row("Softmax c", 1, 0.5, {"s"})});
  const NetworkChange change = network_change(before, after);
  ASSERT_EQ(change.layers.size(), 2u);
  EXPECT_EQ(change.layers[0].kind, ChangeKind::added);
  EXPECT_EQ(change.layers[0].name, "s");
  EXPECT_EQ(change.layers[1].kind, ChangeKind::gone);
  EXPECT_EQ(change.layers[1].count, 1);
  EXPECT_NEAR(change.layers[1].change_j(), -0.1, 1e-12);
  EXPECT_NEAR(change.change_j.value, 0.4, 1e-12);
}

TEST(NetworkChange, WhatIsNoLayersIsThePasss) {
  const NetworkChange change =
      network_change(report_of({row("Conv a", 1, 1, {"a"})}, 0.5), report_of({row("Conv b", 1, 2, {"a"})}, 0.75));
  EXPECT_NEAR(change.pass_j, 0.25, 1e-12);
  EXPECT_NEAR(change.change_j.value, 1.25, 1e-12);
}

TEST(NetworkChange, NeverWiderThanTwoIndependentErrors) {
  const auto before = report_of({row("Conv a", 1, 10, {"a"}, 5)}), after = report_of({row("Conv b", 1, 12, {"a"}, 5)});
  const NetworkChange change = network_change(before, after);
  EXPECT_NEAR(change.change_j.high, 2 + std::hypot(12 * 0.5, 10 * (1 - 1 / 1.5)), 1e-9);
}

}  // namespace
}  // namespace wattlayer

#include <gtest/gtest.h>

#include <cmath>

#include "wattlayer/core/data_files.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/predict/energy_model.h"
#include "wattlayer/predict/physics.h"

namespace wattlayer {
namespace {

EnergyModel made_up() {
  EnergyModel model;
  const DataFiles files;
  model.hardware = parse_hardware(*files.read("hardware", "jetson-nano.json"), "jetson-nano");
  model.engine = parse_engine(*files.read("engines", "pytorch.json"), "pytorch");
  model.physics->static_w = 10;
  model.physics->pass_s = 1e-3;
  model.physics->correction = 0.2;
  model.physics->time_s[static_cast<size_t>(Count::macs)] = 1e-10;
  model.physics->energy_j[static_cast<size_t>(Count::macs)] = 1e-9;
  return model;
}

Workload network() {
  Workload w{.name = "net", .is_network = true};
  w.items.push_back({parse_layer("Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1"), 3, {"a", "b", "c"}});
  w.items.push_back({parse_layer("my.Thing 1x64 dtype=f32 -> 1x64"), 1, {"odd"}});
  return w;
}

TEST(Predict, LayersAndThePassAddUpToTheNetwork) {
  const EnergyModel model = made_up();
  const Estimate e = predict(network(), model);
  double layers = 0;
  for (const LayerEstimate& l : e.layers) layers += l.energy_j.value;
  const double pass = 10 * 1e-3 * std::exp(0.2);
  EXPECT_NEAR(e.energy_j.value, layers + pass, 1e-9 * e.energy_j.value);
}

TEST(Predict, ASingleLayerHasNoPassAroundIt) {
  Workload one = network();
  one.items.resize(1);
  one.is_network = false;
  const EnergyModel model = made_up();
  const Estimate e = predict(one, model);
  EXPECT_DOUBLE_EQ(e.energy_j.value, 3 * predict(one.items[0].layer, model).energy_j);
}

TEST(Predict, UnknownOperatorsAndShapesAreNamed) {
  Workload w = network();
  Layer shapeless = parse_layer("Relu 1x8");
  shapeless.inputs[0].known = false;
  w.items.push_back({shapeless, 2, {"x", "y"}});
  const Estimate e = predict(w, made_up());
  ASSERT_EQ(e.unpriced.size(), 2u);
  EXPECT_EQ(e.unpriced[0].op, "my.Thing");
  EXPECT_DOUBLE_EQ(*e.unpriced[0].bound_j, e.layers[1].energy_j.value);
  EXPECT_EQ(e.layers[1].label, Label::bounded);
  EXPECT_EQ(e.unpriced[1].count, 2);
  EXPECT_FALSE(e.unpriced[1].bound_j.has_value());
  EXPECT_LT(e.coverage, 1);
}

}  // namespace
}  // namespace wattlayer

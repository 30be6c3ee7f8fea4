#include "wattlayer/fit/physics_fit.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

constexpr const char* hardware_json = R"({"name": "test", "kind": "cpu", "compute_units": 1, "peak_flops": {"f32": 1e11},
  "bandwidth_bytes_per_s": 2e10, "memory": [{"name": "L2", "bytes": 1e6, "bandwidth_bytes_per_s": 1e11}, {"name": "DRAM", "bytes": 1e12}],
  "tdp_w": 100, "idle_w": 30, "scope": "cpu-package", "sources": {}})";
constexpr const char* engine_json = R"({"name": "test"})";

/// A machine that follows the law exactly: 40 W, 5 GMAC/s for products, 10 GB/s, with relative noise.
struct Machine {
  double noise;
  std::mt19937 random{7};

  Measurement run(const std::string& text) {
    Measurement m;
    m.workload.items.push_back({parse_layer(text), 1, {}});
    const Layer& layer = m.workload.items[0].layer;
    const Cost c = cost(layer);
    std::normal_distribution<double> normal(0, noise);
    m.time_s = (1e-5 + c.macs / 2e10 + (c.input_bytes + c.weight_bytes + c.output_bytes) / 1e10) * std::exp(normal(random));
    m.energy_j = 40 * *m.time_s;
    m.scope = "cpu-package";
    return m;
  }
};

std::vector<Measurement> products(Machine& machine, int rows) {
  std::vector<Measurement> all;
  std::uniform_real_distribution<double> size(3, 11);
  for (int i = 0; i < rows; ++i) {
    auto draw = [&] { return static_cast<int64_t>(std::exp2(size(machine.random))); };
    const int64_t m = draw(), n = draw(), k = draw();
    all.push_back(machine.run(fmt::format("Gemm {}x{} {}x{} {} transB=1", m, k, n, k, n)));
  }
  return all;
}

std::vector<const Measurement*> pointers(const std::vector<Measurement>& rows) {
  std::vector<const Measurement*> out;
  for (const Measurement& m : rows) out.push_back(&m);
  return out;
}

EnergyModel fit(const std::vector<Measurement>& rows) {
  return fit_energy_model(pointers(rows), parse_hardware(hardware_json, "test"), hardware_json, parse_engine(engine_json, "test"),
                          engine_json, "test/test/f32");
}

TEST(PhysicsFit, RecoversAMachineThatFollowsTheLaw) {
  Machine machine{0.02};
  const EnergyModel model = fit(products(machine, 400));
  double worst = 0;
  int right_power = 0;
  for (const Measurement& m : products(machine, 100)) {
    const Estimate e = predict(m.workload, model);
    worst = std::max(worst, std::abs(std::log(e.energy_j.value / *m.energy_j)));
    right_power += std::abs(e.power_w.value - 40) < 4;
  }
  EXPECT_LT(worst, 0.25);
  EXPECT_GE(right_power, 95);
}

TEST(PhysicsFit, IntervalsHoldNineInTen) {
  Machine machine{0.1};
  const EnergyModel model = fit(products(machine, 600));
  int inside = 0;
  const auto fresh = products(machine, 1000);
  for (const Measurement& m : fresh) {
    const Interval energy = predict(m.workload, model).energy_j;
    inside += energy.low <= *m.energy_j && *m.energy_j <= energy.high;
  }
  EXPECT_GT(inside, 860);
  EXPECT_LT(inside, 940);
}

TEST(PhysicsFit, SaysWhatLiesOutsideTheFittedRange) {
  Machine machine{0.02};
  const EnergyModel model = fit(products(machine, 200));
  auto label = [&](const char* text) { return predict(parse_layer(text), model).label; };
  EXPECT_EQ(label("Gemm 64x64 64x64 64 transB=1"), Label::predicted);
  EXPECT_EQ(label("Gemm 64x1000000 64x1000000 64 transB=1"), Label::extrapolated);
  EXPECT_EQ(label("Relu 64x64"), Label::extrapolated);
  EXPECT_EQ(label("Unheard.Of 64x64 -> 64x64"), Label::bounded);
}

TEST(PhysicsFit, IntervalWidensWithDistance) {
  Machine machine{0.02};
  const EnergyModel model = fit(products(machine, 200));
  auto width = [&](const char* text) {
    Workload w;
    w.items.push_back({parse_layer(text), 1, {}});
    const Interval e = predict(w, model).energy_j;
    return std::log(e.high / e.low);
  };
  EXPECT_LT(width("Gemm 64x64 64x64 64 transB=1"), width("Gemm 64x20000 64x20000 64 transB=1"));
  EXPECT_LT(width("Gemm 64x20000 64x20000 64 transB=1"), width("Gemm 64x1000000 64x1000000 64 transB=1"));
}

TEST(PhysicsFit, FileHoldsEverything) {
  Machine machine{0.05};
  const EnergyModel model = fit(products(machine, 100));
  const EnergyModel read = EnergyModel::parse(model.print(), model.id);
  EXPECT_EQ(read.print(), model.print());
  const Layer layer = parse_layer("Gemm 64x64 64x64 64 transB=1");
  EXPECT_EQ(predict(layer, read).energy_j, predict(layer, model).energy_j);
}

/// What a launch alone takes varies by a third, work by 3 %.
std::vector<Measurement> with_unsteady_launches(Machine& machine, int rows) {
  std::vector<Measurement> all = products(machine, rows);
  std::normal_distribution<double> launches(0, 0.3);
  for (Measurement& m : all)
    if (*m.time_s < 1.7e-5) {
      const double factor = std::exp(launches(machine.random));
      *m.time_s *= factor, *m.energy_j *= factor;
    }
  return all;
}

TEST(PhysicsFit, IntervalsAreThoseOfTheRegime) {
  Machine machine{0.03};
  const EnergyModel model = fit(with_unsteady_launches(machine, 900));
  ASSERT_EQ(model.physics->groups.size(), 1u);
  const PhysicsGroup& group = model.physics->groups[0];
  const auto launch = group.half_width_in[static_cast<size_t>(Regime::launch)];
  const auto compute = group.half_width_in[static_cast<size_t>(Regime::compute)];
  ASSERT_TRUE(launch && compute);
  EXPECT_GT(*launch, 2 * *compute);
  std::array<double, regime_kinds> inside{}, rows{};
  for (const Measurement& m : with_unsteady_launches(machine, 3000)) {
    PhysicsModel::Totals alone;
    alone.add(model.physics->layer(features(m.workload.items[0].layer, model.hardware, model.engine)), 1);
    const auto regime = static_cast<size_t>(model.physics->regime(alone));
    const Interval energy = predict(m.workload, model).energy_j;
    ++rows[regime];
    inside[regime] += energy.low <= *m.energy_j && *m.energy_j <= energy.high;
  }
  for (Regime regime : {Regime::launch, Regime::compute}) {
    const auto r = static_cast<size_t>(regime);
    ASSERT_GT(rows[r], 200);
    EXPECT_GT(inside[r] / rows[r], 0.83) << name(regime);
    EXPECT_LT(inside[r] / rows[r], 0.97) << name(regime);
  }
}

TEST(PhysicsFit, FilesWithoutRegimesAreRead) {
  Machine machine{0.05};
  const EnergyModel model = fit(products(machine, 400));
  auto json = nlohmann::json::parse(model.print());
  ASSERT_TRUE(json["physics"]["groups"][0].contains("half_widths"));
  json["physics"]["groups"][0].erase("half_widths");
  for (const char* level : {"layer", "network"}) json["physics"]["calibration"][level].erase("regimes");
  const EnergyModel old = EnergyModel::parse(json.dump(), model.id);
  const Workload layer{.items = {{parse_layer("Gemm 64x64 64x64 64 transB=1"), 1, {}}}};
  const Interval energy = predict(layer, old).energy_j;
  EXPECT_NEAR(std::log(energy.high / energy.value), *old.physics->groups[0].half_width, 1e-9);
}

TEST(PhysicsFit, RefusesTooFewRowsAndMixedScopes) {
  Machine machine{0.05};
  EXPECT_THROW(fit(products(machine, 3)), Error);
  auto rows = products(machine, 20);
  rows[3].scope = "wall";
  EXPECT_THROW(fit(rows), Error);
}

/// Rows whose energy is a stated power times time.
std::vector<Measurement> modelled(std::vector<Measurement> rows, double watts) {
  for (Measurement& m : rows) m.method = "modelled", m.meter = "constant:cpu", m.energy_j = watts * *m.time_s;
  return rows;
}

TEST(PhysicsFit, ModelledEnergyGivesAModelOfTimeAlone) {
  Machine machine{0.02};
  const EnergyModel model = fit(modelled(products(machine, 200), 15));
  for (const Measurement& m : products(machine, 20)) {
    const Estimate e = predict(m.workload, model);
    EXPECT_EQ(e.stated_power_w, 15);
    EXPECT_NEAR(e.power_w.value, 15, 1e-9);
    EXPECT_EQ(e.power_w.low, e.power_w.high);
    EXPECT_LT(std::abs(std::log(e.time_s.value / *m.time_s)), 0.3);
    EXPECT_EQ(e.layers.at(0).label, Label::modelled);
    EXPECT_EQ(e.coverage, 1);  // of the time
  }
  const EnergyModel read = EnergyModel::parse(model.print(), model.id);
  EXPECT_EQ(read.print(), model.print());
  EXPECT_NE(model.card.find("energy was not measured: it is 15.0 W"), std::string::npos) << model.card;
}

TEST(PhysicsFit, ModelledEnergyNeverEntersAFitOfEnergy) {
  Machine machine{0.02};
  auto rows = products(machine, 200);
  for (const Measurement& m : modelled(products(machine, 200), 4000)) rows.push_back(m);
  const EnergyModel model = fit(rows);
  for (const Measurement& m : products(machine, 20)) EXPECT_NEAR(predict(m.workload, model).power_w.value, 40, 6);
  EXPECT_NE(model.card.find("200 rows of modelled energy take part with their time only"), std::string::npos) << model.card;
}

TEST(PhysicsFit, TimeWithoutEnergyNeedsAStatedPower) {
  Machine machine{0.02};
  auto rows = products(machine, 50);
  for (Measurement& m : rows) m.energy_j.reset();
  EXPECT_THROW(fit(rows), Error);
  const EnergyModel model =
      fit_energy_model(pointers(rows), parse_hardware(hardware_json, "test"), hardware_json, parse_engine(engine_json, "test"),
                       engine_json, "test/test/f32", {}, {.stated_power_w = 20});
  EXPECT_NEAR(predict(rows[0].workload, model).power_w.value, 20, 1e-9);
}

TEST(PhysicsFit, LearnsFromNetworksAlone) {
  Machine machine{0.0};
  const auto layers = products(machine, 600);
  std::vector<Measurement> networks;
  for (size_t i = 0; i + 4 < layers.size(); i += 4) {
    Measurement n = layers[i];
    n.workload.is_network = true;
    for (size_t j = 1; j < 4; ++j) {
      n.workload.items.push_back(layers[i + j].workload.items[0]);
      *n.energy_j += *layers[i + j].energy_j;
      *n.time_s += *layers[i + j].time_s;
    }
    networks.push_back(n);
  }
  const EnergyModel model = fit(networks);
  std::vector<double> errors;
  for (const Measurement& m : layers)
    errors.push_back(std::abs(std::log(predict(m.workload, model).energy_j.value / *m.energy_j)));
  std::sort(errors.begin(), errors.end());
  EXPECT_LT(errors[errors.size() / 2], 0.1);
}

}  // namespace
}  // namespace wattlayer

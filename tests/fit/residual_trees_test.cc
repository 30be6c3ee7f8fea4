#include "wattlayer/fit/residual_trees.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "wattlayer/fit/physics_fit.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

constexpr const char* hardware_json = R"({"name": "test", "kind": "cpu", "compute_units": 4, "peak_flops": {"f32": 1e11},
  "bandwidth_bytes_per_s": 2e10, "memory": [{"name": "DRAM", "bytes": 1e12}],
  "tdp_w": 100, "idle_w": 30, "scope": "cpu-package", "sources": {}})";
constexpr const char* engine_json = R"({"name": "test"})";

#define REQUIRE_LIBRARY() \
  if (!BoostingLibrary::load()) GTEST_SKIP() << "no " << BoostingLibrary::habitual << "; install libxgboost0"

/// A machine whose products take twice as long where m is no multiple of 8, and draw 60 W instead of 40 W where n is large: no
/// polynomial of the sizes says so. Blocks share n and k.
std::vector<Measurement> measured(int blocks, double surprise, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> size(4, 11);
  std::normal_distribution<double> noise(0, 0.02);
  std::vector<Measurement> rows;
  for (int b = 0; b < blocks; ++b) {
    const auto draw = [&] { return static_cast<int64_t>(std::exp2(size(random))); };
    const int64_t n = draw(), k = draw();
    for (int i = 0; i < 10; ++i) {
      const int64_t m = i % 2 == 0 ? draw() / 8 * 8 + 8 : draw() / 8 * 8 + 3;
      Measurement r;
      r.workload.items.push_back({parse_layer(fmt::format("Gemm {}x{} {}x{} transB=1", m, k, n, k)), 1, {}});
      const Cost c = cost(r.workload.items[0].layer);
      const double odd = m % 8 == 0 ? 1 : 1 + surprise;
      r.time_s =
          odd * (1e-5 + c.macs / 2e10 + (c.input_bytes + c.weight_bytes + c.output_bytes) / 1e10) * std::exp(noise(random));
      r.energy_j = (n > 300 ? 40 + 20 * surprise : 40) * *r.time_s * std::exp(noise(random));
      r.scope = "cpu-package", r.block = fmt::format("{} {}", n, k), r.row = fmt::format("{} {}", b, i);
      rows.push_back(std::move(r));
    }
  }
  return rows;
}

std::vector<const Measurement*> pointers(const std::vector<Measurement>& rows) {
  std::vector<const Measurement*> out;
  for (const Measurement& m : rows) out.push_back(&m);
  return out;
}

struct Machine {
  Hardware hardware = parse_hardware(hardware_json, "test");
  Engine engine = parse_engine(engine_json, "test");
  Target target{hardware, engine};
};

double median_error(const PhysicsModel& model, const std::vector<Measurement>& rows, const Machine& machine) {
  std::vector<double> errors;
  for (const Measurement& m : rows)
    errors.push_back(std::abs(std::log(*m.energy_j / price(model, m, machine.hardware, machine.engine).energy_j)));
  return median(errors);
}

TEST(ResidualTrees, LearnWhatTheLawCannotSay) {
  REQUIRE_LIBRARY();
  const Machine machine;
  const auto rows = measured(60, 1, 1), fresh = measured(40, 1, 2);
  const PhysicsFit with = fit_physics(pointers(rows), machine.target),
                   without = fit_physics(pointers(rows), machine.target, {.trees = {.library = "libno-such-thing.so"}});
  ASSERT_EQ(with.trees.size(), 1u);
  EXPECT_FALSE(with.trees_lacked_library);
  EXPECT_GT(median_error(without.model, fresh, machine), 0.15);
  EXPECT_LT(median_error(with.model, fresh, machine), 0.06);
  EXPECT_LT(with.model.layer_calibration.energy, without.model.layer_calibration.energy / 2);
}

TEST(ResidualTrees, AreNotKeptWhereTheLawSaysAll) {
  REQUIRE_LIBRARY();
  const Machine machine;
  const auto rows = measured(60, 0, 1);
  for (const auto& [group, choice] : fit_physics(pointers(rows), machine.target).trees)
    EXPECT_GT(choice.error_before - choice.error_after, 0.002) << std::get<0>(group);
}

TEST(ResidualTrees, FewLayersGetNone) {
  const Machine machine;
  const auto rows = measured(20, 1, 1);
  const PhysicsFit fit = fit_physics(pointers(rows), machine.target);
  EXPECT_TRUE(fit.trees.empty());
  EXPECT_FALSE(fit.trees_lacked_library);
}

TEST(ResidualTrees, AnAbsentLibraryIsSaidOnce) {
  const Machine machine;
  const auto rows = measured(60, 1, 1);
  std::vector<std::string> remarks;
  const PhysicsFitOptions options{.calibration_folds = 0,
                                  .trees = {.library = "libno-such-thing.so"},
                                  .remark = [&](const std::string& text) { remarks.push_back(text); }};
  const EnergyModel model =
      fit_energy_model(pointers(rows), machine.hardware, hardware_json, machine.engine, engine_json, "test", {}, options);
  ASSERT_EQ(remarks.size(), 1u);
  EXPECT_NE(remarks[0].find("libno-such-thing.so"), std::string::npos);
  EXPECT_NE(model.card.find("libxgboost"), std::string::npos);
}

TEST(ResidualTrees, FileHoldsThem) {
  REQUIRE_LIBRARY();
  const Machine machine;
  const auto rows = measured(60, 1, 1);
  const EnergyModel model =
      fit_energy_model(pointers(rows), machine.hardware, hardware_json, machine.engine, engine_json, "test");
  ASSERT_TRUE(model.physics->groups.at(0).trees);
  EXPECT_NE(model.card.find("time_trees"), std::string::npos);
  const EnergyModel read = EnergyModel::parse(model.print(), model.id);
  EXPECT_EQ(read.print(), model.print());
  for (const Measurement& m : rows) {
    const Layer& layer = m.workload.items[0].layer;
    ASSERT_EQ(predict(layer, read).energy_j, predict(layer, model).energy_j);
    ASSERT_EQ(predict(layer, read).time_s, predict(layer, model).time_s);
  }
}

TEST(ResidualTrees, FadeOutsideTheFittedRange) {
  REQUIRE_LIBRARY();
  const Machine machine;
  const auto rows = measured(60, 1, 1);
  const PhysicsModel with = fit_physics(pointers(rows), machine.target).model;
  PhysicsModel bare = with;
  for (PhysicsGroup& g : bare.groups) g.trees.reset();
  const auto correction = [&](const char* text) {
    const Features f = features(parse_layer(text), machine.hardware, machine.engine);
    return std::abs(std::log(with.layer(f).time_s / bare.layer(f).time_s));
  };
  const double inside = correction("Gemm 1003x1000 1000x1000 transB=1");
  EXPECT_GT(inside, 0.1);
  EXPECT_LT(correction("Gemm 100000003x1000 1000x1000 transB=1"), inside / 5);
}

/// Twenty layers in each, at 1.2 times what the layers alone would take.
TEST(ResidualTrees, NetworksAreCorrectedAnew) {
  REQUIRE_LIBRARY();
  const Machine machine;
  auto rows = measured(60, 1, 1);
  const auto parts = measured(60, 1, 5);
  for (size_t n = 0; n < 30; ++n) {
    Measurement network = parts[20 * n];
    network.workload.is_network = true, network.workload.items.clear();
    network.time_s = network.energy_j = 0;
    for (size_t i = 20 * n; i < 20 * n + 20; ++i) {
      network.workload.items.push_back(parts[i].workload.items[0]);
      *network.time_s += *parts[i].time_s, *network.energy_j += 1.2 * *parts[i].energy_j;
    }
    network.kind = "network", network.block = network.row = fmt::format("network {}", n);
    rows.push_back(std::move(network));
  }
  const PhysicsFit fit = fit_physics(pointers(rows), machine.target);
  ASSERT_EQ(fit.trees.size(), 1u);
  const std::vector<Measurement> networks(rows.end() - 30, rows.end());
  EXPECT_LT(median_error(fit.model, networks, machine), 0.05);
}

}  // namespace
}  // namespace wattlayer

#include "wattlayer/fit/physics_problem.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace wattlayer {
namespace {

Hardware device() {
  Hardware h;
  h.id = "test";
  h.kind = "cpu";
  h.peak_flops[DataType::f32] = 1e11;
  h.bandwidth_bytes_per_s = 2e10;
  h.tdp_w = 100;
  return h;
}

/// Two groups, one layer row, one network row; coordinates of group 1 vary.
struct Scene {
  std::vector<FitRow> rows;
  std::vector<PhysicsGroup> groups;
  std::vector<FitDevice> devices;

  explicit Scene(size_t device_count = 1) {
    static const Hardware hardware = device();
    devices.resize(device_count, {&hardware, true});
    groups.push_back({.family = "conv"});
    groups.push_back({.family = "pool"});
    for (PhysicsGroup& g : groups) g.spread.fill(1), g.low.fill(-3), g.high.fill(3);
    std::mt19937 random(1);
    std::uniform_real_distribution<double> one(0.2, 1.0);
    auto term = [&](size_t group) {
      Term t{.group = group, .count = group == 0 ? 2.0 : 1.0};
      for (size_t k = 0; k < count_kinds; ++k) t.counts[k] = std::pow(10, 9 * one(random)) * (k % 4 == 3 ? 0 : 1);
      for (double& c : t.coordinates) c = one(random);
      residual_at(groups[group], t.coordinates, t.residual);
      return t;
    };
    rows.push_back({.terms = {term(0)}, .log_energy = 1, .log_time = -2, .has_energy = true, .has_time = true});
    rows[0].point = {.clock = 0.7, .dynamic = 0.8, .idle = 0.9};
    rows.push_back(
        {.terms = {term(0), term(1)}, .log_energy = 2, .log_time = 1, .has_energy = true, .has_time = true, .is_network = true});
    rows.push_back(rows.back());
    rows.back().device = device_count - 1;
    rows.back().point.power_limit_w = 1e3;
  }
};

std::vector<double> somewhere(const PhysicsParameters& parameters) {
  std::mt19937 random(2);
  std::normal_distribution<double> normal(0, 0.3);
  std::vector<double> x;
  for (const auto& prior : parameters.priors()) x.push_back(prior.mean + normal(random) * prior.spread);
  return x;
}

void expect_derivatives_as_differences(const Scene& scene, const PhysicsParameters& parameters, double norm) {
  const PhysicsProblem problem(scene.rows, parameters, norm);
  std::vector<double> x = somewhere(parameters);
  const size_t n = problem.residuals();
  std::vector<double> residuals(n), jacobian(n * x.size()), ahead(n), behind(n);
  problem.evaluate(x.data(), residuals.data(), jacobian.data());
  for (size_t j = 0; j < x.size(); ++j) {
    const double step = 1e-5, middle = x[j];
    x[j] = middle + step, problem.evaluate(x.data(), ahead.data(), nullptr);
    x[j] = middle - step, problem.evaluate(x.data(), behind.data(), nullptr);
    x[j] = middle;
    for (size_t i = 0; i < n; ++i)
      EXPECT_NEAR(jacobian[j * n + i], (ahead[i] - behind[i]) / (2 * step), 1e-5 * (1 + std::abs(jacobian[j * n + i])))
          << "parameter " << j;
  }
}

class EveryNorm : public testing::TestWithParam<double> {};

TEST_P(EveryNorm, DerivativesAgreeWithDifferences) {
  const Scene scene;
  expect_derivatives_as_differences(scene, PhysicsParameters(scene.rows, scene.groups, scene.devices), GetParam());
}

TEST_P(EveryNorm, DerivativesOfDevicesFittedTogetherAgreeWithDifferences) {
  const Scene scene(3);
  expect_derivatives_as_differences(scene, PhysicsParameters(scene.rows, scene.groups, scene.devices), GetParam());
}

TEST_P(EveryNorm, DerivativesFromAPriorAgreeWithDifferences) {
  const Scene scene(2), one;
  const PhysicsParameters both(scene.rows, scene.groups, scene.devices);
  const DevicePrior prior = both.prior(somewhere(both).data(), scene.groups, GetParam());
  expect_derivatives_as_differences(one, PhysicsParameters(one.rows, prior.groups, one.devices, &prior), GetParam());
}

TEST_P(EveryNorm, PredictsWhatWasFitted) {
  const Scene scene;
  const PhysicsParameters parameters(scene.rows, scene.groups, scene.devices);
  const std::vector<double> x = somewhere(parameters);
  const PhysicsModel model = parameters.model(x.data(), scene.groups, GetParam());
  const Term& term = scene.rows[0].terms[0];
  Features f{.group = {Family::conv, {}}, .counts = term.counts, .coordinates = term.coordinates};
  PhysicsModel::Totals totals;
  totals.add(model.layer(f, scene.rows[0].point), term.count);
  const auto outcome = model.pass(totals, false, scene.rows[0].point);

  std::vector<FitRow> rows = scene.rows;
  rows[0].log_energy = std::log(outcome.energy_j);
  rows[0].log_time = std::log(outcome.time_s);
  const PhysicsProblem problem(rows, parameters, GetParam());
  std::vector<double> residuals(problem.residuals());
  problem.evaluate(x.data(), residuals.data(), nullptr);
  EXPECT_NEAR(residuals[0], 0, 1e-6);
  EXPECT_NEAR(residuals[1], 0, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(PhysicsProblem, EveryNorm, testing::Values(1.0, 2.0, 4.0));

}  // namespace
}  // namespace wattlayer

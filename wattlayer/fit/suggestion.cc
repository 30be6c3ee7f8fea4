#include "wattlayer/fit/suggestion.h"

#include <Eigen/Dense>
#include <cmath>

#include "wattlayer/fit/calibration.h"
#include "wattlayer/fit/reduction.h"

namespace wattlayer {
namespace {

constexpr double measuring_error = 0.05;

/// Derivatives of log energy and log time of every candidate by each parameter, in spreads of its prior: two rows a candidate.
Eigen::MatrixXd sensitivities(std::span<const Workload> candidates, const Target& target, const DevicePrior& prior) {
  const PhysicsModel expected = device_model(prior, target.hardware, target.engine);
  std::vector<Measurement> rows;
  for (const Workload& w : candidates) {
    Measurement m{.workload = w, .hardware = target.hardware.id, .engine = target.engine.id};
    const auto totals = price(expected, m, target.hardware, target.engine);
    m.energy_j = totals.energy_j, m.time_s = totals.time_s;
    rows.push_back(std::move(m));
  }
  std::vector<const Measurement*> pointers;
  for (const Measurement& m : rows) pointers.push_back(&m);
  const Reduced reduced = reduce(pointers, target, &prior);
  const PhysicsParameters parameters(reduced.rows, reduced.groups, reduced.devices, &prior);
  const PhysicsProblem problem(reduced.rows, parameters, prior.norm);
  const auto n = static_cast<Eigen::Index>(problem.residuals()), size = static_cast<Eigen::Index>(parameters.size());
  Eigen::MatrixXd jacobian(n, size);
  std::vector<double> residuals(problem.residuals());
  problem.evaluate(parameters.start().data(), residuals.data(), jacobian.data());
  Eigen::MatrixXd slopes = jacobian.topRows(static_cast<Eigen::Index>(2 * reduced.rows.size())) * robust_error_scale;
  for (Eigen::Index j = 0; j < size; ++j) slopes.col(j) *= parameters.priors()[static_cast<size_t>(j)].spread;
  return slopes;
}

double mean_spread(const Eigen::MatrixXd& slopes, const Eigen::MatrixXd& covariance) {
  double sum = 0;
  for (Eigen::Index i = 0; i < slopes.rows(); i += 2) sum += slopes.row(i) * covariance * slopes.row(i).transpose();
  return std::sqrt(sum / (static_cast<double>(slopes.rows()) / 2));
}

/// Covariance of the parameters after measuring energy and time of a candidate.
Eigen::MatrixXd after(const Eigen::MatrixXd& covariance, const Eigen::MatrixXd& slopes, Eigen::Index candidate) {
  Eigen::MatrixXd result = covariance;
  for (Eigen::Index row : {2 * candidate, 2 * candidate + 1}) {
    const Eigen::VectorXd along = result * slopes.row(row).transpose();
    result -= along * along.transpose() / (slopes.row(row) * along + measuring_error * measuring_error);
  }
  return result;
}

}  // namespace

std::vector<Suggestion> suggest(std::span<const Workload> candidates, const Target& target, const DevicePrior& prior,
                                size_t count) {
  const Eigen::MatrixXd slopes = sensitivities(candidates, target, prior);
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Identity(slopes.cols(), slopes.cols());
  std::vector<Suggestion> chosen;
  std::vector<char> taken(candidates.size());
  while (chosen.size() < std::min(count, candidates.size())) {
    Suggestion best{.spread_before = mean_spread(slopes, covariance), .spread_after = INFINITY};
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (taken[i]) continue;
      const double left = mean_spread(slopes, after(covariance, slopes, static_cast<Eigen::Index>(i)));
      if (left < best.spread_after) best.candidate = i, best.spread_after = left;
    }
    covariance = after(covariance, slopes, static_cast<Eigen::Index>(best.candidate));
    taken[best.candidate] = 1;
    chosen.push_back(best);
  }
  return chosen;
}

}  // namespace wattlayer

#include "wattlayer/fit/few_rows.h"

#include <Eigen/Cholesky>

namespace wattlayer {
namespace {

constexpr double least_gain = 1e-5;
constexpr int most_halvings = 8;

/// Parameters as distances from their priors in units of the spreads: x = mean + spread u + what the link adds.
std::vector<double> parameters_at(const std::vector<PhysicsParameters::Prior>& priors, const Eigen::VectorXd& u) {
  std::vector<double> x(priors.size());
  for (size_t j = 0; j < x.size(); ++j) x[j] = priors[j].mean + priors[j].spread * u[static_cast<Eigen::Index>(j)];
  for (size_t j = 0; j < x.size(); ++j)
    if (priors[j].link != PhysicsParameters::none) x[j] += x[priors[j].link];
  return x;
}

/// Residuals of the rows and their derivatives by u.
struct Linearised {
  Eigen::VectorXd residuals;
  Eigen::MatrixXd jacobian;
};

Linearised linearised(const PhysicsProblem& problem, const std::vector<PhysicsParameters::Prior>& priors,
                      const Eigen::VectorXd& u) {
  const auto n = static_cast<Eigen::Index>(priors.size()), all = static_cast<Eigen::Index>(problem.residuals());
  const std::vector<double> x = parameters_at(priors, u);
  Eigen::VectorXd residuals(all);
  Eigen::MatrixXd jacobian(all, n);
  problem.evaluate(x.data(), residuals.data(), jacobian.data());
  Linearised out{residuals.head(all - n), jacobian.topRows(all - n)};
  for (Eigen::Index j = 0; j < n; ++j)
    if (const size_t link = priors[static_cast<size_t>(j)].link; link != PhysicsParameters::none)
      out.jacobian.col(static_cast<Eigen::Index>(link)) += out.jacobian.col(j);
  for (Eigen::Index j = 0; j < n; ++j) out.jacobian.col(j) *= priors[static_cast<size_t>(j)].spread;
  return out;
}

double cost(const PhysicsProblem& problem, const std::vector<PhysicsParameters::Prior>& priors, const Eigen::VectorXd& u) {
  const std::vector<double> x = parameters_at(priors, u);
  std::vector<double> residuals(problem.residuals());
  problem.evaluate(x.data(), residuals.data(), nullptr);
  double sum = 0;
  for (double r : residuals) sum += r * r;
  return sum;
}

}  // namespace

std::vector<double> solve_few_rows(const PhysicsProblem& problem, const PhysicsParameters& parameters, int iterations) {
  const auto& priors = parameters.priors();
  Eigen::VectorXd u = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(priors.size()));
  double now = cost(problem, priors, u);
  for (int i = 0; i < iterations; ++i) {
    const Linearised at = linearised(problem, priors, u);
    Eigen::MatrixXd gram = at.jacobian * at.jacobian.transpose();
    gram.diagonal().array() += 1;
    const Eigen::VectorXd step = at.jacobian.transpose() * gram.llt().solve(at.jacobian * u - at.residuals) - u;
    double share = 1, next = cost(problem, priors, u + step);
    for (int halved = 0; halved < most_halvings && !(next < now); ++halved)
      share /= 2, next = cost(problem, priors, u + share * step);
    if (!(next < now)) break;
    u += share * step;
    const bool settled = now - next < least_gain * now;
    now = next;
    if (settled) break;
  }
  return parameters_at(priors, u);
}

}  // namespace wattlayer

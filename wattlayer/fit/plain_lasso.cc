#include "wattlayer/fit/plain_lasso.h"

#include <Eigen/Dense>
#include <cmath>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

/// Centred columns and targets, as sums of products.
struct Moments {
  Eigen::MatrixXd gram;
  Eigen::VectorXd correlation, middle;
  double targets = 0, target_middle = 0;
};

Moments moments(const std::vector<Powers>& terms, const Samples& samples) {
  const auto n = static_cast<Eigen::Index>(samples.size());
  const auto k = static_cast<Eigen::Index>(terms.size());
  Eigen::MatrixXd columns(n, k);
  for (Eigen::Index i = 0; i < n; ++i) {
    const std::vector<double> row = term_values(terms, samples.features[static_cast<size_t>(i)]);
    columns.row(i) = Eigen::Map<const Eigen::RowVectorXd>(row.data(), k);
  }
  Eigen::VectorXd targets = Eigen::Map<const Eigen::VectorXd>(samples.targets.data(), n);
  Moments m{.middle = columns.colwise().mean(), .target_middle = targets.mean()};
  columns.rowwise() -= m.middle.transpose();
  targets.array() -= m.target_middle;
  m.gram = Eigen::MatrixXd::Zero(k, k);
  m.gram.selfadjointView<Eigen::Lower>().rankUpdate(columns.transpose());
  m.gram.triangularView<Eigen::StrictlyUpper>() = m.gram.transpose();
  m.correlation = columns.transpose() * targets;
  m.targets = targets.squaredNorm();
  return m;
}

/// Primal minus dual objective, at most what is still to gain; `gradient` is of the columns with the residual.
double duality_gap(const Moments& m, const Eigen::VectorXd& beta, const Eigen::VectorXd& gradient, double alpha) {
  const double residual = m.targets - beta.dot(m.correlation + gradient);
  const double steepest = gradient.cwiseAbs().maxCoeff();
  const double scale = steepest > alpha ? alpha / steepest : 1;
  const double squares = steepest > alpha ? 0.5 * residual * (1 + scale * scale) : residual;
  return squares + alpha * beta.lpNorm<1>() - scale * (m.targets - beta.dot(m.correlation));
}

Eigen::VectorXd descend(const Moments& m, double alpha, const LassoLimits& limits) {
  Eigen::VectorXd beta = Eigen::VectorXd::Zero(m.correlation.size());
  Eigen::VectorXd gradient = m.correlation;
  for (int64_t sweep = 0; sweep < limits.sweeps; ++sweep) {
    double largest = 0, largest_step = 0;
    for (Eigen::Index j = 0; j < beta.size(); ++j) {
      const double square = m.gram(j, j);
      if (square <= 0) continue;
      const double pull = gradient[j] + square * beta[j];
      const double next = std::copysign(std::max(std::abs(pull) - alpha, 0.0), pull) / square;
      if (const double step = next - beta[j]; step != 0) {
        gradient.noalias() -= step * m.gram.col(j);
        beta[j] = next;
        largest_step = std::max(largest_step, std::abs(step));
      }
      largest = std::max(largest, std::abs(next));
    }
    if (largest == 0 || largest_step < limits.tolerance * largest)
      if (duality_gap(m, beta, gradient, alpha) < limits.tolerance * m.targets) break;
  }
  return beta;
}

}  // namespace

Polynomial plain_lasso(const std::vector<Powers>& terms, const Samples& samples, const LassoLimits& limits) {
  if (samples.size() == 0) throw Error(ErrorKind::invalid_input, "there are no rows to fit; expected at least one");
  const Moments m = moments(terms, samples);
  Polynomial law{.terms = terms, .coefficients = std::vector<double>(terms.size()), .intercept = m.target_middle};
  if (terms.empty()) return law;
  const Eigen::VectorXd beta = descend(m, limits.alpha * static_cast<double>(samples.size()), limits);
  for (size_t j = 0; j < terms.size(); ++j) law.coefficients[j] = beta[static_cast<Eigen::Index>(j)];
  law.intercept -= beta.dot(m.middle);
  return law;
}

}  // namespace wattlayer

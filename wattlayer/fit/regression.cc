#include "wattlayer/fit/regression.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <random>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

/// Minimum norm where columns depend on each other; Eigen's plain pivoted QR divides by their rounding errors instead.
using Decomposition = Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd>;
constexpr double dependence = 1e-10;  ///< of a column on the others, as a share of the largest pivot

/// Columns brought to mean 0 and spread 1; a constant column becomes 0 and keeps coefficient 0.
struct Standardised {
  Eigen::MatrixXd columns;
  Eigen::VectorXd targets, middle, spread;
  double target_middle = 0;
};

Standardised standardise(const std::vector<Powers>& terms, const Samples& samples) {
  if (samples.size() == 0) throw Error(ErrorKind::invalid_input, "there are no rows to fit; expected at least one");
  const auto n = static_cast<Eigen::Index>(samples.size());
  const auto k = static_cast<Eigen::Index>(terms.size());
  Standardised s{.columns = Eigen::MatrixXd(n, k), .targets = Eigen::Map<const Eigen::VectorXd>(samples.targets.data(), n)};
  for (Eigen::Index i = 0; i < n; ++i) {
    const std::vector<double> row = term_values(terms, samples.features[static_cast<size_t>(i)]);
    s.columns.row(i) = Eigen::Map<const Eigen::RowVectorXd>(row.data(), k);
  }
  s.middle = s.columns.colwise().mean();
  s.columns.rowwise() -= s.middle.transpose();
  s.spread = (s.columns.colwise().squaredNorm() / static_cast<double>(n)).cwiseSqrt();
  for (Eigen::Index j = 0; j < k; ++j) {
    if (s.spread[j] <= 1e-12 * std::abs(s.middle[j])) s.spread[j] = 0;
    if (s.spread[j] > 0) s.columns.col(j) /= s.spread[j];
    else s.columns.col(j).setZero();
  }
  s.target_middle = s.targets.mean();
  s.targets.array() -= s.target_middle;
  return s;
}

/// Back from standardised columns to the features' own units.
Polynomial unscale(const std::vector<Powers>& terms, const Standardised& s, const Eigen::VectorXd& coefficients) {
  Polynomial polynomial{.terms = terms, .coefficients = std::vector<double>(terms.size()), .intercept = s.target_middle};
  for (size_t j = 0; j < terms.size(); ++j) {
    const auto column = static_cast<Eigen::Index>(j);
    if (s.spread[column] <= 0) continue;
    polynomial.coefficients[j] = coefficients[column] / s.spread[column];
    polynomial.intercept -= polynomial.coefficients[j] * s.middle[column];
  }
  return polynomial;
}

/// One lambda of the lasso on the Gram matrix; starts from and returns the coefficients.
void descend(const Eigen::MatrixXd& gram, const Eigen::VectorXd& correlation, double lambda, Eigen::VectorXd& beta) {
  const Eigen::Index k = beta.size();
  Eigen::VectorXd gradient = correlation - gram * beta;
  for (int sweep = 0; sweep < 300; ++sweep) {
    double largest = 0;
    for (Eigen::Index j = 0; j < k; ++j) {
      if (gram(j, j) <= 0) continue;
      const double pull = gradient[j] + gram(j, j) * beta[j];
      const double next = std::copysign(std::max(std::abs(pull) - lambda, 0.0), pull) / gram(j, j);
      const double step = next - beta[j];
      if (step == 0) continue;
      gradient -= step * gram.col(j);
      beta[j] = next;
      largest = std::max(largest, std::abs(step));
    }
    if (largest <= 1e-5 * beta.cwiseAbs().maxCoeff()) return;
  }
}

void add_monomials(size_t features, int degree, bool interaction_only, size_t first, Powers& powers, std::vector<Powers>& all) {
  if (degree == 0) {
    all.push_back(powers);
    return;
  }
  for (size_t i = first; i < features; ++i) {
    if (interaction_only && powers[i] == 1) continue;
    ++powers[i];
    add_monomials(features, degree - 1, interaction_only, i, powers, all);
    --powers[i];
  }
}

}  // namespace

double Polynomial::operator()(std::span<const double> features) const {
  double sum = intercept;
  for (size_t t = 0; t < terms.size(); ++t) {
    if (coefficients[t] == 0) continue;
    double product = coefficients[t];
    for (size_t i = 0; i < terms[t].size(); ++i)
      for (int p = 0; p < terms[t][i]; ++p) product *= features[i];
    sum += product;
  }
  return sum;
}

std::vector<Powers> monomials(size_t features, int degree, bool interaction_only) {
  std::vector<Powers> all;
  Powers powers(features, 0);
  for (int d = 1; d <= degree; ++d) add_monomials(features, d, interaction_only, 0, powers, all);
  return all;
}

Samples Samples::only(std::span<const size_t> rows) const {
  Samples some;
  for (size_t i : rows) some.features.push_back(features[i]), some.targets.push_back(targets[i]);
  return some;
}

std::vector<double> term_values(const std::vector<Powers>& terms, std::span<const double> features) {
  std::vector<double> values(terms.size(), 1.0);
  for (size_t t = 0; t < terms.size(); ++t)
    for (size_t i = 0; i < terms[t].size(); ++i)
      for (int p = 0; p < terms[t][i]; ++p) values[t] *= features[i];
  return values;
}

Polynomial fit_least_squares(const std::vector<Powers>& terms, const Samples& samples) {
  const Standardised s = standardise(terms, samples);
  if (terms.empty()) return unscale(terms, s, Eigen::VectorXd());
  Decomposition qr(s.columns);
  qr.setThreshold(dependence);
  return unscale(terms, s, qr.solve(s.targets));
}

std::vector<double> solve_least_squares(const std::vector<std::vector<double>>& rows, std::span<const double> targets) {
  if (rows.empty()) throw Error(ErrorKind::invalid_input, "there are no rows to fit; expected at least one");
  const auto n = static_cast<Eigen::Index>(rows.size());
  const auto k = static_cast<Eigen::Index>(rows[0].size());
  Eigen::MatrixXd columns(n, k);
  for (Eigen::Index i = 0; i < n; ++i)
    columns.row(i) = Eigen::Map<const Eigen::RowVectorXd>(rows[static_cast<size_t>(i)].data(), k);
  Eigen::VectorXd size = columns.colwise().norm();
  for (Eigen::Index j = 0; j < k; ++j)
    if (size[j] > 0) columns.col(j) /= size[j];
  Decomposition qr(columns);
  qr.setThreshold(dependence);
  const Eigen::VectorXd solution = qr.solve(Eigen::Map<const Eigen::VectorXd>(targets.data(), n));
  std::vector<double> coefficients(rows[0].size(), 0);
  for (Eigen::Index j = 0; j < k; ++j)
    if (size[j] > 0) coefficients[static_cast<size_t>(j)] = solution[j] / size[j];
  return coefficients;
}

std::vector<Polynomial> fit_lasso(const std::vector<Powers>& terms, const Samples& samples, std::span<const double> lambdas) {
  const Standardised s = standardise(terms, samples);
  const double n = static_cast<double>(samples.size());
  const Eigen::MatrixXd gram = s.columns.transpose() * s.columns / n;
  const Eigen::VectorXd correlation = s.columns.transpose() * s.targets / n;
  const double largest = correlation.size() ? correlation.cwiseAbs().maxCoeff() : 0;
  Eigen::VectorXd beta = Eigen::VectorXd::Zero(gram.rows());
  std::vector<Polynomial> path;
  for (double lambda : lambdas) {
    descend(gram, correlation, lambda * largest, beta);
    path.push_back(unscale(terms, s, beta));
  }
  return path;
}

std::vector<Fold> cross_validation(size_t rows, size_t folds) {
  folds = std::clamp<size_t>(folds, 1, std::max<size_t>(rows, 1));
  std::vector<size_t> order(rows);
  for (size_t i = 0; i < rows; ++i) order[i] = i;
  std::mt19937_64 random(20230407);
  for (size_t i = rows; i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  std::vector<Fold> result(folds);
  for (size_t i = 0; i < rows; ++i)
    for (size_t f = 0; f < folds; ++f) (i % folds == f ? result[f].test : result[f].train).push_back(order[i]);
  return result;
}

}  // namespace wattlayer

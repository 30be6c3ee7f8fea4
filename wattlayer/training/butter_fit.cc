#include "wattlayer/training/butter_fit.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

constexpr Eigen::Index plain_columns = 4;
constexpr size_t most_left_out_alone = 200, many_rows_folds = 10;

Eigen::VectorXd columns_of(const ButterTerms& terms) {
  const auto levels = static_cast<Eigen::Index>(terms.accesses.size());
  Eigen::VectorXd x(plain_columns + 2 * levels);
  x.head<plain_columns>() << terms.runs, terms.passes, terms.operations, terms.layer_passes;
  for (Eigen::Index c = 0; c < levels; ++c) {
    x[plain_columns + c] = terms.accesses[static_cast<size_t>(c)];
    x[plain_columns + levels + c] = terms.bytes[static_cast<size_t>(c)];
  }
  return x;
}

/// Half the sum of squared log ratios; infinite where a run would cost nothing.
double cost(const Eigen::MatrixXd& shares, const Eigen::VectorXd& k) {
  const Eigen::VectorXd ratio = shares * k;
  return ratio.minCoeff() > 0 ? ratio.array().log().matrix().squaredNorm() / 2 : std::numeric_limits<double>::infinity();
}

/// Step of Levenberg and Marquardt among the coefficients that may move: those above 0, and those whose rise lowers the cost.
Eigen::VectorXd step(const Eigen::MatrixXd& shares, const Eigen::VectorXd& k, double damping) {
  const Eigen::VectorXd ratio = shares * k;
  const Eigen::MatrixXd jacobian = ratio.cwiseInverse().asDiagonal() * shares;
  const Eigen::VectorXd gradient = jacobian.transpose() * ratio.array().log().matrix();
  Eigen::MatrixXd curvature = jacobian.transpose() * jacobian;
  const double floor = 1e-12 * curvature.diagonal().maxCoeff();
  Eigen::VectorXd slope = -gradient;
  for (Eigen::Index j = 0; j < k.size(); ++j) {
    curvature(j, j) += damping * curvature(j, j) + floor;
    if (k[j] > 0 || gradient[j] < 0) continue;
    curvature.row(j).setZero(), curvature.col(j).setZero();
    curvature(j, j) = 1, slope[j] = 0;
  }
  return curvature.ldlt().solve(slope);
}

/// Projected Levenberg-Marquardt: the header-only solver of Ceres that the program can carry knows no bounds.
Eigen::VectorXd solve(const Eigen::MatrixXd& shares) {
  constexpr int most_steps = 5000;
  constexpr double least_gain = 1e-13, most_damping = 1e12;
  Eigen::VectorXd k = Eigen::VectorXd::Constant(shares.cols(), 1 / static_cast<double>(shares.cols()));
  double reached = cost(shares, k), damping = 1e-3;
  for (int i = 0; i < most_steps && damping < most_damping; ++i) {
    const Eigen::VectorXd tried = (k + step(shares, k, damping)).cwiseMax(0);
    const double found = cost(shares, tried);
    if (!(found < reached)) {
      damping *= 4;
      continue;
    }
    const bool done = reached - found <= least_gain * reached && damping < 1;
    k = tried, reached = found, damping = std::max(damping / 3, 1e-14);
    if (done) break;
  }
  return k;
}

/// The levels that no run touches take what the nearest says, inner ones first: nothing is known of them, and nothing is not 0.
void fill_unseen(ButterFit& fit) {
  const size_t levels = fit.seen_levels.size();
  for (size_t c = 0; c < levels; ++c) {
    if (fit.seen_levels[c]) continue;
    for (size_t distance = 1; distance < levels; ++distance) {
      const size_t inner = c - distance, outer = c + distance;
      const size_t from = c >= distance && fit.seen_levels[inner] ? inner : outer;
      if (from >= levels || !fit.seen_levels[from]) continue;
      fit.coefficients.per_access[c] = fit.coefficients.per_access[from];
      fit.coefficients.per_byte[c] = fit.coefficients.per_byte[from];
      break;
    }
  }
}

}  // namespace

ButterFit fit_butter(std::span<const ButterRow> rows) {
  if (rows.size() < 3)
    throw Error(ErrorKind::invalid_input, fmt::format("butter-e: expected at least 3 runs with energy, found {}", rows.size()));
  const size_t levels = rows[0].terms.accesses.size();
  Eigen::MatrixXd shares(static_cast<Eigen::Index>(rows.size()), plain_columns + 2 * static_cast<Eigen::Index>(levels));
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].terms.accesses.size() != levels)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("butter-e: run {} is of a device with {} memory levels, the first with {}", i + 1,
                              rows[i].terms.accesses.size(), levels));
    if (!(rows[i].energy_j > 0) || !std::isfinite(rows[i].energy_j))
      throw Error(ErrorKind::invalid_input,
                  fmt::format("butter-e: run {}: expected an energy above 0 J, found {}", i + 1, rows[i].energy_j));
    shares.row(static_cast<Eigen::Index>(i)) = columns_of(rows[i].terms).transpose() / rows[i].energy_j;
  }
  Eigen::RowVectorXd scale = shares.colwise().mean();
  scale = (scale.array() > 0).select(scale, 1);
  const Eigen::VectorXd scaled = solve(shares * scale.cwiseInverse().asDiagonal());
  const Eigen::VectorXd k = scaled.cwiseQuotient(scale.transpose());
  ButterFit fit;
  fit.coefficients = {k[0], k[1], k[2], k[3], {}, {}};
  for (size_t c = 0; c < levels; ++c) {
    const auto column = plain_columns + static_cast<Eigen::Index>(c);
    fit.coefficients.per_access.push_back(k[column]);
    fit.coefficients.per_byte.push_back(k[column + static_cast<Eigen::Index>(levels)]);
    fit.seen_levels.push_back(shares.col(column).maxCoeff() > 0);
  }
  fill_unseen(fit);
  return fit;
}

double held_out_spread(std::span<const ButterRow> rows) {
  std::vector<double> distances;
  const size_t folds = rows.size() > most_left_out_alone ? many_rows_folds : rows.size();
  for (size_t fold = 0; fold < folds; ++fold) {
    std::vector<ButterRow> others;
    for (size_t i = 0; i < rows.size(); ++i)
      if (i % folds != fold) others.push_back(rows[i]);
    const ButterCoefficients law = fit_butter(others).coefficients;
    for (size_t i = fold; i < rows.size(); i += folds)
      distances.push_back(std::abs(std::log(butter_energy_j(rows[i].terms, law) / rows[i].energy_j)));
  }
  std::sort(distances.begin(), distances.end());
  const auto rank = static_cast<size_t>(std::ceil(0.9 * static_cast<double>(rows.size() + 1)));
  return std::exp(distances.at(std::min(rank, distances.size()) - 1));
}

}  // namespace wattlayer

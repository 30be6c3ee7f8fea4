#include "wattlayer/fit/kernel_ridge.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

double kernel(std::span<const double> a, std::span<const double> b, double gamma) {
  double squares = 0;
  for (size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::exp(-gamma * squares);
}

}  // namespace

KernelRidge::KernelRidge(std::vector<std::vector<double>> rows, std::span<const double> targets, const Settings& settings)
    : rows_(std::move(rows)), gamma_(settings.gamma) {
  const bool equal = std::all_of(rows_.begin(), rows_.end(), [&](const auto& row) { return row.size() == rows_.front().size(); });
  if (rows_.empty() || rows_.size() != targets.size() || !equal)
    throw Error(ErrorKind::invalid_input, "kernel ridge: expected one target for each of at least one row of equal length");
  const auto n = static_cast<Eigen::Index>(rows_.size());
  Eigen::MatrixXd k(n, n);
  for (Eigen::Index j = 0; j < n; ++j) {
    k(j, j) = 1 + settings.alpha;
    for (Eigen::Index i = j + 1; i < n; ++i)
      k(i, j) = kernel(rows_[static_cast<size_t>(i)], rows_[static_cast<size_t>(j)], gamma_);
  }
  const Eigen::LLT<Eigen::MatrixXd, Eigen::Lower> factored(k);
  if (factored.info() != Eigen::Success)
    throw Error(ErrorKind::invalid_input, "kernel ridge: the kernel of these rows is not positive; expected alpha above 0");
  const Eigen::VectorXd dual = factored.solve(Eigen::Map<const Eigen::VectorXd>(targets.data(), n));
  dual_.assign(dual.data(), dual.data() + n);
}

double KernelRidge::operator()(std::span<const double> row) const {
  double sum = 0;
  for (size_t i = 0; i < rows_.size(); ++i) sum += dual_[i] * kernel(rows_[i], row, gamma_);
  return sum;
}

}  // namespace wattlayer

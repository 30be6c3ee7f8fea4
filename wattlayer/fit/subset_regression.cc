#include "wattlayer/fit/subset_regression.h"

#include <fmt/format.h>

#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"

namespace wattlayer {
namespace {

/// Mean and spread of each feature over the training rows; the target comes last and keeps its scale.
struct Scale {
  std::vector<double> middle, spread;
};

double value(const Samples& samples, size_t row, size_t column) {
  return column < samples.features[row].size() ? samples.features[row][column] : samples.targets[row];
}

Scale scale_of(const Samples& samples, size_t columns) {
  Scale scale{std::vector<double>(columns, 0), std::vector<double>(columns, 0)};
  const double n = static_cast<double>(samples.size());
  for (size_t j = 0; j < columns; ++j) {
    for (size_t i = 0; i < samples.size(); ++i) scale.middle[j] += value(samples, i, j) / n;
    for (size_t i = 0; i < samples.size(); ++i) scale.spread[j] += std::pow(value(samples, i, j) - scale.middle[j], 2) / n;
    scale.spread[j] = j + 1 < columns ? std::sqrt(scale.spread[j]) : 1;
    if (scale.spread[j] <= 1e-12 * std::abs(scale.middle[j])) scale.spread[j] = 0;
  }
  return scale;
}

std::vector<double> products(const Samples& samples, const Scale& scale) {
  const size_t size = scale.middle.size();
  std::vector<double> matrix(size * size, 0), row(size);
  for (size_t i = 0; i < samples.size(); ++i) {
    for (size_t j = 0; j < size; ++j)
      row[j] = scale.spread[j] > 0 ? (value(samples, i, j) - scale.middle[j]) / scale.spread[j] : 0;
    for (size_t j = 0; j < size; ++j)
      for (size_t k = 0; k < size; ++k) matrix[j * size + k] += row[j] * row[k];
  }
  return matrix;
}

/// Regresses every column on column k. A second time would take it back.
void sweep(std::vector<double>& matrix, size_t size, size_t k) {
  double* const pivot = matrix.data() + k * size;
  const double d = pivot[k];
  for (size_t j = 0; j < size; ++j) pivot[j] /= d;
  for (size_t i = 0; i < size; ++i) {
    if (i == k) continue;
    double* const row = matrix.data() + i * size;
    const double b = row[k];
    for (size_t j = 0; j < size; ++j) row[j] -= b * pivot[j];
    row[k] = -b / d;
  }
  pivot[k] = 1 / d;
}

}  // namespace

SubsetRegression::SubsetRegression(const Samples& train, const Samples& test) {
  if (train.size() == 0) throw Error(ErrorKind::invalid_input, "there are no rows to fit; expected at least one");
  features_ = train.features[0].size();
  if (features_ > 24)
    throw Error(ErrorKind::invalid_input, fmt::format("{} features have too many subsets; expected at most 24", features_));
  const Scale scale = scale_of(train, features_ + 1);
  train_ = products(train, scale);
  test_ = products(test, scale);
  if (test.size() > 0)
    for (double target : test.targets) test_total_ += std::pow(target - mean(test.targets), 2);
  if (!(test_total_ > 0)) throw Error(ErrorKind::invalid_input, "R2 needs at least two test rows of different energy");
}

double SubsetRegression::test_r2(uint32_t swept, const Matrix& matrix) const {
  const size_t size = features_ + 1;
  const auto coefficient = [&](size_t j) { return swept >> j & 1 ? matrix[j * size + features_] : 0; };
  double squares = test_[features_ * size + features_];
  for (size_t j = 0; j < features_; ++j) {
    const double b = coefficient(j);
    if (b == 0) continue;
    double sum = -2 * test_[j * size + features_];
    for (size_t k = 0; k < features_; ++k) sum += coefficient(k) * test_[j * size + k];
    squares += b * sum;
  }
  return 1 - squares / test_total_;
}

bool SubsetRegression::visit(size_t feature, uint32_t subset, uint32_t swept, const Matrix& matrix, std::vector<Matrix>& deeper,
                             const Visitor& visitor) const {
  if (feature == features_) return subset == 0 || visitor(subset, test_r2(swept, matrix));
  if (!visit(feature + 1, subset, swept, matrix, deeper, visitor)) return false;
  const size_t at = feature * (features_ + 1) + feature;
  const uint32_t bit = 1u << feature;
  // What the features before it explain to 1 in 10^10 adds nothing.
  if (matrix[at] <= 1e-10 * train_[at]) return visit(feature + 1, subset | bit, swept, matrix, deeper, visitor);
  Matrix& next = deeper[feature];
  next = matrix;
  sweep(next, features_ + 1, feature);
  return visit(feature + 1, subset | bit, swept | bit, next, deeper, visitor);
}

bool SubsetRegression::visit(const Visitor& visitor) const {
  std::vector<Matrix> deeper(features_);
  return visit(0, 0, 0, train_, deeper, visitor);
}

}  // namespace wattlayer

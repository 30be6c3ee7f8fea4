#pragma once
#include <cstddef>
#include <span>
#include <vector>

namespace wattlayer {

/// Ridge regression with the kernel exp(-gamma |x - y|^2), without an intercept: (K + alpha I) c = y, as scikit-learn's
/// KernelRidge.
class KernelRidge {
 public:
  struct Settings {
    double alpha = 1, gamma = 1;
  };

  /// Rows of equal length. Throws Error(invalid_input) for no rows, rows of different length, or a kernel that is not positive.
  KernelRidge(std::vector<std::vector<double>> rows, std::span<const double> targets, const Settings& settings);

  double operator()(std::span<const double> row) const;

 private:
  std::vector<std::vector<double>> rows_;
  std::vector<double> dual_;
  double gamma_;
};

}  // namespace wattlayer

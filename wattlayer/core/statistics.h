#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace wattlayer {

double mean(std::span<const double> values);

/// The q-quantile (0 to 1) by linear interpolation between order statistics (type 7). NaN for no values.
double quantile(std::vector<double> values, double q);

inline double median(std::vector<double> values) { return quantile(std::move(values), 0.5); }

/// 1 - residual sum of squares / total sum of squares; nothing for fewer than two values or a constant truth.
std::optional<double> r_squared(std::span<const double> truth, std::span<const double> predicted);

/// One prediction beside what was measured; low and high bound its 90 % interval where there is one.
struct Scored {
  double truth = 0, predicted = 0;
  std::optional<double> low, high;
};

/// How well predictions meet measurements. Errors are relative to the measurement, in per cent.
struct Score {
  size_t n = 0;
  double medape = 0, mape = 0, p90 = 0, max = 0, min = 0;  ///< of the absolute error
  double bias = 0;                                         ///< mean of the signed error; positive: predicted too high
  std::optional<double> r2;                                ///< of the values themselves
  std::optional<double> coverage90;  ///< per cent of measurements inside their interval; nothing where a prediction has none
  std::optional<double> width90;     ///< median of sqrt(high / low): the interval is the value times or divided by this
};

/// Throws Error(invalid_input) for no predictions or a measurement that is not positive.
Score score(std::span<const Scored> predictions);

}  // namespace wattlayer

#include "wattlayer/core/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "wattlayer/core/error.h"

namespace wattlayer {

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double position = std::clamp(q, 0.0, 1.0) * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(position);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), at, values.end());
  if (below + 1 == values.size()) return *at;
  const double above = *std::min_element(at + 1, values.end());
  return *at + (position - static_cast<double>(below)) * (above - *at);
}

std::optional<double> r_squared(std::span<const double> truth, std::span<const double> predicted) {
  if (truth.size() < 2) return std::nullopt;
  const double middle = mean(truth);
  double residual = 0, total = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    residual += (truth[i] - predicted[i]) * (truth[i] - predicted[i]);
    total += (truth[i] - middle) * (truth[i] - middle);
  }
  if (total == 0) return std::nullopt;
  return 1 - residual / total;
}

Score score(std::span<const Scored> predictions) {
  if (predictions.empty()) throw Error(ErrorKind::invalid_input, "there is nothing to score; expected at least one prediction");
  std::vector<double> errors, signed_errors, truth, predicted, widths;
  size_t inside = 0;
  for (const Scored& p : predictions) {
    if (!(p.truth > 0)) throw Error(ErrorKind::invalid_input, "a measurement to score against is not positive; drop the row");
    truth.push_back(p.truth);
    predicted.push_back(p.predicted);
    signed_errors.push_back(100 * (p.predicted - p.truth) / p.truth);
    errors.push_back(std::abs(signed_errors.back()));
    if (!p.low || !p.high) continue;
    inside += *p.low <= p.truth && p.truth <= *p.high;
    widths.push_back(*p.low > 0 ? std::sqrt(*p.high / *p.low) : std::numeric_limits<double>::infinity());
  }
  Score result{.n = predictions.size(),
               .medape = median(errors),
               .mape = mean(errors),
               .p90 = quantile(errors, 0.9),
               .max = *std::max_element(errors.begin(), errors.end()),
               .min = *std::min_element(errors.begin(), errors.end()),
               .bias = mean(signed_errors),
               .r2 = r_squared(truth, predicted)};
  if (widths.size() == predictions.size()) {
    result.coverage90 = 100.0 * static_cast<double>(inside) / static_cast<double>(predictions.size());
    result.width90 = median(widths);
  }
  return result;
}

}  // namespace wattlayer

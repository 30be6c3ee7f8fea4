#include "wattlayer/bench/confidence.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

namespace wattlayer {
namespace {

/// Probability that |Student's t| stays below t.
double central_probability(double t, int degrees) {
  const double theta = std::atan(t / std::sqrt(degrees)), cosine = std::cos(theta), sine = std::sin(theta);
  const bool odd = degrees % 2 == 1;
  double term = odd ? cosine : 1, sum = degrees > 1 ? term : 0;
  for (int k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= cosine * cosine * (k - 1) / k;
    sum += term;
  }
  return odd ? 2 / std::numbers::pi * (theta + sine * sum) : sine * sum;
}

/// Long-run variance of a series around zero from its `count` slowest cosines.
double long_run_variance(std::span<const double> series, int count) {
  const auto n = static_cast<double>(series.size());
  double sum = 0;
  for (int j = 1; j <= count; ++j) {
    double weight = 0;
    for (size_t t = 0; t < series.size(); ++t)
      weight += series[t] * std::cos(std::numbers::pi * j * (static_cast<double>(t) + 0.5) / n);
    sum += 2 / n * weight * weight;
  }
  return sum / count;
}

}  // namespace

double student_t_975(int degrees) {
  double low = 1.9, high = 13;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (central_probability(middle, degrees) < 0.95 ? low : high) = middle;
  }
  return (low + high) / 2;
}

PerPass per_pass(std::span<const double> totals, std::span<const double> passes) {
  const double all = std::accumulate(passes.begin(), passes.end(), 0.0);
  PerPass result{.mean = std::accumulate(totals.begin(), totals.end(), 0.0) / all};
  const size_t n = totals.size();
  if (n < 2) return result;
  const double passes_a_window = all / static_cast<double>(n);
  std::vector<double> residuals;
  double squares = 0;
  for (size_t i = 0; i < n; ++i) {
    residuals.push_back((totals[i] - result.mean * passes[i]) / passes_a_window);
    const double ratio = totals[i] / passes[i] - result.mean;
    squares += ratio * ratio;
  }
  result.sd = std::sqrt(squares / static_cast<double>(n - 1));
  // At least 3 degrees of freedom where there are windows for it, then the rule of Lazarus et al.
  const int rule = static_cast<int>(0.4 * std::pow(static_cast<double>(n), 2.0 / 3));
  const int cosines = std::min(std::max(3, rule), static_cast<int>(n) - 1);
  result.half_width = student_t_975(cosines) * std::sqrt(long_run_variance(residuals, cosines) / static_cast<double>(n));
  return result;
}

int next_look(int windows) { return std::max(windows + 1, static_cast<int>(std::ceil(windows * 1.25))); }

}  // namespace wattlayer

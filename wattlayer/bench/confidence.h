#pragma once
#include <optional>
#include <span>

namespace wattlayer {

/// The t that |Student's t| exceeds with 5 % probability. Degrees of freedom from 1 on; exact series (Abramowitz and Stegun
/// 26.7.3 and 26.7.4), inverted by bisection.
double student_t_975(int degrees);

/// What windows say about a quantity per pass.
struct PerPass {
  double mean = 0;                   ///< sum of the totals / sum of the passes
  std::optional<double> sd;          ///< between the windows' own ratios
  std::optional<double> half_width;  ///< of the 95 % interval of the mean; nothing for fewer than two windows
};

/// Windows in the order in which they were taken. The variance of the mean comes from the slowest cosines of the series
/// (equal-weighted cosine estimator; Lazarus, Lewis, Stock and Watson, Journal of Business & Economic Statistics 36, 2018): exact
/// for independent normal windows, and drift slower than a window widens it instead of passing unseen.
PerPass per_pass(std::span<const double> totals, std::span<const double> passes);

/// After how many windows to look at the interval again: few looks keep "stop when it is narrow" from favouring intervals that
/// are narrow by chance.
int next_look(int windows);

}  // namespace wattlayer

#pragma once
#include <span>
#include <string>
#include <vector>

#include "wattlayer/training/butter_e.h"

namespace wattlayer {

/// One run to fit: how often each coefficient is paid, and the energy that was measured.
struct ButterRow {
  ButterTerms terms;
  double energy_j = 0;
};

/// Coefficients that runs teach. No coefficient is negative.
struct ButterFit {
  ButterCoefficients coefficients;
  std::vector<bool> seen_levels;  ///< memory levels that a working set of some run lies in; others take those of the nearest
};

/// Minimises the sum of log(estimated / measured)^2. Throws Error(invalid_input) for fewer than 3 rows, rows of different memory
/// levels, or an energy that is not positive.
ButterFit fit_butter(std::span<const ButterRow> rows);

/// Factor around an estimate within which 90 % of further runs lie, as far as leaving out one of these at a time tells, or a
/// tenth of them where they are more than 200 (split conformal: the rank of (n + 1) runs; the largest of all where they are too
/// few).
double held_out_spread(std::span<const ButterRow> rows);

}  // namespace wattlayer

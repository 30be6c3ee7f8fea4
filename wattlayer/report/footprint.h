#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/report/grids.h"
#include "wattlayer/report/report.h"

namespace wattlayer {

inline constexpr double joules_per_kwh = 3.6e6, days_per_year = 365;

struct Price {
  double per_kwh = 0;
  std::string currency;  ///< as the user wrote it; empty where none was given
};

/// `0.30EUR`, `0.3 USD`, `0.25`. Throws Error(invalid_input).
Price price(std::string_view text);

/// What making and disposing of the device emits, spread over its life by time.
struct Embodied {
  double kg = 0;
  double lifetime_years = 0;
  double utilisation = 1;  ///< share of its life that it computes
};

/// Factors that a user stated; nothing is assumed where nothing was stated.
struct Footprint {
  std::optional<GridIntensity> grid;
  std::optional<double> pue;  ///< what the data centre draws for each joule of the scope
  std::optional<Price> price;
  std::optional<double> per_day;  ///< inferences
  std::optional<Embodied> embodied;

  bool empty() const { return !grid && !pue && !price && !per_day && !embodied; }
};

/// Grams and money of so much energy (joules).
Interval grams_of(const Interval& energy_j, const Footprint& footprint);
Interval money_of(const Interval& energy_j, const Footprint& footprint);

/// What follows for an inference, and for a day and a year where inferences a day are stated. The basis of each figure holds
/// every factor in it.
std::vector<DerivedFigure> derived_figures(const EstimateReport& report, const Footprint& footprint);

}  // namespace wattlayer

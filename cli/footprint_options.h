#pragma once
#include <optional>
#include <string>

#include "wattlayer/core/data_files.h"
#include "wattlayer/report/footprint.h"

namespace CLI {
class App;
}

namespace wattlayer::cli {

/// Factors that turn joules into grams and money, as the user wrote them; shared by the verbs that print energies.
struct FootprintOptions {
  std::string grid, price;
  std::optional<double> pue, per_day, embodied_kg, lifetime_years, utilisation;

  /// Throws Error(invalid_input) for a country, a price or a combination that says nothing.
  Footprint footprint(const DataFiles& files) const;
};

/// Adds --grid, --pue and --price.
void add_grid_options(CLI::App& verb, FootprintOptions& options);

/// Adds those, --per-day, --embodied, --lifetime and --utilisation.
void add_footprint_options(CLI::App& verb, FootprintOptions& options);

}  // namespace wattlayer::cli

#include "cli/footprint_options.h"

#include <CLI/CLI.hpp>

#include "cli/amount.h"
#include "wattlayer/core/error.h"

namespace wattlayer::cli {
namespace {

constexpr const char* group = "CO2, cost and scale (nothing is assumed where nothing is stated)";

}  // namespace

Footprint FootprintOptions::footprint(const DataFiles& files) const {
  Footprint footprint{.pue = pue, .per_day = per_day};
  if (!grid.empty()) footprint.grid = grid_intensity(files, grid);
  if (!price.empty()) footprint.price = wattlayer::price(price);
  if (embodied_kg) footprint.embodied = Embodied{*embodied_kg, lifetime_years.value(), utilisation.value_or(1)};
  return footprint;
}

void add_grid_options(CLI::App& verb, FootprintOptions& options) {
  verb.add_option("--grid", options.grid,
                  "whose electricity, for CO2: a country (FRA, fr, France; yearly mean, docs/footprint.md) or grams a kWh (56)")
      ->type_name("COUNTRY|G/KWH")
      ->group(group);
  verb.add_option("--pue", options.pue, "what the data centre draws for each joule of the scope, for CO2 and cost")
      ->type_name("FACTOR")
      ->check(amount(1, 100))
      ->group(group);
  verb.add_option("--price", options.price, "price of a kWh with its currency (0.30EUR), for the cost")
      ->type_name("PRICE")
      ->group(group);
}

void add_footprint_options(CLI::App& verb, FootprintOptions& options) {
  add_grid_options(verb, options);
  verb.add_option("--per-day", options.per_day, "inferences a day: energy, grams and money of a day and a year")
      ->type_name("N")
      ->check(amount(1e-6, 1e18))
      ->group(group);
  auto* embodied = verb.add_option("--embodied", options.embodied_kg,
                                   "kg of CO2 that making the device emitted, spread by time over --lifetime")
                       ->type_name("KG")
                       ->check(amount(1e-9, 1e12))
                       ->group(group);
  auto* lifetime = verb.add_option("--lifetime", options.lifetime_years, "years that the device lives")
                       ->type_name("YEARS")
                       ->check(amount(0.01, 1000))
                       ->group(group);
  verb.add_option("--utilisation", options.utilisation, "share of its life that the device computes (1)")
      ->type_name("SHARE")
      ->check(amount(1e-6, 1))
      ->needs(embodied)
      ->group(group);
  embodied->needs(lifetime);
  lifetime->needs(embodied);
}

}  // namespace wattlayer::cli

#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/data_files.h"

namespace wattlayer {

/// Electricity of a country: grams of CO2 equivalents a kWh, mean of a year.
struct Grid {
  std::string iso3, iso2, name;
  double g_per_kwh = 0;
  int year = 0;
};

/// Countries of grids/our-world-in-data.json, with where the figures come from.
class GridTable {
 public:
  /// Throws Error(invalid_input) naming what is wrong.
  static GridTable parse(std::string_view json, std::string_view file);

  /// By its ISO code of three or two letters or its name, in any case. Throws Error(invalid_input) that lists near ones.
  const Grid& find(std::string_view country) const;

  const std::vector<Grid>& grids() const { return grids_; }
  const std::string& source() const { return source_; }  ///< with the licence
  const std::string& notice() const { return notice_; }

 private:
  std::vector<Grid> grids_;
  std::string source_, notice_;
};

/// Throws Error(unavailable) when the file is missing.
GridTable grid_table(const DataFiles& files);

/// Grams of CO2 equivalents a kWh, and what they are taken from.
struct GridIntensity {
  double g_per_kwh = 0;
  std::string basis;          ///< `56.0 g/kWh, France 2023, life cycle (Our World in Data ...)`, or `56 g/kWh as given`
  std::string country, iso3;  ///< empty where grams were given
};

/// Of a country, or of grams as such: `FRA`, `fr`, `France`, `56`, `56 g/kWh`. Throws Error(invalid_input).
GridIntensity grid_intensity(const DataFiles& files, std::string_view text);

}  // namespace wattlayer

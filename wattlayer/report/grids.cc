#include "wattlayer/report/grids.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/core/nearest.h"
#include "wattlayer/core/number_text.h"

namespace wattlayer {
namespace {

constexpr std::string_view folder = "grids", file_name = "our-world-in-data.json";
constexpr double most_g_per_kwh = 1e6;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// As the table spells it: codes in capitals, the words of a name with one.
std::string as_spelled(std::string_view country) {
  std::string text = lower(country);
  for (size_t i = 0; i < text.size(); ++i)
    if (text.size() <= 3 || i == 0 || text[i - 1] == ' ')
      text[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[i])));
  return text;
}

}  // namespace

GridTable GridTable::parse(std::string_view text, std::string_view file) {
  try {
    const auto json = nlohmann::json::parse(text);
    GridTable table;
    table.source_ = fmt::format("{}, {}", json.at("source").get<std::string>(), json.at("licence").get<std::string>());
    table.notice_ = json.at("notice");
    for (const auto& row : json.at("countries")) {
      Grid grid{row.at("iso3"), row.at("iso2"), row.at("name"), row.at("g_per_kwh"), row.at("year")};
      if (!(grid.g_per_kwh > 0) || grid.g_per_kwh > most_g_per_kwh)
        throw Error(ErrorKind::invalid_input,
                    fmt::format("{}: {}: expected g_per_kwh above 0, found {}", file, grid.iso3, grid.g_per_kwh));
      table.grids_.push_back(std::move(grid));
    }
    return table;
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorKind::invalid_input, fmt::format("{}: {}; expected the layout of grids/{}", file, e.what(), file_name));
  }
}

const Grid& GridTable::find(std::string_view country) const {
  const std::string wanted = lower(country) == "uk" ? "gb" : lower(country);
  for (const Grid& grid : grids_)
    if (wanted == lower(grid.iso3) || wanted == lower(grid.iso2) || wanted == lower(grid.name)) return grid;
  std::vector<std::string> known;
  for (const Grid& grid : grids_) known.push_back(country.size() <= 3 ? grid.iso3 : grid.name);
  throw Error(ErrorKind::invalid_input,
              fmt::format("no electricity grid '{}'{}; expected a country (FRA, fr, France) or grams of CO2 a kWh (56)",
                          country.substr(0, 60), nearest(as_spelled(country.substr(0, 60)), known)));
}

GridTable grid_table(const DataFiles& files) {
  if (const auto text = files.read(folder, file_name)) return GridTable::parse(*text, fmt::format("{}/{}", folder, file_name));
  throw Error(ErrorKind::unavailable,
              fmt::format("{}/{} is missing, so countries are not known; give grams of CO2 a kWh", folder, file_name));
}

GridIntensity grid_intensity(const DataFiles& files, std::string_view text) {
  std::string_view wanted = trimmed(text);
  std::string_view number = wanted;
  if (lower(number).ends_with("g/kwh")) number = trimmed(number.substr(0, number.size() - 5));
  if (const auto grams = real_of(number)) {
    if (*grams < 0 || *grams > most_g_per_kwh)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("expected a country or from 0 to {:g} grams of CO2 a kWh, found '{}'", most_g_per_kwh, text));
    return {*grams, fmt::format("{:g} g/kWh as given", *grams), "", ""};
  }
  const GridTable table = grid_table(files);
  const Grid& grid = table.find(wanted);
  return {grid.g_per_kwh,
          fmt::format("{:.1f} g/kWh of {} in {}, life cycle of its generation ({})", grid.g_per_kwh, grid.name, grid.year,
                      table.source()),
          grid.name, grid.iso3};
}

}  // namespace wattlayer

#include "wattlayer/report/derived_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer {
namespace {

/// A figure that is the same for every estimate but for its value is told once.
std::string bases(std::span<const EstimateReport* const> estimates) {
  std::vector<std::string> lines;
  for (const EstimateReport* r : estimates)
    for (const DerivedFigure& figure : r->derived) {
      std::string line = fmt::format("{}: {}", figure.name, figure.basis);
      if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
    }
  std::string text;
  for (const std::string& line : lines) text += "  " + wrapped(line, 118, "    ");
  return text;
}

/// Money and numbers of things have no SI prefixes.
bool takes_prefix(const std::string& unit) { return unit == "Wh" || unit == "g"; }

std::string figure_text(const DerivedFigure& f) {
  if (!takes_prefix(f.unit))
    return fmt::format("{:.3g}{}{} [{:.3g}, {:.3g}]", f.value.value, f.unit.empty() ? "" : " ", f.unit, f.value.low,
                       f.value.high);
  return quantity_interval(f.value.value, f.value.low, f.value.high, f.unit);
}

std::string of_one(const EstimateReport& r, const Rendering& rendering) {
  std::string text;
  for (const DerivedFigure& f : r.derived)
    text += fmt::format("  {:<32}{}\n    {}", f.name, styled(figure_text(f), Style::bold, rendering.colour),
                        wrapped(f.basis, 114, "    "));
  return text;
}

std::string of_several(std::span<const EstimateReport* const> estimates, const Rendering& rendering) {
  std::vector<TextTable::Column> columns = {{"NETWORK", Align::left, 40}, {"ON", Align::left, 48}, {"BATCH", Align::right}};
  for (const DerivedFigure& f : estimates.front()->derived) columns.push_back({f.name, Align::left});
  TextTable table(std::move(columns));
  for (const EstimateReport* r : estimates) {
    const Estimate& e = r->estimate;
    std::vector<std::string> cells = {printable(r->network), fmt::format("{}/{}/{}", e.hardware, e.engine, name(e.dtype)),
                                      count_text(static_cast<double>(e.batch))};
    for (const DerivedFigure& f : r->derived) cells.push_back(figure_text(f));
    table.row(std::move(cells));
  }
  return table.print(rendering.colour, "  ") + bases(estimates);
}

}  // namespace

std::string derived_text(std::span<const EstimateReport* const> estimates, const Rendering& rendering) {
  if (estimates.empty() || estimates.front()->derived.empty()) return "";
  return "\n" + styled("What follows from the factors that were stated", Style::bold, rendering.colour) + "\n" +
         (estimates.size() == 1 ? of_one(*estimates.front(), rendering) : of_several(estimates, rendering));
}

std::string column_of(const DerivedFigure& figure) {
  std::string name;
  for (unsigned char c : figure.name) name += std::isalnum(c) ? static_cast<char>(std::tolower(c)) : '_';
  std::string unit;
  for (unsigned char c : figure.unit)
    if (std::isalnum(c)) unit += static_cast<char>(std::tolower(c));
  if (figure.unit.empty()) return name;
  return name + "_" + (unit.empty() ? "money" : unit);  // a sign of a currency
}

}  // namespace wattlayer

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <tuple>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/fit/analysis.h"
#include "wattlayer/fit/rows.h"

namespace wattlayer {
namespace {

constexpr int64_t counts[] = {1, 2, 3, 5, 10, 20, 50};

/// Spread between repetitions over the mean, of the rows of one device and kind.
struct Spread {
  std::vector<double> relative;
  size_t without = 0;  ///< rows that state none
};

AnalysisResult run(const AnalysisInput& input) {
  std::map<std::pair<std::string, std::string>, Spread> groups;
  for (const Measurement& m : input.rows) {
    if (!m.failure.empty() || !has_measured_energy(m)) continue;
    Spread& spread = groups[{m.hardware, m.kind}];
    if (m.energy_sd_j) spread.relative.push_back(*m.energy_sd_j / *m.energy_j);
    else ++spread.without;
  }
  AnalysisTable table{.title = "Expected error of the mean of N repetitions (1.96 sd / sqrt(N), per cent of the mean)",
                      .columns = {{"hardware", "HARDWARE"},
                                  {"kind", "KIND"},
                                  {"rows", "ROWS", Notation::count},
                                  {"repetitions", "N", Notation::count},
                                  {"median", "MEDIAN ROW %", Notation::per_cent},
                                  {"p90", "WORST TENTH %", Notation::per_cent}}};
  AnalysisResult result;
  for (const auto& [key, spread] : groups) {
    if (spread.without > 0)
      result.remarks.push_back(
          fmt::format("{} {} rows of {} state no spread between repetitions.", spread.without, key.second, key.first));
    if (spread.relative.empty()) continue;
    for (int64_t n : counts) {
      const double factor = 196 / std::sqrt(static_cast<double>(n));
      table.rows.push_back({key.first, key.second, static_cast<double>(spread.relative.size()), static_cast<double>(n),
                            factor * median(spread.relative), factor * quantile(spread.relative, 0.9)});
    }
  }
  if (table.rows.empty())
    throw Error(ErrorKind::invalid_input,
                "repetitions needs rows with the spread between their repetitions; none of these states it, "
                "`measure --error-curve` measures the curve for a workload of your own");
  result.tables = {std::move(table)};
  result.remarks.push_back(
      "Repetitions are taken as independent; a drift between them is not seen here. "
      "`measure --error-curve` measures the curve itself.");
  return result;
}

}  // namespace

Analysis repetitions_analysis() {
  return {.name = "repetitions",
          .summary = "error against the number of repetitions, from the spread that rows state (WattLayer, figure 2)",
          .run = run};
}

}  // namespace wattlayer

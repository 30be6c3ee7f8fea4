#include "cli/repetition_curve_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {

std::string repetition_table(const RepetitionCurve& curve, const Workload& workload) {
  const Measurement& row = curve.reference.rows.front();
  const auto value = curve.of_time ? row.time_s : row.energy_j;
  std::string text = fmt::format("{}, batch {}: error of {} against passes\n", printable(workload.name), workload.batch,
                                 curve.of_time ? "time (nothing meters the energy)" : "energy");
  text +=
      fmt::format("reference {} a pass{}, {} windows of the adaptive protocol{}\n", quantity(*value, curve.of_time ? "s" : "J"),
                  row.energy_ci95_j ? fmt::format(" ±{:.2g} %", 100 * *row.energy_ci95_j / *value) : "", row.windows,
                  row.meter.empty() ? "" : fmt::format(", meter {} ({})", row.meter, row.method));
  TextTable table({{"PASSES", Align::right},
                   {"WINDOW", Align::right},
                   {"TRIES", Align::right},
                   {"MEDIAN ERROR", Align::right},
                   {"LARGEST", Align::right},
                   {""}});
  for (const RepetitionPoint& p : curve.points)
    table.row({count_text(static_cast<double>(p.passes)), quantity(p.time.value, "s"), std::to_string(p.windows),
               percent(p.median_error), percent(p.max_error), bar(p.median_error, 24)});
  text += table.print(false, "  ");
  for (const std::string& remark : curve.reference.remarks) text += fmt::format("note: {}\n", printable(remark));
  return text;
}

std::string repetition_file(const RepetitionCurve& curve, const std::filesystem::path& file) {
  if (file.extension() != ".json") {
    std::string text = "passes,tries,time_s,median_error,max_error\n";
    for (const RepetitionPoint& p : curve.points)
      text += fmt::format("{},{},{},{},{}\n", p.passes, p.windows, p.time.value, p.median_error, p.max_error);
    return text;
  }
  const Measurement& row = curve.reference.rows.front();
  nlohmann::ordered_json points = nlohmann::ordered_json::array();
  for (const RepetitionPoint& p : curve.points)
    points.push_back({{"passes", p.passes},
                      {"tries", p.windows},
                      {"time_s", p.time.value},
                      {"median_error", p.median_error},
                      {"max_error", p.max_error}});
  auto known = [](const std::optional<double>& v) { return v ? nlohmann::ordered_json(*v) : nlohmann::ordered_json(nullptr); };
  return nlohmann::ordered_json{{"schema", 1},
                                {"of", curve.of_time ? "time" : "energy"},
                                {"reference",
                                 {{"energy_j", known(row.energy_j)},
                                  {"energy_ci95_j", known(row.energy_ci95_j)},
                                  {"time_s", known(row.time_s)},
                                  {"method", row.method},
                                  {"meter", row.meter}}},
                                {"points", points}}
             .dump(2) +
         "\n";
}

}  // namespace wattlayer::cli

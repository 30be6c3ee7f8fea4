#include "cli/learned_pairs.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cmath>
#include <ctime>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/program.h"
#include "cli/stop_signal.h"
#include "wattlayer/core/catalogue.h"
#include "wattlayer/core/error.h"
#include "wattlayer/datasets/import.h"
#include "wattlayer/fit/paired_fit.h"
#include "wattlayer/report/text_table.h"
#include "wattlayer/store/text_file.h"

namespace wattlayer::cli {
namespace {

using Json = nlohmann::ordered_json;

std::vector<HeldOutPair> pairs_of(const DatasetDescription& description, const std::filesystem::path& folder,
                                  const DataFiles& files, const Catalogue& catalogue) {
  std::vector<Split> splits;
  for (const Split& split : description.splits)
    if (split.habitual) splits.push_back(split);
  const ImportedRows rows = import_dataset(description, folder, files);
  const auto progress = [&](const std::string& target, const std::string& unit) {
    write_remark(fmt::format("{}: {} without {}", description.id, target, unit));
    return !StopSignal::came();
  };
  return held_out_pairs(held_out_networks(held_out_estimates(rows.measurements, splits, catalogue, progress)));
}

std::string per_cent(double value) { return fmt::format("{:.1f}", value); }

std::string coverage_table(const std::vector<PairedCoverage>& coverage) {
  TextTable table({{"DATA SET"},
                   {"PAIRS OF"},
                   {"PAIRS", Align::right},
                   {"INDEPENDENT %", Align::right},
                   {"OTHER DATA SETS %", Align::right},
                   {"OTHER BLOCKS %", Align::right},
                   {"WIDTH", Align::right}});
  for (const PairedCoverage& c : coverage)
    table.row({c.dataset, std::string(name(c.relation)), std::to_string(c.pairs), per_cent(c.independent),
               c.other_data_sets ? per_cent(*c.other_data_sets) : "–", c.other_blocks ? per_cent(*c.other_blocks) : "–",
               fmt::format("{:.2f}", c.width)});
  return table.print(terminal().colour);
}

std::string card(const std::vector<PairedCoverage>& coverage) {
  const std::time_t now = std::time(nullptr);
  Json json{{"fitted", fmt::format("{:%Y-%m-%d}", fmt::gmtime(now))},
            {"method", "docs/paired_errors.md"},
            {"coverage90", Json::array()}};
  const auto rounded = [](const std::optional<double>& v) { return v ? Json(std::round(*v * 10) / 10) : Json(nullptr); };
  for (const PairedCoverage& c : coverage)
    json["coverage90"].push_back({{"dataset", c.dataset},
                                  {"relation", name(c.relation)},
                                  {"pairs", c.pairs},
                                  {"independent", rounded(c.independent)},
                                  {"other_data_sets", rounded(c.other_data_sets)},
                                  {"other_blocks", rounded(c.other_blocks)},
                                  {"width", std::round(c.width * 100) / 100}});
  return json.dump();
}

}  // namespace

void learn_pairs(const std::filesystem::path& data, const std::filesystem::path& output, const DataFiles& files) {
  require_writable(output);
  const StopSignal signal;
  const Catalogue catalogue(files);
  std::vector<HeldOutPair> pairs;
  for (const std::string& id : ids(files, "datasets")) {
    if (!std::filesystem::is_directory(data / id)) continue;
    const DatasetDescription description = require_dataset(files, id);
    if (description.tables.empty()) continue;
    std::vector<HeldOutPair> own = pairs_of(description, data / id, files, catalogue);
    std::move(own.begin(), own.end(), std::back_inserter(pairs));
    if (StopSignal::came()) throw Error(ErrorKind::unavailable, "stopped; nothing was written");
  }
  if (pairs.empty())
    throw Error(ErrorKind::invalid_input, fmt::format("{} holds no data set with networks to pair", data.string()));
  PairedErrors errors = fit_paired_errors(pairs);
  const std::vector<PairedCoverage> coverage = paired_coverage(pairs);
  errors.card = card(coverage);
  write_text_file(output, errors.print());
  write_output(coverage_table(coverage) +
               fmt::format("\npaired errors of {} pairs written to {}\n", pairs.size(), output.string()));
}

}  // namespace wattlayer::cli

#include "cli/mlp_estimate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"
#include "wattlayer/training/set_rows.h"

namespace wattlayer::cli {
namespace {

using Json = nlohmann::json;

constexpr double j_per_kwh = 3.6e6;

/// Everything that both forms print.
struct MlpEstimate {
  MlpTraining training;
  Hardware hardware;
  ButterModel model;
  ButterTerms terms;
  std::vector<SetRow> sets;
  Interval energy_j;
  bool fits = true;
};

/// A part of the energy, and where a working set lives.
struct Part {
  std::string name;
  const SetRow* set;
  double energy_j;
};

MlpEstimate estimate(const MlpEstimateOptions& options, const DataFiles& files) {
  MlpEstimate e{.training = parse_mlp_training(options.mlp)};
  e.hardware = parse_hardware(require_file(files, "hardware", options.on), options.on);
  auto model = find_butter_model(files, options.on);
  if (!model)
    throw Error(ErrorKind::unavailable,
                fmt::format("no law of BUTTER-E ships for {}, only for {}; for other hardware estimate the network itself: "
                            "`wattlayer training estimate net:mlp-{} --on {}`",
                            options.on, fmt::join(butter_model_ids(files), ", "),
                            mlp_name(e.training.features, e.training.widths), options.on));
  e.model = std::move(*model);
  if (e.model.coefficients.per_access.size() != e.hardware.memory.size())
    throw Error(ErrorKind::invalid_input,
                fmt::format("energy_models/{0}.json has {1} memory levels, hardware/{0}.json has {2}", options.on,
                            e.model.coefficients.per_access.size(), e.hardware.memory.size()));
  const WorkingSets sets = place(working_set_sizes(e.training), e.hardware);
  e.terms = butter_terms(e.training, sets, e.hardware.memory.size());
  e.sets = set_rows(sets, passes(e.training));
  e.energy_j = butter_estimate(e.terms, e.model);
  for (const SetRow& row : e.sets) e.fits = e.fits && row.placed.place.fits;
  return e;
}

std::vector<Part> parts(const MlpEstimate& e) {
  const ButterCoefficients& k = e.model.coefficients;
  std::vector<Part> all = {{"the run itself", nullptr, e.terms.runs * k.per_run},
                           {"passes", nullptr, e.terms.passes * k.per_pass},
                           {"operations", nullptr, e.terms.operations * k.per_operation},
                           {"layers", nullptr, e.terms.layer_passes * k.per_layer}};
  for (const SetRow& row : e.sets)
    all.push_back({row.sets > 1 ? fmt::format("{} ({} sets, largest)", row.name, row.sets) : row.name, &row,
                   access_energy_j(row, k, row.placed.place.level)});
  return all;
}

std::string table(const MlpEstimate& e) {
  const Interval& j = e.energy_j;
  std::string text = fmt::format("mlp {} on {} ({}; {} scope, idle included)\n", mlp_name(e.training.features, e.training.widths),
                                 e.model.id, e.hardware.name, e.model.scope);
  const auto line = [&](std::string_view label, const std::string& value) { text += fmt::format("  {:<22}{}\n", label, value); };
  line("energy of the run", fmt::format("{} = {:.4g} kWh", quantity_interval(j.value, j.low, j.high, "J"), j.value / j_per_kwh));
  const double epoch = (j.value - e.terms.runs * e.model.coefficients.per_run) / static_cast<double>(e.training.epochs);
  line("of it each epoch", quantity(epoch, "J"));
  line("parameters", count_text(e.training.parameters()));
  line("passes",
       fmt::format("{} epochs of {} training and {} test batches of {}", count_text(static_cast<double>(e.training.epochs)),
                   count_text(e.training.training_batches()), count_text(e.training.test_batches()), e.training.batch));
  TextTable rows({{"energy goes to"}, {"energy", Align::right}, {"share", Align::right}, {"size", Align::right}, {"lives in"}});
  for (const Part& part : parts(e)) {
    std::vector<std::string> cells = {part.name, part.energy_j > 0 ? quantity(part.energy_j, "J") : "about 0",
                                      percent(part.energy_j / j.value)};
    if (part.set) {
      cells.push_back(binary_bytes(part.set->placed.set.bytes()));
      cells.push_back(fmt::format("{}{}", e.hardware.memory[part.set->placed.place.level].name,
                                  part.set->placed.place.fits ? "" : ", too large for it"));
    }
    rows.row(std::move(cells));
  }
  text += "\n" + rows.print(terminal().colour, "  ");
  text += fmt::format("\n  law: {}; mean error {} % there, interval from {}\n", e.model.source, e.model.mean_error,
                      e.model.checked_on);
  if (e.training.epochs < 100)
    text += "  the law was fitted on runs of 3,000 epochs; in a short run the fixed part decides and is known least\n";
  if (!e.fits) text += fmt::format("  a working set is larger than {}: the estimate is too low\n", e.hardware.memory.back().name);
  return text;
}

Json interval(const Interval& i) { return {{"value", i.value}, {"low", i.low}, {"high", i.high}}; }

std::string json(const MlpEstimate& e) {
  Json list = Json::array();
  for (const Part& part : parts(e)) {
    Json entry{
        {"part", part.set ? part.set->id : part.name}, {"energy_j", part.energy_j}, {"share", part.energy_j / e.energy_j.value}};
    if (part.set) {
      const Placement& at = part.set->placed.place;
      entry.update({{"sets", part.set->sets},
                    {"bytes", part.set->placed.set.bytes()},
                    {"level", e.hardware.memory[at.level].name},
                    {"unit_capacity_bytes", at.capacity},
                    {"unit_occupied_bytes", at.occupied_bytes},
                    {"fits", at.fits}});
    }
    list.push_back(entry);
  }
  const Json training{
      {"features", e.training.features},      {"widths", e.training.widths}, {"batch", e.training.batch},
      {"samples", e.training.samples},        {"epochs", e.training.epochs}, {"test_share", e.training.test_share},
      {"parameters", e.training.parameters()}};
  const Json one{{"network", "mlp-" + mlp_name(e.training.features, e.training.widths)},
                 {"law", "butter-e"},
                 {"hardware", e.model.id},
                 {"scope", e.model.scope},
                 {"idle_included", true},
                 {"label", e.fits ? "predicted" : "extrapolated"},
                 {"source", e.model.source},
                 {"checked_on", e.model.checked_on},
                 {"training", training},
                 {"energy_j", interval(e.energy_j)},
                 {"energy_kwh", e.energy_j.value / j_per_kwh},
                 {"parts", list}};
  return Json{{"schema", 1}, {"training_estimates", Json::array({one})}}.dump(2) + "\n";
}

}  // namespace

std::string mlp_name(int64_t features, const std::vector<int64_t>& widths) {
  return fmt::format("{}-{}", features, fmt::join(widths, "-"));
}

void estimate_mlp(const MlpEstimateOptions& options, const DataFiles& files) {
  const MlpEstimate e = estimate(options, files);
  write_output(options.json ? json(e) : table(e), options.output);
}

}  // namespace wattlayer::cli

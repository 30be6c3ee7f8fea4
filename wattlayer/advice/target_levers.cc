#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "wattlayer/advice/levers.h"
#include "wattlayer/api/targets.h"
#include "wattlayer/core/error.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/scoring/network_scorer.h"

namespace wattlayer {
namespace {

/// In the energy model's data type, quantised ones among them.
EstimateReport on(const Trial& trial, const EnergyModel& model) {
  if (!is_float(model.dtype)) {
    const Workload quantised = with_dtype(trial.question.source.workload(trial.graph, model.engine), model.dtype);
    return report(quantised, predict(quantised, model, operating_point_of(model, trial.question.device)));
  }
  return estimate(trial.question.source, trial.graph, model, trial.question.device);
}

bool comparable(const EnergyModel& a, const EnergyModel& b) { return a.scope == b.scope && a.idle_included == b.idle_included; }

void say_other_scope(const Trial& trial, const EnergyModel& other) {
  trial.advice.remarks.push_back(fmt::format("{} covers {}, not {}: not compared", other.id, other.scope, trial.model().scope));
}

/// An energy model of the same device that differs from the present one in engine or data type.
void try_measured(const Trial& trial, const std::string& id, std::string kind, std::string change, std::string costs) {
  const EnergyModel other = load_energy_model(trial.files, id);
  if (!comparable(trial.model(), other)) return say_other_scope(trial, other);
  const EstimateReport then = on(trial, other);
  Lever lever{.kind = std::move(kind), .change = std::move(change)};
  set_saving(lever, trial, then, trial.model().from_data_sheet ? Relation::nothing : Relation::other_energy_model);
  lever.rests_on = fmt::format("{} and {}, coverage {} and {}", trial.model().id, other.id,
                               percent(trial.now().estimate.coverage), percent(then.estimate.coverage));
  lever.costs = fmt::format("{}; {}", costs, time_cost(trial, then));
  trial.add(std::move(lever));
}

/// Both from the data sheet, so that the two estimates err alike in what they share; as if they shared nothing.
void try_data_sheet(const Trial& trial, DataType dtype, const EstimateReport& sheet_now, bool measured_elsewhere) {
  const EnergyModel& model = trial.model();
  const EnergyModel other =
      energy_model_from_data_sheet(trial.files, model.hardware_json, model.hardware.id, model.engine.id, dtype);
  const EstimateReport then = on(trial, other);
  if (then.estimate.energy_j.value == sheet_now.estimate.energy_j.value)
    return trial.advice.remarks.push_back(
        fmt::format("{} instead of {}: by the data sheet it makes no difference", name(dtype), name(model.dtype)));
  Advice apart{.now = sheet_now};
  const Trial sheets{trial.question, trial.files, trial.graph, trial.errors, apart};
  Lever lever{.kind = "precision",
              .change = fmt::format("{} instead of {}", name(dtype), name(model.dtype)),
              .basis = Basis::data_sheet,
              .calibrated = measured_elsewhere};
  set_saving(lever, sheets, then, Relation::nothing);
  const double now_j = trial.now().energy_per_inference_j.value;
  lever.saving_j = {lever.saving.value * now_j, lever.saving.low * now_j, lever.saving.high * now_j};
  lever.rests_on = fmt::format("the data sheet of {}: extrapolated, nobody has measured {}/{}/{}", model.hardware.id,
                               model.hardware.id, model.engine.id, name(dtype));
  if (!measured_elsewhere)
    lever.rests_on += fmt::format(", and no device was measured with {} and {}, so its interval is not calibrated",
                                  model.engine.id, name(dtype));
  lever.costs = "accuracy not known";
  trial.add(std::move(lever));
}

/// Some device was measured with this engine and data type.
bool is_measured_anywhere(const Trial& trial, const std::string& engine, DataType dtype) {
  const std::vector<std::string> all = energy_model_ids(trial.files);
  const std::string ending = fmt::format("/{}/{}", engine, name(dtype));
  return std::any_of(all.begin(), all.end(), [&](const std::string& id) { return id.ends_with(ending); });
}

/// Engines that were measured on devices of the same kind: processors, or GPUs.
std::set<std::string> engines_of_such(const Trial& trial) {
  std::map<std::string, bool> on_processor;
  std::set<std::string> engines;
  for (const std::string& id : energy_model_ids(trial.files)) {
    const size_t slash = id.find('/'), next = id.find('/', slash + 1);
    const std::string hardware = id.substr(0, slash);
    if (!on_processor.contains(hardware)) {
      const auto text = trial.files.read("hardware", hardware + ".json");
      on_processor[hardware] = text && parse_hardware(*text, hardware).on_processor;
    }
    if (on_processor[hardware] == trial.model().hardware.on_processor) engines.insert(id.substr(slash + 1, next - slash - 1));
  }
  return engines;
}

}  // namespace

void try_precisions(const Trial& trial) {
  const EnergyModel& model = trial.model();
  if (trial.question.source.is_list()) return trial.advice.remarks.push_back("precision: a list of layers states its data types");
  const std::string prefix = fmt::format("{}/{}/", model.hardware.id, model.engine.id);
  std::set<DataType> measured;
  for (const std::string& id : energy_model_ids(trial.files)) {
    if (!id.starts_with(prefix)) continue;
    const DataType dtype = require_data_type(id.substr(prefix.size()));
    measured.insert(dtype);
    if (dtype == model.dtype || bits(dtype) > bits(model.dtype)) continue;
    try_measured(trial, id, "precision", fmt::format("{} instead of {}", name(dtype), name(model.dtype)), "accuracy not known");
  }
  std::optional<EstimateReport> sheet_now;
  for (const auto& [dtype, peak] : model.hardware.peak_flops) {
    if (measured.contains(dtype) || dtype == model.dtype || bits(dtype) >= bits(model.dtype)) continue;
    try {
      if (!sheet_now)
        sheet_now = on(trial, energy_model_from_data_sheet(trial.files, model.hardware_json, model.hardware.id, model.engine.id,
                                                           model.dtype));
      try_data_sheet(trial, dtype, *sheet_now, is_measured_anywhere(trial, model.engine.id, dtype));
    } catch (const Error& e) {
      trial.advice.remarks.push_back(fmt::format("precision {}: {}", name(dtype), e.what()));
    }
  }
}

void try_engines(const Trial& trial) {
  const EnergyModel& model = trial.model();
  const std::string prefix = model.hardware.id + "/", suffix = fmt::format("/{}", name(model.dtype));
  for (const std::string& id : energy_model_ids(trial.files)) {
    if (!id.starts_with(prefix) || !id.ends_with(suffix)) continue;
    const std::string engine = id.substr(prefix.size(), id.size() - prefix.size() - suffix.size());
    if (engine == model.engine.id) continue;
    try_measured(trial, id, "engine", fmt::format("engine {} instead of {}", engine, model.engine.id),
                 "another engine to deploy");
  }
}

void try_fusing(const Trial& trial) {
  if (trial.question.source.is_list()) return;
  const EnergyModel& model = trial.model();
  const std::set<std::string> alike = engines_of_such(trial);
  std::optional<Lever> best;
  for (const std::string& id : ids(trial.files, "engines")) {
    const Engine engine = parse_engine(require_file(trial.files, "engines", id), id);
    if (id == model.engine.id || id == "simulated" || engine.fusions.empty() || !alike.contains(id)) continue;
    const Workload fused = in_dtype_of(model, trial.question.source.workload(trial.graph, engine));
    double layers = 0, fewer = 0;
    for (const WorkloadItem& item : fused.items) layers += item.count;
    for (const LayerRow& row : trial.now().layers) fewer += row.count;
    fewer -= layers;
    if (fewer <= 0) continue;
    Lever lever{.kind = "fusing",
                .change = fmt::format("fuse layers as {} does: {} launches fewer", id, count_text(fewer)),
                .basis = Basis::counting};
    set_saving(lever, trial, fused);
    lever.rests_on = fmt::format("counting: the layers that {} executes, priced by {}; equal layers cancel", id, model.id);
    lever.costs = "an engine that fuses, or torch.compile; the arithmetic is the same";
    if (!best || lever.saving.value > best->saving.value) best = std::move(lever);
  }
  if (best) trial.add(std::move(*best));
}

void try_clocks(const Trial& trial) {
  const EnergyModel& model = trial.model();
  const PhysicsModel& physics = *model.physics;
  constexpr double several = 1.02;
  constexpr int steps = 12;
  if (!model.hardware.clock_hz || physics.clock_high < several * physics.clock_low)
    return trial.advice.remarks.push_back(
        fmt::format("clock: {} was measured at one clock, so nothing is known of others", model.id));
  std::optional<EstimateReport> best;
  DeviceSettings settings = trial.question.device;
  double best_mhz = 0;
  for (int i = 0; i <= steps; ++i) {
    const double clock = physics.clock_low + (physics.clock_high - physics.clock_low) * i / steps;
    settings.clock_mhz = clock * *model.hardware.clock_hz / 1e6;
    EstimateReport at = estimate(trial.question.source, trial.graph, model, settings);
    if (!best || at.estimate.energy_j.value < best->estimate.energy_j.value) best = std::move(at), best_mhz = *settings.clock_mhz;
  }
  Lever lever{.kind = "clock", .change = fmt::format("compute units at {:.0f} MHz", best_mhz)};
  set_saving(lever, trial, *best, Relation::other_energy_model);  // no pair of clocks was measured: as little in common as that
  lever.rests_on =
      fmt::format("{}, measured from {:.0f} to {:.0f} MHz", model.id, physics.clock_low * *model.hardware.clock_hz / 1e6,
                  physics.clock_high * *model.hardware.clock_hz / 1e6);
  lever.costs = fmt::format("latency: {}", time_cost(trial, *best));
  trial.add(std::move(lever));
}

}  // namespace wattlayer

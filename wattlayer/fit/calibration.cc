#include "wattlayer/fit/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "wattlayer/features/features.h"
#include "wattlayer/fit/folds.h"
#include "wattlayer/fit/rows.h"

namespace wattlayer {
namespace {

constexpr size_t fewest_rows = 5, rows_that_calibrate_a_group = 50, blocks_that_calibrate_a_regime = 10;

struct Priced {
  PhysicsModel::Totals pass;
  Regime regime;
};

Priced priced(const PhysicsModel& model, const Measurement& m, const Hardware& hardware, const Engine& engine) {
  const OperatingPoint point = operating_point(hardware, m.conditions);
  PhysicsModel::Totals totals;
  for (const WorkloadItem& item : m.workload.items)
    totals.add(model.layer(features(item.layer, hardware, engine), point), item.count);
  return {model.pass(totals, m.workload.is_network, point), model.regime(totals)};
}

/// The same of one layer, corrected by the answer of trees.
Priced priced_with(const PhysicsModel& model, const Measurement& m, const Hardware& hardware, const Engine& engine,
                   const TreeAnswer& answer) {
  const OperatingPoint point = operating_point(hardware, m.conditions);
  const WorkloadItem& item = m.workload.items.at(0);
  PhysicsModel::Outcome layer = model.layer(features(item.layer, hardware, engine), point);
  layer.correct(answer.time, answer.power);
  PhysicsModel::Totals totals;
  totals.add(layer, item.count);
  return {model.pass(totals, m.workload.is_network, point), model.regime(totals)};
}

/// Held-out errors in log space of rows that stand together.
struct LogErrors {
  std::vector<double> energy, time, power;

  void add(const Measurement& m, const PhysicsModel::Totals& predicted) {
    const bool e = has_measured_energy(m), t = m.time_s && *m.time_s > 0;
    const double log_e = e ? std::log(*m.energy_j / predicted.energy_j) : 0,
                 log_t = t ? std::log(*m.time_s / predicted.time_s) : 0;
    if (e) energy.push_back(std::abs(log_e));
    if (t) time.push_back(std::abs(log_t));
    if (e && t) power.push_back(std::abs(log_e - log_t));
  }
  size_t rows() const { return std::max(energy.size(), time.size()); }
  /// What too few rows would give stays.
  void calibrate(LogWidths& widths, size_t fewest) const {
    if (energy.size() >= fewest) widths.energy = conformal_quantile(energy);
    if (time.size() >= fewest) widths.time = conformal_quantile(time);
    if (power.size() >= fewest) widths.power = conformal_quantile(power);
  }
};

/// The blocks that rows came from; a row without one is a block of its own.
struct Blocks {
  std::set<std::string> names;
  size_t singles = 0;

  void add(const std::string& block) {
    if (block.empty()) ++singles;
    else names.insert(block);
  }
  size_t count() const { return names.size() + singles; }
};

/// Few blocks say nothing of another block: then a regime has no width of its own.
bool calibrates_regime(size_t rows, const Blocks& blocks) {
  return rows >= rows_that_calibrate_a_group && blocks.count() >= blocks_that_calibrate_a_regime;
}

/// Held-out errors at one level.
struct Errors {
  LogErrors all;
  Blocks blocks;
  std::array<std::pair<LogErrors, Blocks>, regime_kinds> in_regime;

  void add(const Measurement& m, const Priced& predicted) {
    all.add(m, predicted.pass);
    blocks.add(m.block);
    auto& [errors, own_blocks] = in_regime[static_cast<size_t>(predicted.regime)];
    errors.add(m, predicted.pass);
    own_blocks.add(m.block);
  }
  void calibrate(Calibration& c) const {
    all.calibrate(c, 10);
    c.rows = all.rows();
    c.blocks = blocks.count();
    for (size_t r = 0; r < regime_kinds; ++r)
      if (const auto& [errors, own_blocks] = in_regime[r]; calibrates_regime(errors.rows(), own_blocks))
        errors.calibrate(c.regimes[r].emplace(c), rows_that_calibrate_a_group);
  }
};

/// Absolute log errors of single layers of a group, all and by regime.
struct GroupErrors {
  std::vector<double> all;
  std::array<std::pair<std::vector<double>, Blocks>, regime_kinds> in_regime;

  void add(const std::string& block, Regime regime, double error) {
    auto& [errors, blocks] = in_regime[static_cast<size_t>(regime)];
    all.push_back(error), errors.push_back(error);
    blocks.add(block);
  }
  void calibrate(PhysicsGroup& g) const {
    if (all.size() >= rows_that_calibrate_a_group) g.half_width = conformal_quantile(all);
    for (size_t r = 0; r < regime_kinds; ++r)
      if (const auto& [errors, blocks] = in_regime[r]; calibrates_regime(errors.size(), blocks))
        g.half_width_in[r] = conformal_quantile(errors);
  }
};

}  // namespace

double conformal_quantile(std::vector<double> errors) {
  std::sort(errors.begin(), errors.end());
  const size_t rank = static_cast<size_t>(std::ceil(0.9 * static_cast<double>(errors.size() + 1)));
  return errors[std::min(rank, errors.size()) - 1];
}

PhysicsModel::Totals price(const PhysicsModel& model, const Measurement& m, const Hardware& hardware, const Engine& engine) {
  return priced(model, m, hardware, engine).pass;
}

std::vector<std::vector<const Measurement*>> blocked_folds(TrainingRows rows, size_t folds) {
  std::map<std::string, std::vector<const Measurement*>> blocks;
  size_t single = 0;
  for (const Measurement* m : rows)
    if (usable(*m)) blocks[m->block.empty() ? "#" + std::to_string(single++) : m->block].push_back(m);
  return folds_of(blocks, folds);
}

std::vector<const Measurement*> outside_fold(const std::vector<std::vector<const Measurement*>>& folds, size_t f) {
  std::vector<const Measurement*> rest;
  for (size_t i = 0; i < folds.size(); ++i)
    if (i != f) rest.insert(rest.end(), folds[i].begin(), folds[i].end());
  return rest;
}

HeldOut calibrate(PhysicsModel& model, TrainingRows rows, const Hardware& hardware, const Engine& engine, size_t fold_count,
                  const std::function<PhysicsModel(TrainingRows)>& fit, const TreeAnswers& answers) {
  HeldOut held_out;
  const auto folds = blocked_folds(rows, fold_count);
  if (folds.size() < 2) return held_out;
  Errors layers, networks;
  std::map<std::tuple<std::string, std::string, DataType>, GroupErrors> by_group;
  for (size_t f = 0; f < folds.size(); ++f) {
    const auto rest = outside_fold(folds, f);
    if (rest.size() < fewest_rows) continue;
    const PhysicsModel fold_model = fit(rest);
    for (const Measurement* m : folds[f]) {
      const auto answer = answers.find(m);
      const Priced predicted = answer == answers.end() ? priced(fold_model, *m, hardware, engine)
                                                       : priced_with(fold_model, *m, hardware, engine, answer->second);
      (m->workload.is_network ? networks : layers).add(*m, predicted);
      const bool by_time = model.stated_w && m->time_s;  // joules are a constant times seconds
      if (!by_time && !has_measured_energy(*m)) continue;
      const Scored scored = by_time ? Scored{.truth = *m->time_s, .predicted = predicted.pass.time_s}
                                    : Scored{.truth = *m->energy_j, .predicted = predicted.pass.energy_j};
      (m->workload.is_network ? held_out.networks : held_out.layers).push_back(scored);
      if (m->workload.is_network || m->workload.items.size() != 1) continue;
      const Group group = features(m->workload.items[0].layer, hardware, engine).group;
      by_group[{std::string(name(group.family)), std::string(group.variant), group.dtype}].add(
          m->block, predicted.regime, std::abs(std::log(scored.truth / scored.predicted)));
    }
  }
  layers.calibrate(model.layer_calibration);
  networks.calibrate(model.network_calibration);
  if (model.stated_w)
    for (Calibration* c : {&model.layer_calibration, &model.network_calibration}) {
      c->energy = c->time, c->power = 0;
      for (auto& own : c->regimes)
        if (own) own->energy = own->time, own->power = 0;
    }
  for (PhysicsGroup& g : model.groups)
    if (const auto at = by_group.find({g.family, g.variant, g.dtype}); at != by_group.end()) at->second.calibrate(g);
  return held_out;
}

}  // namespace wattlayer

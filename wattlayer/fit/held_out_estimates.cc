#include "wattlayer/fit/held_out_estimates.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "wattlayer/core/error.h"
#include "wattlayer/core/operating_point.h"
#include "wattlayer/fit/division.h"
#include "wattlayer/fit/physics_fit.h"
#include "wattlayer/fit/rows.h"

namespace wattlayer {
namespace {

/// Rows that one energy model may be fitted to.
struct TargetRows {
  std::string name;
  std::vector<Measurement> rows;
  std::vector<const Measurement*> origin;  ///< of each row
};

std::vector<TargetRows> grouped(std::span<const Measurement> rows) {
  std::map<std::tuple<std::string, std::string, std::string, bool, DataType>, TargetRows> found;
  for (const Measurement& m : rows) {
    if (!m.failure.empty() || !has_measured_energy(m)) continue;
    TargetRows& group = found[{m.hardware, m.engine, m.scope, m.idle_included, m.dtype}];
    group.name = fmt::format("{}/{}/{}", m.hardware, m.engine, name(m.dtype));
    group.rows.push_back(m);
    group.origin.push_back(&m);
  }
  std::vector<TargetRows> groups;
  for (auto& [key, group] : found) groups.push_back(std::move(group));
  return groups;
}

EnergyModel fitted(const std::vector<const Measurement*>& training, const Hardware& hardware, const Engine& engine) {
  EnergyModel model;
  *model.physics = fit_physics(training, Target{hardware, engine}).model;
  model.hardware = hardware;
  model.engine = engine;
  model.dtype = training.front()->dtype;
  model.scope = training.front()->scope;
  model.idle_included = training.front()->idle_included;
  return model;
}

bool tests_networks(const SplitPart& part, const TargetRows& group) {
  return std::any_of(part.test.begin(), part.test.end(), [&](size_t i) { return group.rows[i].workload.is_network; });
}

class Parts {
 public:
  Parts(const Catalogue& catalogue, const HeldOutProgress& progress) : catalogue_(catalogue), progress_(progress) {}

  /// False when the work is to end.
  bool add(const TargetRows& group, const Split& split) {
    if (split.kind == Split::Kind::leave_hardware) return true;
    for (const SplitPart& part : divide(group.rows, split)) {
      if (!tests_networks(part, group)) continue;
      if (progress_ && !progress_(group.name, part.unit)) return false;
      add(group, part);
    }
    return true;
  }

  std::vector<HeldOutEstimate> estimates;

 private:
  void add(const TargetRows& group, const SplitPart& part) try {
    std::vector<const Measurement*> training;
    for (size_t i : part.train) training.push_back(&group.rows[i]);
    const EnergyModel model =
        fitted(training, catalogue_.hardware(group.rows[0].hardware), catalogue_.engine(group.rows[0].engine));
    ++fits_;
    for (size_t i : part.test) {
      const Measurement& m = group.rows[i];
      if (!m.workload.is_network) continue;
      estimates.push_back({group.origin[i], predict(m.workload, model, operating_point(model.hardware, m.conditions)), fits_});
    }
  } catch (const Error&) {
    // Too few rows are left to fit: this part has nothing to say.
  }

  const Catalogue& catalogue_;
  const HeldOutProgress& progress_;
  size_t fits_ = 0;
};

}  // namespace

std::vector<HeldOutEstimate> held_out_estimates(std::span<const Measurement> rows, std::span<const Split> splits,
                                                const Catalogue& catalogue, const HeldOutProgress& progress) {
  Parts parts(catalogue, progress);
  for (const TargetRows& group : grouped(rows))
    for (const Split& split : splits)
      if (!parts.add(group, split)) return std::move(parts.estimates);
  return std::move(parts.estimates);
}

}  // namespace wattlayer

#include "wattlayer/fit/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <tuple>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/transfer.h"

namespace wattlayer {
namespace {

/// Predictions of one unit at one level, as they are scored.
struct Collected {
  std::vector<Scored> energy, time, predicted, extrapolated;
  std::vector<Repeat> repeats;

  void add(const Measurement& row, const Prediction& answer, bool has_intervals) {
    const auto scored = [&](double truth, const Interval& interval) {
      Scored s{.truth = truth, .predicted = interval.value};
      if (has_intervals && interval.low < interval.high) s.low = interval.low, s.high = interval.high;
      return s;
    };
    energy.push_back(scored(*row.energy_j, answer.energy_j));
    if (row.time_s && *row.time_s > 0 && answer.time_s) time.push_back(scored(*row.time_s, *answer.time_s));
    if (answer.label) (*answer.label == Label::predicted ? predicted : extrapolated).push_back(energy.back());
  }
};

std::optional<Score> score_of(const std::vector<Scored>& scored) {
  return scored.empty() ? std::nullopt : std::optional(score(scored));
}

/// Digits count as numbers: K=5 stands before K=10.
struct NaturalOrder {
  static std::string padded(const std::string& text) {
    std::string out, digits;
    for (char c : text + "\n") {
      if (c >= '0' && c <= '9') {
        digits += c;
        continue;
      }
      if (!digits.empty()) out += std::string(digits.size() < 12 ? 12 - digits.size() : 0, '0') + digits;
      digits.clear();
      out += c;
    }
    return out;
  }
  using Unit = std::pair<std::string, std::string>;
  bool operator()(const Unit& a, const Unit& b) const {
    return std::pair(padded(a.first), a.second) < std::pair(padded(b.first), b.second);
  }
};

/// Test rows of one split and method, priced and sorted into the units they count for.
class Scoring {
 public:
  Scoring(const Split& split, std::string method, bool has_intervals, std::string setup, Evaluation& result)
      : split_(split), method_(std::move(method)), setup_(std::move(setup)), has_intervals_(has_intervals), result_(result) {}

  /// `pooled`: the unit under which several parts count together.
  void add(const Measurement& row, const std::string& identity, const std::string& unit, const std::string& pooled,
           const std::optional<Prediction>& answer) {
    const std::string level = row.workload.is_network ? "network" : "layer";
    const std::string op = operator_of(row);
    const std::vector<Collected*>& units = units_of(op, unit, pooled, level);
    if (!answer) return;
    for (Collected* collected : units) {
      collected->add(row, *answer, has_intervals_);
      collected->repeats.push_back({&identity, *row.energy_j});
    }
    if (!is_drawn(unit)) return;
    result_.points.push_back({split_.name, unit, method_, row.row, op, *row.energy_j, answer->energy_j.value, row.dataset,
                              row.hardware, row.engine, row.scope, setup_, level});
  }

  void note(std::string text) { note_ = std::move(text); }

  void finish(const Measurement& example) {
    const bool leaves_devices = split_.kind == Split::Kind::leave_hardware;
    for (const auto& [key, collected] : collected_) {
      EvaluationRow row{
          example.dataset, leaves_devices ? "each in turn" : example.hardware, example.engine, split_.name, key.first, method_,
          key.second};
      row.scope = example.scope;
      row.setup = setup_;
      row.pooled = pooled_.contains(key.first);
      row.score = score_of(collected.energy);
      row.time = score_of(collected.time);
      row.predicted = score_of(collected.predicted);
      row.extrapolated = score_of(collected.extrapolated);
      row.noise_floor = noise_floor(collected.repeats);
      if (!row.score) row.note = note_.empty() ? "the method does not cover these rows" : note_;
      result_.rows.push_back(std::move(row));
    }
  }

 private:
  /// Of a device that gives rows of its own, plots show the first step alone.
  static bool is_drawn(const std::string& unit) { return unit.find("K=") == unit.npos || unit.ends_with("K=0"); }

  /// What a row of this operator counts for; found once, since rows are many and units few.
  const std::vector<Collected*>& units_of(const std::string& op, const std::string& unit, const std::string& pooled,
                                          const std::string& level) {
    std::vector<Collected*>& found = units_[{op, unit, pooled, level}];
    if (!found.empty()) return found;
    std::set<std::string> units = {pooled, unit};
    if (split_.by_operator && level == "layer")
      for (const std::string& u : {pooled, unit}) units.insert(u == "all" ? op : fmt::format("{}, {}", op, u));
    pooled_.insert({pooled, pooled == "all" ? op : fmt::format("{}, {}", op, pooled)});
    for (const std::string& u : units) found.push_back(&collected_[{u, level}]);
    return found;
  }

  const Split& split_;
  std::string method_, setup_;
  bool has_intervals_;
  Evaluation& result_;
  std::map<NaturalOrder::Unit, Collected, NaturalOrder> collected_;  ///< by unit and level
  std::map<std::tuple<std::string, std::string, std::string, std::string>, std::vector<Collected*>> units_;
  std::set<std::string> pooled_;
  std::string note_;
};

/// What a method fitted on the training rows of one part predicts for its test rows, in their order.
struct PartPredictions {
  std::vector<std::optional<Prediction>> answers;
  std::string failure;
  bool done = false;
};

/// Fits on the training rows alone: the method is handed nothing else.
PartPredictions predict_part(std::span<const Measurement> rows, const SplitPart& part, const Method& method,
                             const Target& target) {
  PartPredictions result{.answers = std::vector<std::optional<Prediction>>(part.test.size()), .done = true};
  std::vector<const Measurement*> training;
  for (size_t i : part.train) training.push_back(&rows[i]);
  try {
    const std::unique_ptr<Predictor> predictor = method.fit(training, target);
    for (size_t i = 0; i < part.test.size(); ++i) {
      const Measurement& row = rows[part.test[i]];
      result.answers[i] = predictor->predict({row.workload, row.dtype, row.conditions});
    }
  } catch (const Error& e) {
    result.failure = e.what();
  }
  return result;
}

/// One evaluation's rows and what they are evaluated with.
struct Evaluated {
  std::span<const Measurement> rows;
  const Hardware& hardware;
  const Engine& engine;
  const EvaluationOptions& options;
  LearnedPriors& learned;  ///< of devices left out

  /// The device that a part leaves out, else the one given.
  Target target(const SplitPart& part, const Split& split) const {
    if (split.kind != Split::Kind::leave_hardware) return {hardware, engine, options.catalogue};
    if (!options.catalogue) throw Error(ErrorKind::internal, "a split that leaves devices out needs the catalogue of devices");
    return {options.catalogue->hardware(rows[part.test[0]].hardware), engine, options.catalogue, &learned};
  }
  bool stopped() const { return options.stop && options.stop(); }
};

/// All parts, as many at once as the machine has cores; parts do not depend on each other, so the order does not matter.
std::vector<PartPredictions> predict_parts(const Evaluated& evaluated, const std::vector<SplitPart>& parts, const Split& split,
                                           const Method& method, const std::function<void(const SplitPart&)>& report) {
  std::vector<PartPredictions> predictions(parts.size());
  std::mutex taking;
  size_t next = 0;
  std::exception_ptr failure;
  const auto work = [&] {
    for (;;) {
      try {
        size_t p;
        {
          const std::lock_guard lock(taking);
          if (failure || next == parts.size() || evaluated.stopped()) return;
          p = next++;
          report(parts[p]);
        }
        predictions[p] = predict_part(evaluated.rows, parts[p], method, evaluated.target(parts[p], split));
      } catch (...) {
        const std::lock_guard lock(taking);
        failure = std::current_exception();
      }
    }
  };
  std::vector<std::thread> threads(std::min<size_t>(std::max(1u, std::thread::hardware_concurrency()), parts.size()) - 1);
  for (std::thread& thread : threads) thread = std::thread(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
  return predictions;
}

std::vector<std::string> identities_of(std::span<const Measurement> rows, std::span<const std::string> labels = {}) {
  std::vector<std::string> identities;
  for (const Measurement& m : rows) identities.push_back(identity(m, labels));
  return identities;
}

}  // namespace

Evaluation evaluate(std::span<const Measurement> rows, std::span<const Split> splits, std::span<const Method> methods,
                    const Hardware& hardware, const Engine& engine, const EvaluationProgress& progress,
                    const EvaluationOptions& options) {
  Evaluation result;
  LearnedPriors learned;
  const std::vector<std::string> identities = identities_of(rows, options.labels);
  const Evaluated evaluated{rows, hardware, engine, options, learned};
  for (const Split& split : splits) {
    const std::vector<SplitPart> parts = divide(rows, split);
    if (parts.empty()) continue;
    for (const Method& method : methods) {
      if (evaluated.stopped()) return result;
      Scoring scoring(split, std::string(method.name), method.has_intervals, options.setup, result);
      const auto report = [&](const SplitPart& part) {
        if (progress) progress(split.name, part.unit, method.name, part.train.size());
      };
      const std::vector<PartPredictions> predictions = predict_parts(evaluated, parts, split, method, report);
      for (size_t p = 0; p < parts.size(); ++p) {
        if (!predictions[p].done) continue;
        if (!predictions[p].failure.empty()) scoring.note(predictions[p].failure);
        for (size_t i = 0; i < parts[p].test.size(); ++i)
          scoring.add(rows[parts[p].test[i]], identities[parts[p].test[i]], parts[p].unit, parts[p].pooled,
                      predictions[p].answers[i]);
      }
      scoring.finish(rows[parts[0].test[0]]);
    }
  }
  return result;
}

Evaluation evaluate(std::span<const Measurement> rows, const EnergyModel& model) {
  Evaluation result;
  const Split split{.name = "finished energy model", .by_operator = true};
  Scoring scoring(split, "physics", true, "", result);
  const Measurement* example = nullptr;
  const std::vector<std::string> identities = identities_of(rows);
  for (const Measurement& m : rows) {
    if (!scorable(m) || m.hardware != model.hardware.id || m.engine != model.engine.id || m.dtype != model.dtype) continue;
    if (!model.scope.empty() && m.scope != model.scope)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("energy model {} covers {}, the rows of {} cover {}; they cannot be compared", model.id,
                              model.scope, m.dataset, m.scope));
    example = &m;
    const OperatingPoint point = operating_point(model.hardware, m.conditions);
    scoring.add(m, identities[static_cast<size_t>(&m - rows.data())], m.workload.is_network ? m.block : "all", "all",
                answer_of(predict(m.workload, model, point)));
  }
  if (!example)
    throw Error(ErrorKind::invalid_input,
                fmt::format("no row is of hardware {}, engine {} and data type {}, which energy model {} is for",
                            model.hardware.id, model.engine.id, name(model.dtype), model.id));
  scoring.finish(*example);
  return result;
}

}  // namespace wattlayer

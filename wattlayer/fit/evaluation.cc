#include "wattlayer/fit/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <exception>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/rows.h"

namespace wattlayer {
namespace {

bool any_of(const std::vector<std::string>& kinds, const std::string& kind) {
  return kinds.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool scorable(const Measurement& m) { return m.failure.empty() && has_measured_energy(m); }

/// What a row is scored under besides `all`: the operator of a single layer.
std::string operator_of(const Measurement& m) {
  return m.kind == "network" || m.workload.items.size() != 1 ? std::string("network") : m.workload.items[0].layer.op;
}

std::vector<SplitPart> divide_by_block(std::span<const Measurement> rows, const Split& split) {
  std::map<std::string, SplitPart> parts;
  for (size_t i = 0; i < rows.size(); ++i)
    if (scorable(rows[i]) && any_of(split.test, rows[i].kind)) parts[rows[i].block].test.push_back(i);
  std::vector<SplitPart> result;
  for (auto& [block, part] : parts) {
    part.unit = block;
    for (size_t i = 0; i < rows.size(); ++i)
      if (scorable(rows[i]) && any_of(split.train, rows[i].kind) && rows[i].block != block) part.train.push_back(i);
    result.push_back(std::move(part));
  }
  return result;
}

/// Rows of some kinds by operator, in the order of the rows.
std::map<std::string, std::vector<size_t>> rows_by_operator(std::span<const Measurement> rows,
                                                            const std::vector<std::string>& kinds) {
  std::map<std::string, std::vector<size_t>> result;
  for (size_t i = 0; i < rows.size(); ++i)
    if (scorable(rows[i]) && any_of(kinds, rows[i].kind)) result[operator_of(rows[i])].push_back(i);
  return result;
}

/// Shares of each operator's rows, the first and the last of a draw, so that a rare operator is in both parts.
std::vector<SplitPart> divide_at_random(std::span<const Measurement> rows, const Split& split) {
  std::vector<SplitPart> parts;
  for (uint32_t seed : split.seeds) {
    SplitPart part{.unit = fmt::format("seed {}", seed)};
    for (const auto& [op, positions] : rows_by_operator(rows, split.test)) {
      const std::vector<size_t> order = drawn_order(positions.size(), seed);
      const double n = static_cast<double>(order.size());
      for (size_t i = 0; i < static_cast<size_t>(split.train_share * n); ++i) part.train.push_back(positions[order[i]]);
      for (size_t i = static_cast<size_t>((1 - split.test_share) * n); i < order.size(); ++i)
        part.test.push_back(positions[order[i]]);
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<SplitPart> divide_by_kind(std::span<const Measurement> rows, const Split& split) {
  SplitPart part{.unit = "all"};
  for (size_t i = 0; i < rows.size(); ++i)
    if (scorable(rows[i]) && any_of(split.test, rows[i].kind)) part.test.push_back(i);
  for (const auto& [op, positions] : rows_by_operator(rows, split.train)) {
    std::vector<size_t> order = drawn_order(positions.size(), split.seeds.empty() ? 0 : split.seeds[0]);
    order.resize(static_cast<size_t>(split.train_share * static_cast<double>(order.size())));
    for (size_t i : order)
      if (!any_of(split.test, rows[positions[i]].kind)) part.train.push_back(positions[i]);
  }
  std::sort(part.train.begin(), part.train.end());
  return {std::move(part)};
}

/// Test rows of one part, priced and sorted into the units they count for.
class Scoring {
 public:
  Scoring(const Split& split, std::string method, bool has_intervals, Evaluation& result)
      : split_(split), method_(std::move(method)), has_intervals_(has_intervals), result_(result) {}

  void add(const Measurement& row, const std::string& unit, const std::optional<Interval>& predicted) {
    const std::string level = row.kind == "network" ? "network" : "layer";
    const std::string op = operator_of(row);
    std::set<std::string> units = {"all", unit};
    if (split_.kind == Split::Kind::random) units = {unit};
    if (split_.by_operator && level == "layer") units.insert(unit == "all" ? op : fmt::format("{}, {}", op, unit));
    for (const std::string& u : units) scored_[{u, level}];
    if (!predicted) return;
    Scored scored{.truth = *row.energy_j, .predicted = predicted->value};
    if (has_intervals_) scored.low = predicted->low, scored.high = predicted->high;
    for (const std::string& u : units) scored_[{u, level}].push_back(scored);
    result_.points.push_back({split_.name, unit, method_, row.row, op, scored.truth, scored.predicted});
  }

  void note(std::string text) { note_ = std::move(text); }

  void finish(const Measurement& example) {
    for (const auto& [key, scored] : scored_) {
      EvaluationRow row{example.dataset, example.hardware, example.engine, split_.name, key.first, method_, key.second};
      if (!scored.empty()) row.score = score(scored);
      else row.note = note_.empty() ? "the method does not cover these rows" : note_;
      result_.rows.push_back(std::move(row));
    }
  }

 private:
  const Split& split_;
  std::string method_;
  bool has_intervals_;
  Evaluation& result_;
  std::map<std::pair<std::string, std::string>, std::vector<Scored>> scored_;
  std::string note_;
};

/// What a method fitted on the training rows of one part predicts for its test rows, in their order.
struct PartPredictions {
  std::vector<std::optional<Interval>> energy;
  std::string failure;
};

/// Fits on the training rows alone: the method is handed nothing else.
PartPredictions predict_part(std::span<const Measurement> rows, const SplitPart& part, const Method& method,
                             const Hardware& hardware, const Engine& engine) {
  PartPredictions result{.energy = std::vector<std::optional<Interval>>(part.test.size())};
  std::vector<const Measurement*> training;
  for (size_t i : part.train) training.push_back(&rows[i]);
  try {
    const std::unique_ptr<Predictor> predictor = method.fit(training, Target{hardware, engine});
    for (size_t i = 0; i < part.test.size(); ++i) result.energy[i] = predictor->energy_j(rows[part.test[i]].workload);
  } catch (const Error& e) {
    result.failure = e.what();
  }
  return result;
}

/// All parts, as many at once as the machine has cores; parts do not depend on each other, so the order does not matter.
std::vector<PartPredictions> predict_parts(std::span<const Measurement> rows, const std::vector<SplitPart>& parts,
                                           const Method& method, const Hardware& hardware, const Engine& engine,
                                           const std::function<void(const SplitPart&)>& report) {
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
          if (failure || next == parts.size()) return;
          p = next++;
          report(parts[p]);
        }
        predictions[p] = predict_part(rows, parts[p], method, hardware, engine);
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

}  // namespace

std::vector<size_t> drawn_order(size_t n, uint32_t seed) {
  std::vector<size_t> order(n);
  for (size_t i = 0; i < n; ++i) order[i] = i;
  std::mt19937 random(seed);
  for (size_t last = n; last-- > 1;) {
    const auto mask = static_cast<uint32_t>(std::bit_ceil(last + 1) - 1);
    uint32_t other = random() & mask;
    while (other > last) other = random() & mask;
    std::swap(order[last], order[other]);
  }
  return order;
}

std::vector<SplitPart> divide(std::span<const Measurement> rows, const Split& split) {
  std::vector<SplitPart> parts;
  switch (split.kind) {
    case Split::Kind::kinds:
      parts = divide_by_kind(rows, split);
      break;
    case Split::Kind::leave_block:
      parts = divide_by_block(rows, split);
      break;
    case Split::Kind::random:
      parts = divide_at_random(rows, split);
      break;
  }
  std::erase_if(parts, [](const SplitPart& part) { return part.train.empty() || part.test.empty(); });
  return parts;
}

Evaluation evaluate(std::span<const Measurement> rows, std::span<const Split> splits, std::span<const Method> methods,
                    const Hardware& hardware, const Engine& engine, const EvaluationProgress& progress) {
  Evaluation result;
  for (const Split& split : splits) {
    const std::vector<SplitPart> parts = divide(rows, split);
    if (parts.empty()) continue;
    for (const Method& method : methods) {
      Scoring scoring(split, std::string(method.name), method.has_intervals, result);
      const auto report = [&](const SplitPart& part) {
        if (progress) progress(split.name, part.unit, method.name, part.train.size());
      };
      const std::vector<PartPredictions> predictions = predict_parts(rows, parts, method, hardware, engine, report);
      for (size_t p = 0; p < parts.size(); ++p) {
        if (!predictions[p].failure.empty()) scoring.note(predictions[p].failure);
        for (size_t i = 0; i < parts[p].test.size(); ++i)
          scoring.add(rows[parts[p].test[i]], parts[p].unit, predictions[p].energy[i]);
      }
      scoring.finish(rows[parts[0].test[0]]);
    }
  }
  return result;
}

Evaluation evaluate(std::span<const Measurement> rows, const EnergyModel& model) {
  Evaluation result;
  const Split split{.name = "finished energy model", .by_operator = true};
  Scoring scoring(split, "physics", true, result);
  const Measurement* example = nullptr;
  for (const Measurement& m : rows) {
    if (!scorable(m) || m.hardware != model.hardware.id || m.engine != model.engine.id || m.dtype != model.dtype) continue;
    if (!model.scope.empty() && m.scope != model.scope)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("energy model {} covers {}, the rows of {} cover {}; they cannot be compared", model.id,
                              model.scope, m.dataset, m.scope));
    example = &m;
    scoring.add(m, m.kind == "network" ? m.block : "all", predict(m.workload, model).energy_j);
  }
  if (!example)
    throw Error(ErrorKind::invalid_input,
                fmt::format("no row is of hardware {}, engine {} and data type {}, which energy model {} is for",
                            model.hardware.id, model.engine.id, name(model.dtype), model.id));
  scoring.finish(*example);
  return result;
}

}  // namespace wattlayer

#include "wattlayer/budget/budget_check.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>

#include "wattlayer/api/network_source.h"
#include "wattlayer/api/targets.h"
#include "wattlayer/budget/baseline.h"
#include "wattlayer/core/error.h"
#include "wattlayer/core/text_file.h"

namespace wattlayer {
namespace {

std::string reading_key(const Budget& budget) {
  std::string key = fmt::format("{}|{}", budget.network, budget.reading.batch.value_or(0));
  for (const auto& [name, shape] : budget.reading.inputs) {
    key += "|" + name;
    for (int64_t size : shape) key += fmt::format("x{}", size);
  }
  for (const auto& [name, size] : budget.reading.dimensions) key += fmt::format("|{}={}", name, size);
  return key + fmt::format("|{}", budget.reading.trip_count);
}

/// What several budgets share is read once.
class Checker {
 public:
  explicit Checker(const DataFiles& files) : files_(files) {}

  void check(BudgetCheck& c) {
    const Budget& budget = c.budget;
    const FoundEnergyModel& found = target(budget);
    c.remarks = found.remarks;
    const auto& [source, graph] = network(budget);
    c.estimate = estimate(source, graph, found.model, budget.device);
    c.remarks.insert(c.remarks.end(), c.estimate->remarks.begin(), c.estimate->remarks.end());
    if (!c.estimate->estimate.interval_note.empty())
      c.remarks.push_back(fmt::format("intervals of {}: {}", found.model.id, c.estimate->estimate.interval_note));
    judge_limit(c);
    if (budget.against.empty()) return;
    if (const BaselineEstimate* before = baseline(budget.against).find(*c.estimate)) compare(c, *before, found.model, source);
    else missing(c);
    judge_increase(c);
  }

  /// Budgets whose network their baseline does not know: new ones, or the wrong file.
  void settle_missing(std::vector<BudgetCheck>& checks) const {
    for (size_t i : missing_) {
      BudgetCheck& c = checks[i];
      if (matched_.contains(c.budget.against)) continue;
      c.verdict = Verdict::failed;
      const auto& known = baselines_.at(c.budget.against).estimates;
      c.reason = fmt::format("{} is of another network: it holds {}{}, not {}", c.budget.against.string(), known.front().text(),
                             known.size() > 1 ? fmt::format(" and {} more", known.size() - 1) : "", c.estimate->network);
    }
  }

  void at(size_t i) { at_ = i; }

 private:
  void missing(BudgetCheck& c) {
    missing_.push_back(at_);
    const std::string reason = fmt::format("{} is new: {} does not hold it", c.estimate->network, c.budget.against.string());
    if (c.budget.limit && (!c.budget.max_increase || c.verdict != Verdict::within)) return c.remarks.push_back(reason);
    c.verdict = Verdict::cannot_say;  // a network that was renamed must not grow unseen
    c.reason = c.reason.empty() ? reason : reason + "; " + c.reason;
  }

  /// Priced anew, so that a change of the energy model is no change of the network.
  void compare(BudgetCheck& c, const BaselineEstimate& before, const EnergyModel& model, const NetworkSource& source) {
    matched_.insert(c.budget.against);
    Workload workload = before.workload;
    workload.is_network = !source.is_list() || workload.items.size() > 1;
    const EstimateReport then = report(workload, predict(workload, model, operating_point_of(model, c.budget.device)));
    c.change = network_change(then, *c.estimate);
    if (const double now = then.estimate.energy_j.value; std::abs(now / before.energy_j - 1) > 1e-3)
      c.remarks.push_back(
          fmt::format("{} says {:.4g} J a pass for the baseline, this program with {} says {:.4g} J; the change counts "
                      "from the latter",
                      c.budget.against.string(), before.energy_j, model.id, now));
    c.change->incomplete |= before.incomplete;
  }

  const FoundEnergyModel& target(const Budget& budget) {
    const std::string key = fmt::format("{} {}", budget.target, budget.dtype ? name(*budget.dtype) : "");
    const auto at = targets_.find(key);
    return at != targets_.end() ? at->second
                                : targets_.emplace(key, find_target(files_, budget.target, budget.dtype)).first->second;
  }

  struct ReadNetwork {
    NetworkSource source;
    Graph graph;
  };
  const ReadNetwork& network(const Budget& budget) {
    const std::string key = reading_key(budget);
    if (const auto at = networks_.find(key); at != networks_.end()) return at->second;
    NetworkSource source(budget.network);
    Graph graph = source.graph(budget.reading);
    return networks_.emplace(key, ReadNetwork{std::move(source), std::move(graph)}).first->second;
  }

  const Baseline& baseline(const std::filesystem::path& file) {
    const auto at = baselines_.find(file);
    return at != baselines_.end() ? at->second : baselines_.emplace(file, parse_baseline(read_text(file), file)).first->second;
  }

  const DataFiles& files_;
  std::map<std::string, FoundEnergyModel> targets_;
  std::map<std::string, ReadNetwork> networks_;
  std::map<std::filesystem::path, Baseline> baselines_;
  std::vector<size_t> missing_;
  std::set<std::filesystem::path> matched_;
  size_t at_ = 0;
};

}  // namespace

std::vector<BudgetCheck> check_budgets(std::span<const Budget> budgets, const DataFiles& files,
                                       const std::function<double()>& now_s) {
  Checker checker(files);
  std::vector<BudgetCheck> checks;
  for (const Budget& budget : budgets) {
    BudgetCheck& check = checks.emplace_back(BudgetCheck{.budget = budget});
    const double start = now_s();
    checker.at(checks.size() - 1);
    try {
      checker.check(check);
    } catch (const Error& e) {
      check.verdict = Verdict::failed;
      check.reason = e.what();
    }
    check.seconds = now_s() - start;
  }
  checker.settle_missing(checks);
  return checks;
}

}  // namespace wattlayer

#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/budget/budget.h"
#include "wattlayer/report/network_change.h"
#include "wattlayer/core/data_files.h"
#include "wattlayer/report/report.h"

namespace wattlayer {

enum class Verdict { within, over, cannot_say, failed };
std::string_view name(Verdict verdict);

/// A budget held against the estimate of its network.
struct BudgetCheck {
  Budget budget;
  Verdict verdict = Verdict::failed;
  std::string reason;                      ///< one line
  std::optional<EstimateReport> estimate;  ///< nothing where it failed
  Interval energy_j;                       ///< in the terms of the limit, at the confidence asked for
  std::optional<double> chance_over;       ///< that the energy lies above the limit
  std::optional<NetworkChange> change;     ///< against the baseline, where it knows the network
  std::optional<Interval> increase;        ///< share, at the confidence asked for
  std::vector<std::string> remarks;
  double seconds = 0;  ///< that the check took
};

/// A network that cannot be read or estimated fails alone. `now_s` tells the seconds of a steady clock.
std::vector<BudgetCheck> check_budgets(std::span<const Budget> budgets, const DataFiles& files,
                                       const std::function<double()>& now_s);

/// Of all: failed, else over, else cannot say, else within.
Verdict worst(std::span<const BudgetCheck> checks);

/// Status of the program: 0 within, 1 failed, 3 over, 4 cannot say.
int exit_status(Verdict verdict);

/// What a limit and an estimate make of each other; the estimate's scope, coverage and completeness among it. Sets everything of
/// the check but what the baseline tells.
void judge_limit(BudgetCheck& check);

/// What the growth limit and the change make of each other; a verdict that is there is only made worse.
void judge_increase(BudgetCheck& check);

}  // namespace wattlayer

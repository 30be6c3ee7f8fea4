#pragma once
#include <span>
#include <string>

#include "wattlayer/budget/budget_check.h"

namespace wattlayer {

/// A line a budget with its verdict and reason, then what changed against its baseline: at most `top` layers. Failed checks are
/// left out.
std::string budget_table(std::span<const BudgetCheck> checks, size_t top, bool colour);

/// docs/formats/budget_v1.md
std::string budget_json(std::span<const BudgetCheck> checks);

/// JUnit: a test case a budget; over is a failure, cannot say is skipped, failed is an error. `timestamp`: ISO 8601, without
/// zone.
std::string budget_junit(std::span<const BudgetCheck> checks, const std::string& timestamp);

/// Workflow commands of GitHub Actions, a line a budget: error, warning where nothing can be said, notice where it is within.
std::string budget_annotations(std::span<const BudgetCheck> checks);

/// `resnet50 on h200-sxm/vllm/bf16, batch 1`; what is not known yet as the user wrote it.
std::string title(const BudgetCheck& check);

/// `conv1 dearer: +1.2 mJ [0.9, 1.5] (0.3 → 1.5 mJ), Conv ... → Conv ...`
std::string sentence(const LayerChange& change);

}  // namespace wattlayer

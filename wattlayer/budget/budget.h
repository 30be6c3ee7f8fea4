#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/api/estimating.h"
#include "wattlayer/graph/graph.h"

namespace wattlayer {

enum class EnergyUnit { j, wh, kwh };

/// A limit as the user stated it.
struct EnergyLimit {
  double amount = 0;
  EnergyUnit unit = EnergyUnit::j;
  bool per_batch = false;  ///< of one pass of the whole batch; else of one inference

  double joules() const;
  /// `0.5 J per inference`.
  std::string text() const;
};

/// How sure a verdict has to be.
struct Certainty {
  double confidence = 0.9;    ///< of the interval that must lie on one side of a limit
  double min_coverage = 0.1;  ///< share of the energy from layers inside the fitted range
};

/// What a network may cost on a device: a limit, a limit of its growth against a baseline, or both.
struct Budget {
  std::string network;  ///< as NetworkSource takes it
  std::string target;   ///< as find_target takes it
  std::optional<DataType> dtype;
  ImportOptions reading;  ///< batch among it
  DeviceSettings device;
  std::optional<EnergyLimit> limit;
  std::optional<double> max_increase;  ///< 0.05: 5 % more than the baseline
  std::filesystem::path against;       ///< JSON of `estimate --json`; empty: no baseline
  Certainty certainty;
  std::filesystem::path file;  ///< that states the budget; empty: the command line
  size_t line = 0;
};

/// `5%`, `2.5 %` as a share. Throws Error(invalid_input).
double parse_increase(std::string_view text);

/// A positive finite limit. Throws Error(invalid_input) naming `field`.
EnergyLimit energy_limit(double amount, EnergyUnit unit, bool per_batch, std::string_view field);

/// Throws Error(invalid_input) for a confidence outside 0.5 to 0.999 and a coverage outside 0 to 1.
void require_sensible(const Certainty& certainty);

/// Budgets of a wattlayer.toml (docs/budget.md), one for each network, target and batch. Relative paths start at `folder`. Throws
/// Error(invalid_input) with the line for text that is no TOML, unknown keys and impossible values.
std::vector<Budget> parse_budget_file(std::string_view text, const std::filesystem::path& file);

}  // namespace wattlayer

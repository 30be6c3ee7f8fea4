#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/predict/paired_errors.h"
#include "wattlayer/report/report.h"

namespace wattlayer {

/// Where an estimate stands between accuracy and energy.
enum class Front {
  unknown,  ///< no accuracy was given
  on,       ///< nothing else is at least as accurate for less energy
  perhaps,  ///< something is, but by less than the uncertainty of the difference
  off,
};
std::string_view name(Front front);

/// A network on an energy model at a batch, in a comparison.
struct ComparedEstimate {
  EstimateReport estimate;
  std::string target;              ///< HARDWARE/ENGINE/DTYPE
  std::optional<double> accuracy;  ///< as the user gave it, in the user's unit
  bool sufficient = true;          ///< reaches the least accuracy that was asked for; true where none was
  Front front = Front::unknown;
  std::optional<Interval> over_winner;  ///< energy per inference over the winner's, errors paired; nothing where it cannot win
  bool clear = false;                   ///< that interval lies above 1
};

/// Two estimates side by side. Energies are per inference; `dear` and `cheap` are positions in Comparison::rows.
struct ComparedPair {
  size_t cheap = 0, dear = 0;
  Interval ratio;           ///< dear over cheap, 90 %, errors paired
  double saving_j = 0;      ///< dear minus cheap
  Interval independent;     ///< the same ratio, had the two errors nothing in common
  double common_share = 0;  ///< part of the larger energy that equal layers take in both; 0 across energy models and batches
  Relation relation = Relation::nothing;
  bool clear = false;  ///< the difference is larger than the uncertainty: the interval lies above 1
  std::string basis;   ///< how the interval was made
};

/// Who wins among the estimates that share what is named here; nothing named: among all.
struct Contest {
  std::string network, target;
  std::optional<int64_t> batch;
  std::vector<size_t> rows;  ///< positions in Comparison::rows, cheapest first; only sufficient ones
  std::vector<size_t> tied;  ///< those that are not clearly dearer than the first, without it
  bool clear() const { return rows.size() > 1 && tied.empty(); }
};

/// Everything that a format prints of a comparison, nothing left to compute.
struct Comparison {
  std::vector<ComparedEstimate> rows;  ///< cheapest per inference first
  std::vector<ComparedPair> pairs;     ///< every pair, in the order of the rows
  std::vector<Contest> contests;       ///< among all first, then by target and batch, then by network, where these are several
  std::optional<double> min_accuracy;
  std::vector<std::string> remarks;  ///< assumptions, mixed scopes, what no pair was ever measured for
};

/// What a user says of a comparison.
struct ComparisonOptions {
  std::map<std::string, double> accuracy;  ///< by network: as it was named, its file without folder, or its name
  std::optional<double> min_accuracy;
  bool allow_mixed_scope = false;
};

/// Throws Error(invalid_input) for fewer than two estimates, one estimate twice, scopes that differ, an accuracy of a network
/// that is not compared, and where no network is accurate enough.
Comparison compare(std::vector<EstimateReport> estimates, const PairedErrors& errors, const ComparisonOptions& options = {});

}  // namespace wattlayer

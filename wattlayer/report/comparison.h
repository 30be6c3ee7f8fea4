#pragma once
#include <optional>
#include <string>
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
  std::string target;              ///< HARDWARE/ENGINE/DTYPE, or the path of a file
  std::optional<double> accuracy;  ///< as the user gave it, in the user's unit
  bool sufficient = true;          ///< reaches the least accuracy that was asked for; true where none was
  Front front = Front::unknown;
  std::optional<Interval> over_winner;  ///< energy per inference over the winner's, errors paired; nothing where it cannot win
  bool clear = false;                   ///< that interval lies above 1
};

/// Two estimates side by side. Energies are per inference; `dear` and `cheap` are positions in Comparison::rows.
struct ComparedPair {
  size_t cheap = 0, dear = 0;
  Interval ratio;              ///< dear over cheap, 90 %, errors paired
  double saving_j = 0;         ///< dear minus cheap
  double independent_low = 0;  ///< of the ratio, had the two errors nothing in common
  double independent_high = 0;
  double common_share = 0;  ///< of the energy that equal layers take, 0 to 1; 0 across energy models
  Relation relation = Relation::nothing;
  bool clear = false;  ///< the difference is larger than the uncertainty: the interval lies above 1
  std::string basis;   ///< how the interval was made
};

/// Who wins among the estimates that share a target and a batch, or among all.
struct Contest {
  std::string target;            ///< empty: among all
  std::optional<int64_t> batch;  ///< nothing: among all, or each network's own
  std::vector<size_t> rows;      ///< positions in Comparison::rows, cheapest first; only sufficient ones
  std::vector<size_t> tied;      ///< those that are not clearly dearer than the first, without it
  bool clear() const { return rows.size() > 1 && tied.empty(); }
};

/// Everything that a format prints of a comparison, nothing left to compute.
struct Comparison {
  std::vector<ComparedEstimate> rows;  ///< cheapest per inference first
  std::vector<ComparedPair> pairs;     ///< every pair, in the order of the rows
  std::vector<Contest> contests;       ///< among all first, then by target and batch where these are several
  std::optional<double> min_accuracy;
  std::vector<std::string> remarks;  ///< assumptions, mixed scopes, what no pair was ever measured for
};

}  // namespace wattlayer

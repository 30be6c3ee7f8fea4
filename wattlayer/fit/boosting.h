#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "wattlayer/predict/boosted_trees.h"

namespace wattlayer {

/// What trees are fitted to: inputs row by row, and what the trees are to give.
struct BoostingRows {
  size_t columns = 0;
  std::vector<float> inputs;   ///< columns of row 0, of row 1, ...; none is NaN
  std::vector<float> targets;  ///< may be left empty for rows that are only predicted

  size_t size() const { return columns > 0 ? inputs.size() / columns : 0; }
};

/// How trees are fitted; names and meanings are XGBoost's.
struct BoostingOptions {
  int depth = 6;
  double learning_rate = 0.1;
  double least_child_weight = 5;
  double l2 = 1;
  double row_share = 1;       ///< drawn for each tree
  double column_share = 1;    ///< drawn for each split
  int bins = 64;              ///< thresholds of an input
  bool absolute = false;      ///< least absolute errors instead of least squares
  std::vector<int> monotone;  ///< +1, -1 or 0 for each column; empty: no constraint
  unsigned seed = 0;
};

/// The library libxgboost, loaded at run time: `estimate` and all else work without it.
class BoostingLibrary {
 public:
  static constexpr const char* habitual = "libxgboost.so.0";
  /// Null where there is no such library, or it lacks a function.
  static std::shared_ptr<const BoostingLibrary> load(const std::string& name = habitual);
  ~BoostingLibrary();
  std::string version() const;

 private:
  friend class Booster;
  struct Functions;
  BoostingLibrary();
  std::unique_ptr<Functions> call_;
};

/// An ensemble while it is fitted, on one thread; the same rows and options give the same trees.
class Booster {
 public:
  /// Throws Error(internal) with XGBoost's own words.
  Booster(std::shared_ptr<const BoostingLibrary> library, const BoostingRows& rows, const BoostingOptions& options);
  ~Booster();
  Booster(const Booster&) = delete;
  Booster& operator=(const Booster&) = delete;

  void add_tree();
  /// XGBoost's own.
  std::vector<float> predict(const BoostingRows& rows) const;
  BoostedTrees trees() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `rounds` trees.
BoostedTrees fit_trees(std::shared_ptr<const BoostingLibrary> library, const BoostingRows& rows, const BoostingOptions& options,
                       int rounds);

}  // namespace wattlayer

#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wattlayer/core/measurement.h"
#include "wattlayer/core/split.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/fit/method.h"
#include "wattlayer/predict/energy_model.h"

namespace wattlayer {

/// Training and test rows of one part of a split, as positions in the rows that were divided.
struct SplitPart {
  std::string unit;                 ///< what is left out; `all` where the split has one part
  std::vector<size_t> train, test;  ///< without a common row
};

/// Divides rows. Rows with a failure or without energy take no part; parts without test or training rows are left out.
std::vector<SplitPart> divide(std::span<const Measurement> rows, const Split& split);

/// 0 to n-1 in the order of `pandas.DataFrame.sample(frac=1, random_state=seed)`, so that splits of papers can be repeated.
std::vector<size_t> drawn_order(size_t n, uint32_t seed);

/// One line of an evaluation.
struct EvaluationRow {
  std::string dataset, hardware, engine, split;
  std::string unit_left_out;  ///< block, operator (single layers) or draw; `all`: every test row of the split together
  std::string method;
  std::string level;           ///< layer or network
  std::optional<Score> score;  ///< nothing where the method gives no prediction
  std::string note;            ///< why there is no score
};

/// Called before each fit with what is about to be fitted; what it throws ends the evaluation.
using EvaluationProgress =
    std::function<void(const std::string& split, const std::string& unit, std::string_view method, size_t training_rows)>;

/// One prediction of an evaluation, for plots.
struct EvaluationPoint {
  std::string split, unit, method, row, op;  ///< op: of a single layer, else `network`
  double truth = 0, predicted = 0;
};

struct Evaluation {
  std::vector<EvaluationRow> rows;
  std::vector<EvaluationPoint> points;
};

/// Refits each method on the training rows of each part of each split and scores it on the test rows. fit() is handed the
/// training rows and nothing else. A method that cannot be fitted gives rows without a score. Parts are fitted on all cores;
/// progress is called from one thread at a time.
Evaluation evaluate(std::span<const Measurement> rows, std::span<const Split> splits, std::span<const Method> methods,
                    const Hardware& hardware, const Engine& engine, const EvaluationProgress& progress = {});

/// Scores a finished energy model on all rows of its hardware, engine and data type: split `finished energy model`, method
/// `physics`. Throws Error(invalid_input) when no row is of these, or their scope is another.
Evaluation evaluate(std::span<const Measurement> rows, const EnergyModel& model);

}  // namespace wattlayer

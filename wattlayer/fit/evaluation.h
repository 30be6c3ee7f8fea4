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
#include "wattlayer/fit/division.h"
#include "wattlayer/fit/method.h"
#include "wattlayer/fit/noise_floor.h"
#include "wattlayer/predict/energy_model.h"

namespace wattlayer {

/// One line of an evaluation.
struct EvaluationRow {
  std::string dataset, hardware, engine, split;
  std::string unit_left_out;  ///< block, operator (single layers) or draw; `all`: every test row of the split together
  std::string method;
  std::string level;           ///< layer or network
  std::optional<Score> score;  ///< nothing where the method gives no prediction
  std::string note;            ///< why there is no score
  std::string scope;
  bool pooled = true;                            ///< it counts the test rows of all parts of its kind together
  std::string setup;                             ///< conditions that the rows share and others of the device do not; may be empty
  std::optional<Score> time;                     ///< of seconds; nothing where the method or the rows have none
  std::optional<Score> predicted, extrapolated;  ///< apart by label; nothing where no result has it
  std::optional<NoiseFloor> noise_floor;         ///< of the rows that are scored; nothing where too few were measured twice
  std::optional<size_t> epochs_seen;             ///< of a training run, before the projection of the whole run
};

/// Called before each fit with what is about to be fitted; what it throws ends the evaluation.
using EvaluationProgress =
    std::function<void(const std::string& split, const std::string& unit, std::string_view method, size_t training_rows)>;

/// One prediction of an evaluation, for plots.
struct EvaluationPoint {
  std::string split, unit, method, row, op;  ///< op: of a single layer, else `network`
  double truth = 0, predicted = 0;
  std::string dataset, hardware, engine, scope, setup, level;
};

struct Evaluation {
  std::vector<EvaluationRow> rows;
  std::vector<EvaluationPoint> points;
};

/// What an evaluation may do besides.
struct EvaluationOptions {
  const Catalogue* catalogue = nullptr;  ///< describes the devices where rows are of several; needed by leave_hardware
  std::function<bool()> stop;            ///< asked before each fit; what is done then is kept and the rest left out
  std::string setup;                     ///< written into the rows
  std::vector<std::string> labels;       ///< conditions that tell setups apart; they do not count where repeats are looked for
};

/// Refits each method on the training rows of each part of each split and scores it on the test rows. fit() is handed the
/// training rows and nothing else. A method that cannot be fitted gives rows without a score. Parts are fitted on all cores;
/// progress is called from one thread at a time. Where a part leaves a device out, that device is the target instead of the one
/// given.
Evaluation evaluate(std::span<const Measurement> rows, std::span<const Split> splits, std::span<const Method> methods,
                    const Hardware& hardware, const Engine& engine, const EvaluationProgress& progress = {},
                    const EvaluationOptions& options = {});

/// Scores a finished energy model on all rows of its hardware, engine and data type: split `finished energy model`, method
/// `physics`. Throws Error(invalid_input) when no row is of these, or their scope is another.
Evaluation evaluate(std::span<const Measurement> rows, const EnergyModel& model);

}  // namespace wattlayer

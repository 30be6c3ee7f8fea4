#pragma once
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/catalogue.h"
#include "wattlayer/core/measurement.h"
#include "wattlayer/predict/estimate.h"

namespace wattlayer {

/// What is asked of a predictor: a workload and what it runs under; nothing that was measured.
struct Question {
  const Workload& workload;
  DataType dtype = DataType::f32;
  const std::map<std::string, std::string>& conditions;  ///< `clock_mhz`, `power_limit_w`, ...
};

/// What it answers.
struct Prediction {
  Interval energy_j;               ///< low == high == value where the method has no intervals
  std::optional<Interval> time_s;  ///< nothing when the method does not predict time
  std::optional<Label> label;      ///< predicted or extrapolated; nothing when the method does not know its range
};

/// An estimate as an answer: `predicted` where at least nine tenths of its energy come from layers inside the fitted range.
Prediction answer_of(const Estimate& estimate);

/// What a method makes of its training rows.
class Predictor {
 public:
  virtual ~Predictor() = default;

  /// Nothing when the method does not cover the workload. Methods that know nothing of conditions answer by the workload.
  virtual std::optional<Prediction> predict(const Question& question) const {
    const std::optional<Interval> energy = energy_j(question.workload);
    if (!energy) return std::nullopt;
    return Prediction{*energy, time_s(question.workload), std::nullopt};
  }

  /// Joules of one pass with a 90 % interval (low == high == value where the method has none); nothing when the method does
  /// not cover the workload.
  virtual std::optional<Interval> energy_j(const Workload& workload) const = 0;

  /// Seconds of one pass; nothing when the method does not predict time.
  virtual std::optional<Interval> time_s(const Workload&) const { return std::nullopt; }
};

using TrainingRows = std::span<const Measurement* const>;

class LearnedPriors;

/// What a method is to predict for. Training rows may be of other devices too; the catalogue describes those.
struct Target {
  const Hardware& hardware;
  const Engine& engine;
  const Catalogue* catalogue = nullptr;  ///< may be null where every row is of the target
  LearnedPriors* learned = nullptr;      ///< keeps what was learned from other devices for the next fit; may be null
};

/// A way to make a predictor from measurements, by name: ours (`physics`) and every published one.
struct Method {
  std::string_view name;
  std::string_view summary;  ///< one line with its source
  bool has_intervals = false;
  /// Throws Error(invalid_input) when the rows do not suffice.
  std::unique_ptr<Predictor> (*fit)(TrainingRows rows, const Target& target);
};

/// `physics` first, then the files of fit/baselines.
std::vector<Method> methods();

/// Throws Error(invalid_input) that names near ones.
Method require_method(std::string_view name);

}  // namespace wattlayer

#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "wattlayer/core/engine.h"
#include "wattlayer/core/hardware.h"
#include "wattlayer/core/measurement.h"
#include "wattlayer/predict/estimate.h"

namespace wattlayer {

/// What a method makes of its training rows.
class Predictor {
 public:
  virtual ~Predictor() = default;

  /// Joules of one pass with a 90 % interval (low == high == value where the method has none); nothing when the method does
  /// not cover the workload.
  virtual std::optional<Interval> energy_j(const Workload& workload) const = 0;

  /// Seconds of one pass; nothing when the method does not predict time.
  virtual std::optional<Interval> time_s(const Workload&) const { return std::nullopt; }
};

using TrainingRows = std::span<const Measurement* const>;

/// A way to make a predictor from measurements, by name: ours (`physics`) and every published one.
struct Method {
  std::string_view name;
  std::string_view summary;  ///< one line with its source
  bool has_intervals = false;
  /// Throws Error(invalid_input) when the rows do not suffice.
  std::unique_ptr<Predictor> (*fit)(TrainingRows rows, const Hardware& hardware, const Engine& engine);
};

/// `physics` first, then the files of fit/baselines.
std::vector<Method> methods();

}  // namespace wattlayer

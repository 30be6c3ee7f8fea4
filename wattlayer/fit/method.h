#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "wattlayer/core/catalogue.h"
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

/// What a method is to predict for. Training rows may be of other devices too; the catalogue describes those.
struct Target {
  const Hardware& hardware;
  const Engine& engine;
  const Catalogue* catalogue = nullptr;  ///< may be null where every row is of the target
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

#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/operating_point.h"
#include "wattlayer/core/workload.h"
#include "wattlayer/predict/energy_model.h"

namespace wattlayer {

/// The network in the energy model's data type where it says f32; what says otherwise stays.
Workload in_dtype_of(const EnergyModel& model, Workload workload);

/// Scores generated networks, many on one energy model: layers that networks share are inferred, lowered and priced once, and of
/// equal parts in a row three stand for all. The figures are those of `predict`. The model outlives it. One thread.
class NetworkScorer {
 public:
  explicit NetworkScorer(const EnergyModel& model, const OperatingPoint& point = {});
  ~NetworkScorer();

  /// The estimate without its single layers. Throws as `network` and `predict`.
  Estimate score(std::string_view spec);

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

/// An estimate, or why there is none.
struct ScoredNetwork {
  std::optional<Estimate> estimate;
  std::string error;
};

/// All of them, in their order; one that cannot be scored does not stop the others.
std::vector<ScoredNetwork> score(std::span<const std::string> specs, const EnergyModel& model, const OperatingPoint& point = {});

}  // namespace wattlayer

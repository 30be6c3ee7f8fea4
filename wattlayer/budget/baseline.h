#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/data_type.h"
#include "wattlayer/core/workload.h"
#include "wattlayer/report/report.h"

namespace wattlayer {

/// An estimate of an earlier version of a network, with its layers, so that it can be priced anew.
struct BaselineEstimate {
  std::string network, hardware, engine, scope, energy_model;
  DataType dtype = DataType::f32;
  int64_t batch = 1;
  double energy_j = 0;      ///< of one pass, as the file states it
  bool incomplete = false;  ///< layers of unknown shape are in no total
  Workload workload;

  /// `resnet50 on xeon-gold-5120/pytorch/f32 at batch 1`.
  std::string text() const;
};

/// The output of `estimate --json`.
struct Baseline {
  std::filesystem::path file;
  std::vector<BaselineEstimate> estimates;

  /// The estimate of the same network on the same target at the same batch; nothing where the file does not know the network.
  /// Throws Error(invalid_input) where it knows it only on another target, at another batch or in another scope.
  const BaselineEstimate* find(const EstimateReport& now) const;
};

/// Throws Error(invalid_input) for text that is no output of `estimate --json` with layers.
Baseline parse_baseline(std::string_view text, const std::filesystem::path& file);

}  // namespace wattlayer

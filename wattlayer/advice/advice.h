#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/api/estimating.h"
#include "wattlayer/api/network_source.h"
#include "wattlayer/core/data_files.h"
#include "wattlayer/predict/physics.h"
#include "wattlayer/report/report.h"

namespace wattlayer {

/// What a saving rests on.
enum class Basis { energy_model, counting, data_sheet, stated_power };
std::string_view name(Basis basis);

/// A change and what it would save, per inference.
struct Lever {
  std::string kind;    ///< batch, precision, engine, fusing, clock, pruning, resolution, layer, utilisation
  std::string change;  ///< `batch 32 instead of 1`
  Interval saving_j;   ///< of the energy as it is estimated now, 90 %
  Interval saving;     ///< share of it
  Basis basis = Basis::energy_model;
  bool calibrated = true;  ///< errors of estimates of this kind were measured somewhere
  std::string rests_on;
  std::string costs;  ///< latency, accuracy, work
};

/// A layer that takes much.
struct DearLayer {
  LayerRow row;
  Regime regime = Regime::compute;
  std::string would_help;
};

struct BatchStep {
  int64_t batch = 1;
  Interval energy_per_inference_j, time_s;  ///< time of the batch
  double memory_bytes = 0;                  ///< weights and the largest sum of tensors alive; nothing of the driver
};

/// What would make a network cheaper on a device.
struct Advice {
  EstimateReport now;
  std::vector<Lever> levers;       ///< whose saving lies above nothing, largest first
  std::vector<Lever> cannot_tell;  ///< whose interval holds nothing or is not calibrated
  std::vector<BatchStep> batches;  ///< that were tried
  std::vector<DearLayer> dearest;
  std::array<double, regime_kinds> regime_share{};  ///< of the energy in layers, by what takes their time
  std::optional<double> idle_w;                     ///< of the device at rest
  std::optional<double> even_rate_hz;               ///< inferences a second below which rest costs more than inferences
  std::vector<std::string> remarks;                 ///< what could not be tried, and why
};

struct AdviceQuestion {
  const NetworkSource& source;
  ImportOptions reading;
  const EnergyModel& model;
  DeviceSettings device;
  std::optional<double> rate_hz;  ///< inferences a second that are asked for
  size_t dearest = 5;
};

/// Throws as estimating the network does; a lever that cannot be tried is a remark.
Advice advise(const AdviceQuestion& question, const DataFiles& files);

std::string advice_table(const Advice& advice, bool colour);
/// docs/formats/advice_v1.md
std::string advice_json(const Advice& advice);

}  // namespace wattlayer

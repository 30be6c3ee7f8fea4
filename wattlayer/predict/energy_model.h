#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "wattlayer/core/engine.h"
#include "wattlayer/core/hardware.h"
#include "wattlayer/core/operating_point.h"
#include "wattlayer/predict/estimate.h"

namespace wattlayer {

struct PhysicsModel;

/// A fitted predictor of energy and time for one hardware, engine and data type, with its card. One file (`.wlm`, JSON,
/// docs/formats/energy_model_v1.md); prediction needs no fitting library.
class EnergyModel {
 public:
  EnergyModel();
  EnergyModel(EnergyModel&&) noexcept;
  EnergyModel& operator=(EnergyModel&&) noexcept;
  ~EnergyModel();

  std::string id;  ///< `xeon-gold-5120/pytorch/f32`, or the path of a file
  Hardware hardware;
  Engine engine;
  std::string hardware_json, engine_json;  ///< the descriptions that it was fitted with; the file holds them
  DataType dtype = DataType::f32;
  std::string scope;
  bool idle_included = true;
  bool from_data_sheet = false;  ///< of a device without measurements: everything it says is extrapolated from others
  std::string card;              ///< JSON text: data, licence, date, rows, splits, errors, coverage, weaknesses
  std::unique_ptr<PhysicsModel> physics;

  /// Reads the text of a `.wlm` file. Throws Error(invalid_input) naming what is wrong.
  static EnergyModel parse(std::string_view text, std::string_view id);
  std::string print() const;
};

/// Energy, time and power of one pass, layer by layer. The workload has been lowered for the model's engine.
/// Layers whose operator is unknown are bounded, never dropped.
Estimate predict(const Workload& workload, const EnergyModel& model, const OperatingPoint& point = {});

/// Energy and time of one execution of one layer; the fast path for scoring many.
struct LayerPrediction {
  double energy_j = 0, time_s = 0;
  Label label = Label::predicted;
};
LayerPrediction predict(const Layer& layer, const EnergyModel& model);

}  // namespace wattlayer

#include "wattlayer/fit/neuralpower_law.h"

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

std::unique_ptr<Predictor> fit(TrainingRows rows, const Target&) {
  std::map<std::string, LayerwisePredictor::Law> laws;
  for (const auto& [op, measured] : measured_layers(rows))
    laws[op] = [law = fit_neuralpower_law(op, measured)](const Layer& layer) {
      const std::vector<double> x = features(layer, law.inputs);
      return law.power_w.law(x) * law.time_s.law(x);
    };
  if (laws.empty()) throw Error(ErrorKind::invalid_input, "neuralpower needs rows of single layers with energy and time");
  return std::make_unique<LayerwisePredictor>(std::move(laws));
}

}  // namespace

Method neuralpower_method() {
  return {.name = "neuralpower",
          .summary = "sparse polynomials of power and of runtime for each layer type (Cai et al. 2017, arXiv 1710.05420)",
          .fit = fit};
}

}  // namespace wattlayer

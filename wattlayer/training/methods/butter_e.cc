#include "wattlayer/core/error.h"
#include "wattlayer/training/butter_fit.h"
#include "wattlayer/training/butter_predictor.h"
#include "wattlayer/training/butter_rows.h"

namespace wattlayer {
namespace {

std::unique_ptr<Predictor> fit(TrainingRows rows, const Target& target) {
  std::vector<ButterRow> runs;
  for (const Measurement* m : rows) {
    if (!m->energy_j || m->hardware != target.hardware.id) continue;
    if (const auto training = mlp_training(m->conditions))
      runs.push_back({butter_terms(*training, target.hardware), *m->energy_j});
  }
  ButterFit fitted = fit_butter(runs);
  return std::make_unique<ButterPredictor>(target.hardware, std::move(fitted.coefficients), std::move(fitted.seen_levels));
}

}  // namespace

Method butter_e_training() {
  return {.name = "butter-e",
          .summary =
              "working sets by memory level, operations, layers and passes of MLP training, fitted to the rows "
              "(Tripp et al. 2024)",
          .fit = fit};
}

}  // namespace wattlayer

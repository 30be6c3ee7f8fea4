#include "wattlayer/core/error.h"
#include "wattlayer/fit/training_facts.h"
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
      runs.push_back({butter_terms(*training, target.hardware), *m->energy_j * passes_of(m->conditions)});
  }
  ButterFit fitted = fit_butter(runs);
  const double spread = runs.size() > 3 ? held_out_spread(runs) : 1;
  return std::make_unique<ButterPredictor>(target.hardware, std::move(fitted.coefficients), std::move(fitted.seen_levels),
                                           spread);
}

}  // namespace

Method butter_e_training() {
  return {.name = "butter-e",
          .summary =
              "working sets by memory level, operations, layers and passes of MLP training, fitted to the rows "
              "(Tripp et al. 2024)",
          .has_intervals = true,
          .fit = fit};
}

}  // namespace wattlayer

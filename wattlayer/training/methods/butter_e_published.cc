#include "wattlayer/core/catalogue.h"
#include "wattlayer/core/data_files.h"
#include "wattlayer/core/error.h"
#include "wattlayer/training/butter_predictor.h"

namespace wattlayer {
namespace {

std::unique_ptr<Predictor> fit(TrainingRows, const Target& target) {
  auto model = find_butter_model(target.catalogue ? target.catalogue->files() : DataFiles(), target.hardware.id);
  if (!model)
    throw Error(ErrorKind::invalid_input, "butter-e-published: no coefficients are published for " + target.hardware.id);
  const size_t levels = model->coefficients.per_access.size();
  return std::make_unique<ButterPredictor>(target.hardware, std::move(model->coefficients), std::vector<bool>(levels, true));
}

}  // namespace

Method butter_e_published_training() {
  return {.name = "butter-e-published",
          .summary = "the same with the coefficients of its table 4, which knew all rows of BUTTER-E; nothing is fitted",
          .fit = fit};
}

}  // namespace wattlayer

#include "wattlayer/training/butter_predictor.h"

#include "wattlayer/fit/training_facts.h"
#include "wattlayer/training/butter_rows.h"

namespace wattlayer {

ButterPredictor::ButterPredictor(const Hardware& hardware, ButterCoefficients coefficients, std::vector<bool> seen_levels,
                                 double spread)
    : hardware_(hardware), coefficients_(std::move(coefficients)), seen_levels_(std::move(seen_levels)), spread_(spread) {}

std::optional<Prediction> ButterPredictor::predict(const Question& question) const {
  const auto training = mlp_training(question.conditions);
  if (!training) return std::nullopt;
  const ButterTerms terms = butter_terms(*training, hardware_);
  bool seen = true;
  for (size_t c = 0; c < terms.accesses.size(); ++c) seen = seen && (terms.accesses[c] == 0 || seen_levels_.at(c));
  const double energy = butter_energy_j(terms, coefficients_) / passes_of(question.conditions);
  return Prediction{{energy, energy / spread_, energy * spread_}, std::nullopt, seen ? Label::predicted : Label::extrapolated};
}

}  // namespace wattlayer

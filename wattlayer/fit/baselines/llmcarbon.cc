#include "wattlayer/fit/formula.h"
#include "wattlayer/fit/training_facts.h"

namespace wattlayer {
namespace {

constexpr double flops_per_parameter_and_token = 6;
constexpr double efficiency = 0.4;  // share of the peak that large trainings reach

/// 6 P D / (peak x efficiency) x design power; PUE 1, for the energy of the machine alone. D: tokens; a sample without tokens is
/// one.
std::optional<Prediction> energy(const Question& question, const Hardware& hardware) {
  const auto parameters = number_of(question.conditions, "parameters");
  const auto samples = number_of(question.conditions, "training_samples");
  const double peak = hardware.peak(question.dtype);
  if (!parameters || !samples || !hardware.tdp_w || peak <= 0) return std::nullopt;
  const double tokens = *samples * number_of(question.conditions, "tokens_per_sample").value_or(1) *
                        number_of(question.conditions, "epochs").value_or(1);
  const double all_s = flops_per_parameter_and_token * *parameters * tokens / (peak * efficiency);
  const double seconds = all_s / passes_of(question.conditions);
  return Prediction{without_interval(*hardware.tdp_w * seconds), without_interval(seconds), std::nullopt};
}

}  // namespace

Method llmcarbon_method() {
  return formula_method<energy>("llmcarbon", "6 x parameters x tokens at 40 % of the peak and design power (Faiz et al. 2024)");
}

}  // namespace wattlayer

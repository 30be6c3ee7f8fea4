#include "wattlayer/fit/training_facts.h"

namespace wattlayer {
namespace {

constexpr double flops_per_parameter_and_token = 6;
constexpr double efficiency = 0.4;  // share of the peak that large trainings reach

/// 6 P D / (peak x efficiency) x design power; PUE 1, for the energy of the machine alone. D: tokens; a sample without tokens is
/// one.
class LlmCarbon : public Predictor {
 public:
  explicit LlmCarbon(const Hardware& hardware) : hardware_(hardware) {}

  std::optional<Interval> energy_j(const Workload&) const override { return std::nullopt; }

  std::optional<Prediction> predict(const Question& question) const override {
    const auto parameters = number_of(question.conditions, "parameters");
    const auto samples = number_of(question.conditions, "training_samples");
    const double peak = hardware_.peak(question.dtype);
    if (!parameters || !samples || !hardware_.tdp_w || peak <= 0) return std::nullopt;
    const double tokens = *samples * number_of(question.conditions, "tokens_per_sample").value_or(1) *
                          number_of(question.conditions, "epochs").value_or(1);
    const double all_s = flops_per_parameter_and_token * *parameters * tokens / (peak * efficiency);
    const double seconds = all_s / passes_of(question.conditions);
    const double joules = *hardware_.tdp_w * seconds;
    return Prediction{{joules, joules, joules}, Interval{seconds, seconds, seconds}, std::nullopt};
  }

 private:
  Hardware hardware_;
};

}  // namespace

Method llmcarbon_method() {
  return {.name = "llmcarbon",
          .summary = "6 x parameters x tokens at 40 % of the peak and design power (Faiz et al. 2024)",
          .fit = [](TrainingRows, const Target& target) -> std::unique_ptr<Predictor> {
            return std::make_unique<LlmCarbon>(target.hardware);
          }};
}

}  // namespace wattlayer

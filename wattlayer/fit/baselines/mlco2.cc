#include "wattlayer/fit/training_facts.h"

namespace wattlayer {
namespace {

class MlCo2 : public Predictor {
 public:
  explicit MlCo2(const Hardware& hardware) : hardware_(hardware) {}

  std::optional<Interval> energy_j(const Workload&) const override { return std::nullopt; }

  std::optional<Prediction> predict(const Question& question) const override {
    const auto seconds = number_of(question.conditions, "duration_s");
    if (!seconds || !hardware_.tdp_w) return std::nullopt;
    const double joules = *hardware_.tdp_w * *seconds / passes_of(question.conditions);
    return Prediction{{joules, joules, joules}, std::nullopt, std::nullopt};
  }

 private:
  Hardware hardware_;
};

}  // namespace

Method mlco2_method() {
  return {.name = "mlco2",
          .summary = "told duration x design power (Lacoste et al. 2019)",
          .fit = [](TrainingRows, const Target& target) -> std::unique_ptr<Predictor> {
            return std::make_unique<MlCo2>(target.hardware);
          }};
}

}  // namespace wattlayer

#include "wattlayer/fit/training_facts.h"

namespace wattlayer {
namespace {

constexpr double memory_w_per_gb = 0.3725;

/// t (n P u + 0.3725 W/GB x memory) with one GPU in full use; PUE and repetitions are 1, for the energy of the machine alone.
class GreenAlgorithms : public Predictor {
 public:
  explicit GreenAlgorithms(const Hardware& hardware) : hardware_(hardware) {}

  std::optional<Interval> energy_j(const Workload&) const override { return std::nullopt; }

  std::optional<Prediction> predict(const Question& question) const override {
    const auto seconds = number_of(question.conditions, "duration_s");
    if (!seconds || !hardware_.tdp_w) return std::nullopt;
    const double memory_w = memory_w_per_gb * number_of(question.conditions, "total_ram_gb").value_or(0);
    const double joules = *seconds / passes_of(question.conditions) * (*hardware_.tdp_w + memory_w);
    return Prediction{{joules, joules, joules}, std::nullopt, std::nullopt};
  }

 private:
  Hardware hardware_;
};

}  // namespace

Method green_algorithms_method() {
  return {.name = "green-algorithms",
          .summary = "told duration x (design power + 0.3725 W per GB of RAM) (Lannelongue et al. 2021)",
          .fit = [](TrainingRows, const Target& target) -> std::unique_ptr<Predictor> {
            return std::make_unique<GreenAlgorithms>(target.hardware);
          }};
}

}  // namespace wattlayer

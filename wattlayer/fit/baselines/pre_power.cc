#include "wattlayer/core/error.h"
#include "wattlayer/fit/kernel_ridge.h"
#include "wattlayer/fit/rows.h"
#include "wattlayer/fit/training_facts.h"

namespace wattlayer {
namespace {

constexpr KernelRidge::Settings published = {.alpha = 6.6447e-4, .gamma = 0.0441886};

class PrePower : public Predictor {
 public:
  PrePower(KernelRidge watts, const Hardware& hardware) : watts_(std::move(watts)), hardware_(hardware) {}

  std::optional<Interval> energy_j(const Workload&) const override { return std::nullopt; }

  /// The duration is told, as the method asks.
  std::optional<Prediction> predict(const Question& question) const override {
    const auto features = pre_features(question.workload, question.conditions, hardware_);
    const auto seconds = number_of(question.conditions, "duration_s");
    if (!features || !seconds) return std::nullopt;
    const double joules = watts_(*features) * *seconds / passes_of(question.conditions);
    return Prediction{{joules, joules, joules}, std::nullopt, std::nullopt};
  }

 private:
  KernelRidge watts_;
  Hardware hardware_;
};

std::unique_ptr<Predictor> fit(TrainingRows rows, const Target& target) {
  std::vector<std::vector<double>> features;
  std::vector<double> watts;
  for (const Measurement* m : rows) {
    const auto seconds = number_of(m->conditions, "duration_s");
    auto of_row = pre_features(m->workload, m->conditions, hardware_of(*m, target));
    if (!m->failure.empty() || !has_measured_energy(*m) || !of_row || !seconds) continue;
    features.push_back(std::move(*of_row));
    watts.push_back(*m->energy_j * passes_of(m->conditions) / *seconds);
  }
  if (features.empty())
    throw Error(ErrorKind::invalid_input,
                "PRE needs rows of training epochs that state duration_s, total_ram_gb, gflops, image_height and image_width");
  return std::make_unique<PrePower>(KernelRidge(std::move(features), watts, published), target.hardware);
}

}  // namespace

Method pre_power_method() {
  return {.name = "pre-power",
          .summary = "kernel ridge of mean power on ten facts of a training, times the duration it is told (PRE, as `pre`)",
          .fit = fit};
}

}  // namespace wattlayer

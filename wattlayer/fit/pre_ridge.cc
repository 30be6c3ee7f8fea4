#include "wattlayer/fit/pre_ridge.h"

#include "wattlayer/core/error.h"
#include "wattlayer/fit/formula.h"
#include "wattlayer/fit/kernel_ridge.h"
#include "wattlayer/fit/rows.h"
#include "wattlayer/fit/training_facts.h"

namespace wattlayer {
namespace {

constexpr KernelRidge::Settings published = {.alpha = 6.6447e-4, .gamma = 0.0441886};

class Pre : public Predictor {
 public:
  Pre(KernelRidge units, PreUnit unit, const Hardware& hardware) : units_(std::move(units)), unit_(unit), hardware_(hardware) {}

  std::optional<Interval> energy_j(const Workload&) const override { return std::nullopt; }

  std::optional<Prediction> predict(const Question& question) const override {
    const auto features = pre_features(question.workload, question.conditions, hardware_);
    const std::optional<double> unit = unit_(question.conditions);
    if (!features || !unit) return std::nullopt;
    return Prediction{without_interval(units_(*features) * *unit), std::nullopt, std::nullopt};
  }

 private:
  KernelRidge units_;
  PreUnit unit_;
  Hardware hardware_;
};

}  // namespace

std::unique_ptr<Predictor> fit_pre(TrainingRows rows, const Target& target, PreUnit unit) {
  std::vector<std::vector<double>> features;
  std::vector<double> units;
  for (const Measurement* m : rows) {
    if (!m->failure.empty() || !has_measured_energy(*m)) continue;
    auto of_row = pre_features(m->workload, m->conditions, hardware_of(*m, target));
    const std::optional<double> joules = unit(m->conditions);
    if (!of_row || !joules) continue;
    features.push_back(std::move(*of_row));
    units.push_back(*m->energy_j / *joules);
  }
  if (features.empty())
    throw Error(ErrorKind::invalid_input,
                "PRE needs rows of training epochs that state total_ram_gb, gflops, image_height, image_width and duration_s");
  return std::make_unique<Pre>(KernelRidge(std::move(features), units, published), unit, target.hardware);
}

}  // namespace wattlayer

#include "wattlayer/core/error.h"
#include "wattlayer/fit/kernel_ridge.h"
#include "wattlayer/fit/rows.h"
#include "wattlayer/fit/training_facts.h"

namespace wattlayer {
namespace {

constexpr KernelRidge::Settings published = {.alpha = 6.6447e-4, .gamma = 0.0441886};

double passes_of_epoch(const std::map<std::string, std::string>& conditions) {
  return passes_of(conditions) / number_of(conditions, "epochs").value_or(1);
}

class Pre : public Predictor {
 public:
  Pre(KernelRidge kilojoules, const Hardware& hardware) : kilojoules_(std::move(kilojoules)), hardware_(hardware) {}

  std::optional<Interval> energy_j(const Workload&) const override { return std::nullopt; }

  std::optional<Prediction> predict(const Question& question) const override {
    const auto features = pre_features(question.workload, question.conditions, hardware_);
    if (!features) return std::nullopt;
    const double joules = 1000 * kilojoules_(*features) / passes_of_epoch(question.conditions);
    return Prediction{{joules, joules, joules}, std::nullopt, std::nullopt};
  }

 private:
  KernelRidge kilojoules_;
  Hardware hardware_;
};

std::unique_ptr<Predictor> fit(TrainingRows rows, const Target& target) {
  std::vector<std::vector<double>> features;
  std::vector<double> kilojoules;
  for (const Measurement* m : rows) {
    if (!m->failure.empty() || !has_measured_energy(*m)) continue;
    auto of_row = pre_features(m->workload, m->conditions, hardware_of(*m, target));
    if (!of_row) continue;
    features.push_back(std::move(*of_row));
    kilojoules.push_back(*m->energy_j / 1000 * passes_of_epoch(m->conditions));
  }
  if (features.empty())
    throw Error(ErrorKind::invalid_input,
                "PRE needs rows of training epochs that state total_ram_gb, gflops, image_height and image_width");
  return std::make_unique<Pre>(KernelRidge(std::move(features), kilojoules, published), target.hardware);
}

}  // namespace

Method pre_method() {
  return {.name = "pre",
          .summary = "kernel ridge of epoch energy on ten facts of a training (PRE, del Rey et al., arXiv 2307.05520)",
          .fit = fit};
}

}  // namespace wattlayer

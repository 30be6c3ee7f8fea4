#include "wattlayer/fit/pre_ridge.h"
#include "wattlayer/fit/training_facts.h"

namespace wattlayer {
namespace {

/// The ridge predicts watts; the duration is told, as the method asks.
std::optional<double> told_seconds(const std::map<std::string, std::string>& conditions) {
  const std::optional<double> seconds = number_of(conditions, "duration_s");
  if (!seconds) return std::nullopt;
  return *seconds / passes_of(conditions);
}

}  // namespace

Method pre_power_method() {
  return {.name = "pre-power",
          .summary = "kernel ridge of mean power on ten facts of a training, times the duration it is told (PRE, as `pre`)",
          .fit = [](TrainingRows rows, const Target& target) { return fit_pre(rows, target, told_seconds); }};
}

}  // namespace wattlayer

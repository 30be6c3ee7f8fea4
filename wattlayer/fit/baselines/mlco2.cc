#include "wattlayer/fit/formula.h"
#include "wattlayer/fit/training_facts.h"

namespace wattlayer {
namespace {

std::optional<Prediction> energy(const Question& question, const Hardware& hardware) {
  const auto seconds = number_of(question.conditions, "duration_s");
  if (!seconds || !hardware.tdp_w) return std::nullopt;
  return Prediction{without_interval(*hardware.tdp_w * *seconds / passes_of(question.conditions)), std::nullopt, std::nullopt};
}

}  // namespace

Method mlco2_method() { return formula_method<energy>("mlco2", "told duration x design power (Lacoste et al. 2019)"); }

}  // namespace wattlayer

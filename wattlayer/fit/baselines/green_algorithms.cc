#include "wattlayer/fit/formula.h"
#include "wattlayer/fit/training_facts.h"

namespace wattlayer {
namespace {

constexpr double memory_w_per_gb = 0.3725;

/// t (n P u + 0.3725 W/GB x memory) with one GPU in full use; PUE and repetitions are 1, for the energy of the machine alone.
std::optional<Prediction> energy(const Question& question, const Hardware& hardware) {
  const auto seconds = number_of(question.conditions, "duration_s");
  if (!seconds || !hardware.tdp_w) return std::nullopt;
  const double memory_w = memory_w_per_gb * number_of(question.conditions, "total_ram_gb").value_or(0);
  const double joules = *seconds / passes_of(question.conditions) * (*hardware.tdp_w + memory_w);
  return Prediction{without_interval(joules), std::nullopt, std::nullopt};
}

}  // namespace

Method green_algorithms_method() {
  return formula_method<energy>("green-algorithms",
                                "told duration x (design power + 0.3725 W per GB of RAM) (Lannelongue et al. 2021)");
}

}  // namespace wattlayer

#include "wattlayer/fit/pre_ridge.h"
#include "wattlayer/fit/training_facts.h"

namespace wattlayer {
namespace {

std::optional<double> kilojoule_of_an_epoch(const std::map<std::string, std::string>& conditions) {
  return 1000 * number_of(conditions, "epochs").value_or(1) / passes_of(conditions);
}

}  // namespace

Method pre_method() {
  return {.name = "pre",
          .summary = "kernel ridge of epoch energy on ten facts of a training (PRE, del Rey et al., arXiv 2307.05520)",
          .fit = [](TrainingRows rows, const Target& target) { return fit_pre(rows, target, kilojoule_of_an_epoch); }};
}

}  // namespace wattlayer

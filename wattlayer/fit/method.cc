#include "wattlayer/fit/method.h"

#include <fmt/format.h>

#include "wattlayer/core/error.h"
#include "wattlayer/core/nearest.h"
#include "wattlayer/fit/baselines/all.h"
#include "wattlayer/fit/physics_fit.h"

namespace wattlayer {

Prediction answer_of(const Estimate& estimate) {
  constexpr double in_range = 0.9;
  return {estimate.energy_j, estimate.time_s, estimate.coverage >= in_range ? Label::predicted : Label::extrapolated};
}

std::vector<Method> methods() {
  std::vector<Method> all = {physics_method()};
  for (auto method : all_method) all.push_back(method());
  return all;
}

Method require_method(std::string_view name) {
  std::vector<std::string> known;
  for (const Method& method : methods()) {
    if (method.name == name) return method;
    known.emplace_back(method.name);
  }
  throw Error(ErrorKind::invalid_input, fmt::format("unknown method '{}'{}", name, nearest(name, known)));
}

}  // namespace wattlayer

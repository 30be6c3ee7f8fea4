#include "wattlayer/fit/method.h"

#include "wattlayer/fit/baselines/all.h"
#include "wattlayer/fit/physics_fit.h"

namespace wattlayer {

std::vector<Method> methods() {
  std::vector<Method> all = {physics_method()};
  for (auto method : all_method) all.push_back(method());
  return all;
}

}  // namespace wattlayer

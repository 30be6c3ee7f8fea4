#include "wattlayer/training/methods.h"

#include "wattlayer/training/methods/all.h"

namespace wattlayer {

std::vector<Method> training_methods() {
  std::vector<Method> all;
  for (auto method : all_training) all.push_back(method());
  return all;
}

}  // namespace wattlayer

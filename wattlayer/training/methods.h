#pragma once
#include <vector>

#include "wattlayer/fit/method.h"

namespace wattlayer {

/// Ways to predict the energy of training, one file in training/methods each; scored beside those of fit/ by `evaluate`.
std::vector<Method> training_methods();

}  // namespace wattlayer

#include "wattlayer/fit/method.h"

#include "wattlayer/fit/physics_fit.h"

namespace wattlayer {

std::vector<Method> methods() { return {physics_method()}; }

}  // namespace wattlayer

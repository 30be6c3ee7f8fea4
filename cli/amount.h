#pragma once
#include <limits>

namespace CLI {
class Validator;
}

namespace wattlayer::cli {

/// Check of an option that is a finite number from `low` on, `high` at most. Neither nan nor inf, which are numbers to C++.
CLI::Validator amount(double low = 0, double high = std::numeric_limits<double>::max());

}  // namespace wattlayer::cli

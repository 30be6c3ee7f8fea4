#pragma once
#include <cstdint>

#include "wattlayer/fit/regression.h"

namespace wattlayer {

/// Seeds that the authors of Getzner et al. 2023 drew with.
constexpr uint32_t paper_seed = 1234;           ///< of all figures but those of
constexpr uint32_t paper_ablation_seed = 1223;  ///< the ablation

/// Rows drawn into 70 % to train, 20 % to validate and 10 % to test, as the paper does (drawn_order of evaluation.h), with
/// targets scaled so that those of the training rows lie between 0 and 1.
struct Draw {
  Samples train, validation, test;
};

/// Throws Error(invalid_input) for fewer than 20 rows or targets that are all the same.
Draw draw(const Samples& samples, uint32_t seed);

}  // namespace wattlayer

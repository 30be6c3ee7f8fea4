#pragma once
#include <string>

#include "wattlayer/fit/method.h"

namespace wattlayer {

struct PhysicsFit;

/// What the fit cannot know of itself.
struct CardOrigin {
  std::string title, source, licence;  ///< of the data
  std::string date;                    ///< of the fit, ISO 8601
};

/// The card of an energy model, as JSON text: data, licence, date, rows, errors on held-out blocks, range, known weaknesses.
std::string write_card(const CardOrigin& origin, TrainingRows rows, const PhysicsFit& fit);

}  // namespace wattlayer

#pragma once
#include <string>
#include <vector>

#include "cli/energy_model_card.h"
#include "wattlayer/core/hardware.h"

namespace wattlayer::cli {

/// A hardware description and what has been fitted for it.
struct DescribedHardware {
  Hardware hardware;
  std::vector<std::string> energy_models;  ///< ids
};

/// All devices, those of a kind together, oldest first.
std::string hardware_table(std::vector<DescribedHardware> all, bool colour);

/// One device with the source of every figure. `cards`: of its energy models, in their order.
std::string hardware_card(const DescribedHardware& described, const std::vector<CardFacts>& cards, bool colour);

}  // namespace wattlayer::cli

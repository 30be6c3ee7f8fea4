#pragma once
#include <string>
#include <vector>

#include "cli/program.h"
#include "wattlayer/core/measurement.h"
#include "wattlayer/fit/card.h"

namespace wattlayer::cli {

/// Keeps the rows with a figure of one scope and one meter; a machine with several meters gives a row for each. Without a wanted
/// scope it is that of the hardware. Throws Error(invalid_input) where that leaves several scopes, or none.
void keep_one_scope(std::vector<Measurement>& rows, const std::string& wanted, const std::string& habit);

/// Title and licence of the data set that the rows came from, where it is a known one; else its name. Dated today.
CardOrigin origin_of(const std::vector<Measurement>& rows, const DataFiles& files);

}  // namespace wattlayer::cli

#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "wattlayer/core/epoch_series.h"
#include "wattlayer/datasets/description.h"

namespace wattlayer {

/// Training runs of one table.
struct RunsRead {
  std::string hardware;
  std::vector<EpochSeries> runs;
  size_t too_short = 0;              ///< runs of fewer epochs than the description asks for
  std::vector<std::string> refused;  ///< runs left out for gaps, repeated epochs, bad values; each with its reason and place
  bool equal_epochs = false;         ///< epochs are equal parts of the run's duration, not measured ones
};

/// Reads the description's training runs from the files of a folder. Of a power trace, each epoch is the run's duration over its
/// count of epochs, and its energy the integral of the power over it. A run with a gap, a repeated epoch or a value that is not
/// positive is refused, as are traces that do not go with the table of totals. Throws Error(io) for missing files and
/// Error(invalid_input) with file and line for rows that name no run.
std::vector<RunsRead> read_series(const DatasetDescription& description, const std::filesystem::path& folder);

/// Energy of equal parts of a power trace, by the trapezoidal rule; times ascend. Throws Error(invalid_input) for less than two
/// samples or times that do not ascend.
std::vector<Joules> energy_of_parts(const std::vector<Seconds>& times, const std::vector<Watts>& power, size_t parts);

}  // namespace wattlayer

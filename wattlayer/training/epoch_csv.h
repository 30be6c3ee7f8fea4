#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/epoch_series.h"

namespace wattlayer {

/// Which columns of a table are read; an empty name: found by the header (docs/training/projection.md).
struct EpochColumns {
  std::vector<std::string> energy;  ///< added up
  std::string energy_unit;          ///< mJ, J, kJ, MJ, mWh, Wh, kWh, MWh; empty: by the end of the column's name
  std::string monitored;            ///< what early stopping watches; empty: nothing
};

struct EpochTable {
  std::vector<Epoch> epochs;
  std::vector<double> monitored;  ///< one an epoch where a column was named
  std::string energy_from;        ///< column and unit, for the reader
  std::string remark;             ///< what is not known in spite of a column for it; empty: nothing
};

/// One row an epoch. Times of ends that begin far from 0 (a clock's: the first exceeds 100 times the median of the later steps,
/// or 30 years) leave the first duration unknown. Throws Error(invalid_input) with file and line for gaps, repeated and unsorted
/// epochs, times that do not ascend, a mean power of a first epoch whose start is not known, values that are missing or not above
/// 0, and for a table without a column of energy or of power and duration.
EpochTable read_epoch_table(std::string_view csv, std::string_view file, const EpochColumns& columns = {});

}  // namespace wattlayer

#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "wattlayer/core/data_files.h"
#include "wattlayer/core/measurement.h"
#include "wattlayer/datasets/description.h"
#include "wattlayer/store/csv.h"

namespace wattlayer {

/// What came of the files of a data set.
struct ImportedRows {
  std::vector<Measurement> measurements;
  std::map<std::string, size_t> dropped;  ///< reason -> rows left out by a rule of the description
  size_t not_drawn = 0;                   ///< rows of large tables that take no part by habit
  std::vector<RefusedRow> refused;        ///< bad rows, with their line numbers
  std::vector<std::string> files;         ///< read, in order
};

/// Called with a file's name and the rows read so far.
using ImportProgress = std::function<void(const std::string& file, size_t rows)>;

/// Which rows of large tables are taken.
enum class RowsTaken { by_habit, all };

/// Reads the data set's files in a folder; networks are lowered for the row's engine. A row is refused, never guessed.
/// Throws Error(io) when a file that is not optional is missing.
ImportedRows import_dataset(const DatasetDescription& description, const std::filesystem::path& folder, const DataFiles& files,
                            const ImportProgress& progress = {}, RowsTaken taken = RowsTaken::by_habit);

}  // namespace wattlayer

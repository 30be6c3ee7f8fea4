#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/data_files.h"
#include "wattlayer/core/data_type.h"
#include "wattlayer/core/split.h"

namespace wattlayer {

/// Columns and the texts they may hold; a row matches when every column holds one of its texts. A text may end in `*`.
using RowCondition = std::map<std::string, std::vector<std::string>>;

/// How rows of a table become measurements. Texts are templates (row_text.h) over the columns; an empty text: not given.
struct RowRule {
  RowCondition where;
  std::string kind;
  std::string layer;    ///< text form of the one layer, or
  std::string network;  ///< spec of a generated network (networks/network.h)
  std::string row;      ///< may use `{layer}`
  std::string block, parent, batch;
  std::string energy_j, energy_sd_j, time_s, repetitions;
  std::string parameters;  ///< published parameter count, compared with the network's
};

/// Rows that are left out by a rule of the data set's own documentation.
struct DropRule {
  std::string reason;
  RowCondition where;
  std::string value;  ///< template of a number; a row stays while it lies in [from, to]; empty: all rows that match go
  double from = 0, to = 0;
};

struct DatasetTable {
  std::vector<std::string> files;  ///< names in the folder, a `.gz` form included; all that are there are read
  bool optional = false;
  bool measurements = false;  ///< `format` csv_v1: the files are what `wattlayer export` writes, and need no rules
  std::vector<DropRule> drop;
  std::vector<RowRule> rows;  ///< the first that matches counts
};

/// A public data set: how its files become measurements, and the splits it is evaluated on. One file in datasets/
/// (docs/formats/dataset_description_v1.md).
struct DatasetDescription {
  std::string id, title, source, licence;
  std::string hardware, engine, scope, meter, method;
  DataType dtype = DataType::f32;
  bool idle_included = true;
  std::vector<DatasetTable> tables;
  std::vector<Split> splits;
};

/// Throws Error(invalid_input) naming the field.
DatasetDescription parse_dataset(std::string_view json, std::string_view id);

/// The description among the data files. Throws Error(invalid_input) that lists the known ids.
DatasetDescription require_dataset(const DataFiles& files, std::string_view id);

}  // namespace wattlayer

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

/// Columns and the texts they may hold; a row matches when every column holds one of its texts. A `*` in a text stands for any
/// characters.
using RowCondition = std::map<std::string, std::vector<std::string>>;

/// How a row's network was trained; templates as those of a rule. Energy and time of such a row are of all epochs together; the
/// measurement is the mean pass of a batch, validation included.
struct TrainingRule {
  std::string optimizer;                    ///< a name that graph/training_step.h knows
  std::string samples, validation_samples;  ///< of one epoch; no validation where empty
  std::string kernels;                      ///< how parameters are updated; the engine's habit where empty
  std::string epochs;                       ///< 1 where empty
  std::string frozen_until;                 ///< node whose parameters, and all before, are not trained
  std::string loss;                         ///< a name that graph/training_step.h knows; `automatic` where empty
  bool without_forward = false;             ///< of one layer: the step without its forward pass, which was measured apart
};

/// How rows of a table become measurements. Texts are templates (row_text.h) over the columns; an empty text: not given.
struct RowRule {
  RowCondition where;
  std::string kind;
  std::string layer;    ///< text form of the one layer, or
  std::string network;  ///< spec of a generated network (networks/network.h)
  std::string row;      ///< may use `{layer}`
  std::string block, parent, batch;
  std::string energy_j, energy_sd_j, time_s, repetitions;
  std::string parameters;                             ///< published parameter count, compared with the network's
  std::string hardware, engine, dtype, scope, meter;  ///< where they differ from row to row
  bool keeps_types = false;              ///< the network brings its own element types (autocast): `dtype` is not forced on it
  std::optional<TrainingRule> training;  ///< of kind training-step
  std::map<std::string, std::string> conditions;  ///< name of the condition -> template; an empty one is left out
};

/// Columns made of others. Exactly one of `pattern`, `map`, `lookup`, `without` says how; with none of them the column is `from`
/// itself.
struct DerivedColumn {
  std::vector<std::string> names;
  std::string from;                        ///< template
  std::string pattern;                     ///< regular expression of the whole text; its groups are the columns
  std::map<std::string, std::string> map;  ///< text -> text
  std::string without;                     ///< characters that are left out of the text
  std::string lookup;                      ///< template: JSON file in the folder, an object of texts and numbers
  bool inverse = false;                    ///< the lookup goes from its values to its keys
  std::optional<std::string> otherwise;    ///< template for a text that the map lacks
  bool occurrence = false;                 ///< instead: how many rows of the file so far had this text, this one included
};

/// How many rows of a large table take part by habit.
struct DrawRule {
  RowCondition where;
  uint64_t one_in = 1;  ///< one row in so many, by a fixed hash of its place in the file; 0: none
};

/// Rows that are left out by a rule of the data set's own documentation.
struct DropRule {
  std::string reason;
  RowCondition where;
  std::string value;  ///< template of a number, also over `macs` of the row's workload; a row stays while it lies in [from, to];
                      ///< empty: all rows that match go
  double from = 0, to = 0;
  std::string copies_of;  ///< template: rows whose text an earlier row of the file had go
};

struct DatasetTable {
  /// Names in the folder, a `.gz` form included, `*` for any characters of a name; all that are there are read.
  std::vector<std::string> files;
  bool optional = false;
  bool measurements = false;          ///< `format` csv_v1: the files are what `wattlayer export` writes, and need no rules
  std::vector<DrawRule> draw;         ///< the first that matches counts; a row that none matches takes part
  std::vector<DerivedColumn> derive;  ///< in order; later ones may use earlier ones
  std::vector<DropRule> drop;
  std::vector<RowRule> rows;  ///< the first that matches counts
};

/// How a table becomes training runs, epoch by epoch (series.h). Texts are templates over the columns.
struct SeriesTable {
  DatasetTable table;         ///< its files and derived columns; no rules
  RowCondition where;         ///< rows that take part; empty: all
  std::string hardware;       ///< of the runs
  std::string series, block;  ///< name of the run; what is left out together
  size_t fewest_epochs = 1;   ///< shorter runs take no part
  std::string epoch, energy_j, duration_s;
  std::string time_s, power_w;  ///< instead: a power trace, of a run whose epochs are all of one length
  struct Totals {
    DatasetTable table;  ///< a row a run; `run` orders the traces of a group, which stand for its rows in order
    std::string group, epochs, energy_j, duration_s;
  };
  std::string group;  ///< of a trace
  std::optional<Totals> totals;
};

/// What the specification of a data set's evaluation asks for; printed beside what was reached.
struct AccuracyTarget {
  std::string split, unit = "all", level;  ///< level: layer or network; empty: any
  std::string hardware, engine, scope;     ///< empty: any
  std::string figure;                      ///< field of an evaluation row: medape, mape, p90, r2, time_mape, coverage90
  std::optional<size_t> epochs_seen;       ///< of projections
  std::string method;                      ///< whose figure counts; empty: ours
  std::optional<double> must_reach, aim;
  std::string note;
};

/// A public data set: how its files become measurements, and the splits it is evaluated on. One file in datasets/
/// (docs/formats/dataset_description_v1.md).
struct DatasetDescription {
  std::string id, title, source, licence;
  std::string hardware, engine, scope, meter, method;  ///< of all rows; hardware and engine may be left to the rules
  DataType dtype = DataType::f32;
  bool idle_included = true;
  std::vector<DatasetTable> tables;
  std::vector<SeriesTable> series;  ///< training runs; they are no measurements
  std::vector<std::string> apart;   ///< conditions that tell setups apart: rows of different ones are not fitted together
  std::vector<Split> splits;
  std::vector<AccuracyTarget> targets;
};

/// Throws Error(invalid_input) naming the field.
DatasetDescription parse_dataset(std::string_view json, std::string_view id);

/// The description among the data files. Throws Error(invalid_input) that lists the known ids.
DatasetDescription require_dataset(const DataFiles& files, std::string_view id);

}  // namespace wattlayer

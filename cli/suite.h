#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/evaluation_text.h"
#include "cli/program.h"
#include "wattlayer/fit/evaluation.h"

namespace wattlayer::cli {

/// What to evaluate.
struct SuiteOptions {
  std::filesystem::path folder;          ///< holds a folder for each data set, named by its id
  std::filesystem::path dataset_folder;  ///< instead: holds the files of `dataset` itself
  std::string dataset;                   ///< one data set; empty: every one whose folder is there
  std::string split;                     ///< one split; empty: the habitual ones
  std::vector<Method> methods;
  std::vector<std::string> projections;  ///< methods that project training runs; empty: all
  std::optional<DataType> dtype;         ///< only rows of this data type
  bool shipped = false;                  ///< score the energy models that ship instead of fitting
  bool quiet = false;
};

struct SuiteResult {
  Evaluation evaluation;
  AccuracyTargets targets;
  std::vector<NotScored> not_scored;
  bool stopped = false;  ///< a signal came: what was done until then is here
};

/// Every data set of the folder on its splits, device by device and engine by engine. Says on standard error what it does and how
/// long it will take. Throws Error(invalid_input) when the folder holds no data set.
SuiteResult run_suite(const SuiteOptions& options, const DataFiles& files);

}  // namespace wattlayer::cli

#include "cli/suite.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <tuple>

#include "cli/progress_line.h"
#include "cli/projected_series.h"
#include "cli/stop_signal.h"
#include "wattlayer/api/targets.h"
#include "wattlayer/core/catalogue.h"
#include "wattlayer/core/error.h"
#include "wattlayer/datasets/import.h"

namespace wattlayer::cli {
namespace {

/// Rows that are fitted together: of one device (or, where devices are left out, all of them), engine, scope and setup.
struct Group {
  const DatasetDescription* description;
  std::string hardware, engine, scope, setup;
  std::vector<Measurement> rows;
  std::vector<Split> splits;
  size_t fits = 0;  ///< rows that all its fits read
};

struct ReadDataset {
  DatasetDescription description;
  std::vector<Measurement> rows;
};

std::vector<std::string> present(const SuiteOptions& options, const DataFiles& files) {
  if (!options.dataset_folder.empty()) return {options.dataset};
  std::vector<std::string> found;
  for (const std::string& id : ids(files, "datasets"))
    if ((options.dataset.empty() || id == options.dataset) && std::filesystem::is_directory(options.folder / id))
      found.push_back(id);
  if (found.empty())
    throw Error(ErrorKind::invalid_input,
                fmt::format("{} holds no folder of {}; known data sets are {}", options.folder.string(),
                            options.dataset.empty() ? "a data set" : options.dataset, fmt::join(ids(files, "datasets"), ", ")));
  return found;
}

/// Imports all data sets, as many at once as the machine has cores.
std::vector<ReadDataset> read_all(const SuiteOptions& options, const DataFiles& files) {
  std::vector<std::future<ReadDataset>> reading;
  const auto read = [&](const std::string& id) {
    ReadDataset result{.description = require_dataset(files, id)};
    if (result.description.tables.empty()) return result;
    ImportedRows rows =
        import_dataset(result.description, options.dataset_folder.empty() ? options.folder / id : options.dataset_folder, files);
    if (!rows.refused.empty())
      write_remark(fmt::format("{}: {} rows refused, first {}:{}: {}", id, rows.refused.size(), rows.refused[0].file,
                               rows.refused[0].line, rows.refused[0].reason));
    if (options.dtype) std::erase_if(rows.measurements, [&](const Measurement& m) { return m.dtype != *options.dtype; });
    result.rows = std::move(rows.measurements);
    return result;
  };
  for (const std::string& id : present(options, files)) reading.push_back(std::async(std::launch::async, read, id));
  std::vector<ReadDataset> all;
  for (auto& dataset : reading) all.push_back(dataset.get());
  return all;
}

/// The conditions of the row that tell setups of its data set apart.
std::string setup_of(const Measurement& m, const DatasetDescription& description) {
  std::string setup;
  for (const std::string& name : description.apart)
    if (const auto at = m.conditions.find(name); at != m.conditions.end()) setup += (setup.empty() ? "" : ", ") + at->second;
  return setup;
}

std::vector<Split> chosen_splits(const DatasetDescription& description, const SuiteOptions& options, bool leaves_devices) {
  std::vector<Split> chosen;
  for (const Split& split : description.splits)
    if ((options.split.empty() ? split.habitual : split.name == options.split) &&
        (split.kind == Split::Kind::leave_hardware) == leaves_devices)
      chosen.push_back(split);
  return chosen;
}

std::vector<Group> grouped(std::vector<ReadDataset>& datasets, const SuiteOptions& options) {
  std::vector<Group> groups;
  for (ReadDataset& dataset : datasets)
    for (const bool leaves_devices : {false, true}) {
      const std::vector<Split> splits = chosen_splits(dataset.description, options, leaves_devices);
      if (splits.empty() && !options.shipped) continue;
      if (options.shipped && leaves_devices) continue;
      std::map<std::tuple<std::string, std::string, std::string, std::string>, Group> found;
      for (const Measurement& m : dataset.rows) {
        const std::string setup = leaves_devices || options.shipped ? "" : setup_of(m, dataset.description);
        Group& group = found[{leaves_devices ? "" : m.hardware, m.engine, m.scope, setup}];
        if (group.rows.empty()) group = {&dataset.description, m.hardware, m.engine, m.scope, setup, {}, splits};
        group.rows.push_back(m);
      }
      for (auto& [key, group] : found) groups.push_back(std::move(group));
    }
  return groups;
}

void add(Evaluation& all, Evaluation part) {
  std::move(part.rows.begin(), part.rows.end(), std::back_inserter(all.rows));
  std::move(part.points.begin(), part.points.end(), std::back_inserter(all.points));
}

/// A line that is written over on a terminal; elsewhere a line for each device and split.
class Reporter {
 public:
  Reporter(const SuiteOptions& options, double all) : quiet_(options.quiet), terminal_(isatty(STDERR_FILENO) == 1), all_(all) {}

  void fit(const Group& group, const std::string& split, const std::string& unit, std::string_view method, size_t rows) {
    if (quiet_) return;
    const std::string what = fmt::format("{} {}/{} {}", group.description->id, group.hardware, group.engine, split);
    if (terminal_) line_.show(done_ / all_, fmt::format("{}: {} without {}", what, method, unit));
    else if (what != last_) write_remark(fmt::format("{:3.0f} % {:4.0f} s  {}", 100 * done_ / all_, seconds(), what));
    last_ = what;
    done_ += static_cast<double>(rows);
  }

 private:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

  bool quiet_, terminal_;
  double all_, done_ = 0;
  std::string last_;
  ProgressLine line_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void refit(std::vector<Group>& groups, const SuiteOptions& options, const DataFiles& files, SuiteResult& result) {
  const Catalogue catalogue(files);
  double all = 1;
  for (const Group& group : groups)
    for (const Split& split : group.splits)
      for (const SplitPart& part : divide(group.rows, split))
        all += static_cast<double>(part.train.size() * options.methods.size());
  Reporter reporter(options, all);
  for (Group& group : groups) {
    const auto progress = [&](const std::string& split, const std::string& unit, std::string_view method, size_t rows) {
      reporter.fit(group, split, unit, method, rows);
    };
    add(result.evaluation,
        evaluate(group.rows, group.splits, options.methods, catalogue.hardware(group.hardware), catalogue.engine(group.engine),
                 progress,
                 {.catalogue = &catalogue, .stop = StopSignal::came, .setup = group.setup, .labels = group.description->apart}));
    group.rows = {};
    if ((result.stopped = StopSignal::came())) return;
  }
}

/// The rows of one data type, scored by the energy model that ships for it.
void score_shipped(const Group& group, DataType dtype, std::vector<Measurement> rows, const DataFiles& files,
                   SuiteResult& result) {
  const std::string id = fmt::format("{}/{}/{}", group.hardware, group.engine, name(dtype));
  const auto not_scored = [&](std::string reason) {
    result.not_scored.push_back(
        {group.description->id, group.hardware, group.engine, std::string(name(dtype)), std::move(reason), rows.size()});
  };
  const std::vector<std::string> known = energy_model_ids(files);
  const bool ships = std::find(known.begin(), known.end(), id) != known.end();
  EnergyModel model = ships ? load_energy_model(files, id)
                            : energy_model_from_data_sheet(files, require_file(files, "hardware", group.hardware), group.hardware,
                                                           group.engine, dtype);
  if (!ships) model.scope = group.scope;
  if (!model.scope.empty() && model.scope != group.scope)
    return not_scored(fmt::format("its energy model covers {}, the rows cover {}", model.scope, group.scope));
  if (std::none_of(rows.begin(), rows.end(), scorable)) return not_scored("no row has a measured energy");
  Evaluation scored = evaluate(rows, model);
  if (!ships)
    for (EvaluationRow& row : scored.rows) row.setup = "from its data sheet";
  add(result.evaluation, std::move(scored));
}

void score(std::vector<Group>& groups, const DataFiles& files, SuiteResult& result) {
  for (Group& group : groups) {
    std::map<DataType, std::vector<Measurement>> by_type;
    for (Measurement& m : group.rows) by_type[m.dtype].push_back(std::move(m));
    for (auto& [dtype, rows] : by_type) score_shipped(group, dtype, std::move(rows), files, result);
    if ((result.stopped = StopSignal::came())) return;
  }
}

/// Projections of the training runs of those data sets that have some.
void project_series(const std::vector<ReadDataset>& datasets, const SuiteOptions& options, const DataFiles& files,
                    SuiteResult& result) {
  const LearnedProjection ships = shipped_projection(files);
  for (const ReadDataset& dataset : datasets) {
    const DatasetDescription& description = dataset.description;
    if (description.series.empty() || (result.stopped = StopSignal::came())) continue;
    const std::filesystem::path own = options.folder / description.id;
    Evaluation part =
        evaluate_series(description, options.dataset_folder.empty() ? own : options.dataset_folder, ships, options.shipped);
    const auto unasked = [&](const auto& row) {
      const auto& wanted = options.projections;
      return !wanted.empty() && std::find(wanted.begin(), wanted.end(), row.method) == wanted.end();
    };
    std::erase_if(part.rows, unasked), std::erase_if(part.points, unasked);
    add(result.evaluation, std::move(part));
  }
}

}  // namespace

SuiteResult run_suite(const SuiteOptions& options, const DataFiles& files) {
  const StopSignal signal;
  SuiteResult result;
  if (!options.quiet) write_remark(fmt::format("reading {}", fmt::join(present(options, files), ", ")));
  std::vector<ReadDataset> datasets = read_all(options, files);
  for (const ReadDataset& dataset : datasets) result.targets[dataset.description.id] = dataset.description.targets;
  std::vector<Group> groups = grouped(datasets, options);
  for (ReadDataset& dataset : datasets) dataset.rows = {};
  project_series(datasets, options, files, result);
  if (options.shipped) score(groups, files, result);
  else refit(groups, options, files, result);
  return result;
}

}  // namespace wattlayer::cli

#include "cli/measured_tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/progress_line.h"
#include "wattlayer/core/error.h"

namespace wattlayer::cli {
namespace {

constexpr size_t group_size = 8;  // tasks that take turns: all are held in memory

std::optional<DataType> dtype_of_layers(const std::vector<Workload>& lists) {
  std::optional<DataType> first;
  for (const Workload& list : lists)
    for (const WorkloadItem& item : list.items) {
      if (first && *first != item.layer.dtype)
        throw Error(ErrorKind::invalid_input,
                    fmt::format("the layers are of {} and {}; measure one data type at a time, with --dtype", name(*first),
                                name(item.layer.dtype)));
      first = item.layer.dtype;
    }
  return first;
}

/// Counts the windows of a group for the progress line.
class GroupProgress {
 public:
  GroupProgress(ProgressLine& line, size_t done, size_t all, int enough) : line_(line), done_(done), all_(all), enough_(enough) {}

  void show(const Progress& p, const std::string& name) {
    windows_.resize(p.tasks);
    windows_[p.task] = p.windows;
    double share = 0;
    for (const int64_t w : windows_) share += std::min(1.0, static_cast<double>(w) / enough_);
    const std::string width = std::isnan(p.relative_half_width) ? "" : fmt::format(" ±{:.2g} %", 100 * p.relative_half_width);
    line_.show((static_cast<double>(done_) + share) / static_cast<double>(all_),
               fmt::format("{}/{} {} window {}{}", done_ + p.task + 1, all_, name, p.windows, width));
  }

 private:
  ProgressLine& line_;
  size_t done_, all_;
  int enough_;
  std::vector<int64_t> windows_;
};

}  // namespace

TaskList read_tasks(const TaskOptions& options, const Engine& engine) {
  std::vector<std::optional<int64_t>> batches(options.batches.begin(), options.batches.end());
  if (batches.empty()) batches.emplace_back();
  std::vector<NetworkSource> sources;
  for (const std::string& layer : options.layers) sources.push_back(NetworkSource::of_layer(layer));
  for (const std::string& network : options.networks) sources.emplace_back(network);
  std::vector<Workload> lists;
  std::vector<Graph> networks;
  for (const NetworkSource& source : sources)
    for (const auto& batch : batches) {
      Graph graph = source.graph(options.reading.import_options(batch));
      if (source.is_list()) lists.push_back(source.workload(graph, engine));
      else networks.push_back(std::move(graph));
    }
  const std::optional<DataType> of_layers = dtype_of_layers(lists);
  TaskList result{.dtype = of_layers.value_or(DataType::f32)};
  if (!options.dtype.empty()) result.dtype = require_data_type(options.dtype);
  auto add_layers = [&](const Workload& workload, const std::string& parent) {
    for (const WorkloadItem& item : with_dtype(workload, result.dtype).items) {
      result.tasks.push_back(layer_task(item.layer));
      result.parents.push_back(parent);
    }
  };
  for (const Workload& list : lists) add_layers(list, "");
  for (const Graph& graph : networks) {
    result.tasks.push_back(network_task(graph, engine, result.dtype));
    result.parents.emplace_back();
    result.remarks.insert(result.remarks.end(), graph.remarks.begin(), graph.remarks.end());
    if (options.by_layer) add_layers(result.tasks.back().workload, graph.name);
  }
  return result;
}

std::vector<Measured> measure_all(const TaskList& list, const RunnerFactory& start, std::unique_ptr<Runner> runner,
                                  const Preparation& preparation, std::span<Meter* const> meters, const Protocol& protocol,
                                  Clock& clock, const std::function<bool()>& stop) {
  std::vector<Measured> results(list.tasks.size());
  for (Measured& m : results) m.interrupted = true;
  ProgressLine line;
  for (size_t from = 0; from < list.tasks.size() && !stop();) {
    // What a crash interrupted is measured anew; each crash is the fault of one task, so this ends.
    std::vector<size_t> group;
    for (size_t i = from; i < std::min(list.tasks.size(), from + group_size); ++i)
      if (results[i].interrupted) group.push_back(i);
    if (group.empty()) {
      from += group_size;
      continue;
    }
    if (!runner->alive()) runner = start();
    std::vector<Task> tasks;
    for (const size_t i : group) tasks.push_back(list.tasks[i]);
    GroupProgress progress(
        line,
        list.tasks.size() -
            static_cast<size_t>(std::count_if(results.begin(), results.end(), [](const Measured& m) { return m.interrupted; })),
        list.tasks.size(), protocol.fixed_passes ? 1 : protocol.min_windows);
    std::vector<Measured> measured = measure(tasks, *runner, preparation, meters, protocol, clock, [&](const Progress& p) {
      progress.show(p, tasks[std::min(p.task, tasks.size() - 1)].workload.name);
      return !stop();
    });
    const bool gone = std::any_of(measured.begin(), measured.end(), [](const Measured& m) { return m.meter_gone; });
    for (size_t k = 0; k < group.size(); ++k) results[group[k]] = std::move(measured[k]);
    if (!gone) continue;
    for (size_t i = from + group_size; i < results.size(); ++i) results[i] = {.failure = "not begun: the meter failed before"};
    break;
  }
  return results;
}

}  // namespace wattlayer::cli

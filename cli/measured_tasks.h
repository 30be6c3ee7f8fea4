#pragma once
#include <functional>
#include <string>
#include <vector>

#include "cli/network_options.h"
#include "wattlayer/api/network_source.h"
#include "wattlayer/bench/measure.h"

namespace wattlayer::cli {

/// What the user wants measured.
struct TaskOptions {
  std::vector<std::string> networks, layers;  ///< a list of layers stands for its layers
  std::vector<int64_t> batches;
  std::string dtype;
  bool by_layer = false;  ///< each distinct layer of a network besides
  NetworkOptions reading;
};

/// Tasks in one data type.
struct TaskList {
  DataType dtype = DataType::f32;
  std::vector<Task> tasks;
  std::vector<std::string> parents;  ///< name of the network that a layer is of; empty for others
  std::vector<std::string> remarks;
};

/// Throws Error(invalid_input) for layers of several data types, besides what reading networks throws.
TaskList read_tasks(const TaskOptions& options, const Engine& engine);

/// Measures in groups of tasks that take turns. A runner that went away is started again for those whose fault it was not.
std::vector<Measured> measure_all(const TaskList& list, const RunnerFactory& start, std::unique_ptr<Runner> runner,
                                  const Preparation& preparation, std::span<Meter* const> meters, const Protocol& protocol,
                                  Clock& clock, const std::function<bool()>& stop);

}  // namespace wattlayer::cli

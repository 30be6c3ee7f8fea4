#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "wattlayer/bench/collect.h"
#include "wattlayer/core/error.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer::test {

/// A runner that does nothing; a task whose name holds `crashes_on` takes it down.
class SimpleRunner : public Runner {
 public:
  SimpleRunner() { info_ = {.name = "simple", .engine = "pytorch", .version = "1", .devices = {{.id = "cpu", .name = "none"}}}; }
  const RunnerInfo& info() const override { return info_; }
  int64_t prepare(const Task&, const Preparation&) override { return 1; }
  Seconds run(int64_t, int64_t passes) override { return {1e-3 * static_cast<double>(passes)}; }
  void release(int64_t) override {}
  bool alive() const override { return alive_; }

  bool alive_ = true;

 private:
  RunnerInfo info_;
};

/// Stands in for measure(): a second a task, 1 J for each million bytes; what the test wants to go wrong goes wrong.
struct SimpleMeasure {
  SimulatedDevice& device;
  std::string crashes_on, runs_out_of_memory_on;
  std::vector<std::string> measured = {};  ///< names of tasks that gave figures, in order
  std::vector<size_t> groups = {};         ///< sizes

  std::vector<Measured> operator()(std::span<const Task> tasks, Runner& runner, const Preparation& preparation,
                                   const ProgressCallback& progress) {
    groups.push_back(tasks.size());
    std::vector<Measured> results(tasks.size());
    for (size_t i = 0; i < tasks.size(); ++i) {
      const std::string& name = tasks[i].workload.name;
      device.sleep({1});
      if (progress) progress({.task = i, .tasks = tasks.size()});
      if (!crashes_on.empty() && name.find(crashes_on) != name.npos) {
        dynamic_cast<SimpleRunner&>(runner).alive_ = false;
        results[i].failure = "runner simple ended with signal 6";
        for (size_t j = 0; j < tasks.size(); ++j)
          if (j != i && results[j].rows.empty() && results[j].failure.empty()) results[j].interrupted = true;
        return results;
      }
      if (!runs_out_of_memory_on.empty() && name.find(runs_out_of_memory_on) != name.npos) {
        results[i].failure = "out of memory when runner simple was to prepare " + name;
        continue;
      }
      double bytes = 0;
      for (const WorkloadItem& item : tasks[i].workload.items)
        for (const Tensor& t : item.layer.inputs) bytes += item.count * t.bytes();
      Measurement row{
          .workload = tasks[i].workload, .engine = "pytorch", .dtype = preparation.dtype, .energy_j = 1 + bytes / 1e6};
      row.time_s = *row.energy_j / 50, row.scope = "board", row.meter = "fake";
      results[i].rows = {row};
      results[i].windows.resize(64);
      measured.push_back(name);
    }
    return results;
  }
};

}  // namespace wattlayer::test

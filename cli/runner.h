#pragma once
#include <functional>
#include <string>
#include <vector>

#include "wattlayer/bench/process_runner.h"
#include "wattlayer/bench/runner.h"

namespace CLI {
class App;
}

namespace wattlayer::cli {

/// Which runner the user wants and how it executes; shared by the verbs that measure.
struct RunnerOptions {
  std::string name;                   ///< torch, fake, or a path
  std::vector<std::string> settings;  ///< `cuda-graph`, `noise=0.01`: its own options
  std::string device = "cpu";
  int threads = 0;
  bool warm_cache = false;
  uint64_t seed = 0;
  double answer_within_s = 300;

  /// The fake runner simulates its work: clock and meters must be those of a SimulatedDevice.
  bool simulated() const;
  Preparation preparation(DataType dtype) const;
};

/// Adds --runner, --runner-option, --device, --threads, --warm-cache, --seed, --runner-timeout.
void add_runner_options(CLI::App& verb, RunnerOptions& options);

/// Finds the program: a path; `fake`; else `wattlayer-runner-NAME` beside this program or in the PATH. Throws
/// Error(unavailable) that names the runners there are.
RunnerCommand find_runner(const RunnerOptions& options);

/// Starts the runner and checks that it has the device. `simulated` is where simulated work goes; null: nowhere.
RunnerFactory runner_factory(const RunnerOptions& options, SimulatedDevice* simulated, std::function<bool()> cancelled = {});

}  // namespace wattlayer::cli

#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/bench/task.h"
#include "wattlayer/core/units.h"

namespace wattlayer {

/// A device that a runner can execute on.
struct RunnerDevice {
  std::string id;                                   ///< cpu, cuda:0
  std::string name;                                 ///< AMD EPYC ..., NVIDIA H200
  std::optional<double> memory_bytes, cache_bytes;  ///< of the last level
  std::map<std::string, std::string> facts;         ///< uuid, threads, driver: goes to a measurement's conditions
};

/// Who a runner is: its answer to `hello`.
struct RunnerInfo {
  std::string name;     ///< torch, fake
  std::string engine;   ///< id in engines/
  std::string version;  ///< of the engine: 1.13.1, 2.9.0+cu128
  std::vector<RunnerDevice> devices;
  std::map<std::string, std::string> facts;  ///< library versions: goes to a measurement's conditions
};

/// How a task is to be executed.
struct Preparation {
  DataType dtype = DataType::f32;
  std::string device = "cpu";
  bool warm_cache = false;  ///< reuse the same buffers; else rotate through more than the last-level cache holds
  uint64_t seed = 0;        ///< of inputs and weights, which are random
  int threads = 0;          ///< 0: the engine's habit
};

/// Executes tasks. Its failures are Errors: `unsupported` (cannot run this task, go on), `unavailable` (out of memory: go on;
/// with alive() false: it crashed, hung or went away and must be started again).
class Runner {
 public:
  virtual ~Runner() = default;
  virtual const RunnerInfo& info() const = 0;
  /// Allocates and fills weights and inputs, runs once. Several tasks may be prepared at a time. Returns its handle.
  virtual int64_t prepare(const Task& task, const Preparation& preparation) = 0;
  /// Executes passes, waits until the device is done. Returns the time that took, as the runner saw it.
  virtual Seconds run(int64_t handle, int64_t passes) = 0;
  virtual void release(int64_t handle) = 0;
  /// Bytes of all copies of inputs and weights that passes rotate through; nothing where the runner does not tell.
  virtual std::optional<double> rotated_bytes(int64_t /*handle*/) const { return std::nullopt; }
  virtual bool alive() const = 0;
};

/// Starts a runner; called again after a crash.
using RunnerFactory = std::function<std::unique_ptr<Runner>()>;

}  // namespace wattlayer

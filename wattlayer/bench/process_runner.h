#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "wattlayer/bench/runner.h"

namespace wattlayer {

class SimulatedDevice;

/// How to start a runner process and how long to wait for it.
struct RunnerCommand {
  std::string name;                    ///< for messages: torch
  std::vector<std::string> arguments;  ///< program and its arguments
  Seconds answer_within{300};          ///< a runner that is silent for longer hangs and is killed
  SimulatedDevice* device = nullptr;   ///< a runner whose work is simulated spends its time and energy here
  std::function<bool()> cancelled;     ///< asked while waiting; true ends the wait with Error(unavailable)
};

/// Starts a program that speaks docs/formats/runner_protocol_v1.md; it is killed when the Runner is destroyed or this process
/// ends. Throws Error(unavailable) when it cannot be started or does not say hello as it must.
std::unique_ptr<Runner> start_runner(const RunnerCommand& command);

}  // namespace wattlayer

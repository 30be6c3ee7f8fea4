#pragma once
#include <string>

#include "wattlayer/bench/runner.h"

namespace wattlayer {

/// The `prepare` request of the runner protocol (docs/formats/runner_protocol_v1.md) for a task, as the text of a JSON object
/// without `id`. Throws Error(unsupported) for a task with a shape that is not known.
std::string prepare_request(const Task& task, const Preparation& preparation);

}  // namespace wattlayer

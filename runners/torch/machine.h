#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace runner {

/// Devices of this machine as the protocol's `hello` lists them.
nlohmann::json devices();

/// Versions of libraries.
nlohmann::json facts();

/// Version of libtorch.
std::string version();

/// Memory that is free for this process now; 0 where unknown.
double free_memory_bytes();

}  // namespace runner

#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace wattlayer {

/// What of a machine decides whether it can be measured and how steadily. What it does not tell is absent.
struct Machine {
  std::string processor;  ///< `Intel(R) Xeon(R) Gold 5120 CPU @ 2.20GHz`; empty when not told
  int sockets = 0, cores = 0, threads = 0;
  std::optional<std::string> virtual_machine;  ///< what the hypervisor calls itself; `unnamed` when it does not
  std::optional<std::string> container;        ///< docker, podman, ...; a guess from traces that they leave
  std::optional<std::string> governor;
  std::optional<bool> turbo;
  std::optional<double> load;  ///< of the last minute, in busy threads
  /// Intel's energy filtering adds noise to the power counters; known only to who may read the register, likely with SGX on.
  bool sgx = false;
  std::optional<bool> energy_filtering;
};

/// Reads /proc and /sys below the root.
Machine look_at_machine(const std::filesystem::path& root);

}  // namespace wattlayer

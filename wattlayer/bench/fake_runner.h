#pragma once
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace wattlayer {

/// What goes wrong in the fake runner, and on which task.
struct FakeFault {
  enum class Kind { crash, hang, out_of_memory, unsupported, garbage };
  Kind kind = Kind::crash;
  std::string pattern;  ///< part of the name of the task or of a layer's text
};

/// The fake runner: a device that is slow, noisy and faulty on request, and needs no hardware. A pass takes for each node
/// 5 us + the larger of MACs / 1e12 and bytes / 1e11 seconds, and 30 W x time + 20 pJ a MAC + 60 pJ a byte (invented figures).
struct FakeRunnerOptions {
  double noise = 0;        ///< standard deviation of time and energy of a run, relative
  double slow = 1;         ///< factor on time and energy
  double delay_s = 0;      ///< real time that each run takes besides
  bool real_time = false;  ///< runs take their time really; nothing is simulated
  std::vector<FakeFault> faults;
};

/// Reads `crash=PATTERN`, `hang=`, `out-of-memory=`, `unsupported=`, `garbage=`. Throws Error(invalid_input).
FakeFault parse_fake_fault(const std::string& text);

/// Power of the simulated device at rest, in watts.
inline constexpr double fake_idle_w = 30;

/// Speaks the runner protocol until the input ends. Returns the exit status.
int run_fake_runner(std::istream& in, std::ostream& out, const FakeRunnerOptions& options);

}  // namespace wattlayer

#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wattlayer/bench/measure.h"

namespace wattlayer {

/// What holds for all windows of a group of tasks.
struct Circumstances {
  const RunnerInfo& runner;
  const Preparation& preparation;
  std::span<Meter* const> meters;
  const Protocol& protocol;
  std::string date;                             ///< of the start
  std::vector<std::optional<Watts>> idle;       ///< of each meter
  std::vector<std::optional<Seconds>> refresh;  ///< of each meter, as found
};

/// Half width of the 95 % interval of J per pass relative to it, of the meter where it is widest; of the time per pass where
/// nothing is metered. Nothing before there are two windows or where nothing was counted.
std::optional<double> relative_half_width(std::span<const Window> windows, std::span<Meter* const> meters);

/// Turns the windows of a task into its rows and remarks, or into a failure.
void fill_rows(Measured& measured, const Task& task, const Circumstances& circumstances);

}  // namespace wattlayer

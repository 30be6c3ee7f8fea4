#include "wattlayer/bench/repetition_curve.h"

#include <algorithm>
#include <cmath>

#include "wattlayer/core/statistics.h"

namespace wattlayer {
namespace {

/// 1, 2, 5, 10, 20, 50, ...
int64_t after(int64_t passes) {
  int64_t leading = passes;
  while (leading >= 10) leading /= 10;
  return leading == 2 ? passes / 2 * 5 : passes * 2;
}

RepetitionPoint point_of(int64_t passes, const std::vector<Window>& windows, bool of_time, double reference) {
  std::vector<double> errors, times;
  for (const Window& w : windows) {
    const double total = of_time ? w.time.value : w.energy.front().value;
    errors.push_back(std::abs(total / static_cast<double>(w.passes) / reference - 1));
    times.push_back(w.time.value);
  }
  return {.passes = passes,
          .windows = windows.size(),
          .time = {median(times)},
          .median_error = median(errors),
          .max_error = *std::max_element(errors.begin(), errors.end())};
}

}  // namespace

RepetitionCurve repetition_curve(const Task& task, Runner& runner, const Preparation& preparation, std::span<Meter* const> meters,
                                 const Protocol& protocol, Clock& clock, int tries, const ProgressCallback& progress) {
  const Seconds start = clock.now();
  const auto first = meters.subspan(0, std::min<size_t>(meters.size(), 1));
  RepetitionCurve curve{.of_time = meters.empty()};
  curve.reference = measure({&task, 1}, runner, preparation, first, protocol, clock, progress).front();
  if (curve.reference.rows.empty()) return curve;
  const Measurement& row = curve.reference.rows.front();
  const double reference = curve.of_time ? *row.time_s : *row.energy_j;
  const int64_t most = curve.reference.windows.back().passes;
  Protocol fixed = protocol;
  fixed.idle = Seconds{0}, fixed.fixed_windows = tries;
  for (int64_t passes = 1; clock.now() - start < protocol.budget * 3; passes = after(passes)) {
    fixed.fixed_passes = passes;
    bool stopped = false;
    const Measured m = measure({&task, 1}, runner, preparation, first, fixed, clock, [&](const Progress& p) {
                         return !(stopped = progress && !progress(p));
                       }).front();
    if (m.windows.empty()) break;
    curve.points.push_back(point_of(passes, m.windows, curve.of_time, reference));
    if (stopped || !runner.alive() || passes >= most) break;
  }
  return curve;
}

}  // namespace wattlayer

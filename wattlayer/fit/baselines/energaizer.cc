#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "wattlayer/core/error.h"
#include "wattlayer/features/features.h"
#include "wattlayer/fit/layerwise.h"
#include "wattlayer/fit/reduction.h"
#include "wattlayer/fit/rows.h"

namespace wattlayer {
namespace {

constexpr size_t most_rows = 1000;      // eight coefficients gain nothing from more
constexpr size_t enough_own_rows = 10;  // of the device itself: then no other device is asked
constexpr double idle_share = 0.15;     // of the design power, where no idle power is known

constexpr size_t time_terms = 4;   // bound time of matrix products, of attention, of all others; launches
constexpr size_t power_terms = 4;  // matrix or vector units, other arithmetic, memory; static
using TimeTerms = std::array<double, time_terms>;
using PowerTerms = std::array<double, power_terms>;

/// What the timeline of a workload's kernels gives: the terms of its time, and how long each unit is busy, in joules at the
/// design power.
struct Timeline {
  TimeTerms time{};
  PowerTerms busy{};  ///< the last, static power, still without the time
  double power_limit_w = INFINITY;
};

/// Each kernel takes as long as its busiest unit; its blocks run in waves over the compute units (features).
Timeline timeline(const Workload& workload, const std::map<std::string, std::string>& conditions, const Hardware& hardware,
                  const Engine& engine) {
  const OperatingPoint point = operating_point(hardware, conditions);
  const double vector = hardware.vector_flops.value_or(hardware.peak(DataType::f32)) * point.clock;
  const double tensor = matrix_unit_peak(hardware) * point.clock, design = *hardware.tdp_w;
  Timeline line;
  for (const WorkloadItem& item : workload.items) {
    const Features f = features(item.layer, hardware, engine);
    const double tensor_s = f.count(Count::tensor_macs) > 0 ? 2 * f.count(Count::tensor_macs) / tensor : 0;
    const double math_s = tensor_s + 2 * f.count(Count::macs) / vector;
    const double other_s = (f.count(Count::flops) + f.count(Count::special)) / vector;
    const double memory_s = (f.count(Count::input_bytes) + f.count(Count::weight_bytes) + f.count(Count::output_bytes)) /
                            *hardware.bandwidth_bytes_per_s;
    const size_t kind = f.group.family == Family::attention ? 1 : f.macs > 0 ? 0 : 2;
    line.time[kind] += item.count * std::max({math_s, other_s, memory_s});
    line.time[3] += item.count * f.count(Count::launch) / point.clock;
    // Power of a unit follows the clock and the square of the voltage; memory has a clock of its own.
    line.busy[0] += item.count * math_s * design * point.clock * point.dynamic;
    line.busy[1] += item.count * other_s * design * point.clock * point.dynamic;
    line.busy[2] += item.count * memory_s * design;
  }
  line.busy[3] = hardware.idle_w.value_or(idle_share * design) * point.idle;
  line.power_limit_w = point.power_limit_w.value_or(hardware.power_limit_w.value_or(design));
  return line;
}

/// Coefficients at or above 0 with the least sum of squares of (sum - 1), column scales taken out: by coordinate descent.
template <size_t N>
std::array<double, N> non_negative(const std::vector<std::array<double, N>>& rows) {
  std::array<std::array<double, N>, N> products{};
  std::array<double, N> with_one{}, x{};
  for (const auto& row : rows)
    for (size_t i = 0; i < N; ++i) {
      with_one[i] += row[i];
      for (size_t j = 0; j < N; ++j) products[i][j] += row[i] * row[j];
    }
  for (int sweep = 0; sweep < 5000; ++sweep)
    for (size_t i = 0; i < N; ++i) {
      if (products[i][i] <= 0) continue;
      const double all = std::inner_product(products[i].begin(), products[i].end(), x.begin(), 0.0);
      x[i] = std::max(0.0, x[i] + (with_one[i] - all) / products[i][i]);
    }
  return x;
}

template <size_t N>
std::array<double, N> over(std::array<double, N> terms, double target) {
  for (double& term : terms) term /= target;
  return terms;
}

class UtilisationModel : public Predictor {
 public:
  /// `highest_w`: was measured, whatever the board's limit is said to be; infinite where the joules are not the board's alone.
  UtilisationModel(const Target& target, const TimeTerms& time, const PowerTerms& power, double highest_w)
      : hardware_(target.hardware), engine_(target.engine), time_(time), power_(power), highest_w_(highest_w) {}

  std::optional<Interval> energy_j(const Workload& workload) const override { return answer(workload, {}).energy_j; }
  std::optional<Interval> time_s(const Workload& workload) const override { return answer(workload, {}).time_s; }
  std::optional<Prediction> predict(const Question& question) const override {
    return answer(question.workload, question.conditions);
  }

 private:
  Prediction answer(const Workload& workload, const std::map<std::string, std::string>& conditions) const {
    Timeline line = timeline(workload, conditions, hardware_, engine_);
    const double seconds = std::inner_product(time_.begin(), time_.end(), line.time.begin(), 0.0);
    line.busy[3] *= seconds;
    const double joules = std::inner_product(power_.begin(), power_.end(), line.busy.begin(), 0.0);
    return {point(std::min(joules, std::max(line.power_limit_w, highest_w_) * seconds)), point(seconds), std::nullopt};
  }

  Hardware hardware_;
  Engine engine_;
  TimeTerms time_;
  PowerTerms power_;
  double highest_w_;
};

/// The target's own rows where there are enough, else those of all devices.
std::vector<const Measurement*> chosen(TrainingRows rows, const Target& target) {
  std::vector<const Measurement*> timed, own;
  for (const Measurement* m : rows)
    if (usable(*m) && has_measured_energy(*m) && m->time_s && *m->time_s > 0) {
      timed.push_back(m);
      if (m->hardware == target.hardware.id) own.push_back(m);
    }
  return thinned(own.size() >= enough_own_rows ? own : timed, most_rows);
}

void require_gpu(const Hardware& hardware) {
  if (!hardware.on_processor && hardware.bandwidth_bytes_per_s && hardware.tdp_w) return;
  throw Error(ErrorKind::invalid_input,
              "energaizer is a model of GPUs whose memory bandwidth and design power are known; " + hardware.id + " is not one");
}

std::unique_ptr<Predictor> fit(TrainingRows rows, const Target& target) {
  require_gpu(target.hardware);
  std::vector<TimeTerms> times;
  std::vector<PowerTerms> powers;
  double highest_w = 0;
  for (const Measurement* m : chosen(rows, target)) {
    const auto [hardware, engine] = described(*m, target);
    require_gpu(*hardware);
    if (m->scope != "gpu-board") highest_w = INFINITY;
    else if (m->hardware == target.hardware.id) highest_w = std::max(highest_w, *m->energy_j / *m->time_s);
    Timeline line = timeline(m->workload, m->conditions, *hardware, *engine);
    line.busy[3] *= *m->time_s;
    times.push_back(over(line.time, *m->time_s));
    powers.push_back(over(line.busy, *m->energy_j));
  }
  if (times.size() < power_terms) throw Error(ErrorKind::invalid_input, "energaizer needs at least 4 rows with energy and time");
  return std::make_unique<UtilisationModel>(target, non_negative(times), non_negative(powers), highest_w);
}

}  // namespace

Method energaizer_method() {
  return {.name = "energaizer",
          .summary =
              "bound time of kernels in waves, power by utilisation of units, coefficients >= 0 (EnergAIzer, Lee et al. 2026, "
              "arXiv 2604.20105; fitted on the rows given, its kernel database is not public)",
          .fit = fit};
}

}  // namespace wattlayer

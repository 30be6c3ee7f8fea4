#pragma once
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "wattlayer/bench/measure.h"
#include "wattlayer/core/error.h"
#include "wattlayer/meter/simulated_device.h"

namespace wattlayer::test {

/// An energy counter of a simulated device with the faults of real ones: it moves every `interval`, in whole steps, and may see
/// only the last part of each interval.
class FaultySensor final : public Meter {
 public:
  struct Faults {
    Seconds interval{0.1}, phase{0};
    Joules step{0.001};
    double seen = 1;  ///< share of each interval, at its end, that it looks at
    double gain = 1;
    Seconds gone_at{1e30};
  };

  FaultySensor(SimulatedDevice& device, Faults faults) : device_(device), faults_(faults), close_(faults.phase.value) {
    info_ = {
        .meter = "fake", .domain = "0", .scope = "board", .method = "counter", .device = "fake:0", .resolution = faults.step};
    while (close_ <= device.now().value) close_ += faults.interval.value;
    open_ = close_ - faults.seen * faults.interval.value;
    device.on_stretch([this](Seconds from, Seconds duration, Watts power) { pass(from.value, duration.value, power.value); });
  }

  const MeterInfo& info() const override { return info_; }
  Joules read() override {
    if (device_.now() >= faults_.gone_at) throw Error(ErrorKind::unavailable, "the sensor is gone; plug it in");
    return {std::floor(shown_ * faults_.gain / faults_.step.value) * faults_.step.value};
  }
  DeviceState state() override { return state_; }

  MeterInfo info_;
  DeviceState state_;

 private:
  void pass(double at, double left, double power) {
    while (left > 0) {
      const bool looking = at >= open_;
      const double span = std::min(left, (looking ? close_ : open_) - at);
      if (looking) seen_ += power * std::max(span, 0.0);
      at += span, left -= span;
      if (looking && at >= close_ - 1e-12) {
        shown_ += seen_ / faults_.seen;
        seen_ = 0;
        close_ += faults_.interval.value;
        open_ = std::max(close_ - faults_.seen * faults_.interval.value, at);
      } else if (!looking && at >= open_ - 1e-12) {
        at = std::max(at, open_);
      }
    }
  }

  SimulatedDevice& device_;
  Faults faults_;
  double open_ = 0, close_, seen_ = 0, shown_ = 0;
};

/// Integrates a power that follows the device's with a lag, as sensors do that report an average.
class LaggingSensor final : public Meter {
 public:
  explicit LaggingSensor(SimulatedDevice& device) : shown_(device.idle().value) {
    info_ = {.meter = "fake", .domain = "lag", .scope = "board", .method = "integrated", .device = "fake:lag"};
    device.on_stretch([this](Seconds, Seconds duration, Watts power) {
      const double kept = std::exp(-duration.value / lag);
      energy_ += power.value * duration.value - (power.value - shown_) * lag * (1 - kept);
      shown_ = power.value + (shown_ - power.value) * kept;
    });
  }
  const MeterInfo& info() const override { return info_; }
  Joules read() override { return {energy_}; }
  MeterInfo info_;

 private:
  static constexpr double lag = 0.25;  // seconds
  double shown_, energy_ = 0;
};

/// Reads after a wait of a second for its log, as csv does.
class WaitingMeter final : public Meter {
 public:
  explicit WaitingMeter(SimulatedDevice& device) : device_(device) {
    info_ = {.meter = "csv", .domain = "log", .scope = "wall", .method = "integrated", .refresh_interval = Seconds{0.1}};
    info_.waits = true;
  }
  const MeterInfo& info() const override { return info_; }
  Joules read() override {
    const Joules energy = device_.energy();
    if (waits_) device_.sleep(Seconds{1});
    return energy;
  }
  Joules read_start() override { return read(), device_.energy(); }
  bool waits_ = true;

 private:
  SimulatedDevice& device_;
  MeterInfo info_;
};

/// What a pass of a task does to the simulated device.
struct Work {
  Seconds time{0.01};
  Joules energy{1};
  Seconds request{0};  ///< that sending it and its answer take besides
  double swing = 0;    ///< power of the first 60 % of a pass is higher by this share, the rest lower
  enum class Fault { none, refused, out_of_memory, crash_preparing, crash_running } fault = Fault::none;
  bool memory_for_one = false;  ///< fits only when nothing else is prepared
};

/// A runner inside this process. Tasks go by the name of their workload.
class ScriptedRunner final : public Runner {
 public:
  ScriptedRunner(SimulatedDevice& device, std::map<std::string, Work> work) : device_(device), work_(std::move(work)) {
    info_ = {.name = "scripted",
             .engine = "simulated",
             .version = "7",
             .devices = {{.id = "cpu", .name = "a machine", .cache_bytes = 32e6}}};
    info_.facts["library"] = "2.1";
  }

  const RunnerInfo& info() const override { return info_; }
  int64_t prepare(const Task& task, const Preparation&) override {
    const Work& work = work_.at(task.workload.name);
    if (work.fault == Work::Fault::refused) throw Error(ErrorKind::unsupported, "no such operator");
    if (work.fault == Work::Fault::out_of_memory || (work.memory_for_one && !held_.empty()))
      throw Error(ErrorKind::unavailable, "out of memory");
    if (work.fault == Work::Fault::crash_preparing) die("crashed: signal 11");
    held_[++last_] = &work;
    return last_;
  }
  Seconds run(int64_t handle, int64_t passes) override {
    const Work& work = *held_.at(handle);
    runs.push_back({handle, passes, device_.now()});
    if (work.fault == Work::Fault::crash_running && runs.size() > 10) die("crashed: signal 9");
    if (work.request.value > 0) device_.sleep(work.request);
    const Seconds start = device_.now();
    if (work.swing == 0) device_.work(work.time * double(passes), work.energy * double(passes));
    for (int64_t i = 0; i < passes && work.swing != 0; ++i) {
      device_.work(work.time * 0.6, work.energy * (0.6 * (1 + work.swing)));
      device_.work(work.time * 0.4, work.energy * (0.4 * (1 - 1.5 * work.swing)));
    }
    return device_.now() - start;
  }
  void release(int64_t handle) override { held_.erase(handle); }
  bool alive() const override { return alive_; }
  std::optional<double> rotated_bytes(int64_t) const override { return rotated; }

  struct Run {
    int64_t handle, passes;
    Seconds at;
  };
  std::vector<Run> runs;
  std::optional<double> rotated;
  size_t held() const { return held_.size(); }

 private:
  [[noreturn]] void die(const char* how) {
    alive_ = false;
    throw Error(ErrorKind::unavailable, how);
  }

  SimulatedDevice& device_;
  std::map<std::string, Work> work_;
  std::map<int64_t, const Work*> held_;
  RunnerInfo info_;
  int64_t last_ = 0;
  bool alive_ = true;
};

/// A task that only has a name; the scripted runner needs no more.
inline Task named_task(const std::string& name) {
  Task task;
  task.workload.name = name;
  return task;
}

}  // namespace wattlayer::test

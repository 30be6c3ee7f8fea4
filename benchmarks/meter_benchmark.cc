#include <benchmark/benchmark.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "wattlayer/meter/meter_source.h"
#include "wattlayer/meter/poller.h"
#include "wattlayer/meter/sampled_meter.h"
#include "wattlayer/meter/simulated_device.h"
#include "wattlayer/meter/system_file.h"

namespace wattlayer {
namespace {

/// Files of a machine with two sockets. A real counter's file costs what the register costs on top.
std::filesystem::path two_sockets() { return WATTLAYER_SOURCE_DIR "/tests/data/powercap/two-sockets"; }

std::unique_ptr<Meter> open_rapl(Clock& clock) {
  return std::move(open_meters({.root = two_sockets(), .clock = &clock}, "rapl:packages").front());
}

/// Start or stop of a window on two sockets.
void BM_ReadRaplPackages(benchmark::State& state) {
  SimulatedDevice clock({1});  // stands still, so that the resting files are no fault
  const auto meter = open_rapl(clock);
  for (auto _ : state) benchmark::DoNotOptimize(meter->read());
}
BENCHMARK(BM_ReadRaplPackages);

void BM_ProcessorState(benchmark::State& state) {
  SimulatedDevice clock({1});
  const auto meter = open_rapl(clock);
  for (auto _ : state) benchmark::DoNotOptimize(meter->state());
}
BENCHMARK(BM_ProcessorState);

/// One sample of a power sensor in sysfs.
void BM_PollPowerSensor(benchmark::State& state) {
  SystemClock clock;
  const std::filesystem::path file = two_sockets() / "sys/class/hwmon/hwmon0/temp1_input";
  SampledMeter meter({.meter = "benchmark", .poll_interval = Seconds{0.01}}, clock,
                     [&] { return Watts{static_cast<double>(require_number(file)) * 1e-6}; });
  for (auto _ : state) meter.poll();
}
BENCHMARK(BM_PollPowerSensor);

/// Processor time of a second of polling at 100 Hz: CPU over Time is the share of one core.
void BM_SecondOfPollingAt100Hz(benchmark::State& state) {
  SystemClock clock;
  const std::filesystem::path file = two_sockets() / "sys/class/hwmon/hwmon0/temp1_input";
  SampledMeter meter({.meter = "benchmark", .poll_interval = Seconds{0.01}}, clock,
                     [&] { return Watts{static_cast<double>(require_number(file)) * 1e-6}; });
  Meter* meters[] = {&meter};
  const Poller poller(meters, clock);
  for (auto _ : state) std::this_thread::sleep_for(std::chrono::seconds(1));
}
BENCHMARK(BM_SecondOfPollingAt100Hz)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(3);

/// An hour of simulated work through a sensor that sees 25 ms of every 100.
void BM_SimulatedHour(benchmark::State& state) {
  SimulatedDevice device({10});
  const MeterPlace place{.clock = &device, .device = &device};
  const auto meter = std::move(open_meters(place, "fake:board+refresh_s=0.1+seen_s=0.025").front());
  for (auto _ : state) {
    device.work({3600}, {3.6e5});
    benchmark::DoNotOptimize(meter->read());
  }
}
BENCHMARK(BM_SimulatedHour);

}  // namespace
}  // namespace wattlayer

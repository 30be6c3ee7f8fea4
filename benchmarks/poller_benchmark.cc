#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "wattlayer/meter/poller.h"
#include "wattlayer/meter/sampled_meter.h"

namespace wattlayer {
namespace {

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Share of a core that sampling a power file 100 times a second takes; the aim is under 1 %.
void sampling_at_100_hz(benchmark::State& state) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / ("wattlayer-power-" + std::to_string(getpid()));
  std::ofstream(file) << "20000000\n";
  SystemClock clock;
  double share = 0;
  for (auto _ : state) {
    SampledMeter meter({.meter = "file", .domain = "0", .method = "integrated", .poll_interval = Seconds{0.01}}, clock, [&] {
      double microwatts = 0;
      std::ifstream(file) >> microwatts;
      return Watts{microwatts * 1e-6};
    });
    Meter* polled = &meter;
    const double before = processor_seconds();
    const Seconds start = clock.now();
    {
      const Poller poller({&polled, 1}, clock);
      clock.sleep({5});
    }
    share = (processor_seconds() - before) / (clock.now() - start).value;
    benchmark::DoNotOptimize(meter.read());
  }
  state.counters["processor_share_%"] = 100 * share;
  std::filesystem::remove(file);
}
BENCHMARK(sampling_at_100_hz)->Iterations(1)->UseRealTime()->Unit(benchmark::kSecond);

}  // namespace
}  // namespace wattlayer

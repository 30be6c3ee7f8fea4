#include "wattlayer/bench/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "wattlayer/bench/confidence.h"
#include "wattlayer/bench/measured_rows.h"
#include "wattlayer/bench/refresh.h"
#include "wattlayer/core/error.h"
#include "wattlayer/meter/poller.h"
#include "wattlayer/meter/reading_order.h"

namespace wattlayer {
namespace {

constexpr Seconds shortest_lead_in{0.02}, long_enough_to_time{0.05}, cool_step{0.5}, longest_cooling{60};
constexpr Seconds longest_refresh_search{3};
constexpr int64_t most_passes = 1'000'000'000;
constexpr int windows_in_a_row = 3;  // of a task whose single pass is longer than a window

/// A task and how far its measurement is.
struct Turn {
  const Task* task = nullptr;
  Measured measured;
  int64_t handle = -1;
  Seconds a_pass, spent;
  int look = 0;  ///< at the interval, after that many windows
  bool done = false, deferred = false;

  void fail(const std::string& reason) { measured.failure = reason, done = true; }
};

/// What is modelled is of the time that the runner worked: the reads enclose its request and its answer, too.
Joules energy_of(const MeterInfo& info, const Window& window, Joules counted) {
  if (info.stated_power) return *info.stated_power * window.time;
  return info.method == "modelled" && window.wall.value > 0 ? counted * (window.time / window.wall) : counted;
}

/// One call of measure().
class Session {
 public:
  Session(std::span<const Task> tasks, Runner& runner, const Preparation& preparation, std::span<Meter* const> meters,
          const Protocol& protocol, Clock& clock, const ProgressCallback& progress)
      : runner_(runner),
        preparation_(preparation),
        meters_(meters),
        protocol_(protocol),
        clock_(clock),
        progress_(progress),
        random_(preparation.seed + 1),
        idle_(meters.size()) {
    for (const Task& task : tasks) turns_.push_back({.task = &task, .look = protocol.min_windows});
  }

  std::vector<Measured> run();

 private:
  void prepare(size_t i);
  void warm_up(size_t i);
  void measure_idle();
  void take_windows();
  void take_turn(size_t i);
  void take_window(Turn& turn, size_t i);
  void lead_in(Turn& turn, size_t i);
  void cool_down(Turn& turn);
  void judge(Turn& turn, size_t i);
  std::string budget_remark(int windows, std::optional<double> width) const;
  void finish(size_t i, const Circumstances& circumstances);

  std::optional<Seconds> execute(size_t i, int64_t passes);
  void fault(size_t guilty, const Error& error);
  bool report(size_t i, std::optional<double> width);
  std::vector<Joules> read() const;
  std::vector<Joules> read_start() const;
  double between(double low, double high) { return low + (high - low) * (static_cast<double>(random_() >> 11) * 0x1p-53); }
  Seconds window_length() const { return std::max(protocol_.window, period_ * protocol_.refreshes); }

  Runner& runner_;
  const Preparation& preparation_;
  std::span<Meter* const> meters_;
  const Protocol& protocol_;
  Clock& clock_;
  const ProgressCallback& progress_;
  std::mt19937_64 random_;
  std::vector<Turn> turns_;
  std::vector<std::optional<Watts>> idle_;
  std::vector<std::optional<Seconds>> refresh_;
  Seconds period_{0};  ///< of the slowest sensor
  Seconds memory_{0};  ///< the longest time that a sensor averages over
  std::optional<size_t> last_ran_;
  bool stopped_ = false;
};

/// A runner that goes away is the fault of the task it worked on, the others deserve another try; but when the user stops the
/// measurement, it is nobody's.
void Session::fault(size_t guilty, const Error& error) {
  if (!runner_.alive() && !report(guilty, std::nullopt)) return;
  turns_[guilty].fail(error.what());
  if (runner_.alive()) return;
  for (Turn& turn : turns_)
    if (!turn.done) turn.done = turn.measured.interrupted = true;
}

void Session::prepare(size_t i) {
  Turn& turn = turns_[i];
  if (turn.done) return;
  try {
    turn.handle = runner_.prepare(*turn.task, preparation_);
  } catch (const Error& e) {
    const bool others = std::any_of(turns_.begin(), turns_.end(), [](const Turn& t) { return t.handle >= 0; });
    // Out of memory beside others may be room enough alone.
    if (runner_.alive() && others && e.kind() == ErrorKind::unavailable) {
      turn.done = turn.deferred = true;
    } else {
      fault(i, e);
    }
  }
}

std::optional<Seconds> Session::execute(size_t i, int64_t passes) {
  try {
    const Seconds time = runner_.run(turns_[i].handle, passes);
    last_ran_ = i;
    if (time.value > 0) turns_[i].a_pass = time / static_cast<double>(passes);
    return time;
  } catch (const Error& e) {
    fault(i, e);
    return std::nullopt;
  }
}

void Session::warm_up(size_t i) {
  Turn& turn = turns_[i];
  const Seconds start = clock_.now();
  int64_t passes = 1;
  while (!turn.done && !stopped_) {
    const auto time = execute(i, passes);
    if (!time) return;
    const bool timed = *time >= long_enough_to_time;
    turn.spent = clock_.now() - start;
    if (timed && turn.spent >= protocol_.warm_up) return;
    if (!report(i, std::nullopt)) return;
    if (timed) continue;
    if (passes >= most_passes) return turn.fail(fmt::format("the runner reports {:g} s for {} passes", time->value, passes));
    passes *= 4;
  }
}

std::vector<Joules> Session::read() const {
  std::vector<Joules> values(meters_.size());
  for (const size_t i : reading_order(meters_, false)) values[i] = meters_[i]->read();
  return values;
}

std::vector<Joules> Session::read_start() const {
  std::vector<Joules> values(meters_.size());
  for (const size_t i : reading_order(meters_, true)) values[i] = meters_[i]->read_start();
  return values;
}

void Session::measure_idle() {
  if (meters_.empty() || protocol_.idle.value <= 0) return;
  clock_.sleep(std::max({period_ * 2, memory_, Seconds{0.2}}));  // the last pass is out of the sensor's window
  const std::vector<Joules> before = read_start();
  const Seconds start = clock_.now();
  clock_.sleep(std::max(protocol_.idle, period_ * 10));
  const Seconds time = clock_.now() - start;
  const std::vector<Joules> after = read();
  last_ran_.reset();
  for (size_t i = 0; i < meters_.size(); ++i)
    if (const Joules energy = after[i] - before[i];
        meters_[i]->info().method != "modelled" && energy.value > 0 && energy > meters_[i]->info().resolution)
      idle_[i] = energy / time;
}

/// Waits until the device is cool enough, at most a minute.
void Session::cool_down(Turn& turn) {
  if (!protocol_.cool_to_c) return;
  const Seconds start = clock_.now();
  for (Meter* meter : meters_) {
    while (true) {
      const auto temperature = meter->state().temperature_c;
      if (!temperature || *temperature <= *protocol_.cool_to_c) break;
      if (clock_.now() - start >= longest_cooling) {
        turn.measured.remarks.push_back(fmt::format("the device did not cool to {:g} C within {:g} s, it was at {:g} C",
                                                    *protocol_.cool_to_c, longest_cooling.value, *temperature));
        return;
      }
      clock_.sleep(cool_step);
      last_ran_.reset();
    }
  }
}

/// The same code just before a window, for one to two refreshes and as long as the sensor averages: then what it reports late at
/// the start is the same as what it reports late at the end. The random length varies the phase.
void Session::lead_in(Turn& turn, size_t i) {
  const Seconds wanted = std::max({period_, memory_, shortest_lead_in}) + std::max(period_, shortest_lead_in) * between(0, 1);
  execute(i, std::max<int64_t>(1, std::llround(wanted / turn.a_pass)));
}

void Session::take_window(Turn& turn, size_t i) {
  const bool long_pass = turn.a_pass >= window_length();
  if (!(long_pass && last_ran_ == i)) {
    clock_.sleep(period_ * between(0, 1));
    lead_in(turn, i);
    if (turn.done || stopped_) return;
  }
  Window window{.passes = std::max<int64_t>(1, static_cast<int64_t>(std::ceil(window_length() * between(1, 1.1) / turn.a_pass)))};
  if (protocol_.fixed_passes) window.passes = *protocol_.fixed_passes;
  const std::vector<Joules> before = read_start();
  const Seconds start = clock_.now();
  const auto time = execute(i, window.passes);
  if (!time) return;
  window.wall = clock_.now() - start;
  const std::vector<Joules> after = read();
  for (Meter* meter : meters_) {
    window.state = meter->state();
    const DeviceState& s = window.state;
    if (s.clock_hz || s.temperature_c || s.power_limit_w || s.throttle) break;
  }
  window.time = *time;
  for (size_t m = 0; m < meters_.size(); ++m)
    window.energy.push_back(energy_of(meters_[m]->info(), window, after[m] - before[m]));
  turn.measured.windows.push_back(std::move(window));
}

bool Session::report(size_t i, std::optional<double> width) {
  if (!progress_ || stopped_) return !stopped_;
  stopped_ = !progress_({.task = i,
                         .tasks = turns_.size(),
                         .windows = static_cast<int64_t>(turns_[i].measured.windows.size()),
                         .relative_half_width = width.value_or(std::numeric_limits<double>::quiet_NaN())});
  return !stopped_;
}

std::string Session::budget_remark(int windows, std::optional<double> width) const {
  const std::string ended = fmt::format("the budget of {:g} s ended after {} windows", protocol_.budget.value, windows);
  if (!width) return ended + ", too few for an interval";
  if (*width > protocol_.tolerance)
    return ended + fmt::format(", with ±{:.2g} %, wider than the tolerance of {:g} %", 100 * *width, 100 * protocol_.tolerance);
  return ended + fmt::format(", fewer than the {} that are believed, with ±{:.2g} %", protocol_.min_windows, 100 * *width);
}

/// Is the task measured well enough, or its time over?
void Session::judge(Turn& turn, size_t i) {
  const auto windows = static_cast<int>(turn.measured.windows.size());
  const auto width = relative_half_width(turn.measured.windows, meters_);
  if (protocol_.fixed_passes) {
    turn.done = windows >= protocol_.fixed_windows;
  } else if (windows >= turn.look) {
    if (width && *width <= protocol_.tolerance) turn.done = true;
    turn.look = next_look(windows);
  }
  if (!turn.done && turn.spent >= protocol_.budget) {
    turn.done = true;
    const bool reached = width && *width <= protocol_.tolerance && windows >= protocol_.min_windows;
    if (!reached) turn.measured.remarks.push_back(budget_remark(windows, width));
  }
  report(i, width);
}

void Session::take_turn(size_t i) {
  Turn& turn = turns_[i];
  for (int k = 0; k < windows_in_a_row && !turn.done && !stopped_; ++k) {
    const Seconds start = clock_.now();
    cool_down(turn);
    take_window(turn, i);
    turn.spent += clock_.now() - start;
    if (!turn.done && !turn.measured.windows.empty()) judge(turn, i);
    if (turn.a_pass < window_length()) break;
  }
}

/// Rounds over all tasks that are not done, in an order drawn anew each time.
void Session::take_windows() {
  std::vector<size_t> order(turns_.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  auto open = [&](size_t i) { return !turns_[i].done; };
  while (!stopped_ && std::any_of(order.begin(), order.end(), open)) {
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[static_cast<size_t>(between(0, 1) * double(i))]);
    for (size_t i : order)
      if (open(i)) take_turn(i);
  }
}

void Session::finish(size_t i, const Circumstances& circumstances) {
  Turn& turn = turns_[i];
  if (turn.handle >= 0 && runner_.alive()) try {
      turn.measured.rotated_bytes = runner_.rotated_bytes(turn.handle);
      runner_.release(turn.handle);
    } catch (const Error&) {
      // What was measured stays measured.
    }
  if (!turn.measured.failure.empty() || turn.measured.interrupted || turn.deferred) return;
  if (turn.measured.windows.empty()) {
    turn.measured.interrupted = true;
    return;
  }
  if (!turn.done)
    turn.measured.remarks.push_back(
        fmt::format("stopped after {} windows, before the tolerance was reached", turn.measured.windows.size()));
  fill_rows(turn.measured, *turn.task, circumstances);
}

std::vector<Measured> Session::run() {
  const std::string date = clock_.date();
  for (Meter* meter : meters_) meter->begin();
  const Poller poller(meters_, clock_);
  for (size_t i = 0; i < turns_.size(); ++i)
    if (report(i, std::nullopt)) prepare(i);
  auto open = [](const Turn& t) { return !t.done && t.handle >= 0; };
  for (size_t i = 0; i < turns_.size(); ++i)
    if (open(turns_[i]) && report(i, std::nullopt)) warm_up(i);
  refresh_.resize(meters_.size());
  if (std::any_of(turns_.begin(), turns_.end(), open) && !stopped_) try {
      refresh_ = find_refresh_intervals(meters_, clock_, longest_refresh_search);
      period_ = slowest_refresh(meters_, refresh_);
      for (Meter* meter : meters_) memory_ = std::max(memory_, meter->info().averaging_window.value_or(Seconds{0}));
      measure_idle();
      take_windows();
    } catch (const Error& e) {  // a meter's: those of the runner end in fault()
      for (Turn& turn : turns_)
        if (!turn.done) turn.fail(e.what()), turn.measured.meter_gone = true;
    }
  const Circumstances circumstances{runner_.info(), preparation_, meters_, protocol_, date, idle_, refresh_};
  std::vector<Measured> results;
  for (size_t i = 0; i < turns_.size(); ++i) {
    finish(i, circumstances);
    results.push_back(std::move(turns_[i].measured));
  }
  for (size_t i = 0; i < turns_.size(); ++i) {
    if (!turns_[i].deferred) continue;
    if (stopped_ || !runner_.alive()) results[i].interrupted = true;
    else results[i] = Session({turns_[i].task, 1}, runner_, preparation_, meters_, protocol_, clock_, progress_).run().front();
  }
  return results;
}

}  // namespace

std::vector<Measured> measure(std::span<const Task> tasks, Runner& runner, const Preparation& preparation,
                              std::span<Meter* const> meters, const Protocol& protocol, Clock& clock,
                              const ProgressCallback& progress) {
  return Session(tasks, runner, preparation, meters, protocol, clock, progress).run();
}

}  // namespace wattlayer

#include "cli/metered_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>

#include "cli/command_figures.h"
#include "cli/epoch_marks.h"
#include "cli/open_meters.h"
#include "cli/program.h"
#include "wattlayer/core/error.h"
#include "wattlayer/meter/poller.h"
#include "wattlayer/meter/reading_order.h"

namespace wattlayer::cli {
namespace {

constexpr Seconds between_updates{5};
constexpr int idle_parts = 5;  // which tell how steady the power at rest is

/// Signals are taken one by one instead of interrupting; the command gets the mask that there was before.
class SignalQueue {
 public:
  SignalQueue() {
    sigemptyset(&taken_);
    for (const int s : {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) sigaddset(&taken_, s);
    // Where whoever started us ignores it, there is neither the signal nor a status to wait for.
    ::signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_BLOCK, &taken_, &before_);
  }
  ~SignalQueue() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;

  void restore() const { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  /// The next signal; 0 when none came in time.
  int next(Seconds timeout, siginfo_t& info) const {
    timespec time{.tv_sec = static_cast<time_t>(timeout.value)};
    time.tv_nsec = static_cast<long>((timeout.value - static_cast<double>(time.tv_sec)) * 1e9);
    const int signal = sigtimedwait(&taken_, &info, &time);
    return signal > 0 ? signal : 0;
  }

 private:
  sigset_t taken_{}, before_{};
};

/// A started command. `failure` is the errno of an exec that failed.
struct Started {
  pid_t pid = -1;
  int failure = 0;
};

/// `output`: what becomes its standard output; -1: ours.
Started start(const std::vector<std::string>& arguments, const SignalQueue& signals, int output) {
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) return {.failure = errno};
  std::vector<char*> argv;
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  if (output >= 0) ::setenv("PYTHONUNBUFFERED", "1", 0);  // into a pipe Python would hold its lines back
  const pid_t pid = ::fork();
  if (pid == 0) {
    signals.restore();
    if (output >= 0) ::dup2(output, STDOUT_FILENO);
    ::execvp(argv[0], argv.data());
    const int failure = errno;
    [[maybe_unused]] const auto written = ::write(report[1], &failure, sizeof failure);
    ::_exit(127);
  }
  ::close(report[1]);
  Started started{.pid = pid, .failure = pid < 0 ? errno : 0};
  if (pid > 0 && ::read(report[0], &started.failure, sizeof started.failure) == sizeof started.failure)
    ::waitpid(pid, nullptr, 0);
  ::close(report[0]);
  return started;
}

/// One command between two reads of its meters.
class MeteredCommand {
 public:
  MeteredCommand(const CommandOptions& options, OpenMeters& open) : options_(options), open_(open) {
    figures_.command = options.shell.empty() ? fmt::format("{}", fmt::join(options.arguments, " ")) : options.shell;
    for (Meter* meter : open.meters) figures_.meters.push_back({.info = meter->info()});
    if (!open.absence.empty()) figures_.remarks.push_back(fmt::format("only time was measured, no energy: {}", open.absence));
  }

  /// Exit status; the figures are of use where the command ran.
  int run();
  bool ran() const { return ran_; }
  const CommandFigures& figures() const { return figures_; }

 private:
  bool rest(const SignalQueue& signals);
  bool pause_until(Seconds end, const SignalQueue& signals);
  void note_part(std::vector<Joules>& last, Seconds& started);
  enum class Reading { at_start, at_end, in_between };
  void read(std::vector<Joules>& values, Reading reading);
  void update(Seconds now, Reading reading);
  void write_prometheus();
  int wait(pid_t pid, const SignalQueue& signals);
  EpochFigures since_last_epoch();

  const CommandOptions& options_;
  OpenMeters& open_;
  SystemClock clock_;
  CommandFigures figures_;
  std::vector<Joules> start_;
  Seconds started_;
  bool ran_ = false;
  std::recursive_mutex reading_;  // epochs end in another thread
  std::vector<Joules> last_epoch_;
  Seconds last_epoch_ended_;
  std::unique_ptr<EpochMarks> marks_;
};

/// A meter that fails costs its own figure, never the command's. One that waits for a log is not read in between, where the
/// command may end meanwhile.
void MeteredCommand::read(std::vector<Joules>& values, Reading reading) {
  const std::lock_guard lock(reading_);
  values.resize(open_.meters.size());
  for (const size_t i : reading_order(open_.meters, reading == Reading::at_start)) {
    CommandEnergy& m = figures_.meters[i];
    if (reading == Reading::in_between && m.info.waits) continue;
    if (m.failure.empty()) try {
        values[i] = reading == Reading::at_start ? open_.meters[i]->read_start() : open_.meters[i]->read();
      } catch (const Error& e) {
        m.failure = e.what();
        m.energy.reset();
      }
  }
}

/// Power at rest. False when a signal asks for an end.
bool MeteredCommand::rest(const SignalQueue& signals) {
  if (open_.meters.empty() || options_.idle.value <= 0) return true;
  std::vector<Joules> before, after;
  read(before, Reading::at_start);
  const Seconds start = clock_.now();
  std::vector<Joules> last = before;
  Seconds part_started = start;
  for (int part = 1; part <= idle_parts; ++part) {
    if (!pause_until(start + options_.idle * (static_cast<double>(part) / idle_parts), signals)) return false;
    note_part(last, part_started);
  }
  const Seconds time = clock_.now() - start;
  read(after, Reading::at_end);
  for (size_t i = 0; i < after.size(); ++i) {
    CommandEnergy& m = figures_.meters[i];
    const Joules energy = after[i] - before[i];
    if (m.info.method == "modelled") continue;  // what is stated says nothing of rest
    if (m.failure.empty() && energy.value > 0) m.idle = energy / time;
    else if (m.failure.empty())
      figures_.remarks.push_back(
          fmt::format("{}: nothing was counted at rest, so the energy above idle is unknown", m.info.name()));
  }
  return true;
}

/// False when a signal asks for an end.
bool MeteredCommand::pause_until(Seconds end, const SignalQueue& signals) {
  siginfo_t info{};
  for (Seconds left = end - clock_.now(); left.value > 0; left = end - clock_.now()) {
    const int signal = signals.next(left, info);
    if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT) return false;
  }
  return true;
}

/// Power at rest since the last part, of the meters that can be read at once.
void MeteredCommand::note_part(std::vector<Joules>& last, Seconds& started) {
  std::vector<Joules> values;
  read(values, Reading::in_between);
  const Seconds now = clock_.now();
  for (size_t i = 0; i < values.size(); ++i) {
    CommandEnergy& m = figures_.meters[i];
    if (!m.failure.empty() || m.info.waits || m.info.method == "modelled") continue;
    m.idle_parts.push_back((values[i] - last[i]) / (now - started));
    m.idle_part = now - started;
  }
  last = std::move(values), started = now;
}

void MeteredCommand::update(Seconds now, Reading reading) {
  const std::lock_guard lock(reading_);
  std::vector<Joules> values;
  read(values, reading);
  figures_.time = now - started_;
  for (size_t i = 0; i < values.size(); ++i) {
    CommandEnergy& m = figures_.meters[i];
    if (!m.failure.empty() || (reading == Reading::in_between && m.info.waits)) continue;
    m.energy = m.info.stated_power ? *m.info.stated_power * figures_.time : values[i] - start_[i];
  }
}

EpochFigures MeteredCommand::since_last_epoch() {
  const std::lock_guard lock(reading_);
  std::vector<Joules> values;
  read(values, Reading::in_between);
  const Seconds now = clock_.now();
  EpochFigures figures{.duration_s = (now - last_epoch_ended_).value};
  for (size_t i = 0; i < values.size(); ++i) {
    const CommandEnergy& m = figures_.meters[i];
    const double energy =
        m.info.stated_power ? m.info.stated_power->value * figures.duration_s : (values[i] - last_epoch_[i]).value;
    figures.energy_j.push_back(m.failure.empty() && !m.info.waits ? std::optional(energy) : std::nullopt);
  }
  last_epoch_ = std::move(values), last_epoch_ended_ = now;
  return figures;
}

void MeteredCommand::write_prometheus() {
  if (options_.prometheus.empty()) return;
  std::unique_lock lock(reading_);
  const std::string text = command_prometheus(figures_);
  lock.unlock();
  try {
    replace_file(options_.prometheus, text);
  } catch (const Error& e) {
    write_remark(e.what());  // the command goes on
  }
}

int MeteredCommand::wait(pid_t pid, const SignalQueue& signals) {
  while (true) {
    siginfo_t info{};
    const int signal = signals.next(between_updates, info);
    if (signal == 0 && !options_.prometheus.empty()) {
      update(clock_.now(), Reading::in_between);
      write_prometheus();
    }
    // What the terminal sends reaches the whole process group; what another process sends reaches us alone.
    if (signal != 0 && signal != SIGCHLD && info.si_code != SI_KERNEL) ::kill(pid, signal);
    int status = 0;
    const pid_t ended = ::waitpid(pid, &status, WNOHANG);
    if (ended == pid) return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (ended < 0) throw Error(ErrorKind::internal, fmt::format("cannot wait for the command: {}", std::strerror(errno)));
  }
}

int MeteredCommand::run() {
  const SignalQueue signals;
  for (Meter* meter : open_.meters) meter->begin();
  if (!options_.epochs.empty()) {
    std::vector<std::string> names;
    for (const Meter* meter : open_.meters) names.push_back(meter->info().name());
    marks_ = std::make_unique<EpochMarks>(options_.epoch_pattern, options_.epochs, names);
  }
  const Poller poller(open_.meters, clock_);
  if (!rest(signals)) return 130;
  write_prometheus();
  read(start_, Reading::at_start);
  started_ = clock_.now();
  const std::vector<std::string> shell = {"/bin/sh", "-c", options_.shell};
  const Started child = start(options_.shell.empty() ? options_.arguments : shell, signals, marks_ ? marks_->write_end() : -1);
  if (child.failure != 0) {
    write_remark(fmt::format("cannot run {}: {}", options_.arguments.empty() ? "/bin/sh" : options_.arguments.front(),
                             std::strerror(child.failure)));
    figures_.status = child.failure == ENOENT ? 127 : 126;
    write_prometheus();
    return *figures_.status;
  }
  ran_ = true;
  last_epoch_ = start_, last_epoch_ended_ = started_;
  if (marks_) marks_->begin([this] { return since_last_epoch(); });
  const int status = wait(child.pid, signals);
  if (marks_ && marks_->end() == 0)
    figures_.remarks.push_back(
        fmt::format("no line of its output fits '{}': no epoch is in {}", options_.epoch_pattern, options_.epochs.string()));
  update(clock_.now(), Reading::at_end);
  for (CommandEnergy& m : figures_.meters) {
    if (!m.energy || m.energy->value > 0) continue;
    m.energy.reset();
    m.failure = fmt::format(
        "{} counted nothing in {:.3g} s: the command is too short for it, or it stands still; see "
        "`wattlayer check`",
        m.info.name(), figures_.time.value);
  }
  for (const CommandEnergy& m : figures_.meters)
    if (m.is_within_noise(figures_.time))
      figures_.remarks.push_back(fmt::format(
          "{}: the energy above idle, {:.2g} J, is within its 95 % interval of ±{:.2g} J: it cannot be told from none",
          m.info.name(), m.above_idle(figures_.time)->value, m.above_idle_half_width(figures_.time)->value));
  for (Meter* meter : open_.meters)
    for (const std::string& remark : meter->remarks())
      figures_.remarks.push_back(fmt::format("{}: {}", meter->info().name(), remark));
  figures_.status = status;
  write_prometheus();
  return status;
}

}  // namespace

void add_command_options(CLI::App& verb, CommandOptions& options) {
  verb.add_option("--exec", options.shell, "measure a command instead, as the shell reads it; or give one after --")
      ->type_name("COMMAND")
      ->allow_extra_args(false);
  verb.add_option("--prom", options.prometheus, "with a command: figures in the text format of Prometheus, replaced as it runs")
      ->type_name("FILE");
  verb.add_option("--codecarbon", options.codecarbon, "with a command: append to an emissions.csv as CodeCarbon 3.3.0 writes it")
      ->type_name("FILE");
  verb.add_option("--carbon-intensity", options.carbon_intensity,
                  "for the emissions in that file, else they stay empty: a country (FRA, fr, France) or grams of CO2 a kWh")
      ->type_name("COUNTRY|G/KWH");
  auto* pattern =
      verb.add_option("--epoch-pattern", options.epoch_pattern, "with a command: lines of its output that end an epoch")
          ->type_name("REGEX");
  auto* epochs = verb.add_option("--epochs", options.epochs, "energy and time of each epoch, for `training project --follow`")
                     ->type_name("FILE");
  pattern->needs(epochs);
  epochs->needs(pattern);
  verb.add_option("--project", options.project, "its project_name (wattlayer)")->type_name("NAME");
}

int measure_command(const CommandOptions& options, const MeterOptions& meters, const DataFiles& files) {
  std::optional<GridIntensity> grid;
  if (!options.carbon_intensity.empty()) grid = grid_intensity(files, options.carbon_intensity);
  if (!options.codecarbon.empty()) check_emissions_file(options.codecarbon);
  SystemClock clock;
  OpenMeters open = open_and_lock(meters, meters.place(clock));
  MeteredCommand command(options, open);
  const int status = command.run();
  const CommandFigures& figures = command.figures();
  if (!command.ran()) return status;
  const std::string text = options.json ? command_json(figures) : command_table(figures);
  if (options.output.empty()) fmt::print(stderr, "{}", text);
  else write_output(text, options.output);
  if (!options.codecarbon.empty())
    append_emissions(options.codecarbon, figures, {.project = options.project, .grid = grid, .root = meters.root});
  return status;
}

}  // namespace wattlayer::cli

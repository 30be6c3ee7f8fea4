#include "wattlayer/bench/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr int look_ms = 200;

[[noreturn]] void fail(const std::string& doing) {
  throw Error(ErrorKind::unavailable, fmt::format("cannot {}: {}", doing, std::strerror(errno)));
}

struct Pipe {
  int ends[2] = {-1, -1};
  ~Pipe() {
    for (int end : ends)
      if (end >= 0) ::close(end);
  }
  int take(int i) { return std::exchange(ends[i], -1); }
};

/// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(char** arguments, int input, int output, int errors, int report, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvp(arguments[0], arguments);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(report, &error, sizeof error);
  ::_exit(127);
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments) {
  // A socket for its input: writing to a program that is gone is an error there, not a signal to this process.
  Pipe input, output, errors, report;
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input.ends) != 0) fail("open a socket");
  for (Pipe* pipe : {&output, &errors, &report})
    if (::pipe2(pipe->ends, O_CLOEXEC) != 0) fail("open a pipe");
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) fail("start a process");
  if (pid_ == 0) become(pointers.data(), input.ends[1], output.ends[1], errors.ends[1], report.ends[1], parent);
  ::close(report.take(1));
  int error = 0;
  if (::read(report.ends[0], &error, sizeof error) == sizeof error) {
    ::waitpid(pid_, nullptr, 0);
    errno = error;
    fail("start " + arguments[0]);
  }
  input_ = input.take(0), output_ = output.take(0), errors_ = errors.take(0);
  ::fcntl(errors_, F_SETFL, O_NONBLOCK);
}

ChildProcess::~ChildProcess() {
  if (input_ >= 0) ::close(std::exchange(input_, -1));
  if (pid_ > 0) kill();
  for (int file : {output_, errors_})
    if (file >= 0) ::close(file);
}

ChildProcess::Wait ChildProcess::write_line(const std::string& line, Seconds timeout, const std::function<bool()>& cancelled) {
  const std::string text = line + "\n";
  const auto until = SteadyClock::now() + std::chrono::duration<double>(timeout.value);
  for (size_t at = 0; at < text.size();) {
    const ssize_t sent = ::send(input_, text.data() + at, text.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      at += static_cast<size_t>(sent);
      continue;
    }
    if ((errno != EAGAIN && errno != EINTR) || ended()) return Wait::ended;
    if (cancelled && cancelled()) return Wait::cancelled;
    if (SteadyClock::now() > until) return Wait::timed_out;
    pollfd files[] = {{input_, POLLOUT, 0}, {errors_, POLLIN, 0}};
    ::poll(files, 2, look_ms);
    if (files[1].revents) take_errors();
  }
  return Wait::line;
}

ChildProcess::Wait ChildProcess::read_line(std::string& line, Seconds timeout, const std::function<bool()>& cancelled) {
  const auto until = SteadyClock::now() + std::chrono::duration<double>(timeout.value);
  while (true) {
    if (const size_t end = buffer_.find('\n'); end != buffer_.npos) {
      line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return Wait::line;
    }
    if (cancelled && cancelled()) return Wait::cancelled;
    if (SteadyClock::now() > until) return Wait::timed_out;
    pollfd files[] = {{output_, POLLIN, 0}, {errors_, POLLIN, 0}};
    ::poll(files, errors_ >= 0 ? 2 : 1, look_ms);
    if (files[1].revents) take_errors();
    if (!files[0].revents) continue;
    char part[1 << 16];
    const ssize_t got = ::read(output_, part, sizeof part);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Wait::ended;
    buffer_.append(part, static_cast<size_t>(got));
  }
}

void ChildProcess::take_errors() {
  char part[4096];
  constexpr size_t longest = 1 << 14;
  ssize_t got = 0;
  while ((got = ::read(errors_, part, sizeof part)) > 0) {
    log_.append(part, static_cast<size_t>(got));
    if (log_.size() > longest) log_.erase(0, log_.size() - longest / 2);
  }
  if (got == 0) ::close(std::exchange(errors_, -1));
}

bool ChildProcess::ended() const {
  siginfo_t info{};
  return pid_ <= 0 || (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0);
}

void ChildProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);  // its group: what it started goes too
  ::kill(pid_, SIGKILL);
  end();
}

std::string ChildProcess::end() {
  if (pid_ <= 0) return how_it_ended_;
  auto wait = [&](int tenths) {
    for (int i = 0; i < 10 * tenths && !ended(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return ended();
  };
  bool over = wait(20);
  ::kill(-pid_, SIGKILL);  // before it is reaped: then its group still has its number
  if (!over) ::kill(pid_, SIGKILL), over = wait(50);
  int status = 0;
  if (!over) how_it_ended_ = "no end, not even by SIGKILL: a driver holds it";
  else if (::waitpid(pid_, &status, 0) < 0) how_it_ended_ = "an end that nobody saw";
  else if (WIFSIGNALED(status)) how_it_ended_ = fmt::format("signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  else how_it_ended_ = fmt::format("exit status {}", WEXITSTATUS(status));
  pid_ = -1;
  if (errors_ >= 0) take_errors();
  return how_it_ended_;
}

std::string ChildProcess::last_words() const {
  constexpr size_t longest = 300;
  std::string words = log_.size() > longest ? "..." + log_.substr(log_.size() - longest) : log_;
  std::replace(words.begin(), words.end(), '\n', ' ');
  while (!words.empty() && words.back() == ' ') words.pop_back();
  return words;
}

}  // namespace wattlayer

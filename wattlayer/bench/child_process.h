#pragma once
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "wattlayer/core/units.h"

namespace wattlayer {

/// A program that is written lines to and read lines from. It is killed, with what it started, when this object or this process
/// ends. Not for several threads.
class ChildProcess {
 public:
  /// Throws Error(unavailable) when the program cannot be started.
  explicit ChildProcess(const std::vector<std::string>& arguments);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  enum class Wait { line, ended, timed_out, cancelled };
  /// Sends one line, as far as the program reads it: `line` when all was sent.
  Wait write_line(const std::string& line, Seconds timeout, const std::function<bool()>& cancelled);
  /// Next line of its standard output, without the line break.
  Wait read_line(std::string& line, Seconds timeout, const std::function<bool()>& cancelled);

  void kill();
  /// `exit status 3`, `signal 9 (Killed)`; waits for a program that has closed its output, and kills it where it lingers.
  std::string end();
  /// The last lines of its standard error, on one line.
  std::string last_words() const;

 private:
  void take_errors();
  bool ended() const;

  pid_t pid_ = -1;
  int input_ = -1, output_ = -1, errors_ = -1;
  std::string buffer_, log_, how_it_ended_;
};

}  // namespace wattlayer

#pragma once
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace wattlayer::test {

/// The built program while it runs; what it writes goes to files of a folder.
class RunningProgram {
 public:
  RunningProgram(std::vector<std::string> arguments, const std::filesystem::path& folder)
      : out_(folder / "stdout"), err_(folder / "stderr") {
    arguments.insert(arguments.begin(), WATTLAYER_PROGRAM);
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    process_ = fork();
    if (process_ != 0) return;
    dup2(open(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), STDOUT_FILENO);
    dup2(open(err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), STDERR_FILENO);
    execv(words[0], words.data());
    _exit(127);
  }
  ~RunningProgram() {
    if (process_ > 0) kill(process_, SIGKILL), wait();
  }
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  void signal(int number) const { kill(process_, number); }
  bool ended() {
    int status = 0;
    if (process_ > 0 && waitpid(process_, &status, WNOHANG) == process_) process_ = 0, status_ = status;
    return process_ == 0;
  }
  /// Exit status; 128 + signal when it was killed.
  int wait() {
    int status = 0;
    if (process_ > 0 && waitpid(process_, &status, 0) == process_) process_ = 0, status_ = status;
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  }
  std::string out() const { return content(out_); }
  std::string err() const { return content(err_); }

 private:
  static std::string content(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::filesystem::path out_, err_;
  pid_t process_ = 0;
  int status_ = 0;
};

}  // namespace wattlayer::test

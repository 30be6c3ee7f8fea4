#pragma once
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace wattlayer::cli {

/// Energy of each meter and time since the epoch before; nothing for a meter that has failed or cannot be read in between.
struct EpochFigures {
  double duration_s = 0;
  std::vector<std::optional<double>> energy_j;
};

/// Hands a command's standard output on, byte by byte as it comes, and takes each line that fits a pattern for the end of an
/// epoch: a row of a CSV file that `training project` reads, there as soon as the line is.
class EpochMarks {
 public:
  /// Throws Error(invalid_input) for a pattern that is no regular expression or a file that is there already, Error(io) where it
  /// cannot be written.
  EpochMarks(const std::string& pattern, const std::filesystem::path& file, const std::vector<std::string>& meters);
  ~EpochMarks();
  EpochMarks(const EpochMarks&) = delete;
  EpochMarks& operator=(const EpochMarks&) = delete;

  /// For the command's standard output.
  int write_end() const { return write_end_; }
  /// To be called when the command has started; `figures` is called from another thread.
  void begin(std::function<EpochFigures()> figures);
  /// Hands on what the command has left; returns the count of epochs. What a process that outlives the command writes later is
  /// not waited for.
  size_t end();

 private:
  void hand_on();
  void take(std::string_view text);
  void append(char c);
  bool fits();
  void note_epoch();

  std::regex pattern_;
  std::ofstream out_;
  std::filesystem::path file_;
  int read_end_ = -1, write_end_ = -1;
  std::function<EpochFigures()> figures_;
  std::string line_;  ///< as it stands on a terminal
  size_t backspaces_ = 0;
  bool returned_ = false, too_hard_ = false;
  std::atomic<bool> over_ = false;
  std::atomic<size_t> epochs_ = 0;
  std::thread thread_;
};

}  // namespace wattlayer::cli

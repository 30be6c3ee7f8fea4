#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/units.h"

namespace wattlayer {

/// Seconds since 1970: a number (s, ms, µs or ns by its size) or ISO 8601, in UTC where no zone stands. Nothing for other text.
std::optional<Seconds> parse_log_time(std::string_view text);

/// A text log of an outside meter: lines of time and power, or time and energy so far, that may still grow.
///
/// The first line names the columns (docs/meters.md); without names they are time and watts. Separated by comma, semicolon or
/// tab.
class PowerLog {
 public:
  /// `column`: the one with the power or the energy; empty: the first with a known name. Throws Error(unavailable) when the file
  /// cannot be read, Error(invalid_input) that names the line for one that is no log.
  PowerLog(std::filesystem::path file, const std::string& column);

  /// Takes in the lines that have been written since.
  void refresh();
  /// A last line without a line break; it may be half written.
  const std::string& tail() const { return tail_; }
  /// Takes the tail for a row until more is written. False where it is none.
  bool take_tail();

  bool empty() const { return rows_.empty(); }
  Seconds begin() const { return rows_.front().at; }
  Seconds end() const { return rows_.back().at; }
  /// Whether the log counts energy itself.
  bool counts_energy() const { return counts_energy_; }
  /// Median time between two rows; absent for fewer than two.
  std::optional<Seconds> interval() const;
  /// Longest time between two rows of which the second is later than `since`.
  Seconds longest_gap(Seconds since) const;

  /// Energy from the first row to a time between the first and the last: power runs straight from row to row.
  Joules energy_at(Seconds time) const;
  /// The same for a time after the last row, at the power of the last.
  Joules energy_after_end(Seconds time) const;

 private:
  struct Row {
    Seconds at;
    Watts power;    ///< of a log of power
    Joules energy;  ///< since the first row
  };

  void read_header(std::string_view line);
  void add_line(std::string_view line);
  void put_tail_back();
  [[noreturn]] void fail(const std::string& why) const;

  std::filesystem::path file_;
  std::string column_;
  bool header_read_ = false;
  char separator_ = ',';
  size_t time_column_ = 0, value_column_ = 1;
  double unit_ = 1;
  bool counts_energy_ = false;
  std::optional<double> first_energy_;
  uint64_t line_number_ = 0;
  uint64_t offset_ = 0;
  std::vector<Row> rows_;
  std::string tail_;
  bool tail_is_row_ = false;
};

}  // namespace wattlayer

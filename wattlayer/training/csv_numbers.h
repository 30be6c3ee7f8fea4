#pragma once
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "wattlayer/store/csv.h"

namespace wattlayer {

/// Numbers of a reader's current record; what is wrong is said with its line.
class CsvNumbers {
 public:
  /// The reader outlives it.
  explicit CsvNumbers(const CsvReader& csv) : csv_(csv) {}

  /// Position of the first of these columns that is there. Throws Error(invalid_input) that lists the header.
  size_t column(std::initializer_list<std::string_view> names) const;

  /// Throw Error(invalid_input) naming line and column.
  void require_whole_record() const;
  const std::string& text(size_t column) const { return csv_.fields().at(column); }
  double number(size_t column) const;
  double positive(size_t column) const;
  double time(size_t column) const;  ///< seconds, as parse_time reads them

 private:
  const CsvReader& csv_;
};

}  // namespace wattlayer

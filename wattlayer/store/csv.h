#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wattlayer/core/measurement.h"

namespace wattlayer {

/// Records of a comma-separated text (RFC 4180; LF or CRLF; quoted fields may hold both). The text outlives the reader.
class CsvReader {
 public:
  /// Reads the header. Throws Error(invalid_input) when there is none or a name stands in it twice.
  explicit CsvReader(std::string_view text);

  const std::vector<std::string>& header() const { return header_; }
  /// Position of a column; nothing when there is none of that name.
  std::optional<size_t> column(std::string_view name) const;

  /// Moves to the next record that is not an empty line; false at the end. A record with a broken quote or another number of
  /// fields than the header has a fault().
  bool next();
  const std::vector<std::string>& fields() const { return fields_; }
  size_t line() const { return line_; }                ///< where the record starts, counted from 1
  const std::string& fault() const { return fault_; }  ///< what is wrong with the record; empty when nothing is

 private:
  void read_record();

  std::string_view text_;
  size_t at_ = 0, next_line_ = 1, line_ = 0;
  std::vector<std::string> header_, fields_;
  std::unordered_map<std::string, size_t> columns_;
  std::string fault_;
};

/// A field as it stands in a comma-separated text: quoted where it must be.
std::string csv_field(std::string_view text);

/// A row that was not taken, and why.
struct RefusedRow {
  std::string file;
  size_t line = 0;
  std::string reason;
};

struct CsvMeasurements {
  std::vector<Measurement> measurements;
  std::vector<RefusedRow> refused;
};

/// Measurements as comma-separated text (docs/formats/csv_v1.md); parse_csv(print_csv(x)) == x to the last bit.
std::string print_csv(std::span<const Measurement> measurements);

/// Reads what print_csv writes; columns in any order, optional ones may be missing. Bad rows are refused one by one; a missing
/// column or a column of unknown name throws Error(invalid_input).
CsvMeasurements parse_csv(std::string_view text, std::string_view file);

}  // namespace wattlayer

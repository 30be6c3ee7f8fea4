#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wattlayer/datasets/description.h"
#include "wattlayer/datasets/row_text.h"
#include "wattlayer/store/csv.h"

namespace wattlayer {

/// A `*` in the pattern stands for any characters; case does not matter.
bool fits(std::string_view text, std::string_view pattern);

/// Every column of the condition holds one of its texts.
bool matches(const RowCondition& condition, const ColumnLookup& column);

/// Columns of a table's current row: those of the file, the derived ones, and `{file}`, `{folder}` (of the file, within the data
/// set's folder) and `{line}`. Which names derived columns have is known from the start; their texts are made once a row.
class RowColumns {
 public:
  /// The table and the reader outlive it. Throws Error(invalid_input) for a pattern that is no regular expression.
  RowColumns(const DatasetTable& table, const CsvReader& reader, std::filesystem::path folder, const std::string& file);

  /// Makes the derived columns of the reader's current row. Throws Error(invalid_input) naming the column that cannot be made.
  void derive();

  std::optional<std::string_view> operator()(std::string_view name) const;

 private:
  /// A derived column's rule, with what was made of each text so far.
  struct Maker {
    const DerivedColumn* rule;
    std::regex pattern;
    size_t first;  ///< position of its first column in `derived_`
    std::unordered_map<std::string, std::vector<std::string>> known;
    std::unordered_map<std::string, size_t> occurrences;
  };
  const std::vector<std::string>& made(Maker& maker, const std::string& text);
  std::vector<std::string> matched(const Maker& maker, const std::string& text) const;
  std::string mapped(const Maker& maker, const std::string& text) const;
  std::string looked_up(const Maker& maker, const std::string& text);

  const CsvReader& reader_;
  std::filesystem::path folder_;
  std::vector<Maker> makers_;
  std::map<std::string, size_t, std::less<>> position_;  ///< of a derived column
  std::vector<std::string> derived_;
  std::string file_, file_folder_, line_;
  std::map<std::string, std::unordered_map<std::string, std::string>> lookups_;  ///< file and direction -> its texts
};

}  // namespace wattlayer

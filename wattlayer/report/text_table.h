#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace wattlayer {

enum class Align { left, right };
enum class Style { plain, bold, dim, red, green, yellow, cyan };

/// Columns of text under headers, aligned by what a terminal shows (UTF-8), two spaces between columns.
class TextTable {
 public:
  struct Column {
    std::string header;
    Align align = Align::left;
    size_t widest = 0;  ///< longer cells are cut with an ellipsis in the middle; 0: no limit
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Missing cells are empty; further cells are an internal error.
  void row(std::vector<std::string> cells, Style style = Style::plain);

  /// Lines with a line break each and no trailing blanks; escape sequences only with `colour`.
  std::string print(bool colour = false, std::string_view indent = "") const;

 private:
  struct Row {
    std::vector<std::string> cells;
    Style style;
  };
  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

/// Characters as a terminal counts them; an invalid byte counts as one.
size_t display_width(std::string_view utf8);

/// At most `widest` characters, the middle replaced by an ellipsis.
std::string shorten(std::string_view utf8, size_t widest);

/// Replaces control characters and invalid UTF-8 from files by `?`: a name must not steer the terminal.
std::string printable(std::string_view text);

/// Broken at blanks into lines of at most `width` where words allow; lines after the first start with `indent`. Ends with a line
/// break.
std::string wrapped(std::string_view text, size_t width, std::string_view indent = "");

std::string styled(std::string_view text, Style style, bool colour);

}  // namespace wattlayer

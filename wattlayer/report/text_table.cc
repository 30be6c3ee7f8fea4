#include "wattlayer/report/text_table.h"

#include <algorithm>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

/// Bytes of the character at `at`; 0 when they are not valid UTF-8.
size_t character(std::string_view s, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char first = byte(at);
  const size_t length = first < 0x80 ? 1 : (first >> 5) == 6 ? 2 : (first >> 4) == 14 ? 3 : (first >> 3) == 30 ? 4 : 0;
  if (length == 0 || at + length > s.size()) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
  const bool overlong =
      (length == 2 && first < 0xc2) || (first == 0xe0 && byte(at + 1) < 0xa0) || (first == 0xf0 && byte(at + 1) < 0x90);
  const bool outside = (first == 0xed && byte(at + 1) >= 0xa0) || first > 0xf4 || (first == 0xf4 && byte(at + 1) >= 0x90);
  return overlong || outside ? 0 : length;
}

std::vector<std::string_view> characters(std::string_view s) {
  std::vector<std::string_view> result;
  for (size_t at = 0; at < s.size();) {
    const size_t length = std::max<size_t>(1, character(s, at));
    result.push_back(s.substr(at, length));
    at += length;
  }
  return result;
}

std::string_view escape(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::bold:
      return "\033[1m";
    case Style::dim:
      return "\033[2m";
    case Style::red:
      return "\033[31m";
    case Style::green:
      return "\033[32m";
    case Style::yellow:
      return "\033[33m";
    case Style::cyan:
      return "\033[36m";
  }
  return "";
}

}  // namespace

size_t display_width(std::string_view utf8) { return characters(utf8).size(); }

std::string shorten(std::string_view utf8, size_t widest) {
  const auto all = characters(utf8);
  if (widest == 0 || all.size() <= widest) return std::string(utf8);
  const size_t tail = (widest - 1) / 2, head = widest - 1 - tail;
  std::string result;
  for (size_t i = 0; i < head; ++i) result += all[i];
  result += "…";
  for (size_t i = all.size() - tail; i < all.size(); ++i) result += all[i];
  return result;
}

std::string printable(std::string_view text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const size_t length = character(text, at);
    const auto first = static_cast<unsigned char>(text[at]);
    const bool c1_control = length == 2 && first == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0;
    if (length == 0 || first < 0x20 || first == 0x7f || c1_control) result += '?';
    else result += text.substr(at, length);
    at += std::max<size_t>(1, length);
  }
  return result;
}

std::string wrapped(std::string_view text, size_t width, std::string_view indent) {
  std::string result, line;
  const size_t first = std::min(text.find_first_not_of(' '), text.size());
  line = text.substr(0, first);
  bool empty = true;
  for (size_t at = first; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = std::min(text.find_first_not_of(' ', end), text.size());
    if (!empty && display_width(line) + 1 + display_width(word) > width) {
      result += line + "\n";
      line = indent;
      empty = true;
    }
    line += (empty ? "" : " ") + std::string(word);
    empty = false;
  }
  return result + line + "\n";
}

std::string styled(std::string_view text, Style style, bool colour) {
  if (!colour || style == Style::plain) return std::string(text);
  return std::string(escape(style)) + std::string(text) + "\033[0m";
}

void TextTable::row(std::vector<std::string> cells, Style style) {
  if (cells.size() > columns_.size())
    throw Error(ErrorKind::internal, "text table: a row has more cells than the table has columns");
  cells.resize(columns_.size());
  for (size_t i = 0; i < cells.size(); ++i) cells[i] = shorten(printable(cells[i]), columns_[i].widest);
  rows_.push_back({std::move(cells), style});
}

std::string TextTable::print(bool colour, std::string_view indent) const {
  std::vector<size_t> widths;
  for (const Column& column : columns_) widths.push_back(display_width(column.header));
  for (const Row& row : rows_)
    for (size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], display_width(row.cells[i]));

  std::string result;
  auto line = [&](auto cell, Style style) {
    std::string text(indent);
    for (size_t i = 0; i < widths.size(); ++i) {
      const std::string& content = cell(i);
      const std::string blanks(widths[i] - display_width(content), ' ');
      if (i) text += "  ";
      text += columns_[i].align == Align::right ? blanks + content : content + blanks;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    result += styled(text, style, colour) + "\n";
  };
  line([&](size_t i) -> const std::string& { return columns_[i].header; }, Style::dim);
  for (const Row& row : rows_) line([&](size_t i) -> const std::string& { return row.cells[i]; }, row.style);
  return result;
}

}  // namespace wattlayer

#include "wattlayer/datasets/row_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

std::optional<double> as_number(std::string_view text) {
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string print_number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return fmt::format("{}", static_cast<int64_t>(value));
  return fmt::format("{}", value);
}

std::string_view require_column(std::string_view name, const ColumnLookup& column) {
  if (const auto value = column(name)) return *value;
  throw Error(ErrorKind::invalid_input, fmt::format("column '{}' is missing in the table", name));
}

double factor(std::string_view word, std::string_view value) {
  if (const auto number = as_number(value)) return *number;
  throw Error(ErrorKind::invalid_input, fmt::format("{} is '{}'; expected a number", word, value));
}

/// The value between two braces.
std::optional<std::string> evaluate(std::string_view expression, const ColumnLookup& column) {
  const size_t first_end = expression.find_first_of("*/");
  const bool plain = first_end == std::string_view::npos || column(expression);
  if (plain) {
    const std::string_view value = require_column(expression, column);
    if (value.empty()) return std::nullopt;
    const auto number = as_number(value);
    return number ? print_number(*number) : std::string(value);
  }
  double result = 1;
  char operation = '*';
  for (size_t start = 0; start < expression.size();) {
    size_t end = expression.size();
    char next = 0;
    for (std::string_view sign : {" * ", " / "})
      if (const size_t at = expression.find(sign, start); at < end) end = at, next = sign[1];
    const std::string_view word = expression.substr(start, end - start);
    const auto literal = as_number(word);
    const std::string_view value = literal ? word : require_column(word, column);
    if (value.empty()) return std::nullopt;
    const double number = literal ? *literal : factor(word, value);
    if (operation == '/' && number == 0) throw Error(ErrorKind::invalid_input, fmt::format("{} is 0; cannot divide by it", word));
    result = operation == '*' ? result * number : result / number;
    operation = next;
    start = end + (next ? 3 : 0);
    if (!next) break;
  }
  return print_number(result);
}

}  // namespace

std::optional<std::string> fill_template(std::string_view text, const ColumnLookup& column) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t open = std::min(text.find('{', at), text.size());
    out += text.substr(at, open - at);
    if (open == text.size()) break;
    const size_t close = text.find('}', open);
    if (close == std::string_view::npos)
      throw Error(ErrorKind::invalid_input, fmt::format("the template '{}' has a {{ without }}", text));
    const auto value = evaluate(text.substr(open + 1, close - open - 1), column);
    if (!value) return std::nullopt;
    out += *value;
    at = close + 1;
  }
  return out;
}

}  // namespace wattlayer

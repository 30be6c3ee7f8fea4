#include "wattlayer/datasets/row_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"

namespace wattlayer {
namespace {

std::string print_number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return fmt::format("{}", static_cast<int64_t>(value));
  return fmt::format("{}", value);
}

std::string_view require_column(std::string_view name, const ColumnLookup& column) {
  if (const auto value = column(name)) return *value;
  throw Error(ErrorKind::invalid_input, fmt::format("column '{}' is missing in the table", name));
}

double factor(std::string_view word, std::string_view value) {
  if (const auto number = real_of(value)) return *number;
  throw Error(ErrorKind::invalid_input, fmt::format("{} is '{}'; expected a number", word, value));
}

constexpr std::string_view operations[] = {"*", "/", "+", "-", "max", "min", "ceil"};

/// Where the first ` operation ` at or after `start` stands, and which; its end of the text where there is none.
std::pair<size_t, std::string_view> next_operation(std::string_view expression, size_t start) {
  for (size_t at = expression.find(' ', start); at != expression.npos; at = expression.find(' ', at + 1))
    for (std::string_view operation : operations)
      if (expression.substr(at + 1).starts_with(operation) && expression.substr(at + 1 + operation.size()).starts_with(' '))
        return {at, operation};
  return {expression.size(), {}};
}

double apply(double a, std::string_view operation, double b, std::string_view word) {
  if ((operation == "/" || operation == "ceil") && b == 0)
    throw Error(ErrorKind::invalid_input, fmt::format("{} is 0; cannot divide by it", word));
  if (operation == "*") return a * b;
  if (operation == "/") return a / b;
  if (operation == "+") return a + b;
  if (operation == "-") return a - b;
  if (operation == "max") return std::max(a, b);
  return operation == "min" ? std::min(a, b) : std::ceil(a / b) * b;
}

/// The value between two braces.
std::optional<std::string> evaluate(std::string_view expression, const ColumnLookup& column) {
  auto [end, next] = next_operation(expression, 0);
  if (next.empty() || column(expression)) {
    const std::string_view value = require_column(expression, column);
    if (value.empty()) return std::nullopt;
    const auto number = real_of(value);
    return number ? print_number(*number) : std::string(value);
  }
  double result = 0;
  std::string_view operation = "+";
  for (size_t start = 0;;) {
    const std::string_view word = expression.substr(start, end - start);
    const auto literal = real_of(word);
    const std::string_view value = literal ? word : require_column(word, column);
    if (value.empty()) return std::nullopt;
    result = apply(result, operation, literal ? *literal : factor(word, value), word);
    if (next.empty()) return print_number(result);
    start = end + next.size() + 2;
    operation = next;
    std::tie(end, next) = next_operation(expression, start);
  }
}

std::optional<std::string> filled(std::string_view text, const ColumnLookup& column, bool gaps) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t open = std::min(text.find('{', at), text.size());
    out += text.substr(at, open - at);
    if (open == text.size()) break;
    const size_t close = text.find('}', open);
    if (close == std::string_view::npos)
      throw Error(ErrorKind::invalid_input, fmt::format("the template '{}' has a {{ without }}", text));
    const std::string_view expression = text.substr(open + 1, close - open - 1);
    if (const auto value = evaluate(expression, column)) out += *value;
    else if (!gaps || !column(expression)) return std::nullopt;
    at = close + 1;
  }
  return out;
}

}  // namespace

std::optional<std::string> fill_template(std::string_view text, const ColumnLookup& column) {
  return filled(text, column, false);
}

std::optional<std::string> fill_template_with_gaps(std::string_view text, const ColumnLookup& column) {
  return filled(text, column, true);
}

}  // namespace wattlayer

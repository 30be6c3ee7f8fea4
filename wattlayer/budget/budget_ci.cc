#include <fmt/format.h>

#include <algorithm>

#include "wattlayer/budget/budget_formats.h"
#include "wattlayer/report/text_table.h"

// JUnit as Jenkins, GitLab and GitHub's reporters read it; workflow commands as actions/toolkit writes them.
namespace wattlayer {
namespace {

constexpr size_t layers_named = 10;

/// XML 1.0 holds no control characters but tab and line breaks, and UTF-8 only.
std::string escaped_xml(std::string_view text) {
  std::string result;
  std::string line;
  const auto flush = [&] {
    for (const char c : printable(line)) switch (c) {
        case '&':
          result += "&amp;";
          break;
        case '<':
          result += "&lt;";
          break;
        case '>':
          result += "&gt;";
          break;
        case '"':
          result += "&quot;";
          break;
        default:
          result += c;
      }
    line.clear();
  };
  for (const char c : text) {
    if (c != '\n') line += c;
    else flush(), result += "&#10;";
  }
  flush();
  return result;
}

std::string escaped_message(std::string_view text) {
  std::string result;
  for (const char c : text) switch (c) {
      case '%':
        result += "%25";
        break;
      case '\r':
        result += "%0D";
        break;
      case '\n':
        result += "%0A";
        break;
      default:
        result += c;
    }
  return result;
}

std::string escaped_property(std::string_view text) {
  std::string result;
  for (const char c : escaped_message(text)) {
    if (c == ':') result += "%3A";
    else if (c == ',') result += "%2C";
    else result += c;
  }
  return result;
}

/// What a reader of a failure wants to see besides its reason.
std::string details(const BudgetCheck& check) {
  std::string text = check.reason;
  if (check.change)
    for (size_t i = 0; i < std::min(layers_named, check.change->layers.size()); ++i)
      text += "\n" + sentence(check.change->layers[i]);
  for (const std::string& remark : check.remarks) text += "\n" + remark;
  return text;
}

size_t number_of(std::span<const BudgetCheck> checks, Verdict verdict) {
  return static_cast<size_t>(
      std::count_if(checks.begin(), checks.end(), [&](const BudgetCheck& c) { return c.verdict == verdict; }));
}

std::string class_name(const BudgetCheck& check) {
  if (!check.estimate) return check.budget.target;
  const Estimate& e = check.estimate->estimate;
  return fmt::format("{}.{}.{}", e.hardware, e.engine, name(e.dtype));
}

std::string case_name(const BudgetCheck& check) {
  const std::string limit =
      check.budget.limit ? check.budget.limit->text() : fmt::format("+{:g} %", 100 * *check.budget.max_increase);
  const auto batch = check.estimate ? check.estimate->estimate.batch : check.budget.reading.batch.value_or(1);
  return fmt::format("{} batch {} within {}", check.estimate ? check.estimate->network : check.budget.network, batch, limit);
}

std::string case_xml(const BudgetCheck& check) {
  std::string xml = fmt::format(R"(    <testcase classname="{}" name="{}" time="{:.6f}">)", escaped_xml(class_name(check)),
                                escaped_xml(case_name(check)), check.seconds);
  const std::string reason = escaped_xml(check.reason), text = escaped_xml(details(check));
  switch (check.verdict) {
    case Verdict::within:
      return xml + fmt::format("\n      <system-out>{}</system-out>\n    </testcase>\n", text);
    case Verdict::cannot_say:
      return xml +
             fmt::format("\n      <skipped message=\"{}\"/>\n      <system-out>{}</system-out>\n    </testcase>\n", reason, text);
    case Verdict::over:
      return xml + fmt::format("\n      <failure type=\"over\" message=\"{}\">{}</failure>\n    </testcase>\n", reason, text);
    case Verdict::failed:
      break;
  }
  return xml + fmt::format("\n      <error type=\"failed\" message=\"{}\">{}</error>\n    </testcase>\n", reason, text);
}

std::string_view command(Verdict verdict) {
  static constexpr std::string_view commands[] = {"notice", "error", "warning", "error"};
  return commands[static_cast<size_t>(verdict)];
}

}  // namespace

std::string budget_junit(std::span<const BudgetCheck> checks, const std::string& timestamp) {
  double seconds = 0;
  for (const BudgetCheck& check : checks) seconds += check.seconds;
  const std::string counts = fmt::format(R"(tests="{}" failures="{}" errors="{}" skipped="{}" time="{:.6f}")", checks.size(),
                                         number_of(checks, Verdict::over), number_of(checks, Verdict::failed),
                                         number_of(checks, Verdict::cannot_say), seconds);
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  xml += fmt::format("<testsuites name=\"wattlayer\" {}>\n", counts);
  xml += fmt::format("  <testsuite name=\"wattlayer check-budget\" timestamp=\"{}\" {}>\n", escaped_xml(timestamp), counts);
  for (const BudgetCheck& check : checks) xml += case_xml(check);
  return xml + "  </testsuite>\n</testsuites>\n";
}

std::string budget_annotations(std::span<const BudgetCheck> checks) {
  std::string text;
  for (const BudgetCheck& check : checks) {
    std::string properties = fmt::format("title={}", escaped_property(fmt::format("energy budget: {}", name(check.verdict))));
    if (!check.budget.file.empty())
      properties += fmt::format(",file={},line={}", escaped_property(check.budget.file.generic_string()), check.budget.line);
    text +=
        fmt::format("::{} {}::{}\n", command(check.verdict), properties, escaped_message(title(check) + ": " + details(check)));
  }
  return text;
}

}  // namespace wattlayer

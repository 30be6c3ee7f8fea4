#define TOML_EXCEPTIONS 1
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <span>

#include "wattlayer/budget/budget.h"
#include "wattlayer/core/error.h"
#include "wattlayer/core/nearest.h"
#include "wattlayer/core/number_text.h"

// The keys are documented in docs/budget.md.
namespace wattlayer {
namespace {

namespace fs = std::filesystem;

size_t line_of(const toml::node& node) { return node.source().begin.line; }

[[noreturn]] void refuse(const toml::node& at, const std::string& message) {
  throw Error(ErrorKind::invalid_input, fmt::format("line {}: {}", line_of(at), message));
}

void require_known(const toml::table& table, std::span<const std::string_view> known, std::string_view where) {
  for (const auto& [key, value] : table)
    if (std::find(known.begin(), known.end(), key.str()) == known.end())
      refuse(value, fmt::format("unknown key '{}' {}{}", key.str(), where,
                                nearest(key.str(), std::vector<std::string>(known.begin(), known.end()))));
}

std::string text_at(const toml::node& node, std::string_view key) {
  if (const auto text = node.value_exact<std::string>(); text && !text->empty()) return *text;
  refuse(node, fmt::format("{} is empty or not a text; expected such as \"...\"", key));
}

double number_at(const toml::node& node, std::string_view key) {
  if (node.is_number())
    if (const auto value = node.value<double>()) return *value;
  refuse(node, fmt::format("{} is not a number", key));
}

int64_t whole_at(const toml::node& node, std::string_view key) {
  constexpr int64_t largest = int64_t{1} << 31;
  if (const auto value = node.value_exact<int64_t>(); value && *value >= 1 && *value <= largest) return *value;
  refuse(node, fmt::format("{}: expected a whole number from 1 on", key));
}

/// A value, or a list of such values.
template <class Read>
auto one_or_several(const toml::node& node, std::string_view key, Read read) {
  std::vector<decltype(read(node, key))> values;
  if (const toml::array* list = node.as_array())
    for (const toml::node& entry : *list) values.push_back(read(entry, key));
  else values.push_back(read(node, key));
  if (values.empty()) refuse(node, fmt::format("{} is an empty list", key));
  return values;
}

Shape shape_at(const toml::node& node, std::string_view key) {
  std::string text = text_at(node, key);
  Shape shape;
  if (text == "scalar") return shape;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find('x', at), text.size());
    const auto size = whole_of(std::string_view(text).substr(at, end - at));
    if (!size || *size < 1)
      refuse(node, fmt::format("input {}: expected a shape such as \"1x3x224x224\", found '{}'", key, text));
    shape.push_back(*size);
    at = end + 1;
  }
  return shape;
}

const toml::table& table_at(const toml::node& node, std::string_view key) {
  if (const toml::table* table = node.as_table()) return *table;
  refuse(node, fmt::format("{}: expected a table such as {{ name = ... }}", key));
}

/// The limit of `max_j`, `max_wh` or `max_kwh`; one of them at most.
std::optional<EnergyLimit> limit_of(const toml::table& table) {
  bool per_batch = false;
  if (const toml::node* per = table.get("per")) {
    const std::string text = text_at(*per, "per");
    if (text != "batch" && text != "inference")
      refuse(*per, fmt::format("per is '{}'; expected \"inference\" or \"batch\"", text));
    per_batch = text == "batch";
  }
  std::optional<EnergyLimit> limit;
  for (const auto& [key, unit] : {std::pair{"max_j", EnergyUnit::j}, {"max_wh", EnergyUnit::wh}, {"max_kwh", EnergyUnit::kwh}})
    if (const toml::node* node = table.get(key)) {
      if (limit) refuse(*node, "two limits in one budget; give one of max_j, max_wh and max_kwh");
      try {
        limit = energy_limit(number_at(*node, key), unit, per_batch, key);
      } catch (const Error& e) {
        if (std::string_view(e.what()).starts_with("line ")) throw;
        refuse(*node, e.what());
      }
    }
  return limit;
}

void read_certainty(const toml::table& table, Certainty& certainty) {
  if (const toml::node* node = table.get("confidence")) certainty.confidence = number_at(*node, "confidence");
  if (const toml::node* node = table.get("min_coverage")) certainty.min_coverage = number_at(*node, "min_coverage");
  try {
    require_sensible(certainty);
  } catch (const Error& e) {
    refuse(table, e.what());
  }
}

void read_against(const toml::table& table, const fs::path& folder, fs::path& against) {
  if (const toml::node* node = table.get("against")) against = folder / text_at(*node, "against");
}

void read_settings(const toml::table& table, Budget& budget) try {
  if (const toml::node* node = table.get("dtype")) budget.dtype = require_data_type(text_at(*node, "dtype"));
  if (const toml::node* node = table.get("max_increase"))
    budget.max_increase =
        parse_increase(node->is_string() ? text_at(*node, "max_increase") : fmt::format("{}", number_at(*node, "max_increase")));
  if (const toml::node* node = table.get("clock_mhz")) budget.device.clock_mhz = number_at(*node, "clock_mhz");
  if (const toml::node* node = table.get("power_limit_w")) budget.device.power_limit_w = number_at(*node, "power_limit_w");
  for (const auto& [field, value] :
       {std::pair{"clock_mhz", budget.device.clock_mhz}, {"power_limit_w", budget.device.power_limit_w}})
    if (value && !(*value > 0 && *value < 1e6)) refuse(*table.get(field), fmt::format("{}: expected a number above 0", field));
  if (const toml::node* node = table.get("inputs"))
    for (const auto& [key, shape] : table_at(*node, "inputs"))
      budget.reading.inputs[std::string(key.str())] = shape_at(shape, key.str());
  if (const toml::node* node = table.get("dimensions"))
    for (const auto& [key, size] : table_at(*node, "dimensions"))
      budget.reading.dimensions[std::string(key.str())] = whole_at(size, key.str());
} catch (const Error& e) {
  if (std::string_view(e.what()).starts_with("line ")) throw;
  refuse(table, e.what());
}

const toml::node& required(const toml::table& table, const char* key, const char* example) {
  if (const toml::node* node = table.get(key)) return *node;
  refuse(table, fmt::format("a budget without '{}'; add {}", key, example));
}

void add_budgets(const toml::table& table, Budget budget, std::vector<Budget>& all) {
  static constexpr std::array<std::string_view, 16> keys = {
      "network", "on",           "batch",      "dtype",        "max_j",     "max_wh",        "max_kwh", "per",
      "against", "max_increase", "confidence", "min_coverage", "clock_mhz", "power_limit_w", "inputs",  "dimensions"};
  require_known(table, keys, "in a budget");
  const fs::path folder = budget.file.parent_path();
  budget.line = line_of(table);
  budget.limit = limit_of(table);
  read_settings(table, budget);
  read_certainty(table, budget.certainty);
  read_against(table, folder, budget.against);
  if (!budget.limit && !budget.max_increase)
    refuse(table, "a budget without a limit; add max_j, max_wh, max_kwh or max_increase");
  const auto networks = one_or_several(required(table, "network", "network = \"net.onnx\""), "network", text_at);
  const auto targets = one_or_several(required(table, "on", "on = \"HARDWARE/ENGINE/DTYPE\""), "on", text_at);
  std::vector<std::optional<int64_t>> batches(1);
  if (const toml::node* node = table.get("batch")) {
    const auto given = one_or_several(*node, "batch", whole_at);
    batches.assign(given.begin(), given.end());
  }
  for (const std::string& network : networks)
    for (const std::string& target : targets)
      for (const auto& batch : batches) {
        budget.network = network.starts_with("net:") || network == "-" ? network : (folder / network).string();
        budget.target = target.ends_with(".wlm") ? (folder / target).string() : target;
        budget.reading.batch = batch;
        all.push_back(budget);
      }
}

}  // namespace

std::vector<Budget> parse_budget_file(std::string_view text, const fs::path& file) try {
  const toml::table root = toml::parse(text);
  static constexpr std::array<std::string_view, 4> keys = {"budget", "confidence", "min_coverage", "against"};
  require_known(root, keys, "outside a budget");
  Budget habit{.file = file};
  read_certainty(root, habit.certainty);
  read_against(root, file.parent_path(), habit.against);
  const toml::node* list = root.get("budget");
  if (!list) throw Error(ErrorKind::invalid_input, "no budget in it; expected [[budget]] with network, on and max_j");
  if (!list->is_array_of_tables()) refuse(*list, "budget is not a list; write [[budget]] with two brackets");
  std::vector<Budget> all;
  for (const toml::node& entry : *list->as_array()) add_budgets(*entry.as_table(), habit, all);
  return all;
} catch (const toml::parse_error& e) {
  throw Error(ErrorKind::invalid_input,
              fmt::format("{}: line {}: not TOML: {}", file.string(), e.source().begin.line, std::string_view(e.description())));
} catch (const Error& e) {
  throw e.within(file.string());
}

}  // namespace wattlayer

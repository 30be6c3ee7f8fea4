#include "wattlayer/networks/network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"
#include "wattlayer/graph/weights.h"
#include "wattlayer/networks/families/all.h"

namespace wattlayer {
namespace {

int64_t positive(std::string_view name, std::string_view text) {
  const std::optional<int64_t> value = whole_of(text);
  if (!value || *value < 1 || *value > 1'000'000)
    throw Error(ErrorKind::invalid_input,
                fmt::format("{} of a network is '{}'; expected a whole number from 1 to 1000000", name, text));
  return *value;
}

NetworkSpec parse_spec(std::string_view text) {
  const size_t mark = std::min(text.find('?'), text.size());
  NetworkSpec spec{.name = std::string(text.substr(0, mark))};
  for (size_t start = mark + 1; start < text.size();) {
    const size_t end = std::min(text.find_first_of("&,", start), text.size());
    const std::string_view option = text.substr(start, end - start);
    const size_t equals = std::min(option.find('='), option.size());
    const std::string_view name = option.substr(0, equals);
    const std::string_view value = option.substr(std::min(equals + 1, option.size()));
    if (name == "batch") spec.batch = positive(name, value);
    else if (name == "size" || name == "resolution") spec.size = positive(name, value);
    else spec.options[std::string(name)] = value;
    start = end + 1;
  }
  return spec;
}

void refuse_unknown_options(const NetworkSpec& spec, const NetworkFamily& family) {
  for (const auto& [name, value] : spec.options)
    if (std::find(family.options.begin(), family.options.end(), name) == family.options.end())
      throw Error(ErrorKind::invalid_input,
                  fmt::format("network '{}' has no option '{}'; expected batch, size{}{}", spec.name, name,
                              family.options.empty() ? "" : ", ", fmt::join(family.options, ", ")));
}

Graph build(const NetworkSpec& spec) {
  for (const NetworkFamily& family : network_families())
    if (auto graph = family.build(spec)) {
      refuse_unknown_options(spec, family);
      return std::move(*graph);
    }
  std::string known;
  for (const NetworkFamily& family : network_families())
    for (std::string_view name : family.names) known += (known.empty() ? "" : ", ") + std::string(name);
  throw Error(ErrorKind::invalid_input, fmt::format("network '{}' is unknown; known are {}", spec.name, known));
}

}  // namespace

int64_t NetworkSpec::integer(std::string_view name, int64_t otherwise) const {
  const auto at = options.find(name);
  return at == options.end() ? otherwise : positive(name, at->second);
}

double NetworkSpec::real(std::string_view name, double otherwise) const {
  const auto at = options.find(name);
  if (at == options.end()) return otherwise;
  const std::optional<double> value = real_of(at->second);
  if (!value || !(*value > 0 && *value < 1e6))
    throw Error(ErrorKind::invalid_input, fmt::format("{} of a network is '{}'; expected a number above 0", name, at->second));
  return *value;
}

bool NetworkSpec::flag(std::string_view name, bool otherwise) const {
  const std::string_view given = text(name, otherwise ? "1" : "0");
  if (given != "0" && given != "1")
    throw Error(ErrorKind::invalid_input, fmt::format("{} of a network is '{}'; expected 0 or 1", name, given));
  return given == "1";
}

std::string_view NetworkSpec::text(std::string_view name, std::string_view otherwise) const {
  const auto at = options.find(name);
  return at == options.end() ? otherwise : std::string_view(at->second);
}

const std::vector<NetworkFamily>& network_families() {
  static const std::vector<NetworkFamily> families = [] {
    std::vector<NetworkFamily> all;
    for (auto list : all_networks) all.insert(all.end(), list().begin(), list().end());
    return all;
  }();
  return families;
}

Graph network(std::string_view text) { return build(parse_spec(text)); }

std::string sketch_network(std::string_view text, SketchPad& pad) {
  NetworkSpec spec = parse_spec(text);
  spec.pad = &pad;
  return build(spec).name;
}

bool same_network_name(std::string_view a, std::string_view b) {
  const auto separator = [](char c) { return c == '-' || c == '_' || c == '.'; };
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  size_t i = 0, j = 0;
  while (true) {
    while (i < a.size() && separator(a[i])) ++i;
    while (j < b.size() && separator(b[j])) ++j;
    if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
    if (lower(a[i++]) != lower(b[j++])) return false;
  }
}

double parameters(const Graph& graph) {
  double sum = 0;
  for (const OwnConstant& constant : own_constants(graph))
    if (is_weight(constant.tensor())) sum += constant.tensor().elements();
  return sum;
}

double trainable_parameters(const Graph& graph) {
  double sum = 0;
  for (const OwnConstant& constant : own_constants(graph))
    if (is_weight(constant.tensor()) && !is_running_statistic(*constant.node, constant.input))
      sum += constant.tensor().elements();
  return sum;
}

}  // namespace wattlayer

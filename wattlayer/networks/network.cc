#include "wattlayer/networks/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/networks/families/all.h"

namespace wattlayer {
namespace {

int64_t positive(std::string_view name, std::string_view text) {
  int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || value < 1 || value > 1'000'000)
    throw Error(ErrorKind::invalid_input,
                fmt::format("{} of a network is '{}'; expected a whole number from 1 to 1000000", name, text));
  return value;
}

NetworkSpec parse_spec(std::string_view text) {
  const size_t mark = std::min(text.find('?'), text.size());
  NetworkSpec spec{.name = std::string(text.substr(0, mark))};
  for (size_t start = mark + 1; start < text.size();) {
    const size_t end = std::min(text.find('&', start), text.size());
    const std::string_view option = text.substr(start, end - start);
    const size_t equals = std::min(option.find('='), option.size());
    const std::string_view name = option.substr(0, equals);
    const std::string_view value = option.substr(std::min(equals + 1, option.size()));
    if (name == "batch") spec.batch = positive(name, value);
    else if (name == "size") spec.size = positive(name, value);
    else
      throw Error(ErrorKind::invalid_input,
                  fmt::format("option '{}' of network '{}' is unknown; expected batch or size", name, text));
    start = end + 1;
  }
  return spec;
}

}  // namespace

std::vector<NetworkFamily> network_families() {
  std::vector<NetworkFamily> families;
  for (auto list : all_networks) families.insert(families.end(), list().begin(), list().end());
  return families;
}

Graph network(std::string_view text) {
  const NetworkSpec spec = parse_spec(text);
  std::string known;
  for (const NetworkFamily& family : network_families()) {
    if (auto graph = family.build(spec)) return std::move(*graph);
    for (std::string_view name : family.names) known += (known.empty() ? "" : ", ") + std::string(name);
  }
  throw Error(ErrorKind::invalid_input, fmt::format("network '{}' is unknown; known are {}", spec.name, known));
}

bool same_network_name(std::string_view a, std::string_view b) {
  auto plain = [](std::string_view text) {
    std::string out;
    for (char c : text)
      if (c != '-' && c != '_' && c != '.') out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
  };
  return plain(a) == plain(b);
}

double parameters(const Graph& graph) {
  std::set<int> seen;
  double sum = 0;
  for (const Node& node : graph.nodes)
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Tensor& tensor = node.layer.inputs[i];
      if (tensor.constant && !tensor.value && node.inputs[i] >= 0 && seen.insert(node.inputs[i]).second) sum += tensor.elements();
    }
  return sum;
}

}  // namespace wattlayer

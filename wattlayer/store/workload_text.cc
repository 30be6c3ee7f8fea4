#include "wattlayer/store/workload_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

std::string escape(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c == '\t') out += "\\t";
    else if (c == '\n') out += "\\n";
    else if (c == '\\') out += "\\\\";
    else out += c;
  }
  return out;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '\\' && i + 1 < text.size();
    const char c = escaped ? text[++i] : text[i];
    out += !escaped ? c : c == 't' ? '\t' : c == 'n' ? '\n' : c;
  }
  return out;
}

WorkloadItem parse_item(std::string_view line) {
  WorkloadItem item;
  const size_t tab = std::min(line.find('\t'), line.size());
  std::string_view layer = line.substr(0, tab);
  const auto [end, status] = std::from_chars(layer.data(), layer.data() + layer.size(), item.count);
  if (status == std::errc() && end != layer.data() + layer.size() && *end == ' ')
    layer.remove_prefix(static_cast<size_t>(end - layer.data()) + 1);
  else item.count = 1;
  if (!(item.count > 0) || !std::isfinite(item.count))
    throw Error(ErrorKind::invalid_input, fmt::format("the count {} of a layer must be positive", item.count));
  item.layer = parse_layer(layer);
  for (size_t start = tab; start < line.size();) {
    const size_t stop = std::min(line.find('\t', start + 1), line.size());
    item.names.push_back(unescape(line.substr(start + 1, stop - start - 1)));
    start = stop;
  }
  return item;
}

}  // namespace

std::string print_items(const Workload& workload) {
  std::string out;
  for (const WorkloadItem& item : workload.items) {
    if (!out.empty()) out += '\n';
    out += fmt::format("{} {}", item.count, print(item.layer));
    for (const std::string& name : item.names) out += '\t' + escape(name);
  }
  return out;
}

std::vector<WorkloadItem> parse_items(std::string_view text) {
  std::vector<WorkloadItem> items;
  size_t number = 0;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    ++number;
    try {
      if (end > start) items.push_back(parse_item(text.substr(start, end - start)));
    } catch (const Error& e) {
      throw e.within(fmt::format("layer {}", number));
    }
    start = end + 1;
  }
  return items;
}

}  // namespace wattlayer

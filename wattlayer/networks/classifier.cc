#include "wattlayer/networks/classifier.h"

#include <fmt/format.h>

#include <algorithm>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

constexpr int64_t widest = 1'000'000;

/// `1024/512`.
std::vector<int64_t> widths(std::string_view text) {
  std::vector<int64_t> result;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('/', start), text.size());
    const std::optional<int64_t> width = whole_of(text.substr(start, end - start));
    if (!width || *width < 1 || *width > widest)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("option hidden of a network is '{}'; expected widths joined by '/', such as 1024/512", text));
    result.push_back(*width);
    start = end + 1;
  }
  return result;
}

}  // namespace

int classifier(GraphBuilder& b, int x, const NetworkSpec& spec) {
  const std::string_view top = spec.text("top", "average");
  if (top != "average" && top != "flatten")
    throw Error(ErrorKind::invalid_input, fmt::format("option top of a network is '{}'; expected average or flatten", top));
  const bool norm = spec.flag("norm");
  x = b.flatten(top == "flatten" ? x : b.global_pool(x));
  for (int64_t width : widths(spec.text("hidden", ""))) {
    x = b.relu(b.linear(x, width));
    if (norm) x = b.batch_norm(x);
  }
  return b.linear(x, spec.integer("classes", 1000));
}

}  // namespace wattlayer

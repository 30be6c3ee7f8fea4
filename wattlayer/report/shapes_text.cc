#include "wattlayer/report/shapes_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace wattlayer {
namespace {

std::string shape_text(const Tensor& tensor) {
  if (!tensor.known) return "?";
  return tensor.shape.empty() ? "scalar" : fmt::format("{}", fmt::join(tensor.shape, "x"));
}

std::string side(const std::vector<Tensor>& tensors) {
  auto rank = [](const Tensor& t) { return t.present ? t.rank() : -1; };
  int64_t highest = 0;
  for (const Tensor& t : tensors) highest = std::max(highest, rank(t));
  const int64_t lowest_shown = std::min<int64_t>(highest, 2);
  std::vector<std::string> shown;
  size_t left_out = 0;
  for (const Tensor& t : tensors) {
    if (!t.present || (t.known && rank(t) < lowest_shown)) continue;
    if (shown.size() < 4) shown.push_back(shape_text(t));
    else ++left_out;
  }
  if (left_out) shown.push_back(fmt::format("(+{})", left_out));
  return fmt::format("{}", fmt::join(shown, " "));
}

}  // namespace

std::string shapes_text(const Layer& layer) {
  const std::string inputs = side(layer.inputs), outputs = side(layer.outputs);
  return inputs.empty() ? "→ " + outputs : inputs + " → " + outputs;
}

}  // namespace wattlayer

#include "wattlayer/networks/mlp_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"

namespace wattlayer {
namespace {

constexpr double widest = 1e9;

int64_t whole(double width) { return std::max<int64_t>(1, static_cast<int64_t>(std::floor(width + 0.5))); }

/// Widths at a scale: the width of the first hidden layer before it is rounded.
std::vector<int64_t> widths_at(const MlpPlan& plan, double scale) {
  std::vector<int64_t> widths;
  const auto hidden = static_cast<double>(plan.depth - 1);
  const auto outputs = static_cast<double>(plan.outputs);
  for (int64_t k = 0; k < plan.depth - 1; ++k) {
    const double share = static_cast<double>(k) / hidden;
    switch (plan.shape.kind) {
      case MlpShape::Kind::rectangle:
        widths.push_back(whole(scale));
        break;
      case MlpShape::Kind::trapezoid:
        widths.push_back(whole(scale - share * (scale - outputs)));
        break;
      case MlpShape::Kind::exponential:
        widths.push_back(std::max(plan.outputs, whole(scale * std::pow(outputs / scale, share))));
        break;
      case MlpShape::Kind::wide_first:
        widths.push_back(whole(k == 0 ? scale : scale / static_cast<double>(plan.shape.first_times)));
        break;
    }
  }
  widths.push_back(plan.outputs);
  return widths;
}

void require_possible(const MlpPlan& plan) {
  if (plan.depth < 2 || plan.depth > 10000)
    throw Error(ErrorKind::invalid_input,
                fmt::format("depth: expected 2 to 10000 layers, the output layer among them, found {}", plan.depth));
  for (const auto& [name, value] : {std::pair{"features", plan.features}, {"outputs", plan.outputs}, {"size", plan.size}})
    if (value < 1 || value > 1'000'000'000'000)
      throw Error(ErrorKind::invalid_input, fmt::format("{}: expected a number from 1 to 10^12, found {}", name, value));
}

}  // namespace

MlpShape parse_mlp_shape(std::string_view text) {
  MlpShape shape;
  std::string_view rest = text;
  if (constexpr std::string_view residual = "_residual"; rest.ends_with(residual))
    shape.residual = true, rest.remove_suffix(residual.size());
  if (rest == "rectangle") return shape;
  if (rest == "trapezoid") return shape.kind = MlpShape::Kind::trapezoid, shape;
  if (rest == "exponential") return shape.kind = MlpShape::Kind::exponential, shape;
  if (constexpr std::string_view first = "wide_first_"; rest.starts_with(first) && rest.ends_with("x")) {
    shape.kind = MlpShape::Kind::wide_first;
    rest = rest.substr(first.size(), rest.size() - first.size() - 1);
    if (const auto times = whole_of(rest); times && *times >= 1) return shape.first_times = *times, shape;
  }
  throw Error(ErrorKind::invalid_input, fmt::format("shape: expected rectangle, trapezoid, exponential or wide_first_Nx (such as "
                                                    "wide_first_4x), `_residual` behind it or not, found '{}'",
                                                    text));
}

double mlp_parameters(int64_t features, const std::vector<int64_t>& widths) {
  double sum = 0, before = static_cast<double>(features);
  for (const int64_t width : widths) sum += (before + 1) * static_cast<double>(width), before = static_cast<double>(width);
  return sum;
}

std::vector<int64_t> mlp_widths(const MlpPlan& plan) {
  require_possible(plan);
  const auto size = static_cast<double>(plan.size);
  const auto parameters = [&](double scale) { return mlp_parameters(plan.features, widths_at(plan, scale)); };
  double low = 1, high = 2;
  while (parameters(high) < size && high < widest) high *= 2;
  // Widths are whole, so the count jumps; the two scales meet at the jump over the wanted size.
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (parameters(middle) < size ? low : high) = middle;
  }
  return widths_at(plan, size - parameters(low) <= parameters(high) - size ? low : high);
}

}  // namespace wattlayer

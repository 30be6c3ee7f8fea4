#include "wattlayer/bench/value_ranges.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include "wattlayer/bench/second_moments.h"

namespace wattlayer {
namespace {

/// A range that a reader asks for. What it needs to be defined at all goes before what merely suits it.
struct Demand {
  ValueRange range;
  bool needed = false;
};
using Wish = std::optional<Demand>;

constexpr Demand scale{{0.5, 1.5}}, shift{{-0.5, 0.5}}, bias{{-0.1, 0.1}}, positive{{0.5, 1.5}, true};

bool one_of(std::string_view op, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), op) != list.end();
}

Demand index_below(double size) { return {{0, std::max(1.0, size)}, true}; }

Demand product_weight(double fan_in) {
  const double bound = std::sqrt(3 / std::max(1.0, fan_in));
  return {{-bound, bound}};
}

double dim_at(const Tensor& t, int64_t i) {
  const int64_t at = i < 0 ? i + t.rank() : i;
  return at >= 0 && at < t.rank() ? static_cast<double>(t.shape[static_cast<size_t>(at)]) : 1;
}

/// Smallest of the dimensions that a row of indices addresses.
double least_indexed(const Layer& layer, int64_t first) {
  double least = dim_at(layer.input(0), first);
  const auto width = static_cast<int64_t>(dim_at(layer.input(1), -1));
  for (int64_t i = first; i < first + width && i < layer.input(0).rank(); ++i) least = std::min(least, dim_at(layer.input(0), i));
  return least;
}

Wish index_demand(const Layer& layer, size_t i) {
  const std::string_view op = layer.op;
  const double along = dim_at(layer.input(0), layer.attributes.integer("axis", 0));
  if (i == 1 && one_of(op, {"Gather", "GatherElements", "Scatter", "ScatterElements"})) return index_below(along);
  if (i == 1 && one_of(op, {"GatherND", "com.microsoft.GatherND"}))
    return index_below(least_indexed(layer, layer.attributes.integer("batch_dims", 0)));
  if (i == 1 && op == "com.microsoft.MaxPoolGrad") {
    const Shape& x = layer.input(2).shape;
    return index_below(x.size() > 2 ? elements(Shape(x.begin() + 2, x.end())) : 1);
  }
  if (i == 2 && op == "com.microsoft.GatherGrad") return index_below(dim_at(layer.input(1), 0));
  if (i == 1 && op == "ScatterND") return index_below(least_indexed(layer, 0));
  if (i == 0 && op == "OneHot" && layer.input(1).value && layer.input(1).value->size() == 1)
    return index_below(layer.input(1).value->real(0));
  if (i == 1 && op == "MaxUnpool") {
    const Shape& y = layer.output(0).shape;
    return index_below(y.size() > 2 ? elements(Shape(y.begin() + 2, y.end())) : 1);
  }
  return std::nullopt;
}

Wish weight_demand(const Layer& layer, size_t i) {
  const std::string_view op = layer.op;
  const Tensor& t = layer.input(i);
  if (op == "Conv" && i == 1) return product_weight(t.elements() / dim_at(t, 0));
  if (op == "ConvTranspose" && i == 1) {
    double strides = 1;
    for (int64_t s : layer.attributes.integers("strides")) strides *= static_cast<double>(s);
    const double groups = static_cast<double>(layer.attributes.integer("group", 1));
    return product_weight(t.elements() / (dim_at(t, 1) * groups * strides));
  }
  if (op == "Gemm" && i == 1) return product_weight(dim_at(t, layer.attributes.integer("transB", 0) != 0 ? 1 : 0));
  if (op == "MatMul") return product_weight(t.rank() < 2 ? dim_at(t, 0) : dim_at(t, i == 0 ? -1 : -2));
  if (op == "Einsum" && layer.inputs.size() == 2)
    return product_weight(
        std::sqrt(layer.input(0).elements() * layer.input(1).elements() / std::max(1.0, layer.output(0).elements())));
  if (one_of(op, {"LSTM", "GRU", "RNN"}) && (i == 1 || i == 2)) return product_weight(dim_at(t, 2));
  if (one_of(op, {"Conv", "ConvTranspose", "Gemm"}) && i == 2) return bias;
  if (one_of(op, {"LSTM", "GRU", "RNN"}) && i == 3) return bias;
  if (op == "PRelu" && i == 1) return Demand{{0, 0.5}};
  if (op == "Mul") return scale;
  if (one_of(op, {"Add", "Sub"})) return shift;
  return std::nullopt;
}

Wish norm_demand(const Layer& layer, size_t i) {
  const std::string_view op = layer.op;
  if (op == "BatchNormalization")
    return std::array<Wish, 5>{std::nullopt, scale, shift, shift, positive}.at(std::min<size_t>(i, 4));
  if (!one_of(op, {"LayerNormalization", "GroupNormalization", "InstanceNormalization", "RMSNormalization"})) return std::nullopt;
  return i == 1 ? Wish(scale) : i == 2 ? Wish(shift) : std::nullopt;
}

Wish domain_demand(const Layer& layer, size_t i) {
  const std::string_view op = layer.op;
  if (op == "Div" && i == 1) return positive;
  if (one_of(op, {"Sqrt", "Log", "Reciprocal", "ReduceLogSum", "CumProd", "ReduceProd"}) && i == 0) return positive;
  if (op == "Pow") {
    const auto& exponent = layer.input(1).value;
    const bool whole = exponent && exponent->size() == 1 && exponent->real(0) == std::floor(exponent->real(0));
    if (!whole) return positive;
  }
  if (one_of(op, {"Asin", "Acos", "Atanh"})) return Demand{{-0.9, 0.9}, true};
  if (op == "Acosh") return Demand{{1.1, 2}, true};
  if (op == "Bernoulli") return Demand{{0, 1}, true};
  return std::nullopt;
}

/// Lengths are whole sequences, and positions that masks compare them with lie inside.
Wish length_demand(const Layer& layer, size_t i) {
  const Demand whole{{dim_at(layer.output(0), -1), dim_at(layer.output(0), -1)}};
  if (one_of(layer.op, {"LSTM", "GRU", "RNN"}) && i == 4) {
    const double steps = dim_at(layer.input(0), layer.attributes.integer("layout", 0) != 0 ? 1 : 0);
    return Demand{{steps, steps}, true};
  }
  if (!one_of(layer.op, {"Less", "LessOrEqual", "Greater", "GreaterOrEqual"})) return std::nullopt;
  if (layer.input(0).constant == layer.input(1).constant) return std::nullopt;
  return layer.input(i).constant ? Demand{{0, whole.range.high}} : whole;
}

Wish integer_demand(const Layer& layer, size_t i) {
  if (auto length = length_demand(layer, i)) return length;
  if (auto index = index_demand(layer, i)) return index;
  // Positions are running sums of a mask and must stay inside their table.
  if (layer.op == "CumSum" && i == 0) return Demand{{1, 2}, true};
  if (one_of(layer.op, {"Add", "Sub", "Mul", "Div", "Mod", "Pow", "Max", "Min"})) return Demand{{1, 8}};
  return std::nullopt;
}

/// What a layer asks of its input i; nothing when any number will do.
Wish demand_of(const Layer& layer, size_t i) {
  const Tensor& t = layer.input(i);
  if (t.dtype == DataType::boolean) return layer.op == "Where" && i == 0 && t.constant ? Wish(Demand{{1, 1}}) : std::nullopt;
  if (!is_float(t.dtype)) return integer_demand(layer, i);
  if (auto wish = domain_demand(layer, i)) return wish;
  if (auto wish = norm_demand(layer, i)) return wish;
  return t.constant ? weight_demand(layer, i) : std::nullopt;
}

/// Whether the output holds the elements of input i, moved or cast: what its readers ask for is asked of the input.
bool hands_on(const Layer& layer, size_t i) {
  if (layer.op == "Concat") return true;
  return i == 0 && one_of(layer.op, {"Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout", "Transpose",
                                     "Slice", "Split", "Expand", "Tile", "Gather"});
}

void add(Wish& all, const Wish& more) {
  if (!more || (all && all->needed && !more->needed)) return;
  if (!all || (more->needed && !all->needed)) {
    all = more;
    return;
  }
  const ValueRange both{std::max(all->range.low, more->range.low), std::min(all->range.high, more->range.high)};
  if (both.low < both.high) all->range = both;
}

ValueRange otherwise(DataType dtype) {
  if (dtype == DataType::boolean) return {0, 1};
  return is_float(dtype) ? ValueRange{} : ValueRange{1, 2};
}

}  // namespace

std::vector<ValueRange> value_ranges(const Graph& graph) {
  std::vector<Wish> wishes(graph.values.size());
  std::vector<ValueRange> defaults(graph.values.size());
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] < 0) continue;
      const auto value = static_cast<size_t>(node.inputs[i]);
      defaults[value] = otherwise(node.layer.input(i).dtype);
      add(wishes[value], demand_of(node.layer, i));
      if (!hands_on(node.layer, i)) continue;
      for (size_t j = 0; j < node.outputs.size(); ++j) {
        if (node.outputs[j] < 0 || is_float(node.layer.output(j).dtype) != is_float(node.layer.input(i).dtype)) continue;
        add(wishes[value], wishes[static_cast<size_t>(node.outputs[j])]);
      }
    }
  }
  std::vector<ValueRange> ranges(graph.values.size());
  for (size_t v = 0; v < ranges.size(); ++v) ranges[v] = wishes[v] ? wishes[v]->range : defaults[v];
  fit_statistics(graph, ranges);
  return ranges;
}

}  // namespace wattlayer

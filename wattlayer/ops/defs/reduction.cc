#include <algorithm>
#include <cmath>
#include <limits>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/fold.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Reductions over axes: the operators differ by what they accumulate.
namespace wattlayer {
namespace {

using rules::require;

/// Before opset 13 (ReduceSum) or 18 the axes were an attribute.
void axes_as_input(Layer& layer, int) { fold::attribute_to_input(layer, "axes", 1); }

/// True for each reduced dimension; nothing when the axes are not known. No axes reduce all, or nothing when told so.
std::optional<std::vector<bool>> reduced(const Layer& layer) {
  const auto rank = static_cast<size_t>(layer.input(0).rank());
  const bool none = layer.attributes.integer("noop_with_empty_axes", 0) != 0;
  if (!layer.has_input(1)) return std::vector<bool>(rank, !none);
  const auto axes = fold::integers(layer, 1);
  if (!axes) {
    if (layer.input(1).shape == Shape{0}) return std::vector<bool>(rank, !none);
    return std::nullopt;
  }
  if (axes->empty()) return std::vector<bool>(rank, !none);
  std::vector<bool> out(rank, false);
  for (int64_t a : *axes) out[static_cast<size_t>(rules::axis(a, layer.input(0).rank()))] = true;
  return out;
}

void reduce_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const Tensor& x = layer.input(0);
  const auto axes = reduced(layer);
  if (!axes) return rules::unknown(layer);
  const bool keep = layer.attributes.integer("keepdims", 1) != 0;
  Shape out;
  for (size_t i = 0; i < x.shape.size(); ++i) {
    if (!(*axes)[i]) out.push_back(x.shape[i]);
    else if (keep) out.push_back(1);
  }
  rules::set_output(layer, 0, std::move(out), x.dtype);
}

Cost reduce_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 1);
  c.flops = layer.input(0).elements();
  return c;
}

/// Two operations an input element: |x| or x * x, then the sum.
Cost norm_cost(const Layer& layer) {
  Cost c = reduce_cost(layer);
  c.flops *= 2;
  return c;
}

/// As norm_cost, and a root an output element.
Cost l2_cost(const Layer& layer) {
  Cost c = norm_cost(layer);
  c.special = c.output_elements;
  return c;
}

Cost log_sum_cost(const Layer& layer) {
  Cost c = reduce_cost(layer);
  c.special = c.output_elements;
  return c;
}

Cost log_sum_exp_cost(const Layer& layer) {
  Cost c = reduce_cost(layer);
  c.special = layer.input(0).elements() + c.output_elements;
  return c;
}

// One accumulator each; `integers` returns false where the result does not fit.
struct SumUp {
  static constexpr int64_t whole_start = 0;
  static constexpr double real_start = 0;
  static bool integers(int64_t x, int64_t& sum) { return !__builtin_add_overflow(sum, x, &sum); }
  static void reals(double x, double& sum) { sum += x; }
  static double finish(double sum, double) { return sum; }
};
struct Average : SumUp {
  static double finish(double sum, double count) { return sum / count; }
};
struct Product {
  static constexpr int64_t whole_start = 1;
  static constexpr double real_start = 1;
  static bool integers(int64_t x, int64_t& product) { return !__builtin_mul_overflow(product, x, &product); }
  static void reals(double x, double& product) { product *= x; }
  static double finish(double product, double) { return product; }
};
struct Largest {
  static constexpr int64_t whole_start = std::numeric_limits<int64_t>::min();
  static constexpr double real_start = -std::numeric_limits<double>::infinity();
  static bool integers(int64_t x, int64_t& best) { return best = std::max(best, x), true; }
  static void reals(double x, double& best) { best = std::max(best, x); }
  static double finish(double best, double) { return best; }
};
struct Smallest {
  static constexpr int64_t whole_start = std::numeric_limits<int64_t>::max();
  static constexpr double real_start = std::numeric_limits<double>::infinity();
  static bool integers(int64_t x, int64_t& best) { return best = std::min(best, x), true; }
  static void reals(double x, double& best) { best = std::min(best, x); }
  static double finish(double best, double) { return best; }
};
struct AbsoluteSum : SumUp {
  static bool integers(int64_t x, int64_t& sum) { return x != INT64_MIN && !__builtin_add_overflow(sum, x < 0 ? -x : x, &sum); }
  static void reals(double x, double& sum) { sum += std::fabs(x); }
};
struct SquareSum : SumUp {
  static bool integers(int64_t x, int64_t& sum) {
    int64_t square = 0;
    return !__builtin_mul_overflow(x, x, &square) && !__builtin_add_overflow(sum, square, &sum);
  }
  static void reals(double x, double& sum) { sum += x * x; }
};
struct Euclidean : SquareSum {
  static double finish(double sum, double) { return std::sqrt(sum); }
};
struct LogSum : SumUp {
  static double finish(double sum, double) { return std::log(sum); }
};

/// For each input element, the output element that it goes into.
std::vector<size_t> targets(const Layer& layer, const std::vector<bool>& axes) {
  Shape kept = layer.input(0).shape;
  for (size_t i = 0; i < kept.size(); ++i)
    if (axes[i]) kept[i] = 1;
  const auto step = fold::strides(kept);
  std::vector<size_t> out;
  fold::each_position(layer.input(0).shape, [&](const Shape& position) {
    int64_t at = 0;
    for (size_t i = 0; i < kept.size(); ++i)
      if (!axes[i]) at += position[i] * step[i];
    out.push_back(static_cast<size_t>(at));
  });
  return out;
}

/// Integer means and roots depend on the back-end, so those are folded for reals only (`whole` false).
template <class Rule, bool whole>
void fold_reduce(Layer& layer) {
  const Value* x = fold::ready(layer) ? fold::input(layer, 0) : nullptr;
  const auto axes = x ? reduced(layer) : std::nullopt;
  if (!axes || (!x->is_real && !whole) || x->size() == 0) return;
  const auto to = targets(layer, *axes);
  const auto count = static_cast<size_t>(*fold::small_count(layer.output(0).shape));
  Value out;
  out.is_real = x->is_real;
  if (x->is_real) out.reals.assign(count, Rule::real_start);
  else out.integers.assign(count, Rule::whole_start);
  for (size_t i = 0; i < to.size(); ++i) {
    if (x->is_real) {
      if (std::isnan(x->reals[i])) return;
      Rule::reals(x->reals[i], out.reals[to[i]]);
    } else if (!Rule::integers(x->integers[i], out.integers[to[i]])) {
      return;
    }
  }
  for (double& v : out.reals) v = Rule::finish(v, static_cast<double>(x->size()) / static_cast<double>(count));
  fold::set(layer, 0, std::move(out));
}

void arg_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  const Tensor& x = layer.input(0);
  const auto axis = rules::axis(layer.attributes.integer("axis", 0), x.rank());
  Shape out = x.shape;
  if (layer.attributes.integer("keepdims", 1) != 0) out[static_cast<size_t>(axis)] = 1;
  else out.erase(out.begin() + axis);
  rules::set_output(layer, 0, std::move(out), DataType::i64);
}

/// Determinants of square matrices.
void det_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  rules::require_rank(layer, 0, 2);
  const Shape& x = layer.input(0).shape;
  require(x[x.size() - 1] == x[x.size() - 2], layer, "expected square matrices, found " + rules::text(x));
  rules::set_output(layer, 0, Shape(x.begin(), x.end() - 2), layer.input(0).dtype);
}

/// LU factorisation: n^3 / 3 MACs a matrix, then the product of the diagonal.
Cost det_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 1);
  const double n = rules::dim(layer.input(0), -1);
  c.macs = layer.input(0).elements() * n / 3;
  c.flops = c.output_elements * n;
  return c;
}

/// Calls visit with the place of the first element, the distance and the number of the elements of each line along an axis.
template <class Visit>
void each_line(const Shape& shape, size_t axis, Visit visit) {
  Shape starts = shape;
  starts[axis] = 1;
  if (fold::small_count(shape).value_or(0) == 0) return;
  const auto step = fold::strides(shape);
  fold::each_position(starts, [&](const Shape& position) {
    int64_t at = 0;
    for (size_t i = 0; i < shape.size(); ++i) at += position[i] * step[i];
    visit(at, step[axis], shape[axis]);
  });
}

template <bool largest>
void fold_arg(Layer& layer) {
  const Value* x = fold::ready(layer) ? fold::input(layer, 0) : nullptr;
  if (!x) return;
  const auto axis = static_cast<size_t>(rules::axis(layer.attributes.integer("axis", 0), layer.input(0).rank()));
  const bool last = layer.attributes.integer("select_last_index", 0) != 0;
  std::vector<int64_t> out;
  auto better = [&](size_t a, size_t b) {
    if (x->is_real) return largest ? x->reals[a] > x->reals[b] : x->reals[a] < x->reals[b];
    return largest ? x->integers[a] > x->integers[b] : x->integers[a] < x->integers[b];
  };
  each_line(layer.input(0).shape, axis, [&](int64_t start, int64_t step, int64_t count) {
    int64_t best = 0;
    for (int64_t i = 1; i < count; ++i) {
      const auto here = static_cast<size_t>(start + i * step), there = static_cast<size_t>(start + best * step);
      if (better(here, there) || (last && !better(there, here))) best = i;
    }
    out.push_back(best);
  });
  fold::set(layer, 0, Value::of(std::move(out)));
}

void scan_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  require(layer.input(0).rank() >= 1, layer, "expected a tensor of one dimension or more, found a scalar");
  rules::set_output(layer, 0, layer.input(0).shape, layer.input(0).dtype);
}

/// Running sums or products along an axis; `exclusive` leaves the element itself out, `reverse` runs backward.
template <class Rule>
void fold_scan(Layer& layer) {
  const Value* x = fold::ready(layer) ? fold::input(layer, 0) : nullptr;
  const auto axes = fold::integers(layer, 1);
  if (!x || !axes || axes->size() != 1) return;
  const auto axis = static_cast<size_t>(rules::axis(axes->front(), layer.input(0).rank()));
  const bool exclusive = layer.attributes.integer("exclusive", 0) != 0, reverse = layer.attributes.integer("reverse", 0) != 0;
  Value out = *x;
  bool fits = true;
  each_line(layer.input(0).shape, axis, [&](int64_t start, int64_t step, int64_t count) {
    int64_t whole = Rule::whole_start;
    double real = Rule::real_start;
    for (int64_t i = 0; i < count && fits; ++i) {
      const auto at = static_cast<size_t>(start + (reverse ? count - 1 - i : i) * step);
      if (x->is_real) {
        if (exclusive) out.reals[at] = real;
        Rule::reals(x->reals[at], real);
        if (!exclusive) out.reals[at] = real;
      } else {
        if (exclusive) out.integers[at] = whole;
        fits = Rule::integers(x->integers[at], whole);
        if (!exclusive) out.integers[at] = whole;
      }
    }
  });
  if (fits) fold::set(layer, 0, std::move(out));
}

Operator reduction(std::string_view name, std::string_view summary, Cost (*cost)(const Layer&), void (*fold)(Layer&),
                   std::string_view aten = {}) {
  Operator op = {.name = name,
                 .family = Family::reduction,
                 .summary = summary,
                 .shapes = reduce_shapes,
                 .cost = cost,
                 .fold = fold,
                 .normalize = axes_as_input,
                 .attributes = {{"keepdims", "1"}, {"noop_with_empty_axes", "0"}}};
  op.run.aten = aten;
  op.calls = aten::reduce;
  return op;
}

}  // namespace

const std::vector<Operator>& reduction_operators() {
  static const auto all = [] {
    std::vector<Operator> operators = {
        reduction("ReduceMean", "mean over axes; one FLOP an input element", reduce_cost, fold_reduce<Average, false>,
                  "aten::mean.dim"),
        reduction("ReduceSum", "sum over axes; one FLOP an input element", reduce_cost, fold_reduce<SumUp, true>,
                  "aten::sum.dim_IntList"),
        reduction("ReduceProd", "product over axes; one FLOP an input element", reduce_cost, fold_reduce<Product, true>,
                  "aten::prod.dim_int"),
        reduction("ReduceMax", "largest over axes; one FLOP an input element", reduce_cost, fold_reduce<Largest, true>,
                  "aten::amax"),
        reduction("ReduceMin", "smallest over axes; one FLOP an input element", reduce_cost, fold_reduce<Smallest, true>,
                  "aten::amin"),
        reduction("ReduceL1", "sum of |x| over axes; two FLOPs an input element", norm_cost, fold_reduce<AbsoluteSum, true>,
                  "aten::linalg_vector_norm"),
        reduction("ReduceL2", "root of the sum of squares over axes; two FLOPs an input element, one root an output element",
                  l2_cost, fold_reduce<Euclidean, false>, "aten::linalg_vector_norm"),
        reduction("ReduceSumSquare", "sum of squares over axes; two FLOPs an input element", norm_cost,
                  fold_reduce<SquareSum, true>, "aten::sum.dim_IntList"),
        reduction("ReduceLogSum", "logarithm of the sum over axes; one FLOP an input element, one logarithm an output element",
                  log_sum_cost, fold_reduce<LogSum, false>, "aten::sum.dim_IntList"),
        reduction("ReduceLogSumExp", "logarithm of the sum of exponentials; one FLOP and one exponential an input element",
                  log_sum_exp_cost, nullptr, "aten::logsumexp"),
    };
    static const char* const examples[][2] = {{"ReduceMean 1x128x768 [-1]", "ReduceMean 1x512x7x7 [2,3] keepdims=0"},
                                              {"ReduceSum 1x128x768 [1]", "ReduceSum 4x8"},
                                              {"ReduceProd i64:4 [0] keepdims=0", "ReduceProd 2x3"},
                                              {"ReduceMax 1x12x128x128 [3]", "ReduceMax 2x3"},
                                              {"ReduceMin 1x1000 [1]", "ReduceMin 2x3"},
                                              {"ReduceL1 1x768 [1]", "ReduceL1 2x3"},
                                              {"ReduceL2 1x512 [1]", "ReduceL2 2x3"},
                                              {"ReduceSumSquare 1x512 [1]", "ReduceSumSquare 2x3"},
                                              {"ReduceLogSum 1x512 [1]", "ReduceLogSum 2x3"},
                                              {"ReduceLogSumExp 1x512 [1]", "ReduceLogSumExp 2x3"}};
    for (size_t i = 0; i < operators.size(); ++i) operators[i].examples = {examples[i][0], examples[i][1]};
    operators[0].backward = backward_rules::reduce_mean;
    operators[1].backward = backward_rules::reduce_sum;
    operators[3].backward = operators[4].backward = backward_rules::reduce_extreme;
    operators[6].backward = backward_rules::reduce_l2;
    const Operator arg = {
        .name = "ArgMax",
        .family = Family::reduction,
        .summary = "index of the largest element along an axis; one FLOP an input element",
        .shapes = arg_shapes,
        .cost = reduce_cost,
        .fold = fold_arg<true>,
        .attributes = {{"axis", "0"}, {"keepdims", "1"}, {"select_last_index", "0"}},
        .run = {"aten::argmax",
                {{.parameter = "self"},
                 {.parameter = "dim", .source = RunArgument::Source::attribute, .attribute = "axis", .literal = "0"},
                 {.parameter = "keepdim", .source = RunArgument::Source::attribute, .attribute = "keepdims", .literal = "1"}}},
        .examples = {"ArgMax 1x1000 axis=1"}};
    Operator arg_min = arg;
    arg_min.name = "ArgMin";
    arg_min.summary = "index of the smallest element along an axis; one FLOP an input element";
    arg_min.fold = fold_arg<false>;
    arg_min.run.aten = "aten::argmin";
    arg_min.examples = {"ArgMin 1x1000 axis=1 keepdims=0"};
    Operator sum = {.name = "CumSum",
                    .family = Family::reduction,
                    .summary = "running sums along an axis; one FLOP an element",
                    .shapes = scan_shapes,
                    .cost = reduce_cost,
                    .fold = fold_scan<SumUp>,
                    .attributes = {{"exclusive", "0"}, {"reverse", "0"}},
                    .run = {"aten::cumsum"},
                    .calls = aten::running,
                    .examples = {"CumSum 1x128 [1]@scalar"},
                    .backward = backward_rules::running_sum};
    Operator product = sum;
    product.backward = nullptr;
    product.name = "CumProd";
    product.summary = "running products along an axis; one FLOP an element";
    product.fold = fold_scan<Product>;
    product.run.aten = "aten::cumprod";
    product.examples = {"CumProd 1x128 [1]@scalar"};
    const Operator det = {.name = "Det",
                          .family = Family::reduction,
                          .summary = "determinant of square matrices by LU factorisation; MACs = n^3 / 3 a matrix",
                          .shapes = det_shapes,
                          .cost = det_cost,
                          .run = {"aten::det", {{.parameter = "self"}}},
                          .examples = {"Det 2x3x3"}};
    operators.insert(operators.end(), {arg, arg_min, sum, product, det});
    return operators;
  }();
  return all;
}

}  // namespace wattlayer

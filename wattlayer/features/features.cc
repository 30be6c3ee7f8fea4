#include "wattlayer/features/features.h"

#include <algorithm>
#include <cmath>

namespace wattlayer {
namespace {

constexpr double winograd_saving = 2.25;  // F(2x2, 3x3): 16 multiplications where 36 were
constexpr double euler_gamma = 0.5772;
constexpr double longest_sum = 1024;  // of one block: longer ones are divided among blocks (split-K)
constexpr double gpu_tile = 64;  // rows and columns of the output tile that one block of a typical GPU matrix kernel computes
double log_size(double x) { return std::log(std::max(x, 1.0)); }

/// The sliding window of a convolution or pool; all ones where there is none.
struct Window {
  double elements = 1;  ///< of the kernel
  double rows = 1;      ///< of the kernel: its elements in all but the innermost dimension
  double touched = 1;   ///< share of the input's rows that any window covers: strides beyond the kernel skip the others

  void add(double kernel, double stride, bool innermost) {
    elements *= kernel;
    if (innermost) return;
    rows *= kernel;
    touched *= std::min(1.0, kernel / std::max(stride, 1.0));
  }
};

Window window_of(const Layer& layer, const Operator* op) {
  Window w;
  if (!op) return w;
  auto stride = [&](size_t i) { return static_cast<double>(layer.attributes.integer_at("strides", i, 1)); };
  if (op->family == Family::conv && layer.input(op->kernel_input).rank() > 2) {
    const Shape& shape = layer.input(op->kernel_input).shape;
    for (size_t i = 2; i < shape.size(); ++i) w.add(static_cast<double>(shape[i]), stride(i - 2), i + 1 == shape.size());
    if (!op->gradient_of.empty()) w.touched = 1;  // gradients lie densely
  } else if (op->family == Family::pool) {
    auto kernel = [&](size_t i) { return layer.attributes.integer_at("kernel_shape", i, 0); };
    for (size_t i = 0; kernel(i) > 0; ++i) w.add(static_cast<double>(kernel(i)), stride(i), kernel(i + 1) <= 0);
  }
  return w;
}

/// Engines that have it compute dense 3 x 3 convolutions of stride 1 by Winograd's F(2x2, 3x3).
bool by_winograd(const Layer& layer, const Cost& c, const Window& window, const Engine& engine) {
  return engine.winograd && c.groups == 1 && window.elements == 9 && window.rows == 3 &&
         layer.attributes.integer_at("strides", 0, 1) == 1 && layer.attributes.integer_at("strides", 1, 1) == 1 &&
         layer.attributes.integer_at("dilations", 0, 1) == 1;
}

/// Type that an engine computes a layer in; f32 convolutions of cuDNN, and their gradients, run as tf32 where the device has it.
DataType arithmetic_on(const Layer& layer, const Operator* op, const Hardware& hardware, const Engine& engine) {
  if (layer.dtype != DataType::f32 || engine.f32_as.empty()) return layer.dtype;
  const auto at = op && !op->gradient_of.empty() ? engine.f32_as.find(op->gradient_of) : engine.f32_as.find(layer.op);
  return at != engine.f32_as.end() && hardware.peak_flops.contains(at->second) ? at->second : layer.dtype;
}

/// Both floats of 16 bits run on the same units; where their rates differ the counts say so.
DataType unit_type(DataType type) { return type == DataType::f16 ? DataType::bf16 : type; }

/// Arithmetic at several times the rate of the vector units is that of matrix units.
bool on_matrix_units(DataType type, const Hardware& hardware) {
  constexpr double beyond_packing = 2.5;  // two halves in one lane make 2
  return hardware.peak(type) > beyond_packing * hardware.vector_flops.value_or(hardware.peak(DataType::f32));
}

/// Which of a convolution's gradients, by what its forward pass is.
std::string_view conv_gradient(std::string_view forward, bool of_weights) {
  struct Names {
    std::string_view forward, of_input, of_weights;
  };
  static constexpr Names names[] = {{"", "input gradient", "weight gradient"},
                                    {"depthwise", "depthwise input gradient", "depthwise weight gradient"},
                                    {"grouped", "grouped input gradient", "grouped weight gradient"},
                                    {"pointwise", "pointwise input gradient", "pointwise weight gradient"},
                                    {"winograd", "winograd input gradient", "winograd weight gradient"}};
  for (const Names& n : names)
    if (n.forward == forward) return of_weights ? n.of_weights : n.of_input;
  return forward;
}

/// `name` of the forward operator.
Group forward_group(const Operator& op, std::string_view name, const Layer& layer, const Cost& c, const Window& window,
                    const Engine& engine) {
  if (op.family == Family::activation) return {op.family, name};
  if (mixes_experts(op)) return {op.family, "experts"};
  if (op.family == Family::attention) return {op.family, c.m == 1 ? "decode" : ""};
  if (op.family != Family::conv) return {op.family, {}};
  if (c.groups > 1) return {op.family, c.n <= 2 ? "depthwise" : "grouped"};
  if (by_winograd(layer, c, window, engine)) return {op.family, "winograd"};
  return {op.family, window.elements == 1 ? "pointwise" : ""};
}

/// A gradient is a group of its own, which borrows from the forward operator until somebody measures it.
Group group_of(const Operator& op, const Layer& layer, const Cost& c, const Window& window, const Engine& engine) {
  if (op.gradient_of.empty()) return forward_group(op, op.name, layer, c, window, engine);
  Group group = forward_group(op, op.gradient_of, layer, c, window, engine);
  group.lender = group.variant, group.borrows = true;
  if (op.family == Family::conv)
    group.variant = conv_gradient(group.variant, layer.outputs.size() > 1 && layer.output(1).present);
  else group.variant = op.family == Family::activation ? op.name : "gradient";
  return group;
}

/// Time that a byte takes against one from main memory, when the working set fills the levels from the innermost outwards:
/// the placement of BUTTER-E, but a set larger than a level is held there in part.
double cached_share(double working_set, const Hardware& hardware) {
  if (!hardware.bandwidth_bytes_per_s || working_set <= 0) return 1;
  double held = 0, share = 0;
  for (const MemoryLevel& level : hardware.memory) {
    if (!level.bandwidth_bytes_per_s) continue;
    const double here = std::max(0.0, std::min(working_set, level.bytes * level.units) - held);
    share += here / working_set * std::min(1.0, *hardware.bandwidth_bytes_per_s / *level.bandwidth_bytes_per_s);
    held += here;
  }
  return share + (1 - held / working_set);
}

/// Work of a GPU rounded up to whole waves: blocks of the last wave cost as much as those of a full one.
double in_waves(const Cost& c, double units) {
  const double blocks = c.groups * std::ceil(c.m / gpu_tile) * std::ceil(c.n / gpu_tile) * std::ceil(c.k / longest_sum);
  if (blocks <= 0) return c.macs;
  return c.macs * std::ceil(blocks / units) * units / blocks;
}

void set_counts(Features& f, const Layer& layer, const Operator* op, const Cost& c, const Window& window,
                const Hardware& hardware, const Engine& engine) {
  const double working_set = c.input_bytes + c.weight_bytes + (layer.in_place ? 0 : c.output_bytes);
  const double share = cached_share(working_set, hardware);
  // A store to a line that is not in the cache reads the line first.
  const double stores = hardware.on_processor && !layer.in_place ? 2 : 1;
  auto count = [&](Count kind) -> double& { return f.counts[static_cast<size_t>(kind)]; };
  count(Count::launch) = c.steps;
  double macs = !hardware.on_processor ? in_waves(c, hardware.compute_units) : c.macs;
  if (op && by_winograd(layer, c, window, engine)) macs /= winograd_saving;
  const DataType type = arithmetic_on(layer, op, hardware, engine);
  const bool matrix = macs > 0 && on_matrix_units(type, hardware);
  if (macs > 0) macs *= (matrix ? matrix_unit_peak(hardware) : hardware.peak(DataType::f32)) / hardware.peak(type);
  count(matrix ? Count::tensor_macs : Count::macs) = macs;
  count(Count::flops) = c.flops;
  count(Count::special) = c.special;
  count(Count::input_bytes) = c.input_bytes * window.touched * share;
  count(Count::weight_bytes) = c.weight_bytes * share;
  count(Count::output_bytes) = c.output_bytes * share * stores;
  if (engine.fresh_pages_above_bytes && hardware.on_processor && !layer.in_place &&
      c.output_bytes > *engine.fresh_pages_above_bytes)
    count(Count::fresh_bytes) = c.output_bytes;
  // Kernels of depthwise convolutions slide over the input; they build no matrix.
  if (op && op->family == Family::conv && window.elements > 1 && f.group.variant != "depthwise")
    count(Count::window_bytes) = c.groups * c.m * c.k * bits(layer.dtype) / 8;
  if (op && op->family == Family::pool && op->gradient_of.empty()) {
    count(Count::windows) = c.output_elements * (std::log(window.elements) + euler_gamma);
    count(Count::window_rows) = c.output_elements * window.rows;
  }
}

/// Sizes of the matrix product; of windows where the layer has them. Elsewhere only how much and by what ratio.
void set_coordinates(Features& f, const Layer& layer, const Cost& c, const Window& window) {
  const Tensor& x = layer.input(0);
  auto coordinate = [&](Coordinate kind) -> double& { return f.coordinates[static_cast<size_t>(kind)]; };
  const bool product = c.macs > 0;
  coordinate(Coordinate::m) = log_size(product ? c.m : c.output_elements);
  coordinate(Coordinate::n) = log_size(product ? c.n : 1);
  coordinate(Coordinate::k) = log_size(product ? c.k : c.input_elements / std::max(c.output_elements, 1.0));
  coordinate(Coordinate::groups) = log_size(c.groups);
  if (f.group.family != Family::conv && f.group.family != Family::pool) return;
  coordinate(Coordinate::kernel) = log_size(std::sqrt(window.elements));
  coordinate(Coordinate::stride) = log_size(static_cast<double>(layer.attributes.integer_at("strides", 0, 1)));
  coordinate(Coordinate::channels) = log_size(x.rank() > 1 ? static_cast<double>(x.shape[1]) : 1);
  coordinate(Coordinate::extent) = log_size(x.rank() > 2 ? static_cast<double>(x.shape.back()) : 1);
  coordinate(Coordinate::batch) = log_size(x.rank() > 1 ? static_cast<double>(x.shape[0]) : 1);
}

}  // namespace

std::string_view name(Count count) {
  static constexpr std::string_view names[count_kinds] = {"launch",      "macs",         "tensor_macs",  "flops",
                                                          "special",     "input_bytes",  "weight_bytes", "output_bytes",
                                                          "fresh_bytes", "window_bytes", "window_rows",  "windows"};
  return names[static_cast<size_t>(count)];
}

std::string_view name(Coordinate coordinate) {
  static constexpr std::string_view names[coordinate_kinds] = {"m",      "n",        "k",      "groups", "kernel",
                                                               "stride", "channels", "extent", "batch"};
  return names[static_cast<size_t>(coordinate)];
}

double matrix_unit_peak(const Hardware& hardware) {
  for (DataType type : {DataType::bf16, DataType::f16, DataType::int8, DataType::fp8})
    if (hardware.peak_flops.contains(type)) return hardware.peak(type);
  return hardware.peak(DataType::tf32);
}

Features features(const Layer& layer, const Hardware& hardware, const Engine& engine) {
  const Operator* op = find_operator(layer.op);
  const Cost c = op ? op->cost(layer) : cost(layer);
  const Window window = window_of(layer, op);
  Features f;
  f.known_operator = op != nullptr;
  if (op) f.group = group_of(*op, layer, c, window, engine);
  if (c.macs > 0) f.group.dtype = unit_type(arithmetic_on(layer, op, hardware, engine));
  f.macs = c.macs;
  f.parameters = c.parameters;
  f.sizes = layer_sizes(layer, op, c, hardware);
  set_counts(f, layer, op, c, window, hardware, engine);
  set_coordinates(f, layer, c, window);
  return f;
}

}  // namespace wattlayer

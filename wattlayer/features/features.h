#pragma once
#include <array>
#include <cstddef>
#include <string_view>

#include "wattlayer/core/engine.h"
#include "wattlayer/core/hardware.h"
#include "wattlayer/core/layer.h"
#include "wattlayer/features/layer_sizes.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {

/// What one execution of a layer does, in quantities that each take time and energy of their own.
enum class Count : size_t {
  launch,  ///< one per sequential step
  macs,  ///< multiply-accumulates of vector units, rounded up to whole waves of a GPU; in those of f32 by the ratio of the peaks
  tensor_macs,   ///< multiply-accumulates of matrix units, likewise; in those of 16 bits
  flops,         ///< other arithmetic operations
  special,       ///< exp, log, tanh, division, ...
  input_bytes,   ///< activations read, without rows that strides skip; bytes that hit a cache count less, by the ratio of the
                 ///< bandwidths
  weight_bytes,  ///< weights read, likewise
  output_bytes,  ///< written, with the read that a store to a fresh line causes on a CPU, likewise
  fresh_bytes,   ///< output in pages that the allocator takes anew from the system for every pass
  window_bytes,  ///< operand bytes of the implicit matrix product of a convolution whose kernel is larger than 1
  window_rows,   ///< rows of pooling windows (one inner loop each)
  windows,       ///< pooling windows
};
inline constexpr size_t count_kinds = 12;
std::string_view name(Count count);

/// Coordinates of a layer in which residuals are fitted and ranges are judged; natural logarithms of the sizes named.
enum class Coordinate : size_t { m, n, k, groups, kernel, stride, channels, extent, batch };
inline constexpr size_t coordinate_kinds = 9;
std::string_view name(Coordinate coordinate);

/// Layers that one law describes: a family, and where members differ in kind a variant (`depthwise`, `Sigmoid`).
struct Group {
  Family family = Family::elementwise;
  std::string_view variant = {};   ///< lives as long as the program
  DataType dtype = DataType::f32;  ///< of the arithmetic of matrix products; f32 for all others, whose bytes tell
  /// Gradients: the law of this variant of the family is borrowed where nobody has measured the group itself.
  std::string_view lender = {};
  bool borrows = false;
  bool operator==(const Group&) const = default;
};

/// Layer -> numbers that an energy model takes; nothing measured, nothing allocated.
struct Features {
  Group group;
  bool known_operator = true;
  std::array<double, count_kinds> counts{};
  std::array<double, coordinate_kinds> coordinates{};
  double macs = 0;
  double parameters = 0;
  LayerSizes sizes;

  double count(Count c) const { return counts[static_cast<size_t>(c)]; }
};

/// Operations per second of the type that Count::tensor_macs is stated in: 16 bits, or the next that the device lists.
double matrix_unit_peak(const Hardware& hardware);

/// All shapes of the layer are known.
Features features(const Layer& layer, const Hardware& hardware, const Engine& engine);

}  // namespace wattlayer

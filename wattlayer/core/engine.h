#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/data_type.h"

namespace wattlayer {

/// Operators that an engine runs inside a preceding one.
struct Fusion {
  std::vector<std::string> heads;  ///< operators that take others in
  std::vector<std::string> tails;  ///< operators taken in, in any order, while each is the only consumer
  int at_most = 8;                 ///< tails of one head
};

/// How an engine updates parameters: all in one pass over them, operation by operation over all, or tensor by tensor.
enum class OptimizerKernels { fused, foreach, per_tensor };
/// By name. Throws Error(invalid_input) that lists them.
OptimizerKernels require_optimizer_kernels(std::string_view name);

/// The software that executes: what it fuses, runs in place, gets for free.
struct Engine {
  std::string id;  ///< file name without .json
  std::string name;
  std::vector<Fusion> fusions;
  std::vector<std::string> in_place;  ///< operators that overwrite their input when it has no other consumer
  std::vector<std::string> free;      ///< operators that cost nothing (views, identities)
  bool folds_constants = true;        ///< nodes whose inputs are all constant are computed at load time
  bool prunes_dead = true;            ///< nodes that no output needs are removed
  /// A product with the constant 0 is folded, with what is computed from it alone; for engines that fold constants.
  bool folds_zero_products = false;
  /// Operators whose f32 arithmetic runs in a smaller type where the device has it (cuDNN: convolutions in tf32).
  std::map<std::string, DataType, std::less<>> f32_as;
  /// The host issues one launch after another while a GPU works off earlier ones: a pass takes the longer of the two.
  bool asynchronous = false;
  bool winograd = false;  ///< computes dense 3 x 3 convolutions of stride 1 by Winograd's algorithm
  /// Outputs above this size come from the system as fresh pages in every pass (glibc: mmap threshold); absent: an arena is
  /// reused.
  std::optional<double> fresh_pages_above_bytes;
  OptimizerKernels optimizer = OptimizerKernels::fused;
  bool inference_only = false;  ///< it trains nothing
};

/// Reads a description file's text. Throws Error(invalid_input) naming the field.
Engine parse_engine(std::string_view json, std::string_view id);

}  // namespace wattlayer

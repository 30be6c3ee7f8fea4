#pragma once
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "wattlayer/core/layer.h"

namespace wattlayer {

/// A tensor that an ATen call takes: an input of the layer, or a result of an earlier call.
struct Operand {
  enum class From { input, call, absent };
  From from = From::input;
  int index = 0;   ///< of the input, or of the call in the list
  int result = 0;  ///< of that call
};

/// A number, text, or list as an ATen schema takes it; monostate is None.
using AtenValue =
    std::variant<std::monostate, bool, int64_t, double, std::string, std::vector<int64_t>, std::vector<double>, DataType>;

/// One argument of a call, by the name of the parameter in the schema.
struct AtenArgument {
  std::string name;
  std::variant<Operand, std::vector<Operand>, AtenValue> value;
};

/// One call of an ATen overload: `aten::convolution`.
struct AtenCall {
  std::string aten;
  std::vector<AtenArgument> arguments;
  bool once = false;  ///< depends on constants alone and is made when the network is loaded, as a module holds its weights
};

/// How ATen executes a layer: calls in order, and where each output of the layer is then (`absent`: nowhere).
struct AtenCalls {
  std::vector<AtenCall> calls;
  std::vector<Operand> outputs;

  /// Appends a call; its first result.
  Operand add(std::string aten, std::vector<AtenArgument> arguments);
  /// As add(), made once.
  Operand add_once(std::string aten, std::vector<AtenArgument> arguments);
};

/// The calls for a layer whose shapes are known; none when the operator has no ATen counterpart. Throws Error(unsupported) where
/// the layer's attributes, or a value that the call needs and nobody knows, leave no counterpart.
AtenCalls aten_calls(const Layer& layer);

namespace aten {

inline Operand input(int index) { return {Operand::From::input, index}; }
inline Operand result(Operand call, int result) { return {call.from, call.index, result}; }
inline Operand absent() { return {Operand::From::absent}; }
inline Operand optional_input(const Layer& layer, size_t i) { return layer.has_input(i) ? input(static_cast<int>(i)) : absent(); }

/// One call, whose first result is the layer's.
AtenCalls single(std::string aten, std::vector<AtenArgument> arguments);

/// Elements of input i as integers; throws Error(unsupported) when nobody knows them.
std::vector<int64_t> integers(const Layer& layer, size_t i);

/// The axis in [0, rank of input i).
int64_t axis(const Layer& layer, size_t i, int64_t axis);

}  // namespace aten
}  // namespace wattlayer

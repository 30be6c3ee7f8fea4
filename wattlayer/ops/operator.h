#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "wattlayer/core/layer.h"

namespace wattlayer {

struct AtenCalls;
class BackwardBuilder;

/// Type of a layer's arithmetic: that of its first tensor of reals, else of its first input.
DataType arithmetic(const Layer& layer);

/// Operators whose energy follows the same law; predictors and reports group by it.
enum class Family {
  conv,
  gemm,
  attention,
  recurrent,
  pool,
  normalization,
  softmax,
  activation,
  elementwise,
  reduction,
  embedding,
  copy,
  view,
  quantization,
  control,
  detection,
  sequence,
  training,
};
std::string_view name(Family family);

/// What one execution of a layer computes and moves: counts, nothing measured.
struct Cost {
  double macs = 0;          ///< multiply-accumulate operations of matrix products, convolutions and recurrences
  double flops = 0;         ///< other arithmetic operations (an addition, a comparison, a maximum)
  double special = 0;       ///< evaluations of exp, log, tanh, erf, sqrt, division and the like
  double input_bytes = 0;   ///< read from activations
  double weight_bytes = 0;  ///< read from constants
  double output_bytes = 0;  ///< written
  double input_elements = 0;
  double output_elements = 0;
  double parameters = 0;  ///< elements of constant inputs
  double steps = 1;       ///< sequential steps (time steps of a recurrence)
  /// The main matrix product: `groups` independent products of m x k by k x n; zeros where there is none.
  double groups = 0, m = 0, n = 0, k = 0;
};

/// One argument of an ATen call, as data; ops/run.h writes them.
struct RunArgument {
  enum class Source {
    input,        ///< the tensor; with `attribute`: its last two dimensions swapped when that attribute is 1
    flat_input,   ///< the tensor as a vector
    inputs_from,  ///< list of all tensors from `index` on
    input_value,  ///< elements of a small constant input, as the scalar or list that the schema wants; `literal` when absent
    input_dims,   ///< dimensions of the input from axis `attribute` (default `literal`) to the last
    attribute,    ///< value of an attribute, `literal` when absent
    pads,  ///< begins of the begin/end pairs `attribute`; where begin and end differ, the runner pads input 0 first and passes 0
    constant,        ///< the ATen literal
    output_shape,    ///< dimensions of output `index`
    output_dtype,    ///< data type of output `index`
    spatial_output,  ///< as output_shape without the first two
    equals,          ///< whether the attribute is `literal`
  };
  std::string_view parameter;  ///< name in the ATen schema
  Source source = Source::input;
  int index = 0;                    ///< of the input or output
  std::string_view attribute = {};  ///< name of the attribute
  std::string_view literal = {};    ///< ATen literal: constant, or default
};

/// How a runner executes the operator: an ATen overload (`{d}` in it: number of spatial dimensions) and where its arguments come
/// from. Empty: no ATen counterpart.
struct Run {
  std::string_view aten = {};
  std::vector<RunArgument> arguments = {};
};

/// An attribute and the value that it has when absent, in text form (`1` for a list means all ones); no default: required or
/// derived.
struct AttributeInfo {
  std::string_view name;
  std::string_view otherwise = {};
};

/// Everything known about one operator, in one block of its family file under ops/defs.
/// A tensor as attribute (`value` of Constant and ConstantOfShape) is three attributes: `value` (a list of its elements, absent
/// when they are many), `value_shape` (a list) and `value_dtype` (the name of a DataType).
struct Operator {
  std::string_view name;  ///< as ONNX spells it; other domains in front: `com.microsoft.Gelu`
  Family family;
  std::string_view summary;  ///< one line for docs/operators.md; states the MAC and FLOP formula
  /// Fills outputs (shape, dtype, present) from inputs and attributes. All inputs that it needs are known, else it leaves
  /// `known = false`. Throws Error(invalid_input) when shapes or attributes contradict the operator. The caller has sized
  /// `outputs` to the node's outputs (at least one) and marked absent ones.
  void (*shapes)(Layer& layer);
  /// Counts for a layer whose shapes are all known.
  Cost (*cost)(const Layer& layer);
  /// Fills outputs' `value` when the inputs' values are known; leaves them empty otherwise.
  void (*fold)(Layer& layer) = nullptr;
  /// Rewrites the form of an older opset into the newest one (axes attribute of Softmax-12, scales of Upsample-7, auto_pad, ...).
  void (*normalize)(Layer& layer, int opset) = nullptr;
  std::vector<AttributeInfo> attributes = {};  ///< those that change shape, cost or run
  uint32_t weight_inputs = 0;                  ///< bit i: input i is a weight unless said otherwise
  bool can_run_in_place = false;               ///< output may overwrite the first input
  Run run = {};
  /// Writes the calls where one overload is not enough; `run.aten` then names the one that does the work.
  AtenCalls (*calls)(const Layer& layer) = nullptr;
  std::vector<std::string_view> examples = {};  ///< smallest legal layers in text form
  /// Writes the layers that the backward pass runs for this one (ops/backward.h). nullptr: nobody knows; where a gradient is
  /// needed, it is bounded by its bytes.
  void (*backward)(BackwardBuilder& b) = nullptr;
  /// The form that a layer has in training: statistics of the batch, outputs that the backward pass reads.
  void (*train)(Layer& layer) = nullptr;
  std::string_view gradient_of = {};  ///< the operator whose gradient this one computes
  size_t kernel_input = 1;            ///< of a convolution: the input that holds its kernel
};

/// All operators, sorted by name.
std::span<const Operator* const> catalogue();

/// The operator's block, or nullptr when it is not in the catalogue.
const Operator* find_operator(std::string_view name);

/// Removes attributes that stand at their default and those the operator does not know; sets dtype from the tensors.
void strip_defaults(Layer& layer);

/// Runs normalize, shapes and fold of the layer's operator. Unknown operators: outputs become `known = false`.
void infer(Layer& layer, int opset = 1000);

/// Cost by the operator's block; by bytes of the tensors alone for an unknown operator.
Cost cost(const Layer& layer);

}  // namespace wattlayer

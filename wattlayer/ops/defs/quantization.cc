#include <algorithm>

#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/run.h"

namespace wattlayer {
namespace {

using rules::per_element;
using rules::require;

std::optional<DataType> type_attribute(const Layer& layer, std::string_view name) {
  return from_onnx_type(static_cast<int>(std::clamp<int64_t>(layer.attributes.integer(name, 0), 0, 1000)));
}

/// Type of the zero point, else the attribute, else uint8.
void quantize_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 0);
  const DataType type =
      layer.has_input(2) ? layer.input(2).dtype : type_attribute(layer, "output_dtype").value_or(DataType::uint8);
  rules::set_output(layer, 0, layer.input(0).shape, type);
}

/// Type of the attribute, else of the scale.
void dequantize_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 0);
  rules::require_rank(layer, 1, 0);
  rules::set_output(layer, 0, layer.input(0).shape, type_attribute(layer, "output_dtype").value_or(layer.input(1).dtype));
}

void dynamic_quantize_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 0);
  layer.outputs.resize(std::max<size_t>(layer.outputs.size(), 3));
  rules::set_output(layer, 0, layer.input(0).shape, DataType::uint8);
  rules::set_output(layer, 1, {}, DataType::f32);
  rules::set_output(layer, 2, {}, DataType::uint8);
}

void same_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 0);
  rules::same_as_input(layer);
}

/// Two operands, each followed by its scale and zero point.
void binary_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 0);
  rules::require_rank(layer, 3, 0);
  rules::set_output(layer, 0, rules::broadcast(layer.input(0).shape, layer.input(3).shape), layer.input(0).dtype);
}

void where_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  for (size_t i : {size_t{0}, size_t{1}, size_t{4}}) rules::require_rank(layer, i, 0);
  Shape out = rules::broadcast(layer.input(0).shape, rules::broadcast(layer.input(1).shape, layer.input(4).shape));
  rules::set_output(layer, 0, std::move(out), layer.input(1).dtype);
}

/// Scale and zero point of the output, then tensor, scale and zero point of each operand.
void concat_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  require(layer.inputs.size() >= 5 && layer.inputs.size() % 3 == 2, layer,
          std::to_string(layer.inputs.size()) + " inputs; expected scale and zero point, then three for each operand");
  rules::require_rank(layer, 2, 1);
  Shape out = layer.input(2).shape;
  const size_t axis = static_cast<size_t>(rules::axis(layer.attributes.integer("axis", 0), layer.input(2).rank()));
  for (size_t i = 5; i < layer.inputs.size(); i += 3) {
    Shape other = layer.input(i).shape;
    require(other.size() == out.size(), layer, "cannot join " + rules::text(out) + " and " + rules::text(other));
    const int64_t more = other[axis];
    other[axis] = out[axis];
    require(other == out, layer, "cannot join " + rules::text(out) + " and " + rules::text(layer.input(i).shape));
    out[axis] = rules::sum(out[axis], more);
  }
  rules::set_output(layer, 0, std::move(out), layer.input(2).dtype);
}

void reduce_mean_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 0);
  const Shape& x = layer.input(0).shape;
  std::vector<bool> reduced(x.size(), layer.attributes.integers("axes").empty());
  for (int64_t axis : layer.attributes.integers("axes"))
    reduced[static_cast<size_t>(rules::axis(axis, layer.input(0).rank()))] = true;
  const bool keep = layer.attributes.integer("keepdims", 1) != 0;
  Shape out;
  for (size_t i = 0; i < x.size(); ++i)
    if (!reduced[i]) out.push_back(x[i]);
    else if (keep) out.push_back(1);
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

Cost reduce_mean_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.flops = 2 * layer.input(0).elements() + 5 * c.output_elements;
  return c;
}

Cost softmax_cost(const Layer& layer) {
  Cost c = per_element<10, 1>(layer);
  c.special += rules::ratio(c.output_elements, rules::dim(layer.input(0), layer.attributes.integer("axis", -1)));
  return c;
}

/// Functions of quantized elements: dequantize (2 FLOPs), compute, quantize (4 FLOPs).
Operator quantized(std::string_view name, std::string_view summary, void (*shapes)(Layer&), Cost (*cost)(const Layer&),
                   std::vector<AttributeInfo> attributes, uint32_t weights, std::vector<std::string_view> examples) {
  return {.name = name,
          .family = Family::quantization,
          .summary = summary,
          .shapes = shapes,
          .cost = cost,
          .attributes = std::move(attributes),
          .weight_inputs = weights,
          .examples = std::move(examples)};
}

}  // namespace

const std::vector<Operator>& quantization_operators() {
  static const std::vector<Operator> operators = {
      quantized("DequantizeLinear", "(x - zero point) scale; 2 FLOPs an element", dequantize_shapes, per_element<2>,
                {{"axis", "1"}, {"block_size", "0"}, {"output_dtype", "0"}}, 0b110,
                {"DequantizeLinear int8:64x64x3x3 64 int8:64 axis=0", "DequantizeLinear uint8:1x64x28x28 scalar uint8:scalar",
                 "DequantizeLinear int4:64x128 64x4 int4:64x4 block_size=32 dtype=f16"}),
      quantized("DynamicQuantizeLinear", "scale and zero point from minimum and maximum, then quantization; 6 FLOPs an element",
                dynamic_quantize_shapes,
                [](const Layer& layer) {
                  Cost c = rules::moved(layer);
                  c.flops = 6 * layer.input(0).elements();
                  return c;
                },
                {}, 0, {"DynamicQuantizeLinear 1x128x768 outputs=1,1,1"}),
      quantized("QuantizeLinear", "saturate(round(x / scale) + zero point); 4 FLOPs an element", quantize_shapes, per_element<4>,
                {{"axis", "1"}, {"block_size", "0"}, {"output_dtype", "0"}, {"precision", "0"}, {"saturate", "1"}}, 0b110,
                {"QuantizeLinear 1x64x28x28 scalar uint8:scalar", "QuantizeLinear 64x128 64 axis=0 output_dtype=3"}),
      quantized("com.microsoft.DequantizeLinear", "DequantizeLinear of ONNX Runtime; 2 FLOPs an element", dequantize_shapes,
                per_element<2>, {{"axis"}}, 0b110, {"com.microsoft.DequantizeLinear u16:1x64x28x28 scalar u16:scalar"}),
      quantized(
          "com.microsoft.QLinearAdd", "sum of quantized tensors; 9 FLOPs an element", binary_shapes, per_element<9>, {},
          0b11110110,
          {"com.microsoft.QLinearAdd 1x64x28x28 f32:scalar scalar 1x64x28x28 f32:scalar scalar f32:scalar scalar dtype=uint8"}),
      quantized("com.microsoft.QLinearConcat", "quantized tensors brought to one scale and joined; 6 FLOPs an element",
                concat_shapes, per_element<6>, {{"axis"}}, 0b11011011011011011011011011011011,
                {"com.microsoft.QLinearConcat f32:scalar scalar 1x8x4x4 f32:scalar scalar 1x16x4x4 f32:scalar scalar axis=1 "
                 "dtype=uint8"}),
      quantized("com.microsoft.QLinearLeakyRelu", "LeakyRelu of quantized tensors by table; one FLOP an element", same_shapes,
                per_element<1>, {{"alpha", "0.01"}}, 0b11110,
                {"com.microsoft.QLinearLeakyRelu 1x64x28x28 f32:scalar scalar f32:scalar scalar dtype=uint8"}),
      quantized(
          "com.microsoft.QLinearMul", "product of quantized tensors; 9 FLOPs an element", binary_shapes, per_element<9>, {},
          0b11110110,
          {"com.microsoft.QLinearMul 1x64x28x28 f32:scalar scalar 1x64x1x1 f32:scalar scalar f32:scalar scalar dtype=uint8"}),
      quantized("com.microsoft.QLinearReduceMean", "mean of quantized tensors over `axes`; 2 FLOPs an input, 5 an output",
                reduce_mean_shapes, reduce_mean_cost, {{"axes"}, {"keepdims"}}, 0b11110,
                {"com.microsoft.QLinearReduceMean 1x64x7x7 f32:scalar scalar f32:scalar scalar axes=2,3 keepdims=1 dtype=uint8"}),
      quantized("com.microsoft.QLinearSigmoid", "Sigmoid of quantized tensors by table; one FLOP an element", same_shapes,
                per_element<1>, {}, 0b11110,
                {"com.microsoft.QLinearSigmoid 1x64x28x28 f32:scalar scalar f32:scalar scalar dtype=uint8"}),
      quantized("com.microsoft.QLinearSoftmax",
                "Softmax of quantized tensors; 10 FLOPs and one exp an element, one reciprocal a row", same_shapes, softmax_cost,
                {{"axis", "-1"}, {"opset"}}, 0b11110,
                {"com.microsoft.QLinearSoftmax 1x12x16x16 f32:scalar scalar f32:scalar scalar opset=13 dtype=uint8"}),
      quantized(
          "com.microsoft.QLinearWhere", "choice between quantized tensors brought to one scale; 7 FLOPs an element", where_shapes,
          per_element<7>, {}, 0b111101100,
          {"com.microsoft.QLinearWhere bool:1x8 1x8 f32:scalar scalar 1x8 f32:scalar scalar f32:scalar scalar dtype=uint8"}),
      quantized("com.microsoft.QuantizeLinear", "QuantizeLinear of ONNX Runtime; 4 FLOPs an element", quantize_shapes,
                per_element<4>, {{"axis"}}, 0b110, {"com.microsoft.QuantizeLinear 1x64x28x28 scalar u16:scalar"}),
  };
  return operators;
}

}  // namespace wattlayer

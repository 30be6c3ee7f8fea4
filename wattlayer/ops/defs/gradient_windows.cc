#include <algorithm>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/products.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/windows.h"

// Gradients of convolutions and pools, under the names of ONNX Runtime's training operators.
namespace wattlayer {
namespace {

using rules::dim;
using rules::require;

bool is_wanted(const Layer& layer, size_t output) { return layer.output(output).present && output < layer.outputs.size(); }

/// Inputs dY, X, W; outputs dX, dW and dB, of which some may be left out.
void conv_grad_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 3)) return;
  rules::require_rank(layer, 1, 3);
  const Shape &dy = layer.input(0).shape, &x = layer.input(1).shape, &w = layer.input(2).shape;
  rules::require_rank(layer, 0, layer.input(1).rank(), layer.input(1).rank());
  rules::require_rank(layer, 2, layer.input(1).rank(), layer.input(1).rank());
  const int64_t group = layer.attributes.integer("group", 1);
  require(group > 0, layer, "group must be positive; found " + std::to_string(group));
  const bool turned = layer.op == "com.microsoft.ConvTransposeGrad";
  const int64_t in = turned ? w[0] : rules::product(w[1], group), out = turned ? rules::product(w[1], group) : w[0];
  require(dy[0] == x[0] && dy[1] == out && x[1] == in, layer,
          "gradient " + rules::text(dy) + ", input " + rules::text(x) + " and weight " + rules::text(w) +
              " do not belong to one convolution of " + std::to_string(group) + " groups");
  const DataType type = layer.input(1).dtype;
  if (is_wanted(layer, 0)) rules::set_output(layer, 0, Shape(x), type);
  if (is_wanted(layer, 1)) rules::set_output(layer, 1, Shape(w), type);
  if (is_wanted(layer, 2)) rules::set_output(layer, 2, {out}, type);
}

/// Bytes of what is read for the wanted outputs: weights for dX, the input for dW, the gradient for all.
Cost conv_grad_moved(const Layer& layer) {
  Cost c = rules::moved(layer);
  const auto leave_out = [&c, &layer](size_t i) {
    const Tensor& t = layer.input(i);
    (t.constant ? c.weight_bytes : c.input_bytes) -= t.bytes();
    (t.constant ? c.parameters : c.input_elements) -= t.elements();
  };
  if (!is_wanted(layer, 1)) leave_out(1);
  if (!is_wanted(layer, 0)) leave_out(2);
  return c;
}

/// Each of dX and dW multiplies as often as the forward pass. dX as the product of an implicit convolution of dY; dW as that of
/// the forward pass's windows (k x k x channels, of all positions) with dY.
Cost conv_grad_cost(const Layer& layer) {
  Cost c = conv_grad_moved(layer);
  const Tensor &dy = layer.input(0), &x = layer.input(1), &w = layer.input(2);
  const bool turned = layer.op == "com.microsoft.ConvTransposeGrad";
  const double groups = std::max(1.0, static_cast<double>(layer.attributes.integer("group", 1)));
  // Positions that meet each kernel element: those of the output; of a transposed convolution, of the input.
  const double positions = turned ? rules::ratio(x.elements(), dim(x, 1)) : rules::ratio(dy.elements(), dim(dy, 1));
  const double macs = positions * w.elements();
  const double kernel = rules::ratio(w.elements(), dim(w, 0) * dim(w, 1));
  if (is_wanted(layer, 1)) {
    const double inner = (turned ? dim(w, 1) : dim(w, 0) / groups), windows = (turned ? dim(w, 0) / groups : dim(w, 1)) * kernel;
    rules::count_product(c, groups, windows, inner, positions);
  } else if (is_wanted(layer, 0)) {
    const double rows = rules::ratio(x.elements(), dim(x, 1)), columns = dim(x, 1) / groups;
    rules::count_product(c, groups, rows, columns, rules::ratio(macs, groups * rows * columns));
  }
  c.macs = macs * (is_wanted(layer, 0) + is_wanted(layer, 1));
  if (is_wanted(layer, 2)) c.flops += dy.elements();
  return c;
}

Operator conv_grad(std::string_view name, std::string_view of, std::string_view summary, std::vector<AttributeInfo> more,
                   std::vector<std::string_view> examples) {
  std::vector<AttributeInfo> attributes = {{"dilations", "1"}, {"group", "1"}, {"pads", "0"}, {"strides", "1"}};
  attributes.insert(attributes.end(), more.begin(), more.end());
  return {.name = name,
          .family = Family::conv,
          .summary = summary,
          .shapes = conv_grad_shapes,
          .cost = conv_grad_cost,
          .attributes = std::move(attributes),
          .weight_inputs = 0b100,
          .run = {"aten::convolution_backward"},
          .calls = aten::conv_grad,
          .examples = std::move(examples),
          .gradient_of = of,
          .kernel_input = 2};
}

/// dY and X at `x`: the output has the shape of X.
template <size_t x>
void pool_grad_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 1)) return;
  rules::require_rank(layer, 0, 2);
  rules::require_rank(layer, x, layer.input(0).rank(), layer.input(0).rank());
  const Shape &dy = layer.input(0).shape, &in = layer.input(x).shape;
  require(dy[0] == in[0] && dy[1] == in[1], layer,
          "gradient " + rules::text(dy) + " and input " + rules::text(in) + " must agree in batch and channels");
  rules::set_output(layer, 0, Shape(in), layer.input(0).dtype);
}

/// Elements of one window.
double window(const Layer& layer) {
  double count = 1;
  for (int64_t i = 2; i < layer.input(0).rank(); ++i)
    count *=
        static_cast<double>(std::max<int64_t>(1, layer.attributes.integer_at("kernel_shape", static_cast<size_t>(i - 2), 1)));
  return count;
}

/// Zeros are written and each gradient is added where its maximum was; X gives only the shape.
Cost max_pool_grad_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 2);
  c.flops = layer.input(0).elements();
  return c;
}

/// Every gradient is spread over its window.
Cost average_pool_grad_cost(const Layer& layer) {
  Cost c = rules::moved(layer, 1);
  c.flops = window(layer) * layer.input(0).elements();
  return c;
}

}  // namespace

const std::vector<Operator>& gradient_windows_operators() {
  static const std::vector<AttributeInfo> window_attributes = {
      {"ceil_mode", "0"}, {"dilations", "1"}, {"kernel_shape"}, {"pads", "0"}, {"strides", "1"}};
  static const std::vector<Operator> operators = {
      conv_grad(
          "com.microsoft.ConvGrad", "Conv",
          "gradients of a convolution's input, weight and bias, as wanted; MACs as Conv for each of the first two, one FLOP "
          "an element of dY for the bias",
          {},
          {"com.microsoft.ConvGrad 8x64x56x56 8x32x56x56 64x32x3x3 pads=1,1,1,1",
           "com.microsoft.ConvGrad 8x64x28x28 8x32x56x56 64x32x3x3 outputs=0,1,1 pads=1,1,1,1 strides=2,2",
           "com.microsoft.ConvGrad 2x32x28x28 2x32x28x28 32x1x3x3 group=32 outputs=0,1 pads=1,1,1,1"}),
      conv_grad(
          "com.microsoft.ConvTransposeGrad", "ConvTranspose",
          "gradients of a transposed convolution's input, weight and bias, as wanted; MACs as ConvTranspose for each of the "
          "first two",
          {{"output_padding", "0"}},
          {"com.microsoft.ConvTransposeGrad 1x32x56x56 1x64x28x28 64x32x2x2 strides=2,2",
           "com.microsoft.ConvTransposeGrad 1x32x56x56 1x64x28x28 64x32x2x2 outputs=0,1,1 strides=2,2"}),
      {
          .name = "com.microsoft.MaxPoolGrad",
          .family = Family::pool,
          .summary = "puts each gradient where the maximum of its window was; one FLOP a gradient",
          .shapes = pool_grad_shapes<2>,
          .cost = max_pool_grad_cost,
          .attributes = window_attributes,
          .run = {"aten::max_pool2d_with_indices_backward"},
          .calls = aten::max_pool_grad,
          .examples = {"com.microsoft.MaxPoolGrad 8x64x28x28 i64:8x64x28x28 8x64x56x56 kernel_shape=2,2 strides=2,2"},
          .gradient_of = "MaxPool",
      },
      {
          .name = "com.microsoft.AveragePoolGrad",
          .family = Family::pool,
          .summary = "spreads each gradient over its window; FLOPs = gradients x kernel elements",
          .shapes = pool_grad_shapes<1>,
          .cost = average_pool_grad_cost,
          .attributes = {{"ceil_mode", "0"},
                         {"count_include_pad", "0"},
                         {"dilations", "1"},
                         {"kernel_shape"},
                         {"pads", "0"},
                         {"strides", "1"}},
          .run = {"aten::avg_pool2d_backward"},
          .calls = aten::average_pool_grad,
          .examples = {"com.microsoft.AveragePoolGrad 8x64x28x28 8x64x56x56 kernel_shape=2,2 strides=2,2"},
          .gradient_of = "AveragePool",
      },
  };
  return operators;
}

}  // namespace wattlayer

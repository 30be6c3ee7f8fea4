#include <algorithm>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

// Gradients of operators that move elements: each goes back to where its element came from.
namespace wattlayer {
namespace {

/// Gradient, then the forward input, which gives only the shape.
void scatter_grad_shapes(Layer& layer) {
  if (!rules::inputs_known(layer, 2)) return;
  rules::set_output(layer, 0, Shape(layer.input(1).shape), layer.input(0).dtype);
}

/// Zeros are written, then every gradient is added at its place; input 2 holds the places.
Cost scatter_grad_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const Tensor& x = layer.input(1);
  (x.constant ? c.weight_bytes : c.input_bytes) -= x.bytes();
  (x.constant ? c.parameters : c.input_elements) -= x.elements();
  c.flops = layer.input(0).elements();
  return c;
}

Operator scatter_grad(std::string_view name, std::string_view of, Family family, std::string_view summary,
                      std::vector<std::string_view> examples) {
  return {.name = name,
          .family = family,
          .summary = summary,
          .shapes = scatter_grad_shapes,
          .cost = scatter_grad_cost,
          .weight_inputs = family == Family::embedding ? 0b10u : 0u,
          .examples = std::move(examples),
          .gradient_of = of};
}

/// Each gradient is spread over the elements it was interpolated from: four of them, weighted.
Cost resize_grad_cost(const Layer& layer) {
  Cost c = scatter_grad_cost(layer);
  c.flops = 8 * layer.input(0).elements();
  return c;
}

}  // namespace

const std::vector<Operator>& gradient_movement_operators() {
  static const std::vector<Operator> operators = [] {
    const char* const adds = "zeros with each gradient added where its element was picked; one FLOP a gradient";
    std::vector<Operator> all = {
        scatter_grad("com.microsoft.GatherGrad", "Gather", Family::embedding, adds,
                     {"com.microsoft.GatherGrad 8x128x768 30522x768 i64:8x128"}),
        scatter_grad("com.microsoft.GatherElementsGrad", "GatherElements", Family::embedding, adds,
                     {"com.microsoft.GatherElementsGrad 4x8 4x16 i64:4x8 const=-"}),
        scatter_grad("com.microsoft.GatherNDGrad", "GatherND", Family::embedding, adds,
                     {"com.microsoft.GatherNDGrad 8x64 16x64 i64:8x1 const=-"}),
        scatter_grad("com.microsoft.SliceGrad", "Slice", Family::copy, "zeros with the gradient where the slice was",
                     {"com.microsoft.SliceGrad 1x1x768 1x197x768"}),
        scatter_grad("com.microsoft.ResizeGrad", "Resize", Family::copy,
                     "each gradient spread over the elements it was interpolated from; 8 FLOPs a gradient",
                     {"com.microsoft.ResizeGrad 1x16x56x56 1x16x28x28"}),
    };
    all.back().cost = resize_grad_cost;
    all.front().run = {"aten::embedding_dense_backward"};
    all.front().calls = aten::gather_grad;
    all.front().attributes = all[1].attributes = {{"axis", "0"}};
    return all;
  }();
  return operators;
}

}  // namespace wattlayer

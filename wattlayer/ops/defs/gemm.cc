#include <algorithm>

#include "wattlayer/ops/aten_calls.h"
#include "wattlayer/ops/backward_rules.h"
#include "wattlayer/ops/products.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/run.h"

namespace wattlayer {
namespace {

using rules::dim;
using rules::require;

/// First and second operand as they enter the product, with the transpositions that attributes ask for.
struct Operands {
  Shape a, b;
};

/// transBatchA turns [B, M, ..., K] (batch first, row dimension second to last) into [..., B, K]: FusedMatMul of ONNX Runtime.
Shape transposed(Shape shape, bool matrix, bool batch) {
  if (batch && shape.size() > 2) std::rotate(shape.begin(), shape.begin() + 1, shape.end() - 1);
  return matrix ? rules::swapped(std::move(shape)) : shape;
}

Operands operands(const Layer& layer) {
  const Attributes& at = layer.attributes;
  return {transposed(layer.input(0).shape, at.integer("transA", 0) != 0, at.integer("transBatchA", 0) != 0),
          transposed(layer.input(1).shape, at.integer("transB", 0) != 0, at.integer("transBatchB", 0) != 0)};
}

void matmul_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 1);
  rules::require_rank(layer, 1, 1);
  const Operands o = operands(layer);
  rules::set_output(layer, 0, rules::matmul(layer, o.a, o.b), layer.input(0).dtype);
}

Cost matmul_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  if (layer.attributes.items().empty()) {  // no copies where nothing is transposed
    rules::count_matmul(c, layer.input(0).shape, layer.input(1).shape, layer.output(0).elements());
    return c;
  }
  const Operands o = operands(layer);
  rules::count_matmul(c, o.a, o.b, layer.output(0).elements());
  rules::add_activation(c, layer.attributes.text("activation", ""), c.output_elements);
  return c;
}

void gemm_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 2, 2);
  rules::require_rank(layer, 1, 2, 2);
  const Operands o = operands(layer);
  Shape out = rules::matmul(layer, o.a, o.b);
  if (layer.has_input(2))
    require(rules::broadcast(out, layer.input(2).shape) == out, layer,
            "the addend " + rules::text(layer.input(2).shape) + " does not broadcast to the product " + rules::text(out));
  const auto given = from_onnx_type(static_cast<int>(layer.attributes.integer("dtype", 0)));
  rules::set_output(layer, 0, std::move(out), given.value_or(layer.input(0).dtype));
}

Cost gemm_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const double k = dim(layer.input(0), layer.attributes.integer("transA", 0) ? 0 : 1);
  rules::count_product(c, 1, dim(layer.output(0), 0), dim(layer.output(0), 1), k);
  if (layer.has_input(2)) c.flops = c.output_elements;
  rules::add_activation(c, layer.attributes.text("activation", ""), c.output_elements);
  return c;
}

Cost gemm_fast_gelu_cost(const Layer& layer) {
  Cost c = matmul_cost(layer);
  if (layer.has_input(2)) c.flops += c.output_elements;
  rules::add_activation(c, "FastGelu", c.output_elements);
  return c;
}

/// MatMul with transpositions and a factor, under its several names.
Operator fused_matmul(std::string_view name, std::string_view summary, std::vector<std::string_view> examples) {
  return {.name = name,
          .family = Family::gemm,
          .summary = summary,
          .shapes = matmul_shapes,
          .cost = matmul_cost,
          .attributes =
              {{"activation"}, {"alpha", "1.0"}, {"transA", "0"}, {"transB", "0"}, {"transBatchA", "0"}, {"transBatchB", "0"}},
          .weight_inputs = 0b10,
          .examples = std::move(examples)};
}

}  // namespace

const std::vector<Operator>& gemm_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "Gemm",
          .family = Family::gemm,
          .summary = "alpha A' B' + beta C; MACs = m x n x k, one FLOP an output for C",
          .shapes = gemm_shapes,
          .cost = gemm_cost,
          .attributes = {{"alpha", "1.0"}, {"beta", "1.0"}, {"transA", "0"}, {"transB", "0"}},
          .weight_inputs = 0b110,
          .run = {"aten::addmm"},
          .calls = aten::gemm,
          .examples = {"Gemm 1x25088 4096x25088 4096 transB=1", "Gemm 64x32 64x16 16 alpha=0.5 transA=1"},
          .backward = backward_rules::gemm,
      },
      {
          .name = "MatMul",
          .family = Family::gemm,
          .summary = "matrix product as numpy.matmul; MACs = outputs x inner dimension",
          .shapes = matmul_shapes,
          .cost = matmul_cost,
          .weight_inputs = 0b10,
          .run = {"aten::matmul", {run::input("self"), run::input("other", 1)}},
          .examples = {"MatMul 1x128x768 768x3072", "MatMul 1x12x128x64 1x12x64x128 const=-", "MatMul 64 64x8",
                       "MatMul 4x8x16 16"},
          .backward = backward_rules::matmul,
      },
      {
          .name = "com.microsoft.FusedGemm",
          .family = Family::gemm,
          .summary = "activation of a Gemm; MACs = m x n x k, FLOPs as Gemm and the activation",
          .shapes = gemm_shapes,
          .cost = gemm_cost,
          .attributes = {{"activation"}, {"alpha", "1.0"}, {"beta", "1.0"}, {"transA", "0"}, {"transB", "0"}},
          .weight_inputs = 0b110,
          .examples = {"com.microsoft.FusedGemm 1x512 512x128 128 activation=Relu"},
      },
      fused_matmul("com.microsoft.FusedMatMul", "alpha A' B' with transposed operands; MACs = outputs x inner dimension",
                   {"com.microsoft.FusedMatMul 1x12x128x64 1x12x128x64 alpha=0.125 const=- transB=1",
                    "com.microsoft.FusedMatMul 4x2x3x8 2x3x8x5 const=- transBatchA=1"}),
      fused_matmul("com.microsoft.FusedMatMulActivation", "activation of a FusedMatMul; FLOPs of the activation",
                   {"com.microsoft.FusedMatMulActivation 1x128x64 64x64 activation=Relu"}),
      {
          .name = "com.microsoft.GemmFastGelu",
          .family = Family::gemm,
          .summary = "FastGelu(X W + bias); MACs = outputs x inner dimension, 9 FLOPs and one tanh an output",
          .shapes = matmul_shapes,
          .cost = gemm_fast_gelu_cost,
          .weight_inputs = 0b110,
          .examples = {"com.microsoft.GemmFastGelu 1x128x768 768x3072 3072"},
      },
      {
          .name = "com.microsoft.GemmFloat8",
          .family = Family::gemm,
          .summary = "scaled Gemm of 8-bit floats; MACs = m x n x k",
          .shapes = gemm_shapes,
          .cost = gemm_cost,
          .attributes = {{"activation"}, {"alpha", "1.0"}, {"beta", "0.0"}, {"dtype", "1"}, {"transA", "0"}, {"transB", "0"}},
          .weight_inputs = 0b110,
          .examples = {"com.microsoft.GemmFloat8 16x64 128x64 - f32:scalar f32:scalar dtype=fp8 transB=1"},
      },
      fused_matmul("com.microsoft.SparseToDenseMatMul", "product of a sparse and a dense matrix, counted as dense",
                   {"com.microsoft.SparseToDenseMatMul 64x64 64x32"}),
      fused_matmul("com.microsoft.TransposeMatMul", "earlier name of FusedMatMul",
                   {"com.microsoft.TransposeMatMul 1x12x128x64 1x12x128x64 const=- transB=1"}),
  };
  return operators;
}

}  // namespace wattlayer

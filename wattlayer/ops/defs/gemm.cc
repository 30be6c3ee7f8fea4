#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/run.h"

namespace wattlayer {
namespace {

using rules::dim;
using rules::require;

/// numpy.matmul: one-dimensional operands gain a dimension for the product and lose it afterwards.
Shape matmul_shape(const Layer& layer, Shape a, Shape b) {
  require(!a.empty() && !b.empty(), layer, "cannot multiply a scalar; expected tensors of one dimension or more");
  const bool row = a.size() == 1, column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  require(a.back() == b[b.size() - 2], layer,
          "cannot multiply " + rules::text(a) + " by " + rules::text(b) + "; expected equal inner dimensions, found " +
              std::to_string(a.back()) + " and " + std::to_string(b[b.size() - 2]));
  Shape out = rules::broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  if (!row) out.push_back(a[a.size() - 2]);
  if (!column) out.push_back(b.back());
  return out;
}

void matmul_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 1);
  rules::require_rank(layer, 1, 1);
  rules::set_output(layer, 0, matmul_shape(layer, layer.input(0).shape, layer.input(1).shape), layer.input(0).dtype);
}

/// One product where the second operand is shared by the whole batch, else one a batch element.
Cost matmul_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const Tensor& a = layer.input(0);
  const Tensor& b = layer.input(1);
  const double outputs = layer.output(0).elements();
  c.k = dim(a, -1);
  c.n = b.rank() < 2 ? 1 : dim(b, -1);
  const bool shared = b.rank() < 2 || b.elements() == c.k * c.n;
  c.m = shared ? rules::ratio(outputs, c.n) : (a.rank() < 2 ? 1 : dim(a, -2));
  c.groups = shared ? 1 : rules::ratio(outputs, c.m * c.n);
  c.macs = outputs * c.k;
  return c;
}

void gemm_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 2, 2);
  rules::require_rank(layer, 1, 2, 2);
  Shape a = layer.input(0).shape, b = layer.input(1).shape;
  if (layer.attributes.integer("transA", 0)) std::swap(a[0], a[1]);
  if (layer.attributes.integer("transB", 0)) std::swap(b[0], b[1]);
  Shape out = matmul_shape(layer, a, b);
  if (layer.has_input(2))
    require(rules::broadcast(out, layer.input(2).shape) == out, layer,
            "the addend " + rules::text(layer.input(2).shape) + " does not broadcast to the product " + rules::text(out));
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

Cost gemm_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  c.groups = 1;
  c.m = dim(layer.output(0), 0);
  c.n = dim(layer.output(0), 1);
  c.k = dim(layer.input(0), layer.attributes.integer("transA", 0) ? 0 : 1);
  c.macs = c.m * c.n * c.k;
  if (layer.has_input(2)) c.flops = c.output_elements;
  return c;
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
          .run = {"aten::addmm",
                  {run::input("self", 2), run::input_swapped_if("mat1", 0, "transA"), run::input_swapped_if("mat2", 1, "transB"),
                   run::attribute("beta", "beta", "1"), run::attribute("alpha", "alpha", "1")}},
          .examples = {"Gemm 1x25088 4096x25088 4096 transB=1", "Gemm 64x32 64x16 16 alpha=0.5 transA=1"},
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
      },
  };
  return operators;
}

}  // namespace wattlayer

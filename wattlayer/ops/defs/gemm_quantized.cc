#include "wattlayer/ops/products.h"
#include "wattlayer/ops/rules.h"
#include "wattlayer/ops/run.h"

namespace wattlayer {
namespace {

using rules::dim;
using rules::require;

/// Where a quantized product keeps its operands, and the input whose type the output has; -1: 32-bit integers.
template <int a, int b, int type>
void product_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, a, 1);
  rules::require_rank(layer, b, 1);
  const DataType out = type < 0 ? DataType::i32 : layer.input(static_cast<size_t>(type)).dtype;
  rules::set_output(layer, 0, rules::matmul(layer, layer.input(a).shape, layer.input(b).shape), out);
}

/// The product, and `flops` an output for zero points, scales, rounding and saturation.
template <int a, int b, int flops>
Cost product_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  rules::count_matmul(c, layer.input(a).shape, layer.input(b).shape, layer.output(0).elements());
  c.flops = flops * c.output_elements;
  return c;
}

/// Quantizing the first operand: minimum, maximum, division, rounding, shift, saturation.
Cost dynamic_product_cost(const Layer& layer) {
  Cost c = product_cost<0, 1, 3>(layer);
  c.flops += 6 * layer.input(0).elements();
  return c;
}

void qgemm_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 2, 2);
  rules::require_rank(layer, 3, 2, 2);
  const Shape& a = layer.input(0).shape;
  const Shape& b = layer.input(3).shape;
  Shape out = rules::matmul(layer, layer.attributes.integer("transA", 0) ? rules::swapped(a) : a,
                            layer.attributes.integer("transB", 0) ? rules::swapped(b) : b);
  rules::set_output(layer, 0, std::move(out), layer.has_input(8) ? layer.input(8).dtype : layer.input(1).dtype);
}

Cost qgemm_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const double k = dim(layer.input(0), layer.attributes.integer("transA", 0) ? 0 : 1);
  rules::count_product(c, 1, dim(layer.output(0), 0), dim(layer.output(0), 1), k);
  c.flops = (layer.has_input(6) + 4) * c.output_elements;
  return c;
}

int64_t positive(const Layer& layer, std::string_view attribute) {
  const int64_t value = layer.attributes.integer(attribute, 0);
  require(value > 0, layer, "attribute " + std::string(attribute) + " must be positive; found " + std::to_string(value));
  return value;
}

/// Packed weights: attributes K and N give the logical matrix, `[..., K] -> [..., N]`.
void packed_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 1);
  const int64_t k = positive(layer, "K"), n = positive(layer, "N");
  Shape out = layer.input(0).shape;
  require(out.back() == k, layer, "input " + rules::text(out) + " must end in K = " + std::to_string(k));
  out.back() = n;
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
  if (layer.outputs.size() > 1) rules::set_output(layer, 1, layer.input(0).shape, layer.input(0).dtype);
}

/// Parameters count the logical weights, bytes the packed ones; each weight is scaled and shifted once: 2 FLOPs.
Cost packed_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const double k = static_cast<double>(layer.attributes.integer("K", 0)),
               n = static_cast<double>(layer.attributes.integer("N", 0));
  rules::count_product(c, 1, rules::ratio(layer.input(0).elements(), dim(layer.input(0), -1)), n, k);
  if (layer.input(1).constant) c.parameters += k * n - layer.input(1).elements();
  c.flops = 2 * k * n + (layer.has_input(5) ? c.output_elements : 0);
  return c;
}

/// Gate and up projection of a gated MLP behind an optional RMS normalization; the activation of one times the other.
Cost packed_mlp_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const double k = static_cast<double>(layer.attributes.integer("K", 0)),
               n = static_cast<double>(layer.attributes.integer("N", 0));
  rules::count_product(c, 2, rules::ratio(layer.input(0).elements(), dim(layer.input(0), -1)), n, k);
  for (size_t i : {size_t{3}, size_t{6}})
    if (layer.input(i).constant) c.parameters += k * n - layer.input(i).elements();
  c.flops = 4 * k * n + 5 * c.m * n + (layer.has_input(2) ? 4 * layer.input(0).elements() : 0);
  c.special = 2 * c.m * n + (layer.has_input(2) ? c.m : 0);
  return c;
}

void packed_qkv_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 1);
  const int64_t k = positive(layer, "K"), q = positive(layer, "Nq"), kv = positive(layer, "Nkv");
  const Shape& x = layer.input(0).shape;
  require(x.back() == k, layer, "input " + rules::text(x) + " must end in K = " + std::to_string(k));
  for (size_t i = 0; i < 3; ++i) {
    Shape out = x;
    out.back() = i == 0 ? q : kv;
    rules::set_output(layer, i, std::move(out), layer.input(0).dtype);
  }
  if (layer.outputs.size() > 3) rules::set_output(layer, 3, layer.input(0).shape, layer.input(0).dtype);
}

Cost packed_qkv_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const double k = static_cast<double>(layer.attributes.integer("K", 0)),
               q = static_cast<double>(layer.attributes.integer("Nq", 0));
  const double n = q + 2 * static_cast<double>(layer.attributes.integer("Nkv", 0));
  rules::count_product(c, 1, rules::ratio(layer.input(0).elements(), dim(layer.input(0), -1)), n, k);
  for (size_t i : {size_t{3}, size_t{6}, size_t{9}})
    if (layer.input(i).constant) c.parameters += k * (i == 3 ? q : (n - q) / 2) - layer.input(i).elements();
  c.flops = 2 * k * n + (4 + layer.has_input(1)) * layer.input(0).elements();
  c.special = c.m;
  return c;
}

/// Weights [N, K] in 8 bits, or [N, K / 2] of two to a byte, with one scale a block.
template <int per_byte>
void block_scaled_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 1);
  rules::require_rank(layer, 1, 2, 2);
  Shape out = layer.input(0).shape;
  require(out.back() == rules::product(layer.input(1).shape[1], per_byte), layer,
          "input " + rules::text(out) + " does not fit the weight " + rules::text(layer.input(1).shape));
  out.back() = layer.input(1).shape[0];
  rules::set_output(layer, 0, std::move(out), layer.input(0).dtype);
}

template <int per_byte>
Cost block_scaled_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const double n = dim(layer.input(1), 0), k = dim(layer.input(1), 1) * per_byte;
  rules::count_product(c, 1, rules::ratio(layer.input(0).elements(), dim(layer.input(0), -1)), n, k);
  if (layer.input(1).constant) c.parameters += (per_byte - 1) * layer.input(1).elements();
  c.flops = n * k;
  return c;
}

/// B_shape, a small constant, tells the logical weight.
void matmul_fpq4_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 1);
  const Tensor& shape = layer.input(2);
  if (!shape.value || shape.value->size() != 2) {
    layer.outputs[0].known = false;
    return;
  }
  const Shape b = {shape.value->integer(0), shape.value->integer(1)};
  require(b[0] >= 0 && b[1] >= 0, layer, "B_shape must not be negative; found " + rules::text(b));
  rules::set_output(layer, 0, rules::matmul(layer, layer.input(0).shape, b), layer.input(0).dtype);
}

Cost matmul_fpq4_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const double k = dim(layer.input(0), -1), n = dim(layer.output(0), -1);
  rules::count_product(c, 1, rules::ratio(layer.input(0).elements(), k), n, k);
  c.flops = 2 * k * n;
  return c;
}

const char* const packed_summary = "product with block-quantized weights; MACs = rows x K x N, 2 FLOPs a weight to dequantize it";

}  // namespace

const std::vector<Operator>& gemm_quantized_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "MatMulInteger",
          .family = Family::gemm,
          .summary = "product of 8-bit integers in 32 bits; MACs = outputs x inner dimension, 2 FLOPs an output for zero points",
          .shapes = product_shapes<0, 1, -1>,
          .cost = product_cost<0, 1, 2>,
          .weight_inputs = 0b1010,
          .examples = {"MatMulInteger 1x128x768 int8:768x768 scalar int8:scalar dtype=uint8"},
      },
      {
          .name = "QLinearMatMul",
          .family = Family::gemm,
          .summary = "product of quantized tensors, quantized again; MACs = outputs x inner dimension, 4 FLOPs an output",
          .shapes = product_shapes<0, 3, 7>,
          .cost = product_cost<0, 3, 4>,
          .weight_inputs = 0b11111110,
          .examples =
              {"QLinearMatMul 1x128x768 f32:scalar scalar int8:768x768 f32:scalar int8:scalar f32:scalar scalar dtype=uint8"},
      },
      {
          .name = "com.microsoft.DynamicQuantizeMatMul",
          .family = Family::gemm,
          .summary = "quantizes A, multiplies integers, rescales; MACs = outputs x inner dimension, 6 FLOPs an element of A, 3 "
                     "an output",
          .shapes = product_shapes<0, 1, 0>,
          .cost = dynamic_product_cost,
          .weight_inputs = 0b11110,
          .examples = {"com.microsoft.DynamicQuantizeMatMul 1x128x768 int8:768x768 scalar int8:scalar 768"},
      },
      {
          .name = "com.microsoft.MatMulBlockQuantizedFp4Weight",
          .family = Family::gemm,
          .summary = "product with NVFP4 weights; MACs = rows x K x N, one FLOP a weight to scale it",
          .shapes = block_scaled_shapes<2>,
          .cost = block_scaled_cost<2>,
          .attributes = {{"block_size", "16"}},
          .weight_inputs = 0b111110,
          .examples = {"com.microsoft.MatMulBlockQuantizedFp4Weight 16x64 uint8:128x32 uint8:128x4 f32:scalar dtype=bf16"},
      },
      {
          .name = "com.microsoft.MatMulBlockQuantizedFp8Weight",
          .family = Family::gemm,
          .summary = "product with FP8 weights in scaled blocks; MACs = rows x K x N, one FLOP a weight to scale it",
          .shapes = block_scaled_shapes<1>,
          .cost = block_scaled_cost<1>,
          .attributes = {{"block_size", "128"}},
          .weight_inputs = 0b11110,
          .examples = {"com.microsoft.MatMulBlockQuantizedFp8Weight 16x256 fp8:128x256 f32:128x2 dtype=bf16"},
      },
      {
          .name = "com.microsoft.MatMulBnb4",
          .family = Family::gemm,
          .summary = packed_summary,
          .shapes = packed_shapes,
          .cost = packed_cost,
          .attributes = {{"K"}, {"N"}, {"block_size"}, {"quant_type"}, {"training_mode", "0"}, {"transB", "1"}},
          .weight_inputs = 0b110,
          .examples = {"com.microsoft.MatMulBnb4 1x16x64 uint8:2048 64 K=64 N=64 block_size=64 quant_type=1"},
      },
      {
          .name = "com.microsoft.MatMulFpQ4",
          .family = Family::gemm,
          .summary = packed_summary,
          .shapes = matmul_fpq4_shapes,
          .cost = matmul_fpq4_cost,
          .attributes = {{"blk_quant_type", "1"}},
          .weight_inputs = 0b110,
          .examples = {"com.microsoft.MatMulFpQ4 1x16x64 uint8:2688 [64,64]"},
      },
      {
          .name = "com.microsoft.MatMulInteger16",
          .family = Family::gemm,
          .summary = "product of 16-bit integers in 32 bits; MACs = outputs x inner dimension",
          .shapes = product_shapes<0, 1, -1>,
          .cost = product_cost<0, 1, 0>,
          .weight_inputs = 0b10,
          .examples = {"com.microsoft.MatMulInteger16 1x128x64 64x64 dtype=i16"},
      },
      {
          .name = "com.microsoft.MatMulIntegerToFloat",
          .family = Family::gemm,
          .summary = "product of 8-bit integers, scaled to floats; MACs = outputs x inner dimension, 4 FLOPs an output",
          .shapes = product_shapes<0, 1, 2>,
          .cost = product_cost<0, 1, 4>,
          .weight_inputs = 0b1101010,
          .examples = {"com.microsoft.MatMulIntegerToFloat 1x128x768 int8:768x768 f32:scalar f32:scalar scalar int8:scalar "
                       "f32:768 dtype=uint8"},
      },
      {
          .name = "com.microsoft.MatMulNBits",
          .family = Family::gemm,
          .summary = packed_summary,
          .shapes = packed_shapes,
          .cost = packed_cost,
          .attributes = {{"K"}, {"N"}, {"accuracy_level", "0"}, {"bits", "4"}, {"block_size"}},
          .weight_inputs = 0b111110,
          .examples =
              {"com.microsoft.MatMulNBits 1x16x4096 uint8:4096x128x16 4096x128 K=4096 N=4096 block_size=32",
               "com.microsoft.MatMulNBits 1x16x64 uint8:128x2x16 128x2 uint8:128x1 - 128 K=64 N=128 block_size=32 dtype=f16"},
      },
      {
          .name = "com.microsoft.MatMulNBitsMlp",
          .family = Family::gemm,
          .summary = "gated MLP with block-quantized weights; MACs = 2 x rows x K x N, 2 FLOPs a weight, 5 FLOPs, exp and "
                     "reciprocal an output",
          .shapes = packed_shapes,
          .cost = packed_mlp_cost,
          .attributes = {{"K"}, {"N"}, {"activation"}, {"bits", "4"}, {"block_size"}},
          .weight_inputs = 0b111111100,
          .examples = {"com.microsoft.MatMulNBitsMlp 1x16x64 - 64 uint8:128x2x16 128x2 - uint8:128x2x16 128x2 K=64 N=128 "
                       "activation=silu block_size=32"},
      },
      {
          .name = "com.microsoft.MatMulNBitsQkv",
          .family = Family::gemm,
          .summary = "RMS normalization and three products with block-quantized weights; MACs = rows x K x (Nq + 2 Nkv), 2 FLOPs "
                     "a weight",
          .shapes = packed_qkv_shapes,
          .cost = packed_qkv_cost,
          .attributes = {{"K"}, {"Nkv"}, {"Nq"}, {"bits", "4"}, {"block_size"}},
          .weight_inputs = 0b111111111100,
          .examples = {"com.microsoft.MatMulNBitsQkv 1x16x64 - 64 uint8:64x2x16 64x2 - uint8:32x2x16 32x2 - uint8:32x2x16 32x2 "
                       "K=64 Nkv=32 Nq=64 "
                       "block_size=32 outputs=1,1,1"},
      },
      {
          .name = "com.microsoft.QGemm",
          .family = Family::gemm,
          .summary = "quantized Gemm; MACs = m x n x k, 4 FLOPs an output, one more for C",
          .shapes = qgemm_shapes,
          .cost = qgemm_cost,
          .attributes = {{"alpha", "1.0"}, {"transA", "0"}, {"transB", "0"}},
          .weight_inputs = 0b111111110,
          .examples = {"com.microsoft.QGemm 1x512 f32:scalar scalar int8:1000x512 f32:scalar int8:scalar i32:1000 f32:scalar "
                       "scalar dtype=uint8 transB=1"},
      },
  };
  return operators;
}

}  // namespace wattlayer

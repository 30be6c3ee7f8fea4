#include <algorithm>

#include "wattlayer/ops/products.h"
#include "wattlayer/ops/rules.h"

/// Mixture of experts of ONNX Runtime.
namespace wattlayer {
namespace {

using rules::dim;
using rules::require;

void moe_shapes(Layer& layer) {
  if (!rules::inputs_known(layer)) return;
  rules::require_rank(layer, 0, 2, 3);
  rules::require_rank(layer, 1, 2, 2);
  rules::require_rank(layer, 2, 3, 3);
  const int64_t experts = layer.input(1).shape[1];
  const int64_t here = layer.input(2).shape[0];
  require(here > 0 && experts % here == 0, layer,
          "weights " + rules::text(layer.input(2).shape) + " are not those of " + std::to_string(experts) +
              " experts, nor of an equal share of them");
  rules::same_as_input(layer);
}

/// Every token goes through k experts; an expert that no token chooses is not read. Where the weights are those of a share of the
/// experts (expert parallelism), so is the work. `routing_skew` (0: even) says how unevenly tokens choose; `min_latency` that
/// the engine was told to take kernels for few tokens (TensorRT-LLM's mode of that name). Sizes come from the output side of the
/// weights, which packing leaves alone: fc1 gives inter (twice that where SwiGLU is fused), fc2 gives hidden.
template <size_t fc1, size_t fc3>
Cost moe_cost(const Layer& layer) {
  Cost c = rules::moved(layer);
  const double hidden = dim(layer.input(0), -1), all_experts = dim(layer.input(1), 1), experts = dim(layer.input(2), 0);
  const double tokens = rules::ratio(layer.input(0).elements(), hidden), share = rules::ratio(experts, all_experts);
  const double chosen = share * std::clamp(static_cast<double>(layer.attributes.integer("k", 1)), 0.0, all_experts);
  const bool fused = layer.attributes.integer("swiglu_fusion", 0) != 0;
  const double wide = dim(layer.input(fc1), 1), inter = fused ? wide / 2 : wide;
  const double products = wide + inter + (layer.has_input(fc3) ? inter : 0);
  rules::count_product(c, chosen, tokens, wide, hidden);
  c.macs = tokens * chosen * hidden * products;
  rules::add_activation(c, layer.attributes.text("activation_type", "relu"), tokens * chosen * inter);
  c.flops += 2 * tokens * chosen * hidden + tokens * all_experts;
  const double read = rules::ratio(std::min(experts, tokens * chosen), experts);
  for (size_t i = 2; i < layer.inputs.size(); ++i)
    if (layer.has_input(i)) (layer.input(i).constant ? c.weight_bytes : c.input_bytes) -= (1 - read) * layer.input(i).bytes();
  c.weight_bytes = std::max(0.0, c.weight_bytes);
  c.input_bytes = std::max(0.0, c.input_bytes);
  return c;
}

}  // namespace

const std::vector<Operator>& moe_operators() {
  static const std::vector<Operator> operators = {
      {
          .name = "com.microsoft.MoE",
          .family = Family::gemm,
          .summary = "mixture of experts; MACs = tokens x k x hidden x (fc1 + fc2 [+ fc3] rows), weights of at most tokens x k "
                     "experts are read",
          .shapes = moe_shapes,
          .cost = moe_cost<2, 6>,
          .attributes = {{"activation_type", "relu"},
                         {"k", "1"},
                         {"min_latency", "0"},
                         {"normalize_routing_weights", "0"},
                         {"routing_skew", "0.0"},
                         {"swiglu_fusion", "0"},
                         {"use_sparse_mixer", "0"}},
          .weight_inputs = 0b11111100,
          .examples = {"com.microsoft.MoE 1x16x64 16x8 8x256x64 8x256 8x64x256 8x64 activation_type=gelu k=2"},
      },
      {
          .name = "com.microsoft.QMoE",
          .family = Family::gemm,
          .summary = "mixture of experts with quantized weights; MACs as com.microsoft.MoE",
          .shapes = moe_shapes,
          .cost = moe_cost<2, 8>,
          .attributes = {{"activation_type", "relu"},
                         {"block_size"},
                         {"expert_weight_bits", "4"},
                         {"k", "1"},
                         {"normalize_routing_weights", "0"},
                         {"quant_type", "int"},
                         {"routing_skew", "0.0"},
                         {"swiglu_fusion", "0"},
                         {"use_sparse_mixer", "0"}},
          .weight_inputs = 0b11111111111100,
          .examples =
              {"com.microsoft.QMoE 1x16x64 16x8 uint8:8x256x32 8x256 8x256 uint8:8x64x64 8x64 8x64 activation_type=swiglu k=4 "
               "swiglu_fusion=1"},
      },
  };
  return operators;
}

}  // namespace wattlayer

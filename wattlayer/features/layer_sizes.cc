#include "wattlayer/features/layer_sizes.h"

#include <algorithm>

namespace wattlayer {
namespace {

double dimension(const Tensor& tensor, size_t axis) {
  return tensor.present && tensor.known && axis < tensor.shape.size() ? static_cast<double>(tensor.shape[axis]) : 0;
}

/// `num_heads` of ONNX Runtime's operators, `q_num_heads` of ONNX's; else the second of four dimensions.
double heads_of(const Layer& layer, std::string_view attribute, std::string_view other, const Tensor& tensor) {
  const int64_t stated = layer.attributes.integer(attribute, layer.attributes.integer(other, 0));
  return stated > 0 ? static_cast<double>(stated) : tensor.rank() == 4 ? dimension(tensor, 1) : 0;
}

/// Keys of the present input and of the cache behind it: four dimensions, length the last but one.
double length_of(const Layer& layer, double stated) {
  const Tensor& key = layer.input(1);
  const double present = key.rank() == 4 ? dimension(key, 2) : dimension(key, 1);
  const Tensor& past = layer.op == "Attention" ? layer.input(4) : layer.input(3);
  return std::max(stated, present + (past.present && past.rank() == 4 ? dimension(past, 2) : 0));
}

void set_attention(LayerSizes& s, const Layer& layer, const Cost& cost) {
  const Tensor& query = layer.input(0);
  s.heads = heads_of(layer, "num_heads", "q_num_heads", query);
  s.kv_heads = heads_of(layer, "kv_num_heads", "kv_num_heads", layer.input(1));
  if (s.kv_heads <= 0) s.kv_heads = s.heads;
  s.queries = cost.m;
  s.length = length_of(layer, cost.n);
  s.window = static_cast<double>(std::max<int64_t>(0, layer.attributes.integer("local_window_size", 0)));
  s.causal = layer.op.ends_with("GroupQueryAttention") || layer.attributes.integer("is_causal", 0) != 0 ||
             layer.attributes.integer("unidirectional", 0) != 0;
  const Tensor& cache = layer.op == "Attention" ? layer.input(4) : layer.input(3);
  s.cache_bits = bits(cache.present ? cache.dtype : query.dtype);
}

}  // namespace

bool mixes_experts(const Operator& op) { return op.family == Family::gemm && op.name.ends_with("MoE"); }

LayerSizes layer_sizes(const Layer& layer, const Operator* op, const Cost& c, const Hardware& hardware) {
  const Tensor& x = layer.input(0);
  const bool product = c.macs > 0;
  LayerSizes s{.groups = product ? c.groups : 1,
               .m = product ? c.m : c.output_elements,
               .n = product ? c.n : 1,
               .k = product ? c.k : 1,
               .macs = c.macs,
               .flops = c.flops,
               .input_bytes = c.input_bytes,
               .weight_bytes = c.weight_bytes,
               .output_bytes = c.output_bytes,
               .units = std::max(hardware.compute_units, 1.0),
               .bits = static_cast<double>(bits(layer.dtype)),
               .batch = dimension(x, 0)};
  if (!op) return s;
  const Tensor& weight = layer.input(mixes_experts(*op) ? 2 : 1);
  s.weight_bits = weight.present ? bits(weight.dtype) : 0;
  if (op->family == Family::attention) set_attention(s, layer, c);
  if (op->family == Family::conv || op->family == Family::pool) {
    s.padding = static_cast<double>(layer.attributes.integer_at("pads", 0, 0));
    s.out_extent = layer.output(0).rank() > 2 ? static_cast<double>(layer.output(0).shape.back()) : 1;
  }
  if (mixes_experts(*op)) {
    s.experts = dimension(layer.input(2), 0), s.routed = dimension(layer.input(1), 1);
    s.skew = layer.attributes.real("routing_skew", 0);
    s.min_latency = layer.attributes.integer("min_latency", 0) != 0;
    s.chosen = static_cast<double>(layer.attributes.integer("k", 1)) * s.experts / std::max(s.routed, 1.0);
  }
  return s;
}

}  // namespace wattlayer

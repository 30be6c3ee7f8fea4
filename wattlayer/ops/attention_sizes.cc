#include "wattlayer/ops/attention_sizes.h"

#include "wattlayer/ops/rules.h"

namespace wattlayer::rules {

int64_t heads_of(const Layer& layer, std::string_view attribute) {
  const int64_t heads = layer.attributes.integer(attribute, 0);
  require(heads > 0, layer, "attribute " + std::string(attribute) + " must be positive; found " + std::to_string(heads));
  return heads;
}

int64_t share(const Layer& layer, int64_t width, int64_t heads) {
  require(heads > 0 && width % heads == 0, layer,
          std::to_string(width) + " elements cannot be divided among " + std::to_string(heads) + " heads");
  return width / heads;
}

std::optional<int64_t> constant_of(const Layer& layer, size_t i) {
  const Tensor& t = layer.input(i);
  if (!t.present || !t.value || t.value->size() != 1) return std::nullopt;
  return t.value->integer(0);
}

AttentionSizes projected_sizes(const Layer& layer, size_t past) {
  rules::require_rank(layer, 0, 2, 3);
  rules::require_rank(layer, 1, 2, 2);
  const Shape &x = layer.input(0).shape, &w = layer.input(1).shape;
  require(x.back() == w[0], layer, "input " + rules::text(x) + " does not fit the weight " + rules::text(w));
  AttentionSizes s;
  s.heads = s.kv_heads = heads_of(layer, "num_heads");
  s.batch = x.size() == 3 ? x[0] : 1;
  s.queries = s.keys = x[x.size() - 2];
  const std::vector<int64_t> widths = layer.attributes.integers("qkv_hidden_sizes");
  if (widths.size() == 3) {
    s.size = share(layer, widths[0], s.heads), s.value_size = share(layer, widths[2], s.heads);
    require(rules::sum(rules::sum(widths[0], widths[1]), widths[2]) == w[1] && widths[0] == widths[1] && widths[2] >= 0 &&
                widths[0] >= 0,
            layer, "qkv_hidden_sizes " + rules::text(widths) + " do not fit the weight " + rules::text(w));
  } else {
    require(w[1] % 3 == 0, layer, "weight " + rules::text(w) + " cannot be divided into three projections");
    s.size = s.value_size = share(layer, w[1] / 3, s.heads);
  }
  if (past > 0 && layer.has_input(past)) {
    rules::require_rank(layer, past, 5, 5);
    s.past = layer.input(past).shape[3];
  }
  return s;
}

AttentionSizes grouped_sizes(const Layer& layer) {
  rules::require_rank(layer, 0, 3, 3);
  const Shape& q = layer.input(0).shape;
  AttentionSizes s;
  s.heads = heads_of(layer, "num_heads"), s.kv_heads = heads_of(layer, "kv_num_heads");
  require(s.heads % s.kv_heads == 0, layer,
          std::to_string(s.heads) + " query heads cannot share " + std::to_string(s.kv_heads) + " key heads");
  s.batch = q[0], s.queries = s.keys = q[1];
  s.size =
      layer.has_input(1) ? share(layer, q[2], s.heads) : share(layer, q[2], rules::sum(s.heads, rules::product(s.kv_heads, 2)));
  s.value_size = s.size;
  if (layer.has_input(1)) {
    rules::require_rank(layer, 1, 3, 4);
    s.keys = layer.input(1).shape[layer.input(1).rank() == 4 ? 2 : 1];
  }
  if (layer.has_input(3)) {
    rules::require_rank(layer, 3, 4, 4);
    s.past = layer.input(3).shape[2];
  }
  return s;
}

void count_attention(Cost& cost, const AttentionSizes& s, bool masked) {
  const auto number = [](int64_t x) { return static_cast<double>(x); };
  cost.groups = number(s.batch) * number(s.heads);
  cost.m = number(s.queries);
  cost.n = number(s.past) + number(s.keys);
  cost.k = number(s.size);
  const double scores = cost.groups * cost.m * cost.n;
  cost.macs += scores * (cost.k + number(s.value_size));
  cost.flops += (masked ? 6 : 5) * scores;
  cost.special += scores + cost.groups * cost.m;
}

void add_projection(Cost& cost, double rows, double in, double out, bool bias) {
  cost.macs += rows * in * out;
  if (bias) cost.flops += rows * out;
}

}  // namespace wattlayer::rules

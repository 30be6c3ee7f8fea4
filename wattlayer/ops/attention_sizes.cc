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

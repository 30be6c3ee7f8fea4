#include "wattlayer/ops/products.h"

#include <algorithm>
#include <cctype>

#include "wattlayer/ops/rules.h"

namespace wattlayer::rules {

Shape matmul(const Layer& layer, Shape a, Shape b) {
  require(!a.empty() && !b.empty(), layer, "cannot multiply a scalar; expected tensors of one dimension or more");
  const bool row = a.size() == 1, column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  require(a.back() == b[b.size() - 2], layer,
          "cannot multiply " + text(a) + " by " + text(b) + "; expected equal inner dimensions, found " +
              std::to_string(a.back()) + " and " + std::to_string(b[b.size() - 2]));
  Shape out = broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  if (!row) out.push_back(a[a.size() - 2]);
  if (!column) out.push_back(b.back());
  return out;
}

Shape swapped(Shape shape) {
  if (shape.size() >= 2) std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
  return shape;
}

void count_product(Cost& cost, double groups, double m, double n, double k) {
  cost.groups = groups, cost.m = m, cost.n = n, cost.k = k;
  cost.macs = groups * m * n * k;
}

void count_matmul(Cost& cost, const Shape& a, const Shape& b, double outputs) {
  const auto back = [](const Shape& s, size_t i) { return s.size() >= i ? static_cast<double>(s[s.size() - i]) : 1.0; };
  const double k = back(a, 1);
  const double n = b.size() < 2 ? 1 : back(b, 1);
  const bool shared = b.size() < 2 || elements(b) == k * n;
  const double m = shared ? ratio(outputs, n) : (a.size() < 2 ? 1 : back(a, 2));
  count_product(cost, shared ? 1 : ratio(outputs, m * n), m, n, k);
}

void add_activation(Cost& cost, std::string_view name, double count) {
  struct Entry {
    std::string_view name;
    double flops, special;
  };
  static constexpr Entry entries[] = {{"Relu", 1, 0},     {"LeakyRelu", 2, 0},   {"Tanh", 0, 1},      {"Sigmoid", 2, 2},
                                      {"Clip", 2, 0},     {"HardSigmoid", 4, 0}, {"HardSwish", 5, 0}, {"Gelu", 4, 1},
                                      {"FastGelu", 8, 1}, {"Elu", 3, 1},         {"Silu", 3, 2},      {"Swiglu", 4, 2},
                                      {"Softmax", 4, 1}};
  const auto same = [&](std::string_view known) {
    return known.size() == name.size() &&
           std::equal(known.begin(), known.end(), name.begin(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
  };
  for (const Entry& entry : entries)
    if (same(entry.name)) {
      cost.flops += entry.flops * count;
      cost.special += entry.special * count;
      return;
    }
  if (!name.empty() && !same("None") && !same("identity")) cost.flops += count;
}

}  // namespace wattlayer::rules

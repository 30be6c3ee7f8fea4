#include "wattlayer/networks/transformer.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "wattlayer/core/error.h"

namespace wattlayer::transformer {
namespace {

Attributes::Item permutation(std::vector<int64_t> perm) { return {"perm", std::move(perm)}; }

int64_t rows(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end() - 1, int64_t{1}, std::multiplies<int64_t>());
}

/// [batch, length, heads x size] as [batch, heads, length, size], or with the last two swapped: a view.
int split_heads(GraphBuilder& b, int x, int64_t heads, bool swapped = false) {
  const Shape s = b.shape(x);
  x = reshape(b, x, {s[0], s[1], heads, s[2] / heads});
  return b.add("Transpose", {x}, {permutation(swapped ? std::vector<int64_t>{0, 2, 3, 1} : std::vector<int64_t>{0, 2, 1, 3})});
}

/// Key and value heads once for each query head that shares them.
int repeat_heads(GraphBuilder& b, int x, int64_t times) {
  const Shape s = b.shape(x);
  if (times == 1) return x;
  x = reshape(b, x, {s[0], s[1], 1, s[2], s[3]});
  x = b.add("Expand", {x, b.constant({s[0], s[1], times, s[2], s[3]})});
  return reshape(b, x, {s[0], s[1] * times, s[2], s[3]});
}

/// torch.matmul of four dimensions: one batch of matrices, copied where heads are strided.
int batched_product(GraphBuilder& b, int left, int right) {
  const Shape l = b.shape(left), r = b.shape(right);
  const int flat = b.add("MatMul", {reshape(b, left, {l[0] * l[1], l[2], l[3]}), reshape(b, right, {r[0] * r[1], r[2], r[3]})});
  return reshape(b, flat, {l[0], l[1], l[2], r[3]});
}

int fused(GraphBuilder& b, int q, int k, int v, const AttentionSettings& s, int64_t kv_heads) {
  std::vector<int> inputs = {q, k, v};
  if (s.mask >= 0) inputs.push_back(s.bias >= 0 ? b.add("Add", {s.bias, s.mask}) : s.mask);
  return b.add("Attention", inputs,
               {{"is_causal", int64_t{s.causal && s.mask < 0}}, {"kv_num_heads", kv_heads}, {"q_num_heads", s.heads}});
}

}  // namespace

bool fused_attention(const NetworkSpec& spec, std::string_view habit) {
  const std::string_view given = spec.text("attention", habit);
  if (given != "eager" && given != "sdpa")
    throw Error(ErrorKind::invalid_input,
                fmt::format("attention of network '{}' is '{}'; expected eager or sdpa", spec.name, given));
  return given == "sdpa";
}

int reshape(GraphBuilder& b, int x, Shape shape) { return b.add("Reshape", {x, b.constant(std::move(shape))}); }

int slice(GraphBuilder& b, int x, int64_t axis, int64_t from, int64_t to) {
  return b.add("Slice", {x, b.constant({from}), b.constant({to}), b.constant({axis})});
}

int scaled(GraphBuilder& b, int x, double factor) { return b.add("Mul", {x, b.scalar(factor)}); }

int dense(GraphBuilder& b, int x, int64_t outputs, bool bias) {
  Shape s = b.shape(x);
  const int flat = s.size() == 2 ? x : reshape(b, x, {rows(s), s.back()});
  const int y = b.linear(flat, outputs, bias);
  s.back() = outputs;
  return s.size() == 2 ? y : reshape(b, y, s);
}

int project(GraphBuilder& b, int x, int weight) {
  Shape s = b.shape(x);
  const int y = b.add("Gemm", {reshape(b, x, {rows(s), s.back()}), weight}, {{"transB", int64_t{1}}});
  s.back() = b.shape(weight)[0];
  return reshape(b, y, s);
}

int layer_norm(GraphBuilder& b, int x) {
  const int64_t width = b.shape(x).back();
  return b.add("LayerNormalization", {x, b.weight({width}), b.weight({width})});
}

int rms_norm(GraphBuilder& b, int x) {
  const int square = b.add("Pow", {x, b.scalar(2)});
  const int mean = b.add("ReduceMean", {square, b.constant({-1})});
  const int root = b.add("Sqrt", {b.add("Add", {mean, b.scalar(1e-6)})});
  return b.add("Mul", {b.add("Div", {x, root}), b.weight({b.shape(x).back()})});
}

int embedding(GraphBuilder& b, int table, int ids) { return b.add("Gather", {table, ids}); }

int gelu(GraphBuilder& b, int x) { return b.add("Gelu", {x}); }

int gelu_new(GraphBuilder& b, int x) {
  const int cube = scaled(b, b.add("Pow", {x, b.scalar(3)}), 0.044715);
  const int tanh = b.add("Tanh", {scaled(b, b.add("Add", {x, cube}), 0.7978845608)});
  return b.add("Mul", {scaled(b, x, 0.5), b.add("Add", {tanh, b.scalar(1)})});
}

int positions(GraphBuilder& b, int64_t length) {
  std::vector<int64_t> numbers(static_cast<size_t>(length));
  std::iota(numbers.begin(), numbers.end(), int64_t{0});
  return b.constant(std::move(numbers));
}

int causal_mask(GraphBuilder& b, int64_t length, bool boolean) {
  const int square = b.constant({length, length});
  const int full = boolean ? b.add("ConstantOfShape", {square}, {{"value", std::vector<int64_t>{1}}, {"value_dtype", "bool"}})
                           : b.add("ConstantOfShape", {square}, {{"value", std::vector<double>{-1e38}}});
  return b.add("Trilu", {full}, {{"upper", int64_t{!boolean}}});
}

int attention(GraphBuilder& b, int q, int k, int v, const AttentionSettings& s) {
  const int64_t kv_heads = s.kv_heads > 0 ? s.kv_heads : s.heads;
  if (s.fused) return fused(b, q, k, v, s, kv_heads);
  const Shape out = b.shape(q);
  const double factor = 1 / std::sqrt(static_cast<double>(out[2] / s.heads));
  if (s.scale == AttentionSettings::Scale::queries) q = scaled(b, q, factor);
  const bool shared = kv_heads != s.heads;
  int keys = split_heads(b, k, kv_heads, !shared), values = split_heads(b, v, kv_heads);
  if (shared) {
    keys = b.add("Transpose", {repeat_heads(b, keys, s.heads / kv_heads)}, {permutation({0, 1, 3, 2})});
    values = repeat_heads(b, values, s.heads / kv_heads);
  }
  int scores = batched_product(b, split_heads(b, q, s.heads), keys);
  if (s.scale == AttentionSettings::Scale::scores) scores = scaled(b, scores, factor);
  if (s.bias >= 0) scores = b.add("Add", {scores, s.bias});
  if (s.mask >= 0) scores = s.chooses ? b.add("Where", {s.mask, scores, b.scalar(-1e38)}) : b.add("Add", {scores, s.mask});
  const int context = batched_product(b, b.add("Softmax", {scores}), values);
  return reshape(b, b.add("Transpose", {context}, {permutation({0, 2, 1, 3})}), out);
}

int rotate(GraphBuilder& b, int x, int cosines, int sines) {
  const int64_t size = b.shape(x).back();
  const int low = slice(b, x, -1, 0, size / 2), high = slice(b, x, -1, size / 2, size);
  const int turned = b.add("Concat", {b.add("Neg", {high}), low}, {{"axis", int64_t{-1}}});
  return b.add("Add", {b.add("Mul", {x, cosines}), b.add("Mul", {turned, sines})});
}

}  // namespace wattlayer::transformer

#include "generator.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "failure.h"

namespace runner {
namespace {

uint64_t fnv1a(const std::string& text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

double uniform(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  x ^= x >> 31;
  return static_cast<double>(x >> 40) * 0x1p-24;
}

template <typename T, typename Convert>
void fill(at::Tensor& out, uint64_t start, double low, double high, Convert convert) {
  T* to = out.data_ptr<T>();
  at::parallel_for(0, out.numel(), 1 << 15, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = convert(low + (high - low) * uniform(start + static_cast<uint64_t>(i)));
  });
}

/// Elements from `start` on, on the CPU: f32 or f64 for reals, i64 for integers, bool.
at::Tensor piece(uint64_t start, int64_t size, double low, double high, at::ScalarType type) {
  if (type == at::kBool) {
    at::Tensor out = at::empty({size}, at::kBool);
    fill<bool>(out, start, low, high, [](double x) { return x >= 0.5; });
    return out;
  }
  if (at::isIntegralType(type, false)) {
    at::Tensor out = at::empty({size}, at::kLong);
    fill<int64_t>(out, start, low, high, [](double x) { return static_cast<int64_t>(std::floor(x)); });
    return out;
  }
  if (type == at::kDouble) {
    at::Tensor out = at::empty({size}, at::kDouble);
    fill<double>(out, start, low, high, [](double x) { return x; });
    return out;
  }
  at::Tensor out = at::empty({size}, at::kFloat);
  fill<float>(out, start, low, high, [](double x) { return static_cast<float>(x); });
  return out;
}

}  // namespace

at::ScalarType scalar_type(const std::string& name) {
  static const std::map<std::string, at::ScalarType> types = {{"f32", at::kFloat},
                                                              {"tf32", at::kFloat},
                                                              {"f16", at::kHalf},
                                                              {"bf16", at::kBFloat16},
                                                              {"f64", at::kDouble},
                                                              {"int8", at::kChar},
                                                              {"uint8", at::kByte},
                                                              {"i16", at::kShort},
                                                              {"i32", at::kInt},
                                                              {"i64", at::kLong},
                                                              {"bool", at::kBool},
                                                              {"complex64", at::kComplexFloat},
                                                              {"complex128", at::kComplexDouble}};
  const auto found = types.find(name);
  if (found == types.end()) throw Failure("unsupported", "libtorch does not compute in " + name);
  return found->second;
}

at::Tensor random_tensor(const std::string& name, uint64_t seed, double low, double high, at::IntArrayRef shape,
                         at::ScalarType type, at::Device device) {
  constexpr int64_t most = 1 << 26;  // elements at a time: a large table never exists twice
  at::Tensor out = at::empty(shape, at::TensorOptions(type).device(device));
  at::Tensor flat = out.view({-1});
  const uint64_t start = fnv1a(name) + seed;
  for (int64_t at = 0; at < flat.numel(); at += most) {
    const int64_t size = std::min(most, flat.numel() - at);
    flat.narrow(0, at, size).copy_(piece(start + static_cast<uint64_t>(at), size, low, high, type));
  }
  return out;
}

}  // namespace runner

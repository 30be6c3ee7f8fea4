#include "wattlayer/predict/tree_inputs.h"

#include <algorithm>
#include <cmath>

namespace wattlayer {
namespace {

struct Source {
  const Features& features;
  const LayerSizes& sizes;
  double time_s, power_w;

  double coordinate(Coordinate c) const { return features.coordinates[static_cast<size_t>(c)]; }
};

double log_of(double x) { return std::log(std::max(x, 1e-30)); }
double bytes(const Source& s) { return s.sizes.input_bytes + s.sizes.weight_bytes + s.sizes.output_bytes; }

/// The largest power of two, up to 1024, that divides a size.
double alignment(double size) {
  const auto whole = static_cast<int64_t>(std::clamp(std::round(size), 0.0, 9e15));
  return whole > 0 ? static_cast<double>(std::min<int64_t>(whole & -whole, 1024)) : 0;
}

/// Output tiles of rows x columns over the compute units of the device.
template <int rows, int columns>
double waves(const Source& s) {
  return std::max(s.sizes.groups, 1.0) * std::ceil(s.sizes.m / rows) * std::ceil(s.sizes.n / columns) / s.sizes.units;
}
template <int rows, int columns>
double log_waves(const Source& s) {
  return log_of(waves<rows, columns>(s));
}
/// What rounding up to whole waves adds.
template <int rows, int columns>
double wave_tail(const Source& s) {
  const double w = waves<rows, columns>(s);
  return w > 0 ? std::ceil(w) / w : 0;
}
/// What rounding m up to whole tiles adds.
template <int rows>
double row_padding(const Source& s) {
  return s.sizes.m > 0 ? std::ceil(s.sizes.m / rows) * rows / s.sizes.m : 0;
}

double tail(double waves) { return waves > 0 ? std::ceil(waves) / waves : 0; }
/// Where each key head of each sequence is a block, as kernels of a single query have it.
double key_waves(const Source& s) { return s.sizes.batch * s.sizes.kv_heads / s.sizes.units; }
/// Where 128 queries of a head are a block.
double query_waves(const Source& s) { return s.sizes.groups * std::ceil(s.sizes.m / 128) / s.sizes.units; }
/// Keys that a query sees.
double seen(const Source& s) { return s.sizes.window > 0 ? std::min(s.sizes.window, s.sizes.length) : s.sizes.length; }
double cache_bytes(const Source& s) {
  return 2 * s.sizes.batch * s.sizes.kv_heads * seen(s) * s.sizes.k * s.sizes.cache_bits / 8;
}
double tokens_of_an_expert(const Source& s) { return s.sizes.m * s.sizes.chosen / std::max(s.sizes.experts, 1.0); }
/// Experts that get a token at all, where tokens are dealt out evenly.
double experts_in_use(const Source& s) { return std::min(s.sizes.experts, s.sizes.m * s.sizes.chosen); }
/// Tiles of so many tokens of one expert by 128 columns.
template <int rows>
double expert_waves(const Source& s) {
  return experts_in_use(s) * std::ceil(std::max(tokens_of_an_expert(s), 1.0) / rows) * std::ceil(s.sizes.n / 128) / s.sizes.units;
}

struct Input {
  std::string_view name;
  double (*value)(const Source&);
};

constexpr Input inputs[] = {
    {"law_time", [](const Source& s) { return log_of(s.time_s); }},
    {"law_power", [](const Source& s) { return log_of(s.power_w); }},
    {"m", [](const Source& s) { return log_of(s.sizes.m); }},
    {"n", [](const Source& s) { return log_of(s.sizes.n); }},
    {"k", [](const Source& s) { return log_of(s.sizes.k); }},
    {"groups", [](const Source& s) { return log_of(s.sizes.groups); }},
    {"kernel", [](const Source& s) { return s.coordinate(Coordinate::kernel); }},
    {"stride", [](const Source& s) { return s.coordinate(Coordinate::stride); }},
    {"channels", [](const Source& s) { return s.coordinate(Coordinate::channels); }},
    {"extent", [](const Source& s) { return s.coordinate(Coordinate::extent); }},
    {"out_extent", [](const Source& s) { return s.sizes.out_extent; }},
    {"padding", [](const Source& s) { return s.sizes.padding; }},
    {"batch", [](const Source& s) { return log_of(s.sizes.batch); }},
    {"macs", [](const Source& s) { return log_of(s.sizes.macs); }},
    {"flops", [](const Source& s) { return log_of(s.sizes.flops); }},
    {"bytes", [](const Source& s) { return log_of(bytes(s)); }},
    {"input_bytes", [](const Source& s) { return log_of(s.sizes.input_bytes); }},
    {"weight_bytes", [](const Source& s) { return log_of(s.sizes.weight_bytes); }},
    {"output_bytes", [](const Source& s) { return log_of(s.sizes.output_bytes); }},
    {"intensity", [](const Source& s) { return log_of(s.sizes.macs) - log_of(bytes(s)); }},
    {"mn", [](const Source& s) { return log_of(s.sizes.m * s.sizes.n); }},
    {"mk", [](const Source& s) { return log_of(s.sizes.m * s.sizes.k); }},
    {"nk", [](const Source& s) { return log_of(s.sizes.n * s.sizes.k); }},
    {"align_m", [](const Source& s) { return alignment(s.sizes.m); }},
    {"align_n", [](const Source& s) { return alignment(s.sizes.n); }},
    {"align_k", [](const Source& s) { return alignment(s.sizes.k); }},
    {"padding_64", row_padding<64>},
    {"padding_128", row_padding<128>},
    {"waves_16x64", log_waves<16, 64>},
    {"tail_16x64", wave_tail<16, 64>},
    {"waves_64x128", log_waves<64, 128>},
    {"tail_64x128", wave_tail<64, 128>},
    {"waves_128x128", log_waves<128, 128>},
    {"tail_128x128", wave_tail<128, 128>},
    {"waves_128x256", log_waves<128, 256>},
    {"tail_128x256", wave_tail<128, 256>},
    {"weight_bits", [](const Source& s) { return s.sizes.weight_bits; }},
    {"cache_bits", [](const Source& s) { return s.sizes.cache_bits; }},
    {"heads", [](const Source& s) { return log_of(s.sizes.heads); }},
    {"kv_heads", [](const Source& s) { return log_of(s.sizes.kv_heads); }},
    {"length", [](const Source& s) { return log_of(s.sizes.length); }},
    {"window", [](const Source& s) { return log_of(s.sizes.window + 1); }},
    {"causal", [](const Source& s) { return s.sizes.causal; }},
    {"experts", [](const Source& s) { return log_of(s.sizes.experts); }},
    {"key_waves", [](const Source& s) { return log_of(key_waves(s)); }},
    {"key_tail", [](const Source& s) { return tail(key_waves(s)); }},
    {"query_waves", [](const Source& s) { return log_of(query_waves(s)); }},
    {"query_tail", [](const Source& s) { return tail(query_waves(s)); }},
    {"heads_of_a_key", [](const Source& s) { return s.sizes.kv_heads > 0 ? s.sizes.heads / s.sizes.kv_heads : 0; }},
    {"seen", [](const Source& s) { return log_of(seen(s)); }},
    {"scores", [](const Source& s) { return log_of(s.sizes.groups * s.sizes.m * seen(s)); }},
    {"cache_bytes", [](const Source& s) { return log_of(cache_bytes(s)); }},
    {"chosen", [](const Source& s) { return s.sizes.chosen; }},
    {"routed", [](const Source& s) { return s.sizes.routed; }},
    {"skew", [](const Source& s) { return s.sizes.skew; }},
    {"tokens_of_an_expert", [](const Source& s) { return log_of(tokens_of_an_expert(s)); }},
    {"expert_waves_16", [](const Source& s) { return log_of(expert_waves<16>(s)); }},
    {"expert_tail_16", [](const Source& s) { return tail(expert_waves<16>(s)); }},
    {"expert_waves_64", [](const Source& s) { return log_of(expert_waves<64>(s)); }},
    {"expert_tail_64", [](const Source& s) { return tail(expert_waves<64>(s)); }},
    {"expert_waves_128", [](const Source& s) { return log_of(expert_waves<128>(s)); }},
    {"expert_tail_128", [](const Source& s) { return tail(expert_waves<128>(s)); }},
    {"min_latency", [](const Source& s) { return s.sizes.min_latency; }},
};
static_assert(std::size(inputs) == tree_input_kinds);

constexpr std::array<std::string_view, tree_input_kinds> names = [] {
  std::array<std::string_view, tree_input_kinds> all{};
  for (size_t i = 0; i < tree_input_kinds; ++i) all[i] = inputs[i].name;
  return all;
}();

}  // namespace

std::span<const std::string_view> tree_input_names() { return names; }

TreeInputs tree_inputs(const Features& features, double time_s, double power_w) {
  const Source source{features, features.sizes, time_s, power_w};
  TreeInputs values;
  for (size_t i = 0; i < tree_input_kinds; ++i) values[i] = static_cast<float>(inputs[i].value(source));
  return values;
}

}  // namespace wattlayer

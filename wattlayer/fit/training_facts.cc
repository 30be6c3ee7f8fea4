#include "wattlayer/fit/training_facts.h"

#include <fmt/format.h>

#include <cmath>

#include "wattlayer/core/catalogue.h"
#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"

namespace wattlayer {
namespace {

/// Mean and spread of each feature over the 857 rows that the published estimators were trained on (data set gaissa-pre).
struct Standard {
  double mean, spread;
};
constexpr Standard standards[] = {{105.11085180863478, 98.44284998436089}, {25.288214702450407, 8.040867825623181},
                                  {12000.24854142357, 8178.305463508105},  {8123.38739789965, 1660.1434408875439},
                                  {2.266288143428238, 2.5677627416796684}, {130.69894982497084, 47.64278213621587},
                                  {130.69894982497084, 47.64278213621587}, {7634.893815635939, 2766.526960010241},
                                  {14.693115519253208, 8.310787115283976}, {268.66977829638273, 79.62780651084861}};

/// Lanes of f32 arithmetic: what NVIDIA calls CUDA cores.
std::optional<double> cuda_cores(const Hardware& h) {
  if (!h.vector_flops || !h.clock_hz) return std::nullopt;
  return std::round(*h.vector_flops / (2 * *h.clock_hz));
}

std::optional<double> memory_gib(const Hardware& h) {
  if (h.memory.empty()) return std::nullopt;
  return std::round(h.memory.back().bytes * h.memory.back().units / (1024. * 1024 * 1024));
}

}  // namespace

std::optional<double> number_of(const std::map<std::string, std::string>& conditions, std::string_view name) {
  const auto at = conditions.find(std::string(name));
  return at == conditions.end() ? std::nullopt : real_of(at->second);
}

double passes_of(const std::map<std::string, std::string>& conditions) {
  const auto at = conditions.find("passes");
  if (at == conditions.end()) return 1;
  const std::optional<double> passes = number_of(conditions, "passes");
  if (!passes || !(*passes > 0) || !std::isfinite(*passes))
    throw Error(ErrorKind::invalid_input, fmt::format("passes: expected a number above 0, found '{}'", at->second));
  return *passes;
}

const Hardware& hardware_of(const Measurement& row, const Target& target) {
  return target.catalogue && row.hardware != target.hardware.id ? target.catalogue->hardware(row.hardware) : target.hardware;
}

std::optional<std::vector<double>> pre_features(const Workload& workload, const std::map<std::string, std::string>& conditions,
                                                const Hardware& hardware) {
  const std::optional<double> raw[] = {static_cast<double>(workload.batch),
                                       number_of(conditions, "total_ram_gb"),
                                       number_of(conditions, "training_samples"),
                                       number_of(conditions, "validation_samples"),
                                       number_of(conditions, "gflops"),
                                       number_of(conditions, "image_height"),
                                       number_of(conditions, "image_width"),
                                       cuda_cores(hardware),
                                       memory_gib(hardware),
                                       hardware.tdp_w};
  std::vector<double> features;
  for (size_t i = 0; i < std::size(raw); ++i) {
    if (!raw[i]) return std::nullopt;
    features.push_back((*raw[i] - standards[i].mean) / standards[i].spread);
  }
  return features;
}

}  // namespace wattlayer

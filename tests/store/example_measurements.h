#pragma once
#include <bit>
#include <string>
#include <vector>

#include "wattlayer/core/measurement.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/store/workload_text.h"

namespace wattlayer {

/// A layer and a network whose texts and figures are awkward on purpose.
inline std::vector<Measurement> example_measurements() {
  Measurement layer{.hardware = "xeon-gold-5120", .engine = "pytorch"};
  layer.workload = {
      .name = "a layer, \"quoted\"", .items = {{.layer = parse_layer("Conv 2x3x8x8 4x3x3x3 4 pads=1,1,1,1")}}, .batch = 2};
  layer.energy_j = 0.1 + 0.2;
  layer.time_s = 1e-300;
  layer.energy_sd_j = 0;
  layer.energy_ci95_j = 0.01;
  layer.windows = 12;
  layer.repetitions = 3;
  layer.scope = "cpu-package";
  layer.meter = "rapl";
  layer.dataset = "example";
  layer.row = "line\nbreak\r\n, and \"quotes\"";
  layer.kind = "random-layer";
  layer.block = "block";
  layer.conditions = {{"clock", "900 MHz"}, {"note", "ä, \"b\"\n"}};

  Measurement network = layer;
  network.workload = {.name = "net", .batch = 7, .is_network = true};
  network.workload.items.push_back(
      {.layer = parse_layer("Relu 7x64 inplace"), .count = 3, .names = {"relu\t1", "back\\slash", ""}});
  network.workload.items.push_back({.layer = parse_layer("Conv 2x3x8x8 4x3x3x3 4 pads=1,1,1,1"), .count = 0.5});
  network.energy_j = std::nullopt;
  network.idle_power_w = 74.5;
  network.idle_included = false;
  network.kind = "network";
  network.row = "net/b7";
  network.method = "integrated";
  network.conditions = {};

  Measurement failed = layer;
  failed.row = "failed";
  failed.energy_j = failed.time_s = failed.energy_sd_j = failed.energy_ci95_j = std::nullopt;
  failed.failure = "out of memory";
  failed.repetitions = 0;
  failed.parent = network.row;
  return {layer, network, failed};
}

/// Everything about a measurement as one text, so that two can be compared at a glance.
inline std::string describe(const Measurement& m) {
  auto optional = [](const std::optional<double>& v) {
    return v ? std::to_string(std::bit_cast<int64_t>(*v)) : std::string("none");
  };
  std::string text = m.dataset + "|" + m.row + "|" + m.kind + "|" + m.block + "|" + m.parent + "|" + m.hardware + "|" + m.engine +
                     "|" + std::string(name(m.dtype)) + "|" + optional(m.energy_j) + "|" + optional(m.energy_sd_j) + "|" +
                     optional(m.time_s) + "|" + optional(m.idle_power_w) + "|" + std::to_string(m.repetitions) + "|" +
                     optional(m.energy_ci95_j) + "|" + std::to_string(m.windows) + "|" + m.scope + "|" +
                     (m.idle_included ? "1" : "0") + "|" + m.meter + "|" + m.method + "|" + m.failure + "|" + m.workload.name +
                     "|" + std::to_string(m.workload.batch) + "|" + (m.workload.is_network ? "1" : "0") + "|" +
                     print_items(m.workload);
  for (const auto& [key, value] : m.conditions) text += "|" + key + "=" + value;
  return text;
}

}  // namespace wattlayer

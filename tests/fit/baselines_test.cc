#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/features/features.h"
#include "wattlayer/fit/layer_features.h"
#include "wattlayer/fit/method.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

Method method(std::string_view name) {
  for (const Method& m : methods())
    if (m.name == name) return m;
  throw Error(ErrorKind::internal, "no such method");
}

Measurement measured(const std::vector<std::string>& layers, double energy, double time, bool network) {
  Measurement m;
  for (const std::string& layer : layers) m.workload.items.push_back({.layer = parse_layer(layer)});
  m.workload.is_network = network;
  m.kind = network ? "network" : "random-layer";
  m.energy_j = energy;
  m.time_s = time;
  return m;
}

std::vector<std::string> random_layers() {
  std::vector<std::string> texts;
  for (int i = 1; i <= 40; ++i) {
    const int c = 8 * (1 + i * 7 % 11), w = 8 + i * 5 % 29, k = 1 + i % 4, n = 1 + i * 3 % 13;
    texts.push_back("Conv " + std::to_string(n) + "x" + std::to_string(c) + "x" + std::to_string(w) + "x" + std::to_string(w) +
                    " 32x" + std::to_string(c) + "x" + std::to_string(k) + "x" + std::to_string(k) + " 32");
    texts.push_back("Gemm " + std::to_string(n) + "x" + std::to_string(16 * c) + " " + std::to_string(100 + 40 * w) + "x" +
                    std::to_string(16 * c) + " " + std::to_string(100 + 40 * w) + " transB=1");
    texts.push_back("MaxPool " + std::to_string(n) + "x" + std::to_string(c) + "x" + std::to_string(w) + "x" + std::to_string(w) +
                    " kernel_shape=" + std::to_string(k) + "," + std::to_string(k));
    texts.push_back("Relu " + std::to_string(n) + "x" + std::to_string(c * w));
  }
  return texts;
}

/// Energies that a method can represent exactly, so that its fit must give them back.
std::vector<Measurement> rows(double (*law)(const Layer&)) {
  std::vector<Measurement> all;
  for (const std::string& text : random_layers()) {
    const double energy = law(parse_layer(text));
    all.push_back(measured({text}, energy, energy / 75, false));
  }
  return all;
}

std::unique_ptr<Predictor> fitted(std::string_view name, const std::vector<Measurement>& rows) {
  std::vector<const Measurement*> training;
  for (const Measurement& m : rows) training.push_back(&m);
  static const Hardware hardware;
  static const Engine engine;
  return method(name).fit(training, {hardware, engine});
}

double predicted(const Predictor& predictor, const Workload& workload) {
  const auto energy = predictor.energy_j(workload);
  EXPECT_TRUE(energy);
  return energy ? energy->value : 0;
}

TEST(Baselines, AreListedAfterOurs) {
  std::vector<std::string_view> names;
  for (const Method& m : methods()) names.push_back(m.name);
  EXPECT_EQ(names,
            (std::vector<std::string_view>{"physics", "energaizer", "getzner", "green-algorithms", "hj", "irene", "llmcarbon",
                                           "mac-linear", "mlco2", "neuralpower", "pre", "pre-power", "wattlayer"}));
}

TEST(Baselines, MacLinearIsExactOnALineThroughWholeWorkloads) {
  const auto predictor = fitted("mac-linear", rows([](const Layer& l) { return 5 + 2e-9 * feature(l, LayerFeature::macs); }));
  const Measurement net = measured({"Conv 2x8x9x9 32x8x3x3", "Relu 2x100"}, 1, 1, true);
  EXPECT_NEAR(predicted(*predictor, net.workload), 5 + 2e-9 * 2 * 49 * 32 * 72, 1e-9);
}

TEST(Baselines, LawsOfWholeWorkloadsPreferNetworks) {
  auto training = rows([](const Layer& l) { return 5 + 2e-9 * feature(l, LayerFeature::macs); });
  for (int n : {1, 2, 3}) {
    const std::string conv = "Conv " + std::to_string(n) + "x8x9x9 32x8x3x3";
    training.push_back(measured({conv}, 1 + 4e-9 * feature(parse_layer(conv), LayerFeature::macs), 1, true));
  }
  const Measurement net = measured({"Conv 5x8x9x9 32x8x3x3"}, 1, 1, true);
  EXPECT_NEAR(predicted(*fitted("mac-linear", training), net.workload), 1 + 4e-9 * 5 * 49 * 32 * 72, 1e-9);
}

TEST(Baselines, HjIsExactOnAPowerLaw) {
  std::vector<Measurement> layers;
  for (const std::string& text : random_layers()) {
    Measurement m = measured({text}, 1, 1, false);
    const double macs = total(m.workload, LayerFeature::macs), parameters = total(m.workload, LayerFeature::parameters);
    m.energy_j = 1e-3 * std::pow(std::max(1.0, macs), 0.7) * std::pow(total(m.workload, LayerFeature::activations), 0.2) *
                 std::pow(std::max(1.0, parameters), 0.1);
    layers.push_back(m);
  }
  const auto predictor = fitted("hj", layers);
  for (const Measurement& m : layers) EXPECT_NEAR(predicted(*predictor, m.workload) / *m.energy_j, 1, 1e-6);
}

TEST(Baselines, GetznerSumsItsLayersAndDiscardsTheRest) {
  const auto predictor = fitted("getzner", rows([](const Layer& l) { return 1 + 2e-9 * feature(l, LayerFeature::paper_macs); }));
  const Measurement net = measured({"Conv 2x8x9x9 32x8x3x3 32", "Relu 2x100 inplace", "Dropout 2x100"}, 1, 1, true);
  const double conv = 2 * 49 * 32 * (72 + 1);  // with the bias, as the paper counts
  EXPECT_NEAR(predicted(*predictor, net.workload), 1 + 2e-9 * conv + 1 + 2e-9 * 200, 1e-6);
  EXPECT_FALSE(predictor->energy_j(measured({"Dropout 2x100"}, 1, 1, false).workload));
}

TEST(Baselines, GetznerNeedsLayers) {
  EXPECT_THROW(fitted("getzner", {measured({"Relu 2x100"}, 1, 1, true)}), Error);
  EXPECT_THROW(fitted("neuralpower", {measured({"Relu 2x100"}, 1, 1, true)}), Error);
  EXPECT_THROW(fitted("mac-linear", {}), Error);
  EXPECT_THROW(fitted("hj", {}), Error);
  EXPECT_THROW(fitted("wattlayer", {}), Error);
}

TEST(Baselines, WattlayerTakesTheClassThatFitsAndCorrectsNetworks) {
  auto training = rows(
      [](const Layer& l) { return 0.5 + 2e-9 * feature(l, LayerFeature::macs) + 1e-6 * feature(l, LayerFeature::activations); });
  const Measurement conv = measured({"Conv 2x8x9x9 32x8x3x3 32"}, 1, 1, false);
  const double truth = 0.5 + 2e-9 * 2 * 49 * 32 * 72 + 1e-6 * 2 * 49 * 32;
  EXPECT_NEAR(predicted(*fitted("wattlayer", training), conv.workload), truth, 1e-6);
  Measurement net = measured({"Conv 2x8x9x9 32x8x3x3 32"}, 1.25 * truth, 1, true);
  training.push_back(net);
  const auto corrected = fitted("wattlayer", training);
  EXPECT_NEAR(predicted(*corrected, net.workload), 1.25 * truth, 1e-6);
  EXPECT_NEAR(predicted(*corrected, conv.workload), truth, 1e-6);
}

TEST(Baselines, WattlayerFitsOnNetworksAlone) {
  std::vector<Measurement> networks;
  const auto texts = random_layers();
  for (size_t i = 0; i + 8 < texts.size(); ++i) {
    double energy = 0;
    for (size_t j : {i, i + 3, i + 8}) {
      const Layer layer = parse_layer(texts[j]);
      energy += 0.1 + 2e-9 * feature(layer, LayerFeature::macs);
    }
    networks.push_back(measured({texts[i], texts[i + 3], texts[i + 8]}, energy, 1, true));
  }
  const auto predictor = fitted("wattlayer", networks);
  for (const Measurement& m : networks) EXPECT_NEAR(predicted(*predictor, m.workload) / *m.energy_j, 1, 1e-3);
}

/// Linear in what IrEne knows of a primitive before it runs.
double irene_law(const Layer& l) {
  return 0.5 + 2e-9 * feature(l, LayerFeature::flops) + 3e-8 * feature(l, LayerFeature::parameters) +
         1e-9 * feature(l, LayerFeature::memory);
}

TEST(Baselines, IreneAddsPrimitivesAndWeighsThemNearOne) {
  auto training = rows(irene_law);
  const Measurement conv = measured({"Conv 2x8x9x9 32x8x3x3 32"}, 1, 1, false);
  const double alone = irene_law(conv.workload.items[0].layer);
  EXPECT_NEAR(predicted(*fitted("irene", training), conv.workload) / alone, 1, 1e-6);
  const Measurement net = measured({"Conv 2x8x9x9 32x8x3x3 32", "Relu 2x100", "Dropout 2x100"}, 1, 1, true);
  const double sum = alone + irene_law(net.workload.items[1].layer);
  EXPECT_NEAR(predicted(*fitted("irene", training), net.workload) / sum, 1, 1e-6);  // no network: all weights are 1
  for (int n : {1, 2, 3, 4, 5, 6, 7, 8}) {
    const std::vector<std::string> texts = {fmt::format("Conv {}x8x9x9 32x8x3x3 32", n), fmt::format("Relu {}x100", n)};
    double energy = 0;
    for (const std::string& text : texts) energy += irene_law(parse_layer(text));
    training.push_back(measured(texts, 1.2 * energy, 1, true));
  }
  EXPECT_NEAR(predicted(*fitted("irene", training), net.workload) / sum, 1.2, 0.02);
  for (Measurement& m : training)
    if (m.workload.is_network) *m.energy_j *= 5;
  EXPECT_LE(predicted(*fitted("irene", training), net.workload) / sum, std::pow(1.1, 5));
  EXPECT_THROW(fitted("irene", {net}), Error);
}

/// A GPU of 10 T operations and 1 TB a second; 20 W idle.
Hardware gpu() {
  return parse_hardware(R"({"name": "test", "kind": "gpu", "compute_units": 10, "peak_flops": {"f32": 1e13},
    "bandwidth_bytes_per_s": 1e12, "memory": [{"name": "HBM", "bytes": 1e10}], "tdp_w": 100, "idle_w": 20,
    "scope": "gpu-board", "sources": {}})",
                        "test");
}

TEST(Baselines, EnergaizerRecoversTimeAndPowerOfARoofline) {
  const Hardware hardware = gpu();
  const Engine engine;
  std::vector<Measurement> training;
  std::vector<const Measurement*> pointers;
  for (int i = 1; i <= 30; ++i) {
    const int m = 64 << (i % 4), n = 64 * i;
    Measurement row = measured({fmt::format("Gemm {0}x{1} {1}x{0}", m, n), fmt::format("Relu {}x{}", m, 100 * n)}, 1, 1, true);
    double time = 0, busy = 0, memory = 0;
    for (const WorkloadItem& item : row.workload.items) {
      const Features f = features(item.layer, hardware, engine);
      const double math_s = 2 * f.count(Count::macs) / 1e13;
      const double memory_s = (f.count(Count::input_bytes) + f.count(Count::weight_bytes) + f.count(Count::output_bytes)) / 1e12;
      const double other_s = (f.count(Count::flops) + f.count(Count::special)) / 1e13;
      time += (f.macs > 0 ? 2 : 3) * std::max({math_s, memory_s, other_s}) + 4e-6;
      busy += 60 * math_s, memory += 30 * memory_s;
    }
    row.time_s = time, row.energy_j = busy + memory + 1.5 * 20 * time;
    training.push_back(row);
  }
  for (const Measurement& m : training) pointers.push_back(&m);
  const auto predictor = method("energaizer").fit(pointers, {hardware, engine});
  for (const Measurement& m : training) {
    EXPECT_NEAR(predictor->time_s(m.workload)->value / *m.time_s, 1, 0.02);
    EXPECT_NEAR(predicted(*predictor, m.workload) / *m.energy_j, 1, 0.02);
  }
}

TEST(Baselines, EnergaizerIsOfGpusOnly) {
  EXPECT_THROW(fitted("energaizer", rows([](const Layer& l) { return feature(l, LayerFeature::activations); })), Error);
}

TEST(Baselines, NeuralpowerMultipliesPowerAndTime) {
  const auto training = rows([](const Layer& l) { return 0.5 + 2e-7 * feature(l, LayerFeature::flops); });
  const auto predictor = fitted("neuralpower", training);
  double error = 0;
  for (const Measurement& m : training) error += std::abs(predicted(*predictor, m.workload) / *m.energy_j - 1);
  EXPECT_LT(error / static_cast<double>(training.size()), 0.05);  // power is constant, time linear in a special term
}

}  // namespace
}  // namespace wattlayer

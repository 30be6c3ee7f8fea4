#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "wattlayer/core/data_files.h"
#include "wattlayer/core/engine.h"
#include "wattlayer/core/hardware.h"

namespace wattlayer {
namespace {

using Json = nlohmann::json;

std::string stem(const std::string& file) { return file.substr(0, file.rfind('.')); }

struct Shipped {
  Json json;
  Hardware hardware;
};

std::vector<Shipped> all_hardware() {
  const DataFiles files;
  std::vector<Shipped> all;
  for (const std::string& file : files.list("hardware")) {
    const std::string text = *files.read("hardware", file);
    all.push_back({Json::parse(text), parse_hardware(text, stem(file))});
  }
  return all;
}

TEST(EveryHardware, IsACatalogueOfDevicesThatAreToldApart) {
  std::set<std::string> ids, names;
  for (const auto& [json, h] : all_hardware()) {
    EXPECT_TRUE(ids.insert(h.id).second) << h.id;
    EXPECT_TRUE(names.insert(h.name).second) << h.name << " is described twice";
    for (const char c : h.id) EXPECT_TRUE(std::isdigit(c) || std::islower(c) || c == '-') << h.id;
  }
  EXPECT_GE(ids.size(), 60u);
}

TEST(EveryHardware, EveryFigureHasASource) {
  static const std::set<std::string> free_of_sources = {"name", "kind", "computes_on", "matrix_units", "sources"};
  for (const auto& [json, h] : all_hardware()) {
    SCOPED_TRACE(h.id);
    EXPECT_TRUE(h.kind == "cpu" || h.kind == "gpu" || h.kind == "soc") << h.kind;
    EXPECT_FALSE(h.scope.empty());
    for (const auto& [field, value] : json.items()) {
      if (free_of_sources.contains(field)) continue;
      EXPECT_GT(h.sources.contains(field) ? h.sources.at(field).size() : 0, 10u) << "no source for " << field;
    }
    for (const auto& [field, source] : h.sources) {
      EXPECT_TRUE(json.contains(field)) << "source of an absent field " << field;
      EXPECT_EQ(source.find("http"), source.npos) << field;
    }
  }
}

TEST(EveryHardware, HasNoFieldThatNothingReads) {
  static const std::set<std::string> known = {"name",
                                              "kind",
                                              "computes_on",
                                              "compute_units",
                                              "matrix_units",
                                              "peak_flops",
                                              "vector_flops",
                                              "bandwidth_bytes_per_s",
                                              "memory",
                                              "tdp_w",
                                              "power_limit_w",
                                              "idle_w",
                                              "clock_hz",
                                              "idle_w_by_clock_mhz",
                                              "supply_v_by_clock_mhz",
                                              "memory_type",
                                              "year",
                                              "process_nm",
                                              "scope",
                                              "sources"};
  for (const auto& [json, h] : all_hardware())
    for (const auto& [field, value] : json.items()) EXPECT_TRUE(known.contains(field)) << h.id << ": " << field;
}

TEST(EveryHardware, MemoryGrowsAndSlowsOutwards) {
  for (const auto& [json, h] : all_hardware()) {
    SCOPED_TRACE(h.id);
    ASSERT_FALSE(h.memory.empty());
    for (size_t i = 1; i < h.memory.size(); ++i) EXPECT_LT(h.memory[i - 1].bytes, h.memory[i].bytes) << h.memory[i].name;
    double inner = INFINITY;
    for (const MemoryLevel& level : h.memory) {
      EXPECT_GE(level.units, 1) << level.name;
      if (!level.bandwidth_bytes_per_s) continue;
      EXPECT_LE(*level.bandwidth_bytes_per_s, inner) << level.name;
      inner = *level.bandwidth_bytes_per_s;
    }
  }
}

TEST(EveryHardware, LastLevelIsTheMainMemory) {
  static const std::set<std::string> caches = {"L0", "L1", "L2", "L3", "L4", "SLC"};
  for (const auto& [json, h] : all_hardware()) {
    SCOPED_TRACE(h.id);
    for (size_t i = 0; i + 1 < h.memory.size(); ++i) EXPECT_TRUE(caches.contains(h.memory[i].name)) << h.memory[i].name;
    EXPECT_FALSE(caches.contains(h.memory.back().name)) << h.memory.back().name;
    EXPECT_EQ(h.memory.back().units, h.id == "eagle-gpu" ? 2 : 1) << "only a node with two boards has two main memories";
    EXPECT_GE(h.memory.back().bytes, 0.5e9);
    EXPECT_DOUBLE_EQ(h.memory.back().bandwidth_bytes_per_s.value_or(h.bandwidth_bytes_per_s.value_or(0)),
                     h.bandwidth_bytes_per_s.value_or(0));
  }
}

TEST(EveryHardware, PeaksAreThoseOfADevice) {
  for (const auto& [json, h] : all_hardware()) {
    SCOPED_TRACE(h.id);
    const double f32 = h.peak(DataType::f32);
    EXPECT_GT(f32, 1e9);
    EXPECT_LT(f32, 1e15);
    EXPECT_GE(h.compute_units, 1);
    for (const auto& [type, flops] : h.peak_flops) {
      const bool narrower = type != DataType::f64;
      EXPECT_GE(narrower ? flops : f32, (narrower ? f32 : flops) * 0.995) << name(type);
    }
    EXPECT_LE(h.vector_flops.value_or(0), f32 * 1.001);
    for (const auto& [narrow, wide] : {std::pair{DataType::f16, DataType::tf32},
                                       {DataType::fp8, DataType::f16},
                                       {DataType::int8, DataType::f16},
                                       {DataType::int4, DataType::int8}}) {
      if (!h.peak_flops.contains(narrow) || !h.peak_flops.contains(wide)) continue;
      EXPECT_GE(h.peak_flops.at(narrow), 0.999 * h.peak_flops.at(wide)) << name(narrow) << " against " << name(wide);
    }
  }
}

/// f32 multiply-accumulates of one unit and cycle, from vector_flops = units x lanes x 2 x clock.
TEST(EveryHardware, VectorRateIsUnitsTimesLanesTimesClock) {
  size_t checked = 0;
  for (const auto& [json, h] : all_hardware()) {
    if (!h.vector_flops || !h.clock_hz) continue;
    SCOPED_TRACE(h.id);
    const double lanes = *h.vector_flops / (2 * h.compute_units * *h.clock_hz);
    if (h.kind == "gpu") {
      const double power_of_two = std::exp2(std::round(std::log2(lanes)));
      EXPECT_NEAR(lanes, power_of_two, 0.08 * power_of_two);
    }
    EXPECT_GE(lanes, h.kind == "gpu" ? 30 : 1.9);
    EXPECT_LE(lanes, h.kind == "cpu" ? 33 : 260);
    ++checked;
  }
  EXPECT_GE(checked, 60u);
}

TEST(EveryHardware, BytesAndOperationsAreInProportion) {
  for (const auto& [json, h] : all_hardware()) {
    if (!h.bandwidth_bytes_per_s) continue;
    const double flops_per_byte = h.peak(DataType::f32) / *h.bandwidth_bytes_per_s;
    EXPECT_GT(flops_per_byte, 1) << h.id;
    EXPECT_LT(flops_per_byte, 200) << h.id;
  }
}

TEST(EveryHardware, PowerIsThatOfADevice) {
  for (const auto& [json, h] : all_hardware()) {
    SCOPED_TRACE(h.id);
    if (!h.tdp_w) continue;
    EXPECT_GT(*h.tdp_w, 1);
    EXPECT_LE(*h.tdp_w, 2000);
    EXPECT_LT(h.idle_w.value_or(0), *h.tdp_w);
    for (const auto& [clock, watts] : h.idle_w_by_clock_mhz) EXPECT_LT(watts, *h.tdp_w) << clock << " MHz";
    // Peak operations of one joule: from the oldest boards and processors to what no device reaches yet.
    const double per_joule = h.peak(DataType::f32) / *h.tdp_w;
    EXPECT_GT(per_joule, 3e8);
    EXPECT_LT(per_joule, 8e11);
    EXPECT_LE(h.power_limit_w.value_or(0), 3 * *h.tdp_w);
  }
}

TEST(EveryHardware, ClocksVoltagesAndGenerationsArePlausible) {
  static const std::set<std::string> types = {"DDR3",   "DDR4",    "DDR5",  "LPDDR2", "LPDDR3", "LPDDR4", "LPDDR4X",
                                              "LPDDR5", "LPDDR5X", "GDDR5", "GDDR5X", "GDDR6",  "GDDR6X", "GDDR7",
                                              "HBM",    "HBM2",    "HBM2e", "HBM3",   "HBM3e",  "HBM4"};
  for (const auto& [json, h] : all_hardware()) {
    SCOPED_TRACE(h.id);
    const double clock_hz = h.clock_hz.value_or(1e9);
    EXPECT_TRUE(clock_hz > 2e8 && clock_hz < 7e9) << clock_hz;
    EXPECT_TRUE(h.year.value_or(2020) >= 2008 && h.year.value_or(2020) <= 2027) << *h.year;
    EXPECT_TRUE(h.process_nm.value_or(7) >= 2 && h.process_nm.value_or(7) <= 65) << *h.process_nm;
    EXPECT_TRUE(h.memory_type.empty() || types.contains(h.memory_type)) << h.memory_type;
    for (const auto& [clock, volts] : h.supply_v_by_clock_mhz) EXPECT_TRUE(volts > 0.4 && volts < 1.5) << clock << " MHz";
    for (const auto* table : {&h.idle_w_by_clock_mhz, &h.supply_v_by_clock_mhz}) {
      if (table->empty()) continue;
      EXPECT_GE(table->rbegin()->first * 1e6, 0.99 * h.clock_hz.value_or(0)) << "up to the nominal clock";
    }
  }
}

TEST(EveryEngine, Parses) {
  const DataFiles files;
  ASSERT_GE(files.list("engines").size(), 2u);
  for (const std::string& file : files.list("engines")) {
    SCOPED_TRACE(file);
    const Engine e = parse_engine(*files.read("engines", file), stem(file));
    EXPECT_FALSE(e.name.empty());
  }
}

}  // namespace
}  // namespace wattlayer

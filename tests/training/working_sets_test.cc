#include "wattlayer/training/working_sets.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/training/butter_runs.h"
#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

struct Golden {
  MlpTraining training;
  std::string hardware;
  double backward, level, cached, occupied, distributed, datum, dataset;
  MlpPlan plan;
};

std::vector<Golden> golden_rows() {
  const std::string text = test::butter_file("notebook4_printed_rows.csv");
  CsvReader csv(text);
  std::vector<Golden> rows;
  while (csv.next()) {
    const auto number = [&](const char* name) { return std::stod(csv.fields().at(csv.column(name).value())); };
    Golden row;
    row.training = {.features = 4, .batch = 256, .samples = 3848, .epochs = 3000};
    for (const auto& width : nlohmann::json::parse(csv.fields().at(csv.column("widths").value())))
      row.training.widths.push_back(width);
    row.hardware = number("is_gpu") > 0 ? "eagle-gpu" : "eagle-cpu";
    row.backward = number("bwd_pass_working_set_effective_size");
    row.level = number("epoch_working_set_cache_level");
    row.cached = number("epoch_working_set_cached_size");
    row.occupied = number("epoch_working_set_occupied_size");
    row.distributed = number("epoch_working_set_higher_distributed");
    row.datum = number("bytes_per_datum");
    row.dataset = number("dataset_bytes");
    row.plan = {{}, 4, 1, static_cast<int64_t>(number("size")), static_cast<int64_t>(number("depth"))};
    rows.push_back(row);
  }
  return rows;
}

TEST(WorkingSets, AreThoseThatTheNotebooksOfButterEPrint) {
  const auto rows = golden_rows();
  ASSERT_EQ(rows.size(), 10u);
  for (const Golden& row : rows) {
    SCOPED_TRACE(row.hardware + ", " + print(row.training));
    const WorkingSets sets = place(working_set_sizes(row.training), test::shipped_hardware(row.hardware));
    EXPECT_EQ(sets.backward.place.occupied_bytes, row.backward);
    EXPECT_EQ(static_cast<double>(sets.samples.place.level + 1), row.level);
    EXPECT_EQ(sets.samples.place.cached_bytes, row.cached);
    EXPECT_EQ(sets.samples.place.occupied_bytes, row.occupied);
    EXPECT_EQ(sets.largest_inter_layer().set.distributed_bytes + sets.backward.set.distributed_bytes, row.distributed);
    EXPECT_EQ(sets.samples.set.bytes(), row.dataset);
    EXPECT_EQ(sets.samples.set.bytes(), row.datum * 3848);
    EXPECT_EQ(mlp_widths(row.plan), row.training.widths);
  }
}

Hardware two_cores() {
  Hardware h;
  h.memory = {{"L1", 100, 2, {}}, {"L2", 1000, 1, {}}, {"DRAM", 10000, 1, {}}};
  return h;
}

TEST(WorkingSets, ASetThatDoesNotFitGoesOnAsAWhole) {
  const Hardware h = two_cores();
  const Placement inside = place(h.memory, {60, 80}, 0);
  EXPECT_EQ(inside.level, 0u);
  EXPECT_EQ(inside.occupied_bytes, 100);  // 60 of the copy, 40 of the half
  const Placement spilled = place(h.memory, {61, 80}, 0);
  EXPECT_EQ(spilled.level, 1u);
  EXPECT_EQ(spilled.cached_bytes, 141);
  EXPECT_EQ(spilled.occupied_bytes, 241);  // L1 counts as full
  EXPECT_EQ(spilled.capacity, 1100);
}

TEST(WorkingSets, AFullLevelIsSkipped) {
  const Hardware h = two_cores();
  EXPECT_EQ(place(h.memory, {1, 0}, 99).level, 0u);
  const Placement beside = place(h.memory, {1, 0}, 100);
  EXPECT_EQ(beside.level, 1u);
  EXPECT_EQ(beside.occupied_bytes, 101);
}

TEST(WorkingSets, WhatTheMainMemoryCannotHoldIsSaid) {
  const Hardware h = two_cores();
  const Placement over = place(h.memory, {20000, 0}, 0);
  EXPECT_EQ(over.level, 2u);
  EXPECT_FALSE(over.fits);
  EXPECT_FALSE(place(h.memory, {1, 0}, 11100).fits);
  EXPECT_THROW(place({}, {1, 0}, 0), Error);
}

}  // namespace
}  // namespace wattlayer

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/bench/simulated_bench.h"
#include "tests/temporary_folder.h"
#include "wattlayer/bench/measure.h"
#include "wattlayer/core/data_files.h"
#include "wattlayer/fit/card.h"
#include "wattlayer/fit/physics_fit.h"
#include "wattlayer/meter/meter_source.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/predict/energy_model.h"
#include "wattlayer/report/format.h"
#include "wattlayer/report/report.h"
#include "wattlayer/store/store.h"

namespace wattlayer::test {
namespace {

/// A device whose law is known: time = 5 us + MACs / 1e11 per s, energy = 40 W x time + 50 pJ a MAC.
Work law(double macs) {
  const double time = 5e-6 + macs / 1e11;
  return {.time = {time}, .energy = {40 * time + 50e-12 * macs}};
}

std::string layer_of(int i) {
  return "Gemm " + std::to_string(1 + i % 7 * 4) + "x" + std::to_string(256 + 128 * (i % 5)) + " " +
         std::to_string(256 + 128 * (i % 5)) + "x" + std::to_string(512 + 192 * (i % 11)) + " dtype=f32";
}

constexpr int layers = 48;

/// The whole flow in simulated time: what comes out is what the device does.
class Flow : public testing::Test {
 protected:
  std::vector<Measured> measure_layers(const std::string& meter_name) {
    std::map<std::string, Work> work;
    tasks.clear();
    for (int i = 0; i < layers; ++i) {
      tasks.push_back(layer_task(parse_layer(layer_of(i))));
      work[tasks.back().workload.name] = law(cost(tasks.back().workload.items[0].layer).macs);
    }
    ScriptedRunner runner(device, work);
    place.clock = &device, place.device = &device;
    const auto open = open_meters(place, meter_name);
    Meter* meter = open.at(0).get();
    std::vector<Measured> all;
    for (int from = 0; from < layers; from += 8)
      for (Measured& m : measure(std::span(tasks).subspan(size_t(from), 8), runner, {}, {&meter, 1}, {}, device))
        all.push_back(std::move(m));
    return all;
  }

  std::vector<Measurement> stored(const std::vector<Measured>& all) {
    std::vector<Measurement> rows;
    for (size_t i = 0; i < all.size(); ++i) {
      Measurement row = all[i].rows.at(0);
      row.hardware = "jetson-nano", row.dataset = "flow", row.kind = "real-layer";
      row.row = row.block = std::to_string(i);
      rows.push_back(row);
    }
    Store(folder / "flow.db").add(rows);
    return Store(folder / "flow.db").select();
  }

  EnergyModel fit(const std::vector<Measurement>& rows) {
    const DataFiles files{std::filesystem::path{}};
    const std::string hardware = *files.read("hardware", "jetson-nano.json"), engine = *files.read("engines", "simulated.json");
    std::vector<const Measurement*> training;
    for (const Measurement& m : rows) training.push_back(&m);
    return EnergyModel::parse(fit_energy_model(training, parse_hardware(hardware, "jetson-nano"), hardware,
                                               parse_engine(engine, "simulated"), engine, "flow", {.title = "flow"})
                                  .print(),
                              "flow");
  }

  SimulatedDevice device{Watts{30}};
  MeterPlace place;
  TemporaryFolder folder;
  std::vector<Task> tasks;
};

TEST_F(Flow, APerfectSensorGivesTheDevicesOwnNumbers) {
  const std::vector<Measured> all = measure_layers("fake:board+refresh_s=0.00001+step_j=0.000000001");
  for (size_t i = 0; i < all.size(); ++i) {
    const Work truth = law(cost(tasks[i].workload.items[0].layer).macs);
    EXPECT_NEAR(*all[i].rows.at(0).time_s, truth.time.value, 1e-9 * truth.time.value);
    EXPECT_NEAR(*all[i].rows[0].energy_j, truth.energy.value, 2e-5 * truth.energy.value);
    EXPECT_NEAR(*all[i].rows[0].idle_power_w, 30, 1e-3);
  }
}

TEST_F(Flow, MeasureStoreFitPredictReport) {
  const std::vector<Measurement> rows = stored(measure_layers("fake:board+refresh_s=0.1+seen_s=0.025+step_j=0.001"));
  ASSERT_EQ(rows.size(), size_t{layers});
  for (size_t i = 0; i < rows.size(); ++i) {
    const Work truth = law(cost(tasks[i].workload.items[0].layer).macs);
    EXPECT_NEAR(*rows[i].time_s, truth.time.value, 1e-9 * truth.time.value);
    EXPECT_NEAR(*rows[i].energy_j, truth.energy.value, 0.02 * truth.energy.value);
    EXPECT_NEAR(*rows[i].idle_power_w, 30, 0.5);
    EXPECT_EQ(rows[i].workload.name, tasks[i].workload.name);
  }
  const EnergyModel model = fit(rows);
  EXPECT_EQ(model.scope, "board");
  const Task held_out = layer_task(parse_layer("Gemm 9x640 640x1000 dtype=f32"));
  const Work truth = law(cost(held_out.workload.items[0].layer).macs);
  const Estimate estimate = predict(held_out.workload, model);
  EXPECT_NEAR(estimate.energy_j.value, truth.energy.value, 0.05 * truth.energy.value);
  EXPECT_NEAR(estimate.time_s.value, truth.time.value, 0.05 * truth.time.value);
  EXPECT_EQ(estimate.layers.at(0).label, Label::predicted);
  Report out;
  out.estimates.push_back(report(held_out.workload, estimate));
  const auto json = nlohmann::json::parse(require_format("json").estimates(out, {})).at("estimates").at(0);
  EXPECT_EQ(json.at("energy_j").at("value").get<double>(), estimate.energy_j.value);
  EXPECT_EQ(json.at("scope"), "board");
}

TEST_F(Flow, AModelledPowerGivesAModelOfTimeThatSaysSo) {
  place.settings["constant.watts"] = "15";
  const std::vector<Measured> all = measure_layers("constant:watts");
  for (const Measured& m : all) EXPECT_EQ(m.rows.at(0).method, "modelled");
  const std::vector<Measurement> rows = stored(all);
  EXPECT_NEAR(*rows[0].energy_j, 15 * *rows[0].time_s, 1e-9);
  const EnergyModel model = fit(rows);
  const Task held_out = layer_task(parse_layer("Gemm 9x640 640x1000 dtype=f32"));
  const Work truth = law(cost(held_out.workload.items[0].layer).macs);
  const Estimate estimate = predict(held_out.workload, model);
  EXPECT_NEAR(estimate.time_s.value, truth.time.value, 0.05 * truth.time.value);
  EXPECT_EQ(estimate.layers.at(0).label, Label::modelled);
  Report out;
  out.estimates.push_back(report(held_out.workload, estimate));
  EXPECT_NE(require_format("table").estimates(out, {.details = true}).find("no energy was measured"), std::string::npos);
}

}  // namespace
}  // namespace wattlayer::test

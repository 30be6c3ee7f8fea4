#include "wattlayer/fit/transfer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/calibration.h"
#include "wattlayer/fit/suggestion.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

/// Descriptions of four made-up CPUs that all reach the same share of what their data sheets say.
class Devices : public testing::Test {
 protected:
  static constexpr double efficiency = 0.3, bandwidth_share = 0.6, idle_share = 0.25, dynamic_share = 0.2;

  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / "wattlayer_devices";
    std::filesystem::create_directories(folder_ / "hardware");
    std::filesystem::create_directories(folder_ / "engines");
    std::ofstream(folder_ / "engines" / "plain.json") << R"({"name": "plain"})";
    for (int i = 0; i < 4; ++i)
      std::ofstream(folder_ / "hardware" / ("made-up-" + std::to_string(i) + ".json"))
          << R"({"name": "made up", "kind": "cpu", "compute_units": 1, "scope": "cpu-package", "sources": {}, "memory": [],)"
          << R"("peak_flops": {"f32": )" << peak(i) << R"(}, "bandwidth_bytes_per_s": )" << bandwidth(i) << R"(, "tdp_w": )"
          << tdp(i) << "}";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static double peak(int i) { return 1e11 * std::pow(3, i); }
  static double bandwidth(int i) { return 2e10 * std::pow(2, i); }
  static double tdp(int i) { return 50 * std::pow(1.7, i); }

  std::vector<Measurement> rows_of(int device) const {
    std::vector<Measurement> rows;
    for (int size = 32; size <= 2048; size *= 2)
      for (const std::string& text : {"Gemm 64x" + std::to_string(size) + " 512x" + std::to_string(size) + " 512 transB=1",
                                      "Relu 64x" + std::to_string(512 * size)}) {
        Measurement m{.hardware = "made-up-" + std::to_string(device), .engine = "plain"};
        m.workload.items.push_back({parse_layer(text)});
        const bool gemm = text[0] == 'G';
        const double macs = gemm ? 64.0 * 512 * size : 0, bytes = gemm ? 4.0 * (512 + 64) * size : 8.0 * 64 * 512 * size;
        const double seconds = 2e-6 + 2 * macs / (efficiency * peak(device)) + bytes / (bandwidth_share * bandwidth(device));
        m.time_s = seconds;
        m.energy_j = tdp(device) * (idle_share * seconds + dynamic_share * (seconds - 2e-6));
        m.row = text;
        rows.push_back(m);
      }
    return rows;
  }

  /// Mean |log error| of energy on rows of a device.
  double error(const PhysicsModel& model, const std::vector<Measurement>& rows, const Catalogue& catalogue) const {
    double sum = 0;
    for (const Measurement& m : rows)
      sum +=
          std::abs(std::log(*m.energy_j / price(model, m, catalogue.hardware(m.hardware), catalogue.engine("plain")).energy_j));
    return sum / static_cast<double>(rows.size());
  }

  std::filesystem::path folder_;
};

std::vector<const Measurement*> pointers(const std::vector<Measurement>& rows) {
  std::vector<const Measurement*> out;
  for (const Measurement& m : rows) out.push_back(&m);
  return out;
}

TEST_F(Devices, ADeviceLeftOutIsPredictedFromItsDataSheet) {
  const DataFiles files(folder_);
  const Catalogue catalogue(files);
  std::vector<Measurement> others;
  for (int i = 0; i < 3; ++i)
    for (Measurement& m : rows_of(i)) others.push_back(std::move(m));
  const Target target{catalogue.hardware("made-up-3"), catalogue.engine("plain"), &catalogue};
  const DevicePrior prior = learn_prior(pointers(others), target);
  const std::vector<Measurement> own = rows_of(3);
  const double sheet_alone = error(device_model({}, target.hardware, target.engine), own, catalogue);
  const double zero_shot = error(device_model(prior, target.hardware, target.engine), own, catalogue);
  const std::vector<Measurement> few = {own[2], own[5], own[9]};
  const double calibrated = error(fit_from_prior(pointers(few), target, prior).model, own, catalogue);
  EXPECT_GT(sheet_alone, 0.2);
  EXPECT_LT(zero_shot, 0.1);
  EXPECT_LT(calibrated, zero_shot + 0.02);
  EXPECT_LT(prior.energy_width, 0.5);
  EXPECT_EQ(prior.devices, 3u);
}

TEST_F(Devices, RowsOfOthersReachTheFitThroughTheCatalogue) {
  const DataFiles files(folder_);
  const Catalogue catalogue(files);
  std::vector<Measurement> others = rows_of(0);
  const Target target{catalogue.hardware("made-up-3"), catalogue.engine("plain"), &catalogue};
  const PhysicsFit fit = fit_physics(pointers(others), target);
  EXPECT_LT(error(fit.model, rows_of(3), catalogue), 0.25);
}

TEST_F(Devices, ThePriorIsReadAsItWasWritten) {
  const DataFiles files(folder_);
  const Catalogue catalogue(files);
  const std::vector<Measurement> rows = rows_of(1);
  const Target target{catalogue.hardware("made-up-2"), catalogue.engine("plain"), &catalogue};
  const DevicePrior prior = learn_prior(pointers(rows), target);
  const DevicePrior again = DevicePrior::parse(prior.print(), "test");
  const std::vector<Measurement> own = rows_of(2);
  EXPECT_DOUBLE_EQ(error(device_model(prior, target.hardware, target.engine), own, catalogue),
                   error(device_model(again, target.hardware, target.engine), own, catalogue));
  EXPECT_EQ(prior.spread, again.spread);
  EXPECT_THROW(DevicePrior::parse("{}", "empty"), Error);
}

TEST_F(Devices, SuggestionsDifferInWhatBoundsThem) {
  const DataFiles files(folder_);
  const Catalogue catalogue(files);
  std::vector<Measurement> others = rows_of(0);
  const Target target{catalogue.hardware("made-up-3"), catalogue.engine("plain"), &catalogue};
  const DevicePrior prior = learn_prior(pointers(others), target);
  std::vector<Workload> candidates;
  for (const char* text : {"Gemm 512x1024 1024x1024 1024 transB=1", "Gemm 512x1024 1100x1024 1100 transB=1", "Relu 64x100000"})
    candidates.push_back({.items = {{parse_layer(text)}}});
  const auto chosen = suggest(candidates, target, prior, 2);
  ASSERT_EQ(chosen.size(), 2u);
  EXPECT_TRUE((chosen[0].candidate == 2) != (chosen[1].candidate == 2));
  EXPECT_LT(chosen[0].spread_after, chosen[0].spread_before);
  EXPECT_LT(chosen[1].spread_after, chosen[1].spread_before);
}

}  // namespace
}  // namespace wattlayer

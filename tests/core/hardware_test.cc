#include "wattlayer/core/hardware.h"

#include <gtest/gtest.h>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

std::string described(const std::string& further) {
  return R"({"name": "n", "kind": "gpu", "compute_units": 2, "peak_flops": {"f32": 1e12}, "clock_hz": 1.2e9,
             "memory": [{"name": "DRAM", "bytes": 1e9}], "scope": "gpu-board", "sources": {})" +
         further + "}";
}

TEST(HardwareDescription, OptionalFiguresAreUnknownUntilStated) {
  const Hardware bare = parse_hardware(described(""), "x");
  EXPECT_FALSE(bare.year || bare.process_nm || bare.power_limit_w || bare.matrix_units);
  EXPECT_TRUE(bare.memory_type.empty());
  EXPECT_FALSE(bare.idle_w_at(1e9));
  EXPECT_FALSE(bare.relative_voltage(1e9));
  const Hardware full = parse_hardware(
      described(R"(, "year": 2020, "process_nm": 7, "power_limit_w": 250, "matrix_units": false, "memory_type": "HBM2")"), "x");
  EXPECT_EQ(full.year, 2020);
  EXPECT_EQ(full.process_nm, 7);
  EXPECT_EQ(full.power_limit_w, 250);
  EXPECT_EQ(full.matrix_units, false);
  EXPECT_EQ(full.memory_type, "HBM2");
}

TEST(HardwareDescription, IdlePowerFollowsTheClockBetweenMeasuredClocks) {
  const Hardware h =
      parse_hardware(described(R"(, "idle_w": 40, "idle_w_by_clock_mhz": {"600": 50, "1000": 70, "800": 52})"), "x");
  EXPECT_DOUBLE_EQ(*h.idle_w_at(600e6), 50);
  EXPECT_DOUBLE_EQ(*h.idle_w_at(700e6), 51);
  EXPECT_DOUBLE_EQ(*h.idle_w_at(950e6), 65.5);
  EXPECT_DOUBLE_EQ(*h.idle_w_at(100e6), 50);
  EXPECT_DOUBLE_EQ(*h.idle_w_at(3e9), 70);
  EXPECT_DOUBLE_EQ(*parse_hardware(described(R"(, "idle_w": 40)"), "x").idle_w_at(1e9), 40);
}

TEST(HardwareDescription, VoltageIsRelativeToThatAtTheNominalClock) {
  const Hardware h = parse_hardware(described(R"(, "supply_v_by_clock_mhz": {"900": 0.7, "1200": 1.0, "1400": 1.1})"), "x");
  EXPECT_DOUBLE_EQ(*h.relative_voltage(1.2e9), 1);
  EXPECT_DOUBLE_EQ(*h.relative_voltage(9e8), 0.7);
  EXPECT_NEAR(*h.relative_voltage(1.05e9), 0.85, 1e-12);
  EXPECT_NEAR(*h.relative_voltage(2e9), 1.1, 1e-12);
}

std::string complaint(const std::string& json) {
  try {
    parse_hardware(json, "my-gpu");
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::invalid_input);
    return e.what();
  }
  return "nothing is wrong";
}

TEST(HardwareDescription, RefusesWhatNoDeviceCanBe) {
  const auto with = [](std::string from, const std::string& to) {
    std::string json = described("");
    return json.replace(json.find(from), from.size(), to);
  };
  EXPECT_EQ(complaint(described("")), "nothing is wrong");
  const std::pair<std::string, std::string> cases[] = {
      {with(R"("compute_units": 2)", R"("compute_units": 0)"), "compute_units: expected 1 or more"},
      {with(R"("f32": 1e12)", R"("f32": -1)"), "peak_flops.f32: expected a number above 0"},
      {with(R"("f32": 1e12)", R"("f32": 1e300)"), "peak_flops.f32"},
      {with(R"("bytes": 1e9)", R"("bytes": 0)"), "memory.DRAM.bytes"},
      {with(R"("kind": "gpu")", R"("kind": "toaster")"), "kind: expected cpu, gpu or soc, found 'toaster'"},
      {described(R"(, "tdp_w": 1e9)"), "tdp_w: expected a number above 0 and up to 1e+06 W, found 1e+09"},
      {described(R"(, "bandwidth_bytes_per_s": 0)"), "bandwidth_bytes_per_s"},
      {"no JSON", "my-gpu.json: expected a JSON object"},
      {"[]", "my-gpu.json: expected a JSON object"},
      {R"({"kind": "gpu"})", "expected the field `name`"}};
  for (const auto& [json, said] : cases) EXPECT_NE(complaint(json).find(said), std::string::npos) << complaint(json);
}

TEST(HardwareDescription, RefusesWhatIsNoClockAndNoYear) {
  for (const char* wrong : {R"(, "idle_w_by_clock_mhz": {"fast": 50})", R"(, "idle_w_by_clock_mhz": {"900 MHz": 50})",
                            R"(, "idle_w_by_clock_mhz": {"900": 0})", R"(, "supply_v_by_clock_mhz": {"-900": 0.7})",
                            R"(, "supply_v_by_clock_mhz": {"900": "0.7"})", R"(, "idle_w_by_clock_mhz": {"nan": 3})",
                            R"(, "year": 20)", R"(, "year": 1e300)", R"(, "matrix_units": 4)"})
    try {
      parse_hardware(described(wrong), "my-gpu");
      ADD_FAILURE() << wrong;
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find("my-gpu"), std::string::npos) << e.what();
    }
}

}  // namespace
}  // namespace wattlayer

#include "wattlayer/bench/cpu_description.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"
#include "wattlayer/core/error.h"
#include "wattlayer/core/hardware.h"

namespace wattlayer {
namespace {

void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

/// Two sockets of two cores with two threads each.
void make_server(const TemporaryFolder& root) {
  std::string cpuinfo;
  for (int thread = 0; thread < 8; ++thread)
    cpuinfo += "processor\t: " + std::to_string(thread) +
               "\nmodel name\t: Intel(R) Xeon(R) Gold 5120 CPU @ 2.20GHz\ncpu MHz\t\t: 1000.000\nphysical id\t: " +
               std::to_string(thread / 4) + "\ncore id\t\t: " + std::to_string(thread % 2) +
               "\nflags\t\t: fpu avx avx2 fma avx512f\n\n";
  write(root / "proc/cpuinfo", cpuinfo);
  write(root / "proc/meminfo", "MemTotal:       1048576 kB\nMemFree: 3 kB\n");
  const auto cpu0 = root / "sys/devices/system/cpu/cpu0";
  write(cpu0 / "cpufreq/cpuinfo_max_freq", "3200000\n");
  const char* caches[][4] = {{"1", "Data", "32K", "0,2"},
                             {"1", "Instruction", "32K", "0,2"},
                             {"2", "Unified", "1024K", "0,2"},
                             {"3", "Unified", "19M", "0-3"}};
  for (int i = 0; i < 4; ++i) {
    const auto index = cpu0 / ("cache/index" + std::to_string(i));
    write(index / "level", caches[i][0]), write(index / "type", caches[i][1]);
    write(index / "size", caches[i][2]), write(index / "shared_cpu_list", caches[i][3]);
  }
}

TEST(CpuDescription, TellsWhatAServerTells) {
  TemporaryFolder root;
  make_server(root);
  double beyond = 0;
  const CpuDescription description = describe_cpu(root.path(), [&](int threads, double bytes) {
    EXPECT_EQ(threads, 8);
    beyond = bytes;
    return 123456789012.0;
  });
  EXPECT_EQ(description.id, "intel-xeon-gold-5120-4c");
  const Hardware h = parse_hardware(description.json, description.id);
  EXPECT_EQ(h.compute_units, 4);
  EXPECT_DOUBLE_EQ(h.peak(DataType::f32), 4 * 3.2e9 * 16 * 2 * 2);
  EXPECT_DOUBLE_EQ(*h.bandwidth_bytes_per_s, 120e9) << "two digits: one run does not know more";
  ASSERT_EQ(h.memory.size(), 4u);
  EXPECT_EQ(h.memory[0].bytes, 32768);
  EXPECT_EQ(h.memory[0].units, 4);
  EXPECT_EQ(h.memory[2].name, "L3");
  EXPECT_EQ(h.memory[2].units, 2);
  EXPECT_EQ(h.memory[3].bytes, 1048576.0 * 1024);
  EXPECT_EQ(beyond, 2 * 19.0 * 1048576);
  for (const char* figure :
       {"compute_units", "peak_flops", "vector_flops", "bandwidth_bytes_per_s", "memory", "clock_hz", "scope"})
    EXPECT_GT(h.sources.count(figure) ? h.sources.at(figure).size() : 0, 10u) << figure;
}

TEST(CpuDescription, LeavesOutWhatIsNotTold) {
  TemporaryFolder root;
  write(root / "proc/cpuinfo", "processor : 0\nprocessor : 1\nBogoMIPS : 50\nFeatures : fp asimd\n");
  EXPECT_THROW(describe_cpu(root.path()), Error) << "no clock";
  write(root / "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "2000000");
  const CpuDescription description = describe_cpu(root.path());
  EXPECT_EQ(description.id, "cpu-2c");
  const Hardware h = parse_hardware(description.json, description.id);
  EXPECT_EQ(h.bandwidth_bytes_per_s, std::nullopt);
  EXPECT_TRUE(h.memory.empty());
  EXPECT_DOUBLE_EQ(h.peak(DataType::f32), 2 * 2e9 * 4 * 2 * 2);
  TemporaryFolder empty;
  EXPECT_THROW(describe_cpu(empty.path()), Error);
}

TEST(CpuDescription, OfThisMachineParses) {
  try {
    const CpuDescription description = describe_cpu("/");
    EXPECT_GT(parse_hardware(description.json, description.id).peak(DataType::f32), 1e8);
  } catch (const Error& e) {
    GTEST_SKIP() << e.what();
  }
}

TEST(CpuDescription, CopiesAtAPossibleSpeed) {
  const double bandwidth = measure_copy_bandwidth(1, 0);
  EXPECT_GT(bandwidth, 1e8);
  EXPECT_LT(bandwidth, 1e13);
}

}  // namespace
}  // namespace wattlayer

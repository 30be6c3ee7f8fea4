#include "wattlayer/bench/working_board.h"

#include <gtest/gtest.h>

#include "wattlayer/core/error.h"

namespace wattlayer::test {
namespace {

class Stated final : public Meter {
 public:
  explicit Stated(MeterInfo info) : info_(std::move(info)) {}
  const MeterInfo& info() const override { return info_; }
  Joules read() override { return {1}; }

 private:
  MeterInfo info_;
};

struct WorkingBoard : testing::Test {
  WorkingBoard() {
    for (const char* board : {"0", "1", "2"})
      add({.meter = "nvml", .domain = board, .scope = "gpu-board", .device = std::string("nvml:GPU-") + board});
    add({.meter = "rapl", .domain = "packages", .scope = "cpu-package", .device = "rapl:package-0"});
  }
  void add(MeterInfo info) { meters.push_back(std::make_unique<Stated>(std::move(info))); }
  std::string names() const {
    std::string all;
    for (const auto& meter : meters) all += meter->info().name() + " ";
    return all;
  }
  static RunnerInfo runner(const std::string& uuid) {
    RunnerInfo info{.devices = {{.id = "cpu"}, {.id = "cuda:0"}}};
    if (!uuid.empty()) info.devices[1].facts["uuid"] = uuid;
    return info;
  }
  std::vector<std::unique_ptr<Meter>> meters;
};

TEST_F(WorkingBoard, IdleBoardsAreNotMeteredByDefault) {
  EXPECT_TRUE(match_boards(meters, runner("GPU-1"), "cuda:0", false).empty());
  EXPECT_EQ(names(), "nvml:1 rapl:packages ");
}

TEST_F(WorkingBoard, NoBoardIsMeteredForAProcessorByDefault) {
  EXPECT_TRUE(match_boards(meters, runner("GPU-1"), "cpu", false).empty());
  EXPECT_EQ(names(), "rapl:packages ");
}

TEST_F(WorkingBoard, OfNamedBoardsTheOneThatWorksIsFirst) {
  const auto remarks = match_boards(meters, runner("GPU-2"), "cuda:0", true);
  EXPECT_EQ(names(), "nvml:2 rapl:packages nvml:0 nvml:1 ");
  ASSERT_EQ(remarks.size(), 2u);
  EXPECT_NE(remarks[0].find("nvml:0 is another board than cuda:0"), std::string::npos) << remarks[0];
}

TEST_F(WorkingBoard, ANamedBoardThatDoesNotWorkIsRefused) {
  try {
    match_boards(meters, runner("GPU-7"), "cuda:0", true);
    FAIL() << "it must be refused";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::invalid_input);
    EXPECT_NE(std::string(e.what()).find("--meter nvml:GPU-7"), std::string::npos) << e.what();
  }
  EXPECT_EQ(match_boards(meters, runner("GPU-7"), "cuda:0", false).size(), 1u);
  EXPECT_EQ(names(), "rapl:packages ");
}

TEST_F(WorkingBoard, ARunnerThatDoesNotTellIsRemarked) {
  EXPECT_EQ(match_boards(meters, runner(""), "cuda:0", false).size(), 1u);
  EXPECT_EQ(meters.size(), 4u);
}

TEST_F(WorkingBoard, AnInstanceOfABoardIsNotRefused) {
  meters.clear();
  add({.meter = "nvml", .domain = "0", .device = "nvml:GPU-0", .remarks = {"MIG is on: this is the power of the whole board"}});
  EXPECT_EQ(match_boards(meters, runner("GPU-instance"), "cuda:0", true).size(), 1u);
  EXPECT_EQ(meters.size(), 1u);
}

}  // namespace
}  // namespace wattlayer::test

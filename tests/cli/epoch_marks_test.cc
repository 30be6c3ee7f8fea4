#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/cli/program_run.h"

namespace wattlayer::test {
namespace {

/// `measure --exec` with a stated power of 100 W.
ProgramRun measured(const std::string& epochs, const std::string& pattern, const std::string& command) {
  return run_program({"measure", "--meter", "constant:watts", "--meter-setting", "constant.watts=100", "--idle", "0", "--epochs",
                      epochs, "--epoch-pattern", pattern, "--exec", command});
}

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

const std::string three_epochs = "echo start; for i in 1 2 3; do echo Epoch $i; sleep 0.2; echo val_loss: 0.5; done; echo end";

TEST(EpochMarks, EachLineThatFitsEndsAnEpoch) {
  const ScratchFolder folder;
  const std::string file = (folder.path() / "epochs.csv").string();
  const ProgramRun run = measured(file, "val_loss: [0-9.]+", three_epochs);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "start\nEpoch 1\nval_loss: 0.5\nEpoch 2\nval_loss: 0.5\nEpoch 3\nval_loss: 0.5\nend\n")
      << "handed on as it was";
  const std::vector<std::string> lines = lines_of(file);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0], "epoch,duration_s,energy_j");
  for (size_t i = 1; i < lines.size(); ++i) {
    std::istringstream fields(lines[i]);
    double epoch = 0, duration = 0, energy = 0;
    char comma = 0;
    fields >> epoch >> comma >> duration >> comma >> energy;
    EXPECT_EQ(epoch, static_cast<double>(i));
    EXPECT_GE(duration, 0.19);
    EXPECT_NEAR(energy, 100 * duration, 1e-6 * energy);
  }
}

TEST(EpochMarks, WhatItWritesCanBeProjected) {
  const ScratchFolder folder;
  const std::string file = (folder.path() / "epochs.csv").string();
  ASSERT_EQ(measured(file, "val_loss", three_epochs).exit_code, 0);
  const ProgramRun run = run_program({"training", "project", file, "--planned", "10", "--json"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("\"epochs_seen\": 3"), std::string::npos) << run.out;
}

TEST(EpochMarks, KeepsTheExitStatusAndSaysWhenNothingFits) {
  const ScratchFolder folder;
  const ProgramRun run = measured((folder.path() / "a.csv").string(), "no such line", "echo hello; exit 5");
  EXPECT_EQ(run.exit_code, 5);
  EXPECT_EQ(run.out, "hello\n");
  EXPECT_NE(run.err.find("no line of its output fits 'no such line'"), std::string::npos) << run.err;
}

TEST(EpochMarks, ALastLineWithoutABreakIsHandedOn) {
  const ScratchFolder folder;
  EXPECT_EQ(measured((folder.path() / "a.csv").string(), "x", "printf 'x\\nrest'").out, "x\nrest");
}

TEST(EpochMarks, ABarThatIsDrawnAgainStartsItsLineAnew) {
  const ScratchFolder folder;
  const std::string file = (folder.path() / "a.csv").string();
  const std::string bar =
      "printf '1/3 loss: 2\\r2/3 loss: 1\\r\\n';"            // not at the start of the line
      "printf 'loss: 9\\b\\b\\b\\b\\b\\b\\bval_acc: 1\\n';"  // taken back
      "printf '1/3\\rloss: 2\\r\\n'; printf 'lows\\bs: 3\\n'";
  ASSERT_EQ(measured(file, "^loss: [0-9]", bar).exit_code, 0);
  EXPECT_EQ(lines_of(file).size(), 2u) << "one epoch below the header";
}

TEST(EpochMarks, TheEndOfALongLineIsCompared) {
  const ScratchFolder folder;
  const std::string file = (folder.path() / "a.csv").string();
  ASSERT_EQ(measured(file, "val_loss: 0", "printf '%020000d val_loss: 0\\n' 1").exit_code, 0);
  EXPECT_EQ(lines_of(file).size(), 2u);
}

TEST(EpochMarks, WrongInputIsRefusedBeforeTheCommandRuns) {
  const ScratchFolder folder;
  const ProgramRun pattern = measured((folder.path() / "a.csv").string(), "(", "echo ran");
  EXPECT_EQ(pattern.exit_code, 1);
  EXPECT_EQ(pattern.out, "");
  EXPECT_NE(pattern.err.find("no regular expression"), std::string::npos) << pattern.err;
  const ProgramRun there = measured(folder.file("b.csv", "epoch\n"), "x", "echo ran");
  EXPECT_NE(there.err.find("b.csv is there already"), std::string::npos) << there.err;
  EXPECT_EQ(run_program({"measure", "--epochs", "x.csv", "--exec", "true"}).exit_code, 2) << "--epoch-pattern is missing";
}

}  // namespace
}  // namespace wattlayer::test

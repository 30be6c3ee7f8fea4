#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/temporary_folder.h"

namespace wattlayer {
namespace {

/// The Python to ask: WATTLAYER_PYTHON, else python3.
std::string python() {
  const char* given = std::getenv("WATTLAYER_PYTHON");
  return given ? given : "python3";
}

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool imports(const std::string& modules) {
  return std::system((python() + " -c 'import " + modules + "' 2> /dev/null").c_str()) == 0;
}

/// Runs a script of tools/ on the catalogue; fails with what it printed.
void expect_agreement(const std::string& script) {
  const TemporaryFolder folder;
  const std::filesystem::path log = folder / "log";
  const int status = std::system(
      (python() + " " WATTLAYER_SOURCE_DIR "/tools/" + script + " " WATTLAYER_OPERATORS_DOC " > " + log.string()).c_str());
  EXPECT_EQ(status, 0) << contents(log);
}

TEST(CheckOperators, AgreesWithOnnxAndOnnxRuntime) {
  if (!imports("onnx, onnxruntime"))
    GTEST_SKIP() << python() << " cannot import onnx and onnxruntime; install them or set WATTLAYER_PYTHON";
  expect_agreement("check_operators.py");
}

TEST(CheckRun, AtenGivesOurShapes) {
  if (!imports("torch")) GTEST_SKIP() << python() << " cannot import torch; install it or set WATTLAYER_PYTHON";
  expect_agreement("check_run.py");
}

TEST(OperatorsDoc, IsFresh) {
  const TemporaryFolder folder;
  const std::filesystem::path fresh = folder / "operators.md";
  ASSERT_EQ(std::system((std::string(WATTLAYER_OPERATORS_DOC " > ") + fresh.string()).c_str()), 0);
  EXPECT_TRUE(contents(fresh) == contents(WATTLAYER_SOURCE_DIR "/docs/operators.md"))
      << "docs/operators.md is stale; run: " WATTLAYER_OPERATORS_DOC " > docs/operators.md";
}

}  // namespace
}  // namespace wattlayer

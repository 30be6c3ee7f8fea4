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

TEST(CheckOperators, AgreesWithOnnxAndOnnxRuntime) {
  if (std::system((python() + " -c 'import onnx, onnxruntime' 2> /dev/null").c_str()) != 0)
    GTEST_SKIP() << python() << " cannot import onnx and onnxruntime; install them or set WATTLAYER_PYTHON";
  const TemporaryFolder folder;
  const std::filesystem::path log = folder.path() / "log";
  const int status = std::system(
      (python() + " " WATTLAYER_SOURCE_DIR "/tools/check_operators.py " WATTLAYER_OPERATORS_DOC " > " + log.string()).c_str());
  EXPECT_EQ(status, 0) << contents(log);
}

TEST(OperatorsDoc, IsFresh) {
  const TemporaryFolder folder;
  const std::filesystem::path fresh = folder.path() / "operators.md";
  ASSERT_EQ(std::system((std::string(WATTLAYER_OPERATORS_DOC " > ") + fresh.string()).c_str()), 0);
  EXPECT_TRUE(contents(fresh) == contents(WATTLAYER_SOURCE_DIR "/docs/operators.md"))
      << "docs/operators.md is stale; run: " WATTLAYER_OPERATORS_DOC " > docs/operators.md";
}

}  // namespace
}  // namespace wattlayer

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

TEST(CheckFolds, AgreesWithOnnxAndOnnxRuntime) {
  if (std::system((python() + " -c 'import onnx, onnxruntime' 2> /dev/null").c_str()) != 0)
    GTEST_SKIP() << python() << " cannot import onnx and onnxruntime; install them or set WATTLAYER_PYTHON";
  const TemporaryFolder folder;
  const std::string log = (folder.path() / "log").string();
  const int status = std::system(
      (python() + " -W ignore " WATTLAYER_SOURCE_DIR "/tools/check_folds.py " WATTLAYER_INFER_LAYER " --cases 20 > " + log)
          .c_str());
  std::ifstream text(log);
  EXPECT_EQ(status, 0) << std::string{std::istreambuf_iterator<char>(text), {}};
}

}  // namespace
}  // namespace wattlayer

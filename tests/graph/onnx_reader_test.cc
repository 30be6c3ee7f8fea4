#include <gtest/gtest.h>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/graph.h"

namespace wattlayer {
namespace {

std::string message_of(std::string_view bytes) {
  try {
    read_onnx(bytes, "net.onnx");
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(OnnxReader, SaysWhatAForeignFileSeemsToBe) {
  EXPECT_NE(message_of("PK\x03\x04 and so on").find("PyTorch"), std::string::npos);
  EXPECT_NE(message_of("{\"a\": 1}").find("JSON"), std::string::npos);
  EXPECT_NE(message_of("hello, world").find("text"), std::string::npos);
  EXPECT_NE(message_of("").find("empty"), std::string::npos);
  EXPECT_NE(message_of(std::string_view("\x1c\0\0\0TFL3", 8)).find("TensorFlow Lite"), std::string::npos);
}

TEST(OnnxReader, RefusesTruncatedBytes) {
  EXPECT_NE(message_of(std::string_view("\x08\x08\x3a\x7f\x0a", 5)).find("damaged"), std::string::npos);
}

}  // namespace
}  // namespace wattlayer

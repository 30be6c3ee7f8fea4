#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

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

/// Just enough of the protobuf format to write a network byte by byte.
std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) bytes += static_cast<char>(value | 128);
  return bytes + static_cast<char>(value);
}
std::string number(int field, uint64_t value) { return varint(static_cast<uint64_t>(field) << 3) + varint(value); }
std::string header(int field, uint64_t size) { return varint((static_cast<uint64_t>(field) << 3) | 2) + varint(size); }
std::string bytes(int field, const std::string& content) { return header(field, content.size()) + content; }

std::string tensor_value(const std::string& name, const std::vector<int64_t>& shape) {
  std::string dims;
  for (int64_t d : shape) dims += bytes(1, number(1, static_cast<uint64_t>(d)));
  return bytes(1, name) + bytes(2, bytes(1, number(1, 1) + bytes(2, dims)));
}
std::string node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output) {
  std::string text;
  for (const std::string& input : inputs) text += bytes(1, input);
  return text + bytes(2, output) + bytes(4, op);
}
std::string model(const std::string& graph, uint64_t opset = 17, uint64_t ir = 8) {
  return number(1, ir) + bytes(8, number(2, opset)) + bytes(7, graph);
}
std::string relu_graph() {
  return bytes(1, node("Relu", {"x"}, "y")) + bytes(11, tensor_value("x", {1, 8})) + bytes(12, tensor_value("y", {1, 8}));
}

TEST(OnnxReader, ReadsAMinimalNetwork) {
  const Graph graph = read_onnx(model(relu_graph()), "folder/net.onnx");
  EXPECT_EQ(graph.name, "net");
  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.nodes[0].layer.output(0).shape, (Shape{1, 8}));
}

TEST(OnnxReader, NamesTheOpsetItCannotRead) {
  EXPECT_NE(message_of(model(relu_graph(), 99)).find("opset 99"), std::string::npos);
  EXPECT_NE(message_of(model(relu_graph(), 6)).find("opset 6"), std::string::npos);
  EXPECT_NE(message_of(model(relu_graph(), 17, 4000)).find("IR version 4000"), std::string::npos);
}

TEST(OnnxReader, SortsNodesAndRefusesCycles) {
  const std::string ends = bytes(11, tensor_value("x", {1, 8})) + bytes(12, tensor_value("z", {1, 8}));
  const std::string second = bytes(1, node("Relu", {"y"}, "z"));
  EXPECT_EQ(read_onnx(model(second + bytes(1, node("Tanh", {"x"}, "y")) + ends), "net").nodes[0].layer.op, "Tanh");
  EXPECT_NE(message_of(model(second + bytes(1, node("Tanh", {"z"}, "y")) + ends)).find("cycle"), std::string::npos);
}

TEST(OnnxReader, NamesWhatIsMissingOrDouble) {
  const std::string out = bytes(12, tensor_value("y", {1, 8}));
  EXPECT_NE(message_of(model(bytes(1, node("Relu", {"nowhere"}, "y")) + out)).find("'nowhere' is produced by no node"),
            std::string::npos);
  const std::string relu = bytes(1, node("Relu", {"x"}, "y"));
  EXPECT_NE(message_of(model(relu + relu + bytes(11, tensor_value("x", {1, 8})) + out)).find("produced by two nodes"),
            std::string::npos);
}

TEST(OnnxReader, RefusesAbsurdDimensions) {
  const std::string huge =
      bytes(1, node("Relu", {"x"}, "y")) + bytes(11, tensor_value("x", {int64_t{1} << 40, int64_t{1} << 40}));
  EXPECT_NE(message_of(model(huge + bytes(12, tensor_value("y", {})))).find("beyond any machine"), std::string::npos);
}

TEST(OnnxReader, RefusesGraphsInGraphsWithoutEnd) {
  std::string graph = relu_graph();
  for (int i = 0; i < 2000; ++i)
    graph = bytes(1, node("If", {"x"}, "y") + bytes(5, bytes(1, "then_branch") + number(20, 5) + bytes(6, graph)));
  EXPECT_NE(message_of(model(graph)).find("nested"), std::string::npos);
}

TEST(OnnxReader, EveryPrefixIsEitherReadOrRefused) {
  const std::string whole = model(relu_graph());
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_NE(message_of(whole.substr(0, size)), "") << size;
}

/// A file that claims 3 GB of weights inside; it has no blocks on disk, and reading it must not touch them.
TEST(OnnxReader, FilesOver2GigabytesCostNothing) {
  const uint64_t weights = uint64_t{3} << 30;
  const std::string fields = number(1, 8) + number(1, weights / 32) + number(2, 1) + bytes(8, "w");
  const std::string raw = header(9, weights);
  const std::string rest =
      bytes(1, node("MatMul", {"x", "w"}, "y")) + bytes(11, tensor_value("x", {1, 8})) + bytes(12, tensor_value("y", {}));
  const uint64_t tensor = fields.size() + raw.size() + weights;
  const std::string before = header(5, tensor) + fields + raw;
  const std::string head = number(1, 8) + bytes(8, number(2, 17)) + header(7, before.size() + weights + rest.size()) + before;
  const auto path = std::filesystem::temp_directory_path() / "wattlayer_large.onnx";
  std::ofstream(path, std::ios::binary) << head;
  std::filesystem::resize_file(path, head.size() + weights);
  std::ofstream(path, std::ios::binary | std::ios::app) << rest;
  const Graph graph = read_onnx(path);
  std::filesystem::remove(path);
  EXPECT_EQ(graph.nodes[0].layer.input(1).shape, (Shape{8, static_cast<int64_t>(weights / 32)}));
  EXPECT_TRUE(graph.nodes[0].layer.input(1).constant);
}

TEST(OnnxReader, ExternalWeightsNeedNotBeThere) {
  const std::string w = number(1, 8) + number(1, 4) + number(2, 1) + bytes(8, "w") + number(14, 1);
  const std::string graph = bytes(5, w) + bytes(1, node("MatMul", {"x", "w"}, "y")) + bytes(11, tensor_value("x", {1, 8})) +
                            bytes(12, tensor_value("y", {}));
  EXPECT_EQ(read_onnx(model(graph), "net").nodes[0].layer.output(0).shape, (Shape{1, 4}));
}

/// What the fuzzer found: none may do more than throw an Error.
TEST(OnnxReader, FuzzFindingsAreErrorsAtMost) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(WATTLAYER_SOURCE_DIR) / "tests/data/fuzz")) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(in), {}};
    ASSERT_FALSE(content.empty()) << entry.path();
    ImportOptions options;
    if (content[0] % 2) options.batch = 1 + static_cast<unsigned char>(content[0]) / 64;
    try {
      lower(read_onnx(std::string_view(content).substr(1), "fuzz", options), Engine{});
    } catch (const Error&) {
    }
    ++files;
  }
  EXPECT_GT(files, 0u);
}

}  // namespace
}  // namespace wattlayer

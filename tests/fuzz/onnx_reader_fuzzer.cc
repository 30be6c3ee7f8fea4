#include <cstddef>
#include <cstdint>
#include <string_view>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/ops/operator.h"

/// Any bytes either make a network, or one Error; nothing else may happen.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace wattlayer;
  if (size == 0) return 0;
  ImportOptions options;
  // The first byte chooses the options, so that one corpus reaches setting the batch too.
  if (bytes[0] % 2) options.batch = 1 + bytes[0] / 64;
  try {
    const Graph graph = read_onnx(std::string_view(reinterpret_cast<const char*>(bytes) + 1, size - 1), "fuzz", options);
    Engine engine;
    engine.free = {"Reshape", "Transpose", "Slice", "Expand"};
    engine.in_place = {"Relu"};
    engine.fusions = {{{"Conv", "MatMul"}, {"Add", "Relu"}, 4}};
    for (const WorkloadItem& item : lower(graph, engine).items) cost(item.layer);
  } catch (const Error&) {
  }
  return 0;
}

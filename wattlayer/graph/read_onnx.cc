#include <fmt/format.h>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/file_format.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/graph/mapped_file.h"
#include "wattlayer/graph/onnx_model.h"
#include "wattlayer/graph/rebatch.h"
#include "wattlayer/graph/shape_inference.h"
#include "wattlayer/graph/symbols.h"

namespace wattlayer {
namespace {

constexpr int64_t oldest_opset = 7, newest_opset = 26;

[[noreturn]] void invalid(const std::string& message) { throw Error(ErrorKind::invalid_input, message); }

void check_version(const onnx::Model& model) {
  if (model.ir_version < 1 || model.ir_version > 100)
    invalid(fmt::format("IR version {} is not one of ONNX; the file is damaged or of another format", model.ir_version));
  auto at = model.opsets.find("");
  if (at == model.opsets.end()) {
    if (model.opsets.empty()) invalid("the file names no opset; expected ai.onnx 7 to 23; export the network again");
    return;
  }
  if (at->second < oldest_opset || at->second > newest_opset)
    invalid(fmt::format("opset {} of ai.onnx is not supported; expected {} to {}; export or convert the network to opset 17",
                        at->second, oldest_opset, newest_opset));
}

onnx::Model parse(std::string_view bytes) {
  if (bytes.empty()) invalid("the file is empty; expected an ONNX file");
  if (auto foreign = foreign_format(bytes)) invalid("expected an ONNX file, found " + *foreign);
  onnx::Model model = onnx::parse(bytes);
  check_version(model);
  return model;
}

Graph at_batch(const onnx::Model& model, const BoundInputs& inputs, const InferredGraph& reference,
               const ImportOptions& options) {
  const int64_t batch = *options.batch;
  if (batch < 1) invalid(fmt::format("batch is {}; expected 1 or more", batch));
  if (inputs.batch < 1)
    throw Error(ErrorKind::unsupported,
                "the first input has a leading dimension of 0; give its shape with --input to set a batch");
  Rebatch rebatch(reference, inputs.batch, batch);
  InferredGraph inferred = infer_shapes(model, bind_batch(model.graph, options, inputs, batch), options, &rebatch);
  if (inferred.tensors.size() != reference.tensors.size())
    throw Error(ErrorKind::unsupported,
                fmt::format("the number of values follows the batch; export the network at batch {}", batch));
  Graph graph = std::move(inferred.graph);
  if (rebatch.rewritten() > 0)
    graph.remarks.push_back(
        fmt::format("{} constants written for batch {} were rewritten for batch {}", rebatch.rewritten(), inputs.batch, batch));
  return graph;
}

}  // namespace

Graph read_onnx(std::string_view bytes, const std::string& name, const ImportOptions& options) try {
  const onnx::Model model = parse(bytes);
  const BoundInputs inputs = bind_inputs(model.graph, options);
  InferredGraph inferred = infer_shapes(model, inputs, options);
  Graph graph =
      options.batch && *options.batch != inputs.batch ? at_batch(model, inputs, inferred, options) : std::move(inferred.graph);
  // Exporters name every graph alike (`main_graph`); the file's name tells networks apart.
  graph.name = std::filesystem::path(name).stem().string();
  return graph;
} catch (const Error& e) {
  throw e.within(name);
} catch (const std::bad_alloc&) {
  throw Error(ErrorKind::invalid_input, name + ": needs more memory than there is; the file is damaged or no network");
}

Graph read_onnx(const std::filesystem::path& file, const ImportOptions& options) {
  const MappedFile mapped(file);
  return read_onnx(mapped.bytes(), file.filename().string(), options);
}

}  // namespace wattlayer

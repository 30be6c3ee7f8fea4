// Prints `prepare` requests of the runner protocol, one a line: of an ONNX file, of layers in text form, or with --examples of
// every example of the operator catalogue ({"operator", "layer", "outputs", "request"}; without `request`, `reason` says why).
// For tools/check_network_outputs.py and tools/runner_torch_table.py.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "wattlayer/bench/runner_request.h"
#include "wattlayer/core/data_files.h"
#include "wattlayer/core/engine.h"
#include "wattlayer/core/error.h"
#include "wattlayer/ops/aten_call.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

namespace {

using namespace wattlayer;
using Json = nlohmann::json;

Json outputs_of(const Layer& layer) {
  Json out = Json::array();
  for (const Tensor& t : layer.outputs)
    out.push_back(t.present && !t.bounded ? Json{{"shape", t.shape}, {"dtype", name(t.dtype)}} : Json());
  return out;
}

void print_examples() {
  for (const Operator* op : catalogue())
    for (std::string_view example : op->examples) {
      const Layer layer = parse_layer(example);
      Json row = {{"operator", op->name},
                  {"layer", example},
                  {"aten", op->run.aten},
                  {"outputs", outputs_of(layer)},
                  {"macs", cost(layer).macs}};
      try {
        row["request"] = Json::parse(prepare_request(layer_task(layer), {.dtype = layer.dtype, .warm_cache = true}));
      } catch (const Error& e) {
        row["reason"] = e.what();
      }
      fmt::print("{}\n", row.dump());
    }
}

int run(int argc, char** argv) {
  Preparation preparation{.warm_cache = true};
  ImportOptions import;
  std::string what, text;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--dtype" && i + 1 < argc) preparation.dtype = require_data_type(argv[++i]);
    else if (option == "--device" && i + 1 < argc) preparation.device = argv[++i];
    else if (option == "--threads" && i + 1 < argc) preparation.threads = std::stoi(argv[++i]);
    else if (option == "--batch" && i + 1 < argc) import.batch = std::stoll(argv[++i]);
    else if (option == "--dim" && i + 1 < argc) {
      const std::string pair = argv[++i];
      const size_t equals = std::min(pair.find('='), pair.size());
      import.dimensions[pair.substr(0, equals)] = std::stoll("0" + pair.substr(std::min(equals + 1, pair.size())));
    } else if (option == "--layer" && i + 1 < argc) what = option, text = argv[++i];
    else what = text = option;
  }
  if (what == "--examples") {
    print_examples();
  } else if (what == "--layer") {
    fmt::print("{}\n", prepare_request(layer_task(parse_layer(text)), preparation));
  } else if (!what.empty() && !what.starts_with("--")) {
    const Engine engine = parse_engine(DataFiles().read("engines", "libtorch.json").value(), "libtorch");
    fmt::print("{}\n", prepare_request(network_task(read_onnx(text, import), engine, preparation.dtype), preparation));
  } else {
    fmt::print(stderr,
               "usage: runner_request [--dtype f32] [--device cpu] [--threads N] [--batch N] [--dim NAME=N] (network.onnx | "
               "--layer TEXT | "
               "--examples)\n");
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& e) {
    fmt::print(stderr, "runner_request: {}\n", e.what());
    return 1;
  }
}

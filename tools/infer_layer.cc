#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"

// Reads layers in text form, one a line, and writes what the catalogue infers, one JSON object a line:
// {"outputs": [{"dtype": "i64", "shape": [2], "bounded": false, "value": [1, 2]}, null]} or {"error": "..."}.
// tools/check_folds.py compares it with other implementations of ONNX.
namespace wattlayer {
namespace {

using Json = nlohmann::json;

/// JSON has no NaN and no infinity: they are texts.
Json number(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  return x;
}

Json described(const Tensor& tensor) {
  if (!tensor.present) return nullptr;
  Json out = {{"dtype", name(tensor.dtype)}, {"known", tensor.known}};
  if (!tensor.known) return out;
  out["shape"] = tensor.shape;
  out["bounded"] = tensor.bounded;
  if (!tensor.value) return out;
  out["value"] = Json::array();
  for (size_t i = 0; i < tensor.value->size(); ++i)
    out["value"].push_back(tensor.value->is_real ? number(tensor.value->reals[i]) : Json(tensor.value->integers[i]));
  return out;
}

Json inferred(const std::string& line) {
  try {
    Json outputs = Json::array();
    for (const Tensor& tensor : parse_layer(line).outputs) outputs.push_back(described(tensor));
    return {{"outputs", outputs}};
  } catch (const Error& e) {
    return {{"error", e.what()}};
  }
}

}  // namespace
}  // namespace wattlayer

int main() {
  for (std::string line; std::getline(std::cin, line);) std::cout << wattlayer::inferred(line).dump() << '\n';
}

#include "wattlayer/core/engine.h"

#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"

namespace wattlayer {

using Json = nlohmann::json;

OptimizerKernels require_optimizer_kernels(std::string_view name) {
  if (name == "fused") return OptimizerKernels::fused;
  if (name == "foreach") return OptimizerKernels::foreach;
  if (name == "per_tensor") return OptimizerKernels::per_tensor;
  throw Error(ErrorKind::invalid_input,
              "kernels of an optimizer are '" + std::string(name) + "'; expected fused, foreach or per_tensor");
}

Engine parse_engine(std::string_view text, std::string_view id) try {
  const Json json = Json::parse(text);
  Engine e;
  e.id = id;
  e.name = json.at("name");
  for (const Json& fusion : json.value("fusions", Json::array()))
    e.fusions.push_back({fusion.at("heads"), fusion.at("tails"), fusion.value("at_most", 8)});
  e.in_place = json.value("in_place", std::vector<std::string>{});
  e.free = json.value("free", std::vector<std::string>{});
  e.folds_constants = json.value("folds_constants", true);
  e.prunes_dead = json.value("prunes_dead", true);
  e.folds_zero_products = json.value("folds_zero_products", false);
  e.asynchronous = json.value("asynchronous", false);
  const Json f32_as = json.value("f32_as", Json::object());
  for (const auto& [op, type] : f32_as.items()) e.f32_as[op] = require_data_type(type.get<std::string>());
  e.winograd = json.value("winograd", false);
  if (json.contains("optimizer")) e.optimizer = require_optimizer_kernels(json.at("optimizer").get<std::string>());
  e.inference_only = json.value("inference_only", false);
  if (json.contains("fresh_pages_above_bytes")) e.fresh_pages_above_bytes = json.at("fresh_pages_above_bytes").get<double>();
  return e;
} catch (const Json::exception& e) {
  throw Error(ErrorKind::invalid_input, "engines/" + std::string(id) + ".json: " + e.what());
} catch (const Error& e) {
  throw e.within("engines/" + std::string(id) + ".json");
}

}  // namespace wattlayer

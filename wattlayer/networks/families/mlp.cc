#include <charconv>
#include <string>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"
#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/mlp_shape.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

/// `mlp_784_256_10` or `mlp-784-256-10`: widths from input to output.
std::optional<std::vector<int64_t>> widths(std::string_view name) {
  if (!name.starts_with("mlp")) return std::nullopt;
  name.remove_prefix(3);
  std::vector<int64_t> result;
  while (!name.empty()) {
    if (name[0] != '_' && name[0] != '-') return std::nullopt;
    int64_t width = 0;
    const auto [end, status] = std::from_chars(name.data() + 1, name.data() + name.size(), width);
    if (status != std::errc() || width < 1 || width > 10'000'000 || result.size() > 10000) return std::nullopt;
    result.push_back(width);
    name.remove_prefix(static_cast<size_t>(end - name.data()));
  }
  if (result.size() < 2) return std::nullopt;
  return result;
}

/// `mlp?features=8&outputs=1&shape=rectangle&parameters=4096&depth=4`: inputs first, then the widths of all layers.
std::vector<int64_t> planned(const NetworkSpec& spec) {
  const std::string_view size = spec.text("parameters", "1048576");
  MlpPlan plan{parse_mlp_shape(spec.text("shape", "rectangle")), spec.integer("features", 1), spec.integer("outputs", 1), 0,
               spec.integer("depth", 2)};
  if (const auto whole = whole_of(size)) plan.size = *whole;
  else
    throw Error(ErrorKind::invalid_input, "mlp: parameters is '" + std::string(size) +
                                              "'; expected how many it has, as in mlp?features=8&parameters=4096&depth=4");
  std::vector<int64_t> widths = mlp_widths(plan);
  widths.insert(widths.begin(), plan.features);
  return widths;
}

std::string full_name(const std::vector<int64_t>& plan) {
  std::string name = "mlp";
  for (const int64_t width : plan) name += "_" + std::to_string(width);
  return name;
}

Graph perceptron(const NetworkSpec& spec, const std::string& name, const std::vector<int64_t>& plan, bool residual) {
  GraphBuilder b(name, spec);
  int x = b.input({spec.batch, plan.front()});
  for (size_t i = 1; i < plan.size(); ++i) {
    const int before = x;
    x = b.linear(x, plan[i]);
    if (i + 1 == plan.size()) break;
    x = b.relu(x);
    if (residual && plan[i] == plan[i - 1]) x = b.add("Add", {x, before});
  }
  return b.finish({x});
}

std::optional<Graph> by_widths(const NetworkSpec& spec) {
  const auto plan = widths(spec.name);
  if (!plan) return std::nullopt;
  return perceptron(spec, spec.name, *plan, false);
}

std::optional<Graph> by_shape(const NetworkSpec& spec) {
  if (spec.name != "mlp") return std::nullopt;
  const std::vector<int64_t> plan = planned(spec);
  return perceptron(spec, full_name(plan), plan, parse_mlp_shape(spec.text("shape", "rectangle")).residual);
}

}  // namespace

const std::vector<NetworkFamily>& mlp_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"mlp_{inputs}_{width}_..._{outputs}"},
       .summary = "multi-layer perceptron with ReLU between linear layers",
       .build = by_widths},
      {.names = {"mlp"},
       .summary = "the same by shape, depth and number of parameters (BUTTER, Tripp et al. 2022)",
       .options = {"features", "outputs", "shape", "parameters", "depth"},
       .build = by_shape}};
  return families;
}

}  // namespace wattlayer

#include <charconv>

#include "wattlayer/networks/builder.h"
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

std::optional<Graph> mlp(const NetworkSpec& spec) {
  const auto plan = widths(spec.name);
  if (!plan) return std::nullopt;
  GraphBuilder b(spec.name, spec);
  int x = b.input({spec.batch, plan->front()});
  for (size_t i = 1; i < plan->size(); ++i) {
    x = b.linear(x, (*plan)[i]);
    if (i + 1 < plan->size()) x = b.relu(x);
  }
  return b.finish({x});
}

}  // namespace

const std::vector<NetworkFamily>& mlp_networks() {
  static const std::vector<NetworkFamily> families = {{.names = {"mlp_{inputs}_{width}_..._{outputs}"},
                                                       .summary = "multi-layer perceptron with ReLU between linear layers",
                                                       .build = mlp}};
  return families;
}

}  // namespace wattlayer

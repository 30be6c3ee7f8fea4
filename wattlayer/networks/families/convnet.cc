#include <charconv>

#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

/// What a name of the jetson-nano-icas data set says.
struct ConvnetPlan {
  int64_t filters = 0, width = 0;
  std::vector<int64_t> kernels;  ///< of each convolution, in order
  bool separable = false;
  bool mixed = false;  ///< kernels of different sizes
};

/// Reads `PREFIXnumber` from the front of the text.
std::optional<int64_t> take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  int64_t value = 0;
  const char* start = text.data() + prefix.size();
  const auto [end, status] = std::from_chars(start, text.data() + text.size(), value);
  if (status != std::errc() || value < 1 || value > 100000) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

/// Kernels of different sizes take turns until each has had its number of layers.
std::vector<int64_t> interleave(std::vector<std::pair<int64_t, int64_t>> kernel_counts) {
  std::vector<int64_t> kernels;
  for (bool any = true; any;) {
    any = false;
    for (auto& [kernel, left] : kernel_counts)
      if (left > 0) kernels.push_back(kernel), --left, any = true;
  }
  return kernels;
}

/// convnet_L{layers}_F{filters}_K{k}x{k}_W{input}[_DWS], or with several `K{k}x{k}_{count}`, whose counts are the layers.
std::optional<ConvnetPlan> parse(std::string_view name) {
  ConvnetPlan plan;
  if (!name.starts_with("convnet")) return std::nullopt;
  name.remove_prefix(7);
  const auto layers = take(name, "_L");
  const auto filters = take(name, "_F");
  if (!layers || *layers > 1000 || !filters) return std::nullopt;
  plan.filters = *filters;
  std::vector<std::pair<int64_t, int64_t>> counts;
  while (const auto kernel = take(name, "_K")) {
    if (take(name, "x") != kernel) return std::nullopt;
    counts.emplace_back(*kernel, take(name, "_").value_or(*layers));
    if (counts.back().second > 1000 || counts.size() > 100) return std::nullopt;
  }
  const auto width = take(name, "_W");
  if (counts.empty() || !width || (!name.empty() && name != "_DWS")) return std::nullopt;
  plan.kernels = interleave(counts);
  plan.width = *width;
  plan.separable = name == "_DWS";
  plan.mixed = counts.size() > 1;
  return plan;
}

/// Padding of a layer as the data set's generators choose it: 2, but 1 for some kernels and, in mixed stacks, from the first odd
/// kernel on.
int64_t padding(const ConvnetPlan& plan, size_t layer) {
  const int64_t kernel = plan.kernels[layer];
  if (plan.separable) return kernel == 3 ? 1 : 2;
  if (!plan.mixed) return kernel == 1 || kernel == 3 ? 1 : 2;
  for (size_t i = 0; i <= layer; ++i)
    if (plan.kernels[i] % 2 == 1) return 1;
  return 2;
}

std::optional<Graph> convnet(const NetworkSpec& spec) {
  const auto plan = parse(spec.name);
  if (!plan) return std::nullopt;
  const int64_t size = spec.size.value_or(plan->width);
  GraphBuilder b(spec.name, spec);
  int x = b.input({spec.batch, 3, size, size});
  for (size_t i = 0; i < plan->kernels.size(); ++i) {
    ConvSettings settings{.channels = plan->filters, .kernel = plan->kernels[i], .pad = padding(*plan, i)};
    if (plan->separable) {
      settings.channels = settings.group = b.channels(x);
      x = b.conv(x, settings);
      settings = {.channels = plan->filters};
    }
    x = b.relu(b.conv(x, settings));
  }
  return b.finish({b.linear(b.flatten(x), 10)});
}

}  // namespace

const std::vector<NetworkFamily>& convnet_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"convnet_L{layers}_F{filters}_K{k}x{k}_W{input}[_DWS]",
                 "convnet_L{layers}_F{filters}_K{k}x{k}_{count}_K{k}x{k}_{count}_W{input}"},
       .summary = "stride-1 stacks of convolutions and one linear layer, of the jetson-nano-icas data set",
       .build = convnet}};
  return families;
}

}  // namespace wattlayer

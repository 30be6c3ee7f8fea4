#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

int double_conv(GraphBuilder& b, int x, int64_t channels, bool norm) {
  for (int i = 0; i < 2; ++i) {
    x = b.conv(x, {.channels = channels, .kernel = 3, .pad = 1, .bias = !norm});
    x = b.relu(norm ? b.batch_norm(x) : x);
  }
  return x;
}

/// Four levels down and up (Ronneberger et al. 2015) with padded convolutions, so that sizes halve and double exactly.
Graph build(const NetworkSpec& spec, int64_t width, bool norm) {
  const int64_t size = spec.size.value_or(224);
  GraphBuilder b(spec.name, spec);
  int x = b.input({spec.batch, 3, size, size});
  std::vector<int> levels;
  for (int level = 0; level < 4; ++level) {
    levels.push_back(double_conv(b, x, width << level, norm));
    x = b.max_pool(levels.back(), 2, 2);
  }
  x = double_conv(b, x, width << 4, norm);
  for (int level = 3; level >= 0; --level) {
    x = b.transposed_conv(x, width << level, 2, 2);
    x = double_conv(b, b.add("Concat", {levels[static_cast<size_t>(level)], x}, {{"axis", int64_t{1}}}), width << level, norm);
  }
  return b.finish({b.conv(x, {.channels = 2})});
}

std::optional<Graph> unet(const NetworkSpec& spec) {
  if (same_network_name(spec.name, "unet")) return build(spec, 64, true);
  if (same_network_name(spec.name, "unet_plain")) return build(spec, 64, false);
  if (same_network_name(spec.name, "unet_half")) return build(spec, 32, true);
  return std::nullopt;
}

}  // namespace

const std::vector<NetworkFamily>& unet_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"unet", "unet_plain", "unet_half"},
       .summary =
           "U-Net with padded convolutions and two classes; plain: without batch normalisation, half: 32 channels at the top",
       .build = unet}};
  return families;
}

}  // namespace wattlayer

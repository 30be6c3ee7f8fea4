#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/classifier.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/networks/round_channels.h"

namespace wattlayer {
namespace {

/// Convolution, batch normalisation, ReLU6.
int conv_norm_relu6(GraphBuilder& b, int x, ConvSettings settings) {
  settings.bias = false;
  settings.pad = settings.kernel / 2;
  return b.add("Clip", {b.batch_norm(b.conv(x, settings)), b.scalar(0), b.scalar(6)});
}

int inverted_residual(GraphBuilder& b, int x, int64_t out, int64_t stride, int64_t expansion) {
  const int64_t in = b.channels(x), hidden = in * expansion;
  int y = expansion == 1 ? x : conv_norm_relu6(b, x, {.channels = hidden});
  y = conv_norm_relu6(b, y, {.channels = hidden, .kernel = 3, .stride = stride, .group = hidden});
  y = b.batch_norm(b.conv(y, {.channels = out, .bias = false}));
  return stride == 1 && in == out ? b.add("Add", {x, y}) : y;
}

/// torchvision/models/mobilenetv2.py, and the authors' slim/nets/mobilenet: the last convolution grows with the width but
/// does not shrink.
Graph build_v2(const NetworkSpec& spec) {
  struct Stage {
    int64_t expansion, channels, blocks, stride;
  };
  constexpr Stage stages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                              {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  const int64_t size = spec.size.value_or(224);
  const double width = spec.real("width", 1);
  GraphBuilder b("mobilenet_v2", spec);
  int x = conv_norm_relu6(b, b.input({spec.batch, 3, size, size}),
                          {.channels = round_channels(32 * width), .kernel = 3, .stride = 2});
  for (const Stage& s : stages)
    for (int64_t i = 0; i < s.blocks; ++i)
      x = inverted_residual(b, x, round_channels(static_cast<double>(s.channels) * width), i == 0 ? s.stride : 1, s.expansion);
  x = conv_norm_relu6(b, x, {.channels = round_channels(1280 * std::max(1.0, width))});
  if (spec.options.contains("top")) return b.finish({classifier(b, x, spec)});
  x = b.flatten(b.global_pool(x));
  return b.finish({b.linear(b.add("Dropout", {x}), spec.integer("classes", 1000))});
}

/// Howard et al. 2017, table 1; the ReLU is a ReLU6 as in the authors' slim/nets/mobilenet_v1.py.
Graph build_v1(const NetworkSpec& spec) {
  constexpr int64_t plan[][2] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
                                 {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
  const int64_t size = spec.size.value_or(224);
  const double width = spec.real("width", 1);
  GraphBuilder b("mobilenet_v1", spec);
  int x = conv_norm_relu6(b, b.input({spec.batch, 3, size, size}),
                          {.channels = round_channels(32 * width), .kernel = 3, .stride = 2});
  for (const auto& [channels, stride] : plan) {
    x = conv_norm_relu6(b, x, {.channels = b.channels(x), .kernel = 3, .stride = stride, .group = b.channels(x)});
    x = conv_norm_relu6(b, x, {.channels = round_channels(static_cast<double>(channels) * width)});
  }
  return b.finish({b.linear(b.flatten(b.global_pool(x)), spec.integer("classes", 1000))});
}

std::optional<Graph> mobilenet(const NetworkSpec& spec) {
  if (same_network_name(spec.name, "mobilenet_v2")) return build_v2(spec);
  if (same_network_name(spec.name, "mobilenet_v1") || same_network_name(spec.name, "mobilenet")) return build_v1(spec);
  return std::nullopt;
}

}  // namespace

const std::vector<NetworkFamily>& mobilenet_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"mobilenet_v1", "mobilenet_v2"},
       .summary = "MobileNet (Howard et al. 2017; v2 as in torchvision) of any width",
       .options = {"width", "classes", "hidden", "top", "norm"},
       .build = mobilenet}};
  return families;
}

}  // namespace wattlayer

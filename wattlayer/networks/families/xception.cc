#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/classifier.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

int norm(GraphBuilder& b, int x) { return b.batch_norm(x); }

int separable(GraphBuilder& b, int x, int64_t channels) {
  x = b.conv(x, {.channels = b.channels(x), .kernel = 3, .pad = 1, .group = b.channels(x), .bias = false});
  return norm(b, b.conv(x, {.channels = channels, .bias = false}));
}

/// Two separable convolutions and a pool beside a strided 1x1 convolution; `wide`: channels of the first.
int strided_block(GraphBuilder& b, int x, int64_t wide, int64_t channels, bool relu_first) {
  const int shortcut = norm(b, b.conv(x, {.channels = channels, .stride = 2, .bias = false}));
  int y = separable(b, relu_first ? b.relu(x) : x, wide);
  y = separable(b, b.relu(y), channels);
  return b.add("Add", {b.max_pool(y, 3, 2, 1), shortcut});
}

/// Chollet 2017, figure 5, as in keras.applications (299x299, first convolutions unpadded).
std::optional<Graph> xception(const NetworkSpec& spec) {
  if (!same_network_name(spec.name, "xception")) return std::nullopt;
  const int64_t size = spec.size.value_or(299);
  GraphBuilder b("xception", spec);
  int x = b.input({spec.batch, 3, size, size});
  x = b.relu(norm(b, b.conv(x, {.channels = 32, .kernel = 3, .stride = 2, .bias = false})));
  x = b.relu(norm(b, b.conv(x, {.channels = 64, .kernel = 3, .bias = false})));
  x = strided_block(b, x, 128, 128, false);
  x = strided_block(b, x, 256, 256, true);
  x = strided_block(b, x, 728, 728, true);
  for (int i = 0; i < 8; ++i) {
    int y = x;
    for (int j = 0; j < 3; ++j) y = separable(b, b.relu(y), 728);
    x = b.add("Add", {x, y});
  }
  x = strided_block(b, x, 728, 1024, true);
  x = b.relu(separable(b, x, 1536));
  x = b.relu(separable(b, x, 2048));
  return b.finish({classifier(b, x, spec)});
}

}  // namespace

const std::vector<NetworkFamily>& xception_networks() {
  static const std::vector<NetworkFamily> families = {{.names = {"xception"},
                                                       .summary = "Xception, as in keras.applications; classes, hidden=1024",
                                                       .options = {classifier_options.begin(), classifier_options.end()},
                                                       .build = xception}};
  return families;
}

}  // namespace wattlayer

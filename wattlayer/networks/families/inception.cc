#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/classifier.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

/// Convolution, batch normalisation, ReLU; a kernel may be higher than wide.
int conv(GraphBuilder& b, int x, int64_t channels, int64_t height, int64_t width, int64_t stride = 1, bool padded = true) {
  const int64_t top = padded ? height / 2 : 0, left = padded ? width / 2 : 0;
  const int y = b.add("Conv", {x, b.weight({channels, b.channels(x), height, width})},
                      {{"pads", std::vector<int64_t>{top, left, top, left}}, {"strides", std::vector<int64_t>(2, stride)}});
  return b.relu(b.batch_norm(y));
}

int concat(GraphBuilder& b, const std::vector<int>& parts) { return b.add("Concat", parts, {{"axis", int64_t{1}}}); }

/// 1x1, 5x5, two 3x3, pool.
int block_a(GraphBuilder& b, int x, int64_t pooled) {
  const int one = conv(b, x, 64, 1, 1);
  const int five = conv(b, conv(b, x, 48, 1, 1), 64, 5, 5);
  const int three = conv(b, conv(b, conv(b, x, 64, 1, 1), 96, 3, 3), 96, 3, 3);
  return concat(b, {one, five, three, conv(b, b.average_pool(x, 3, 1, 1), pooled, 1, 1)});
}

/// From the 35x35 maps to 17x17.
int reduction_a(GraphBuilder& b, int x) {
  const int three = conv(b, x, 384, 3, 3, 2, false);
  const int twice = conv(b, conv(b, conv(b, x, 64, 1, 1), 96, 3, 3), 96, 3, 3, 2, false);
  return concat(b, {three, twice, b.max_pool(x, 3, 2)});
}

/// 1x1, 7x7 as 1x7 and 7x1, twice that, pool.
int block_b(GraphBuilder& b, int x, int64_t narrow) {
  const int one = conv(b, x, 192, 1, 1);
  const int once = conv(b, conv(b, conv(b, x, narrow, 1, 1), narrow, 1, 7), 192, 7, 1);
  int twice = conv(b, conv(b, conv(b, x, narrow, 1, 1), narrow, 7, 1), narrow, 1, 7);
  twice = conv(b, conv(b, twice, narrow, 7, 1), 192, 1, 7);
  return concat(b, {one, once, twice, conv(b, b.average_pool(x, 3, 1, 1), 192, 1, 1)});
}

/// From the 17x17 maps to 8x8.
int reduction_b(GraphBuilder& b, int x) {
  const int three = conv(b, conv(b, x, 192, 1, 1), 320, 3, 3, 2, false);
  const int seven = conv(b, conv(b, conv(b, conv(b, x, 192, 1, 1), 192, 1, 7), 192, 7, 1), 192, 3, 3, 2, false);
  return concat(b, {three, seven, b.max_pool(x, 3, 2)});
}

int block_c(GraphBuilder& b, int x) {
  const auto fork = [&](int y) { return concat(b, {conv(b, y, 384, 1, 3), conv(b, y, 384, 3, 1)}); };
  const int one = conv(b, x, 320, 1, 1);
  const int three = fork(conv(b, x, 384, 1, 1));
  const int twice = fork(conv(b, conv(b, x, 448, 1, 1), 384, 3, 3));
  return concat(b, {one, three, twice, conv(b, b.average_pool(x, 3, 1, 1), 192, 1, 1)});
}

/// Szegedy et al. 2016, as in keras.applications (299x299, no auxiliary classifier).
std::optional<Graph> inception(const NetworkSpec& spec) {
  if (!same_network_name(spec.name, "inception_v3")) return std::nullopt;
  const int64_t size = spec.size.value_or(299);
  GraphBuilder b("inception_v3", spec);
  int x = b.input({spec.batch, 3, size, size});
  x = conv(b, conv(b, conv(b, x, 32, 3, 3, 2, false), 32, 3, 3, 1, false), 64, 3, 3);
  x = b.max_pool(x, 3, 2);
  x = conv(b, conv(b, x, 80, 1, 1), 192, 3, 3, 1, false);
  x = b.max_pool(x, 3, 2);
  for (int64_t pooled : {32, 64, 64}) x = block_a(b, x, pooled);
  x = reduction_a(b, x);
  for (int64_t narrow : {128, 160, 160, 192}) x = block_b(b, x, narrow);
  x = reduction_b(b, x);
  for (int i = 0; i < 2; ++i) x = block_c(b, x);
  return b.finish({classifier(b, x, spec)});
}

}  // namespace

const std::vector<NetworkFamily>& inception_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"inception_v3"},
       .summary = "Inception v3, as in keras.applications; a classifier of one's own: top=flatten, hidden=2048/1024, norm=1",
       .options = {classifier_options.begin(), classifier_options.end()},
       .build = inception}};
  return families;
}

}  // namespace wattlayer

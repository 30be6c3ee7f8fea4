#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/classifier.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

int concat(GraphBuilder& b, const std::vector<int>& parts) { return b.add("Concat", parts, {{"axis", int64_t{1}}}); }
int add(GraphBuilder& b, int x, int y) { return b.add("Add", {x, y}); }

int squeeze(GraphBuilder& b, int x, int64_t channels) {
  return b.batch_norm(b.conv(b.relu(x), {.channels = channels, .bias = false}));
}

/// ReLU, depthwise and 1x1 convolution, batch normalisation; twice, the first time with the stride.
int separable(GraphBuilder& b, int x, int64_t channels, int64_t kernel, int64_t stride = 1) {
  for (int64_t s : {stride, int64_t{1}}) {
    const ConvSettings depthwise{
        .channels = b.channels(x), .kernel = kernel, .stride = s, .pad = kernel / 2, .group = b.channels(x), .bias = false};
    x = b.batch_norm(b.conv(b.conv(b.relu(x), depthwise), {.channels = channels, .bias = false}));
  }
  return x;
}

/// The output of the cell before the last in the size of the last one: two shifted samplings side by side where it is larger. The
/// first cell takes the stem as it is.
int adjusted(GraphBuilder& b, int before, int x, int64_t channels) {
  if (b.shape(before)[2] != b.shape(x)[2]) {
    const int y = b.relu(before);
    const int first =
        b.conv(b.add("AveragePool", {y}, {{"kernel_shape", std::vector<int64_t>(2, 1)}, {"strides", std::vector<int64_t>(2, 2)}}),
               {.channels = channels / 2, .bias = false});
    const int64_t high = b.shape(y)[2], wide = b.shape(y)[3];
    const int padded = b.add("Pad", {y, b.constant({0, 0, 0, 0, 0, 0, 1, 1})});
    const int moved = b.add("Slice", {padded, b.constant({1, 1}), b.constant({high + 1, wide + 1}), b.constant({2, 3})});
    const int second = b.conv(
        b.add("AveragePool", {moved}, {{"kernel_shape", std::vector<int64_t>(2, 1)}, {"strides", std::vector<int64_t>(2, 2)}}),
        {.channels = channels - channels / 2, .bias = false});
    return b.batch_norm(concat(b, {first, second}));
  }
  return before == x || b.channels(before) == channels ? before : squeeze(b, before, channels);
}

/// The last output and the one before it.
struct Cells {
  int x, before;
};

Cells normal(GraphBuilder& b, const Cells& in, int64_t channels) {
  const int p = adjusted(b, in.before, in.x, channels), h = squeeze(b, in.x, channels);
  const int one = add(b, separable(b, h, channels, 5), separable(b, p, channels, 3));
  const int two = add(b, separable(b, p, channels, 5), separable(b, p, channels, 3));
  const int three = add(b, b.average_pool(h, 3, 1, 1), p);
  const int four = add(b, b.average_pool(p, 3, 1, 1), b.average_pool(p, 3, 1, 1));
  const int five = add(b, separable(b, h, channels, 3), h);
  return {concat(b, {p, one, two, three, four, five}), in.x};
}

Cells reduction(GraphBuilder& b, const Cells& in, int64_t channels) {
  const int p = adjusted(b, in.before, in.x, channels), h = squeeze(b, in.x, channels);
  const int one = add(b, separable(b, h, channels, 5, 2), separable(b, p, channels, 7, 2));
  const int two = add(b, b.max_pool(h, 3, 2, 1), separable(b, p, channels, 7, 2));
  const int three = add(b, b.average_pool(h, 3, 2, 1), separable(b, p, channels, 5, 2));
  const int four = add(b, two, b.average_pool(one, 3, 1, 1));
  const int five = add(b, separable(b, one, channels, 3), b.max_pool(h, 3, 2, 1));
  return {concat(b, {two, three, four, five}), in.x};
}

/// Zoph et al. 2018, NASNet-A (4 @ 1056), as in keras.applications.
std::optional<Graph> nasnet(const NetworkSpec& spec) {
  if (!same_network_name(spec.name, "nasnet_mobile")) return std::nullopt;
  constexpr int64_t filters = 44, stem = 32, repeats = 4;
  const int64_t size = spec.size.value_or(224);
  GraphBuilder b("nasnet_mobile", spec);
  const int first =
      b.batch_norm(b.conv(b.input({spec.batch, 3, size, size}), {.channels = stem, .kernel = 3, .stride = 2, .bias = false}));
  Cells cells{first, first};
  for (int64_t channels : {filters / 4, filters / 2}) cells = reduction(b, cells, channels);
  for (int64_t stage = 0; stage < 3; ++stage) {
    const int64_t channels = filters << stage;
    if (stage > 0) cells = reduction(b, cells, channels);
    for (int64_t i = 0; i < repeats; ++i) cells = normal(b, cells, channels);
  }
  return b.finish({classifier(b, b.relu(cells.x), spec)});
}

}  // namespace

const std::vector<NetworkFamily>& nasnet_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"nasnet_mobile"},
       .summary = "NASNet-A (4 @ 1056), as in keras.applications; classes, hidden=512",
       .options = {classifier_options.begin(), classifier_options.end()},
       .build = nasnet}};
  return families;
}

}  // namespace wattlayer

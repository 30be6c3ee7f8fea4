#include <fmt/format.h>

#include <array>

#include "wattlayer/core/error.h"
#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

enum class Operation { none, skip_connect, avg_pool_3x3, nor_conv_1x1, nor_conv_3x3 };
constexpr std::string_view operation_names[] = {"none", "skip_connect", "avg_pool_3x3", "nor_conv_1x1", "nor_conv_3x3"};

/// A directed graph of four nodes: edges to node 1 from 0, to node 2 from 0 and 1, to node 3 from 0, 1 and 2.
using Cell = std::array<std::array<Operation, 3>, 3>;

Error bad_cell(std::string_view text, std::string_view found) {
  return Error(ErrorKind::invalid_input,
               fmt::format("cell '{}' of nas_bench_201 {}; expected |op~0|+|op~0|op~1|+|op~0|op~1|op~2|, or the six edges joined "
                           "by '/', with op one of {}",
                           text, found, fmt::join(operation_names, ", ")));
}

/// Reads both spellings: what lies between `|`, `+` and `/` is an edge.
Cell parse_cell(std::string_view text) {
  Cell cell{};
  std::array<std::array<bool, 3>, 3> seen{};
  size_t edges = 0;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find_first_of("|+/", start), text.size());
    const std::string_view edge = text.substr(start, end - start);
    start = end + 1;
    if (edge.empty()) continue;
    const size_t node = edges == 0 ? 0 : edges < 3 ? 1 : 2;
    if (++edges > 6) throw bad_cell(text, "has more than six edges");
    const size_t mark = std::min(edge.find('~'), edge.size());
    const auto* name = std::find(std::begin(operation_names), std::end(operation_names), edge.substr(0, mark));
    const std::string_view source = edge.substr(std::min(mark + 1, edge.size()));
    if (name == std::end(operation_names)) throw bad_cell(text, fmt::format("has the edge '{}'", edge));
    if (source.size() != 1 || source[0] < '0' || source[0] > '0' + static_cast<char>(node) || seen[node][source[0] - '0'])
      throw bad_cell(text, fmt::format("has the edge '{}' where one from another node is due", edge));
    seen[node][source[0] - '0'] = true;
    cell[node][source[0] - '0'] = static_cast<Operation>(name - operation_names);
  }
  if (edges != 6) throw bad_cell(text, fmt::format("has {} edges", edges));
  return cell;
}

/// ReLU, convolution without bias, batch normalisation.
int relu_conv_norm(GraphBuilder& b, int x, int64_t channels, int64_t kernel, int64_t stride = 1) {
  return b.batch_norm(
      b.conv(b.relu(x), {.channels = channels, .kernel = kernel, .stride = stride, .pad = kernel / 2, .bias = false}));
}

int run(GraphBuilder& b, int x, Operation operation) {
  switch (operation) {
    case Operation::none:
      return b.add("Mul", {x, b.scalar(0)});
    case Operation::skip_connect:
      return b.add("Identity", {x});
    case Operation::avg_pool_3x3:
      return b.average_pool(x, 3, 1, 1);
    case Operation::nor_conv_1x1:
      return relu_conv_norm(b, x, b.channels(x), 1);
    case Operation::nor_conv_3x3:
      return relu_conv_norm(b, x, b.channels(x), 3);
  }
  return x;
}

int cell_output(GraphBuilder& b, int x, const Cell& cell) {
  std::vector<int> nodes = {x};
  for (size_t node = 0; node < cell.size(); ++node) {
    int sum = run(b, nodes[0], cell[node][0]);
    for (size_t source = 1; source <= node; ++source) sum = b.add("Add", {sum, run(b, nodes[source], cell[node][source])});
    nodes.push_back(sum);
  }
  return nodes.back();
}

/// Halves the map and doubles the channels.
int residual_block(GraphBuilder& b, int x) {
  const int64_t out = 2 * b.channels(x);
  const int y = relu_conv_norm(b, relu_conv_norm(b, x, out, 3, 2), out, 3);
  return b.add("Add", {b.conv(b.average_pool(x, 2, 2), {.channels = out, .bias = false}), y});
}

struct Task {
  std::string_view name;
  Shape input;  ///< channels, height, width
  int64_t classes;
};

/// Inputs of NAS-Bench-201 and of NAS-Bench-360 as HW-NAS-Bench-360 measured them (darcy padded from 85 to 88).
const Task& task_named(std::string_view name) {
  static const std::vector<Task> tasks = {{"cifar10", {3, 32, 32}, 10},
                                          {"cifar100", {3, 32, 32}, 100},
                                          {"imagenet16-120", {3, 16, 16}, 120},
                                          {"ninapro", {1, 52, 16}, 18},
                                          {"darcy", {1, 88, 88}, 1}};
  for (const Task& task : tasks)
    if (task.name == name) return task;
  throw Error(
      ErrorKind::invalid_input,
      fmt::format("task '{}' of nas_bench_201 is unknown; expected cifar10, cifar100, imagenet16-120, ninapro or darcy", name));
}

/// Three stages of five cells with 16, 32 and 64 channels, residual blocks between (Dong and Yang 2020, figure 1).
std::optional<Graph> nas_bench_201(const NetworkSpec& spec) {
  if (!same_network_name(spec.name, "nas_bench_201")) return std::nullopt;
  const Cell cell = parse_cell(spec.text("cell", ""));
  const Task& task = task_named(spec.text("task", "cifar100"));
  GraphBuilder b("nas_bench_201", spec);
  Shape input = task.input;
  if (spec.size) input[1] = input[2] = *spec.size;
  int x = b.input({spec.batch, input[0], input[1], input[2]});
  x = b.batch_norm(b.conv(x, {.channels = 16, .kernel = 3, .pad = 1, .bias = false}));
  for (int stage = 0; stage < 3; ++stage) {
    if (stage > 0) x = residual_block(b, x);
    x = b.repeat(5, x, [&](int y) { return cell_output(b, y, cell); });
  }
  x = b.flatten(b.global_pool(b.relu(b.batch_norm(x))));
  return b.finish({b.linear(x, task.classes)});
}

}  // namespace

const std::vector<NetworkFamily>& nas_bench_201_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"nas_bench_201?cell={CELL}"},
       .summary =
           "NAS-Bench-201 (Dong and Yang 2020): cell=|op~0|+|op~0|op~1|+|op~0|op~1|op~2|, task=cifar100, ninapro, darcy, ...",
       .options = {"cell", "task"},
       .build = nas_bench_201}};
  return families;
}

}  // namespace wattlayer

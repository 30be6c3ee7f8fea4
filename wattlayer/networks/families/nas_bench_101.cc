#include <fmt/format.h>

#include <algorithm>

#include "wattlayer/core/error.h"
#include "wattlayer/networks/builder.h"
#include "wattlayer/networks/network.h"

namespace wattlayer {
namespace {

enum class Operation { input, output, conv3x3, conv1x1, maxpool3x3 };

/// A directed graph of vertices in order: the first is the input, the last the output.
struct Cell {
  std::vector<Operation> operations;
  std::vector<char> edges;  ///< row by row, 1 where the row's vertex leads to the column's

  size_t size() const { return operations.size(); }
  bool edge(size_t from, size_t to) const { return edges[from * size() + to] != 0; }
};

Error wrong(std::string_view option, std::string_view text, std::string_view expected) {
  return {ErrorKind::invalid_input, fmt::format("{} of nas_bench_101 is '{}'; expected {}", option, text, expected)};
}

/// Names joined by `|`, or the numbers of the tables: -1 input, -2 output, 0 conv3x3, 1 conv1x1, 2 maxpool3x3.
std::vector<Operation> parse_operations(std::string_view text) {
  constexpr std::pair<std::string_view, Operation> spellings[] = {{"input", Operation::input},
                                                                  {"output", Operation::output},
                                                                  {"conv3x3-bn-relu", Operation::conv3x3},
                                                                  {"conv1x1-bn-relu", Operation::conv1x1},
                                                                  {"maxpool3x3", Operation::maxpool3x3},
                                                                  {"-1", Operation::input},
                                                                  {"-2", Operation::output},
                                                                  {"0", Operation::conv3x3},
                                                                  {"1", Operation::conv1x1},
                                                                  {"2", Operation::maxpool3x3}};
  std::vector<Operation> result;
  for (std::string_view rest = text; !rest.empty();) {
    if (rest[0] == '|' && !result.empty()) rest.remove_prefix(1);
    const auto* next = std::find_if(std::begin(spellings), std::end(spellings),
                                    [&](const auto& spelling) { return rest.starts_with(spelling.first); });
    if (next == std::end(spellings)) throw wrong("ops", text, "input|conv3x3-bn-relu|...|output, or -1 0 1 2 -2 side by side");
    result.push_back(next->second);
    rest.remove_prefix(next->first.size());
  }
  return result;
}

Cell parse_cell(std::string_view operations, std::string_view matrix) {
  Cell cell{.operations = parse_operations(operations)};
  const size_t n = cell.size();
  if (n < 2 || cell.operations.front() != Operation::input || cell.operations.back() != Operation::output)
    throw wrong("ops", operations, "an input first and an output last");
  for (char c : matrix)
    if (c == '0' || c == '1') cell.edges.push_back(static_cast<char>(c - '0'));
    else if (c != '[' && c != ']') throw wrong("matrix", matrix, "0, 1 and brackets around rows only");
  if (cell.edges.size() != n * n) throw wrong("matrix", matrix, fmt::format("{} times {} digits, one row a vertex", n, n));
  for (size_t from = 0; from < n; ++from)
    for (size_t to = 0; to <= from; ++to)
      if (cell.edge(from, to)) throw wrong("matrix", matrix, "edges to later vertices only");
  return cell;
}

/// compute_vertex_channels of the authors' nasbench/lib/model_builder.py.
std::vector<int64_t> vertex_channels(const Cell& cell, int64_t in, int64_t out) {
  const size_t last = cell.size() - 1;
  std::vector<int64_t> channels(cell.size(), 0);
  channels[0] = in, channels[last] = out;
  int64_t ends = 0;
  for (size_t v = 1; v < last; ++v) ends += cell.edge(v, last);
  if (ends == 0) return channels;
  int64_t left = out % ends;
  for (size_t v = 1; v < last; ++v)
    if (cell.edge(v, last)) channels[v] = out / ends + (left-- > 0 ? 1 : 0);
  for (size_t v = last - 1; v-- > 1;)
    for (size_t to = v + 1; !cell.edge(v, last) && to < last; ++to)
      if (cell.edge(v, to)) channels[v] = std::max(channels[v], channels[to]);
  return channels;
}

int conv_norm_relu(GraphBuilder& b, int x, int64_t channels, int64_t kernel) {
  return b.relu(b.batch_norm(b.conv(x, {.channels = channels, .kernel = kernel, .pad = kernel / 2, .bias = false})));
}

int truncated(GraphBuilder& b, int x, int64_t channels) {
  if (b.channels(x) == channels) return x;
  return b.add("Slice", {x, b.constant({0}), b.constant({channels}), b.constant({1})});
}

int sum(GraphBuilder& b, const std::vector<int>& parts) {
  int total = parts.front();
  for (size_t i = 1; i < parts.size(); ++i) total = b.add("Add", {total, parts[i]});
  return total;
}

int run(GraphBuilder& b, int x, Operation operation, int64_t channels) {
  if (operation == Operation::maxpool3x3) return b.max_pool(x, 3, 1, 1);
  return conv_norm_relu(b, x, channels, operation == Operation::conv3x3 ? 3 : 1);
}

/// build_module of the same file.
int cell_output(GraphBuilder& b, int x, const Cell& cell, int64_t out) {
  const size_t last = cell.size() - 1;
  const std::vector<int64_t> channels = vertex_channels(cell, b.channels(x), out);
  std::vector<int> vertices = {x}, ends;
  for (size_t v = 1; v < last; ++v) {
    std::vector<int> parts;
    for (size_t from = 1; from < v; ++from)
      if (cell.edge(from, v)) parts.push_back(truncated(b, vertices[from], channels[v]));
    if (cell.edge(0, v)) parts.push_back(conv_norm_relu(b, x, channels[v], 1));
    if (parts.empty()) throw wrong("matrix", "", "an edge that leads to every vertex between input and output");
    vertices.push_back(run(b, sum(b, parts), cell.operations[v], channels[v]));
    if (cell.edge(v, last)) ends.push_back(vertices[v]);
  }
  if (ends.empty()) return conv_norm_relu(b, x, out, 1);
  const int joined = ends.size() == 1 ? ends[0] : b.add("Concat", ends, {{"axis", int64_t{1}}});
  return cell.edge(0, last) ? b.add("Add", {joined, conv_norm_relu(b, x, out, 1)}) : joined;
}

/// Stem of 128 channels, three stacks of three cells, maps halved and channels doubled between (Ying et al. 2019, figure 1).
std::optional<Graph> nas_bench_101(const NetworkSpec& spec) {
  if (!same_network_name(spec.name, "nas_bench_101")) return std::nullopt;
  const Cell cell = parse_cell(spec.text("ops", ""), spec.text("matrix", ""));
  const int64_t size = spec.size.value_or(32);
  GraphBuilder b("nas_bench_101", spec);
  int x = conv_norm_relu(b, b.input({spec.batch, 3, size, size}), 128, 3);
  for (int64_t stack = 0; stack < 3; ++stack) {
    if (stack > 0) x = b.max_pool(x, 2, 2);
    for (int i = 0; i < 3; ++i) x = cell_output(b, x, cell, int64_t{128} << stack);
  }
  return b.finish({b.linear(b.flatten(b.global_pool(x)), spec.integer("classes", 10))});
}

}  // namespace

const std::vector<NetworkFamily>& nas_bench_101_networks() {
  static const std::vector<NetworkFamily> families = {
      {.names = {"nas_bench_101?ops={OPS}&matrix={ADJACENCY}"},
       .summary = "NAS-Bench-101 (Ying et al. 2019): ops=input|conv3x3-bn-relu|...|output, matrix=[[011][001][000]]",
       .options = {"ops", "matrix", "classes"},
       .build = nas_bench_101}};
  return families;
}

}  // namespace wattlayer

#include "wattlayer/api/network_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <unordered_map>

#include "wattlayer/core/error.h"
#include "wattlayer/core/nearest.h"
#include "wattlayer/core/text_file.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

constexpr std::string_view generated_prefix = "net:";
constexpr size_t longest_list = 64 << 20;

bool has_ending(const std::string& path, std::string_view ending) {
  return path.size() >= ending.size() &&
         std::equal(ending.rbegin(), ending.rend(), path.rbegin(), [](char a, char b) { return a == std::tolower(b); });
}

/// A list of layers is text; an ONNX file starts with a control character (a protobuf field number).
bool is_text(const std::string& path) {
  if (has_ending(path, ".onnx")) return false;
  if (path == "-" || has_ending(path, ".txt")) return true;
  std::array<char, 256> start{};
  std::ifstream in(path, std::ios::binary);
  in.read(start.data(), start.size());
  const auto* end = start.data() + in.gcount();
  const bool control = std::any_of(static_cast<const char*>(start.data()), end,
                                   [](char c) { return static_cast<unsigned char>(c) < 0x20 && !std::isspace(c); });
  return in.gcount() > 0 && !control;
}

/// A layer that can be priced: its operator is known, or its outputs are given.
Layer checked_layer(std::string_view text) {
  Layer layer = parse_layer(text);
  if (find_operator(layer.op) || std::all_of(layer.outputs.begin(), layer.outputs.end(), [](const Tensor& t) { return t.known; }))
    return layer;
  std::vector<std::string> known;
  for (const Operator* op : catalogue()) known.emplace_back(op->name);
  throw Error(ErrorKind::invalid_input,
              fmt::format("unknown operator '{}'{}; outputs after `->` let it be bounded", layer.op, nearest(layer.op, known)));
}

std::vector<Layer> read_list(const std::string& path) {
  const std::string text = read_text(path);
  if (text.size() > longest_list) throw Error(ErrorKind::invalid_input, path + ": a list of layers over 64 MiB; split it");
  std::vector<Layer> layers;
  size_t line_number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    ++line_number;
    line = line.substr(0, line.find('#'));
    const size_t first = line.find_first_not_of(" \t\r");
    if (first == line.npos) continue;
    line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
    try {
      layers.push_back(checked_layer(line));
    } catch (const Error& e) {
      throw e.within(fmt::format("{} line {}", path, line_number));
    }
  }
  if (layers.empty())
    throw Error(ErrorKind::invalid_input,
                path + ": no layer in it; expected one per line, such as: Conv 1x3x224x224 64x3x7x7 strides=2,2");
  return layers;
}

}  // namespace

NetworkSource::NetworkSource(std::string argument) : argument_(std::move(argument)) {
  if (argument_.starts_with(generated_prefix)) return;
  if (argument_ != "-" && !std::filesystem::exists(argument_))
    throw Error(ErrorKind::io, fmt::format("cannot read {}: no such file", argument_));
  if (std::filesystem::is_directory(argument_))
    throw Error(ErrorKind::io, fmt::format("cannot read {}: it is a folder", argument_));
  if (argument_ != "-" && !std::filesystem::is_regular_file(argument_))
    throw Error(ErrorKind::io,
                fmt::format("cannot read {}: it is a pipe or a device, expected a file; `-` reads a list of layers "
                            "from standard input",
                            argument_));
  if (is_text(argument_)) list_ = read_list(argument_);
}

NetworkSource NetworkSource::of_layer(const std::string& text) {
  NetworkSource source;
  source.argument_ = text;
  source.list_ = std::vector<Layer>{checked_layer(text)};
  return source;
}

Graph NetworkSource::generated(const ImportOptions& options) const {
  if (!options.inputs.empty() || !options.dimensions.empty())
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: the shapes of a generated network are in its name; leave --input and --dim out", argument_));
  std::string spec = argument_.substr(generated_prefix.size());
  if (options.batch) spec += fmt::format("{}batch={}", spec.find('?') == spec.npos ? '?' : '&', *options.batch);
  return network(spec);
}

Graph NetworkSource::graph(const ImportOptions& options) const {
  if (argument_.starts_with(generated_prefix)) return generated(options);
  if (!list_) {
    Graph graph = read_onnx(argument_, options);
    // Never energy times batch: a batch that the reader did not set would be a silent lie.
    if (options.batch && graph.batch != *options.batch)
      throw Error(ErrorKind::unsupported,
                  fmt::format("{}: cannot set batch {}, its inputs stay at batch {}; export it at that batch", argument_,
                              *options.batch, graph.batch));
    graph.name = std::filesystem::path(argument_).stem().string();
    return graph;
  }
  if (options.batch && *options.batch != 1)
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: the shapes of a list of layers are fixed; write them for batch {} and leave --batch out",
                            argument_, *options.batch));
  Graph graph;
  graph.name = argument_ == print(list_->front()) ? argument_ : std::filesystem::path(argument_).stem().string();
  for (const Layer& layer : *list_)
    graph.nodes.push_back({.name = "", .layer = layer, .in_catalogue = find_operator(layer.op) != nullptr});
  return graph;
}

Workload NetworkSource::workload(const Graph& graph, const Engine& engine) const {
  if (!list_) return lower(graph, engine);
  Workload workload{.name = graph.name, .batch = graph.batch, .is_network = list_->size() > 1};
  std::unordered_map<std::string, size_t> at;
  for (const Layer& layer : *list_) {
    const auto [place, added] = at.try_emplace(print(layer), workload.items.size());
    if (added) workload.items.push_back({layer, 1, {}});
    else workload.items[place->second].count += 1;
  }
  return workload;
}

}  // namespace wattlayer

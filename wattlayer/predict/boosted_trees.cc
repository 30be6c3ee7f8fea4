#include "wattlayer/predict/boosted_trees.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

using Json = nlohmann::ordered_json;
using Node = BoostedTrees::Node;

// A node is three letters, 18 bits: a leaf is leaf_flag + steps + largest_steps; a split is input x thresholds_of_an_input +
// rank.
constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr size_t letters_of_a_node = 3;
constexpr uint32_t leaf_flag = 1u << 17;
constexpr int32_t largest_steps = 32767;
constexpr size_t thresholds_of_an_input = 2048, most_inputs = leaf_flag / thresholds_of_an_input;
constexpr size_t deepest = 64;

void append_code(std::string& text, uint32_t code) {
  for (int shift = 12; shift >= 0; shift -= 6) text += letters[(code >> shift) & 63];
}

float largest_leaf(std::span<const Node> nodes) {
  float largest = 0;
  for (const Node& n : nodes)
    if (n.input == Node::leaf) largest = std::max(largest, std::abs(n.value));
  return largest;
}

double step_of(std::span<const Node> nodes) { return static_cast<double>(largest_leaf(nodes)) / largest_steps; }

int32_t steps_of(const Node& node, double step) {
  return step > 0 ? static_cast<int32_t>(std::lround(static_cast<double>(node.value) / step)) : 0;
}

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorKind::invalid_input, "boosted trees: " + what); }

/// Reads the letters of one tree after another.
class Reader {
 public:
  Reader(std::string_view text, double step, const std::vector<std::vector<float>>& thresholds,
         const std::vector<uint32_t>& inputs)
      : text_(text), step_(step), thresholds_(thresholds), inputs_(inputs) {
    if (text.size() % letters_of_a_node != 0) refuse(fmt::format("expected three letters a node, found {} letters", text.size()));
    places_.fill(-1);
    for (size_t i = 0; i < letters.size(); ++i) places_[static_cast<unsigned char>(letters[i])] = static_cast<int>(i);
  }
  bool at_end() const { return at_ == text_.size(); }

  std::vector<Node> tree() {
    std::vector<Node> nodes;
    read(nodes, 0);
    return nodes;
  }

 private:
  uint32_t code() {
    if (at_end()) refuse("the last tree is incomplete");
    uint32_t code = 0;
    for (size_t i = 0; i < letters_of_a_node; ++i) {
      const int place = places_[static_cast<unsigned char>(text_[at_++])];
      if (place < 0) refuse(fmt::format("'{}' is no letter of a node", text_[at_ - 1]));
      code = code << 6 | static_cast<uint32_t>(place);
    }
    return code;
  }

  void read(std::vector<Node>& nodes, size_t depth) {
    if (depth > deepest) refuse(fmt::format("a tree is deeper than {}", deepest));
    const uint32_t c = code();
    if (c >= leaf_flag) {
      const int32_t steps = static_cast<int32_t>(c - leaf_flag) - largest_steps;
      nodes.push_back({.value = static_cast<float>(steps * step_)});
      return;
    }
    const size_t input = c / thresholds_of_an_input, rank = c % thresholds_of_an_input;
    if (input >= inputs_.size() || rank >= thresholds_[input].size())
      refuse(fmt::format("a node compares threshold {} of input {}, which the list lacks", rank, input));
    const size_t self = nodes.size();
    nodes.push_back({.value = thresholds_[input][rank], .input = inputs_[input]});
    read(nodes, depth + 1);
    nodes[self].right = static_cast<uint32_t>(nodes.size());
    read(nodes, depth + 1);
  }

  std::string_view text_;
  size_t at_ = 0;
  double step_;
  const std::vector<std::vector<float>>& thresholds_;
  const std::vector<uint32_t>& inputs_;
  std::array<int, 256> places_;
};

std::vector<float> parse_floats(std::string_view text) {
  std::vector<float> values;
  const char *at = text.data(), *end = text.data() + text.size();
  while (at != end) {
    float value = 0;
    const auto [next, status] = std::from_chars(at, end, value);
    if (status != std::errc() || !std::isfinite(value)) refuse(fmt::format("'{}' is no list of numbers", text));
    values.push_back(value);
    at = next;
    while (at != end && *at == ' ') ++at;
  }
  return values;
}

}  // namespace

// In the order and precision of XGBoost, so that both agree.
float BoostedTrees::add(float sum, std::span<const float> inputs, size_t first, size_t last) const {
  const Node* const nodes = nodes_.data();
  for (size_t tree = first; tree < last; ++tree) {
    uint32_t at = roots_[tree];
    while (nodes[at].input != Node::leaf) at = inputs[nodes[at].input] < nodes[at].value ? at + 1 : nodes[at].right;
    sum += nodes[at].value;
  }
  return sum;
}

void BoostedTrees::add_tree(std::span<const Node> preorder) {
  const auto first = static_cast<uint32_t>(nodes_.size());
  roots_.push_back(first);
  for (Node node : preorder) {
    if (node.input != Node::leaf) node.right += first;
    nodes_.push_back(node);
  }
}

void BoostedTrees::rename_inputs(std::span<const size_t> places) {
  for (Node& n : nodes_)
    if (n.input != Node::leaf) n.input = static_cast<uint32_t>(places[n.input]);
}

void BoostedTrees::round_leaves() {
  const double step = step_of(nodes_);
  for (Node& n : nodes_)
    if (n.input == Node::leaf) n.value = static_cast<float>(steps_of(n, step) * step);
}

std::string BoostedTrees::print(std::span<const std::string_view> input_names) const {
  std::map<uint32_t, std::set<float>> used;
  for (const Node& n : nodes_)
    if (n.input != Node::leaf) used[n.input].insert(n.value);
  if (used.size() > most_inputs) throw Error(ErrorKind::internal, "boosted trees compare more inputs than the format can name");
  Json thresholds = Json::object();
  std::map<std::pair<uint32_t, float>, uint32_t> codes;
  uint32_t place = 0;
  for (const auto& [input, values] : used) {
    if (values.size() > thresholds_of_an_input)
      throw Error(ErrorKind::internal, "boosted trees have more thresholds of one input than the format can name");
    std::string text;
    uint32_t rank = 0;
    for (float v : values) {
      text += fmt::format("{}{}", rank == 0 ? "" : " ", v);
      codes[{input, v}] = place * static_cast<uint32_t>(thresholds_of_an_input) + rank++;
    }
    thresholds[std::string(input_names[input])] = text;
    ++place;
  }
  const double step = step_of(nodes_);
  std::string text;
  for (const Node& n : nodes_)
    append_code(text, n.input == Node::leaf ? leaf_flag + static_cast<uint32_t>(steps_of(n, step) + largest_steps)
                                            : codes.at({n.input, n.value}));
  return Json{{"base", base_}, {"step", step}, {"thresholds", thresholds}, {"nodes", text}}.dump();
}

BoostedTrees BoostedTrees::parse(std::string_view text, std::span<const std::string_view> input_names) try {
  const Json json = Json::parse(text);
  BoostedTrees trees;
  trees.base_ = json.at("base");
  const double step = json.at("step");
  std::vector<std::vector<float>> thresholds;
  std::vector<uint32_t> inputs;
  for (const auto& [name, values] : json.at("thresholds").items()) {
    const auto at = std::find(input_names.begin(), input_names.end(), name);
    if (at == input_names.end())
      throw Error(ErrorKind::unsupported, "boosted trees: this program has no input " + name + "; use a newer one");
    inputs.push_back(static_cast<uint32_t>(at - input_names.begin()));
    thresholds.push_back(parse_floats(values.get<std::string>()));
  }
  const std::string nodes = json.at("nodes");
  Reader reader(nodes, step, thresholds, inputs);
  while (!reader.at_end()) trees.add_tree(reader.tree());
  return trees;
} catch (const nlohmann::json::exception& e) {
  refuse(e.what());
}

}  // namespace wattlayer

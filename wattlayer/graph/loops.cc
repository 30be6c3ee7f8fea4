#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "wattlayer/core/error.h"
#include "wattlayer/graph/walk.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/ops/rules.h"

namespace wattlayer {
namespace {

[[noreturn]] void invalid(const std::string& message) { throw Error(ErrorKind::invalid_input, message); }

}  // namespace

/// Number of iterations, and whether the graph says so.
std::pair<double, bool> Walk::trip_count(const onnx::Node& source, const Scope& scope, const onnx::Graph& body) const {
  auto value_of = [&](size_t i) {
    const int value = input_value(source, i, scope);
    return value < 0 ? nullptr : result_.tensors[static_cast<size_t>(value)].value;
  };
  const auto condition = value_of(1);
  if (condition && condition->size() == 1 && !condition->integer(0)) return {0, true};
  const auto limit = value_of(0);
  // A `for` loop hands its condition on unchanged, or sets it to true; any other may stop early.
  const std::string_view next = body.outputs.empty() ? std::string_view() : body.outputs[0].name;
  bool is_for = body.inputs.size() > 1 && next == body.inputs[1].name;
  for (const onnx::Node& node : body.nodes) {
    const bool makes_next = std::find(node.outputs.begin(), node.outputs.end(), next) != node.outputs.end();
    if (makes_next && (node.op == "Constant" || (node.op == "Identity" && body.inputs.size() > 1 && !node.inputs.empty() &&
                                                 node.inputs[0] == body.inputs[1].name)))
      is_for = true;
    if (makes_next && (node.op == "Cast" || node.op == "Identity") && !node.inputs.empty()) {
      const auto outer = scope.find(node.inputs[0]);
      if (outer && result_.tensors[static_cast<size_t>(*outer)].constant) is_for = true;
    }
  }
  for (const onnx::StoredTensor& stored : body.initializers) is_for = is_for || stored.name == next;
  if (is_for && limit && limit->size() == 1 && limit->integer(0) >= 0 && limit->integer(0) < (int64_t{1} << 40))
    return {static_cast<double>(limit->integer(0)), true};
  return {static_cast<double>(std::max<int64_t>(options_.trip_count, 0)), false};
}

/// A copy of a value that changes from one iteration to the next; the original stays needed.
int Walk::carry(int initial, std::string_view name) {
  Tensor tensor = initial < 0 ? Tensor::absent() : result_.tensors[static_cast<size_t>(initial)];
  tensor.value = nullptr;
  tensor.constant = false;
  if (initial >= 0) result_.graph.carried.push_back(initial);
  return add_value(name, std::move(tensor));
}

/// Puts the iterations' results together along a new axis; the copy of one result happens in each iteration.
void Walk::stack(std::string_view name, int value, double trips, int64_t axis, Scope& scope, const Place& place) {
  Tensor tensor = result_.tensors[static_cast<size_t>(value)];
  Node node;
  node.name = fmt::format("{}{}", place.prefix, name);
  node.count = place.count * trips;
  node.layer.op = "Identity";
  node.layer.inputs = {tensor};
  tensor.value = nullptr;
  tensor.constant = false;
  node.layer.outputs = {tensor};
  node.layer.inputs[0].value = nullptr;
  node.layer.dtype = tensor.dtype;
  node.inputs = {value};
  const int64_t rank = tensor.rank() + 1;
  const int64_t at = axis < 0 ? axis + rank : axis;
  if (at < 0 || at >= rank) invalid(fmt::format("axis {} is outside a tensor of {} dimensions", axis, rank));
  tensor.shape.insert(tensor.shape.begin() + at, static_cast<int64_t>(trips));
  if (tensor.known) check_size(tensor);
  const int stacked = add_value(name, std::move(tensor));
  define(scope, name, stacked);
  node.outputs = {stacked};
  result_.graph.nodes.push_back(std::move(node));
}

void Walk::expand_loop(const onnx::Node& source, Scope& scope, const Place& place) {
  const std::string name = node_name(source, place);
  const onnx::Graph& graph = body(source, "body", place);
  const auto [trips, known] = trip_count(source, scope, graph);
  if (!known) remark(fmt::format("node {} (Loop): the trip count is not in the graph; {} assumed", name, trips));
  Scope inner{&scope, {}};
  Place inside = place;
  inside.prefix = name + "/";
  inside.depth = place.depth + 1;
  inside.count = place.count * trips;
  const size_t states = source.inputs.size() > 2 ? source.inputs.size() - 2 : 0;
  if (graph.inputs.size() != states + 2 || graph.outputs.size() < states + 1)
    invalid(fmt::format("node {} (Loop): the body has {} inputs and {} outputs; expected {} and at least {}", name,
                        graph.inputs.size(), graph.outputs.size(), states + 2, states + 1));
  if (known && unroll_loop(source, graph, trips, scope, inside)) return;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    int value = -1;
    if (i >= 2) value = carry(input_value(source, i, scope), graph.inputs[i].name);
    else value = add_value(graph.inputs[i].name, Tensor::of({}, i == 0 ? DataType::i64 : DataType::boolean));
    define(inner, graph.inputs[i].name, value);
  }
  const std::vector<int> outputs = walk_graph(graph, inner, inside);
  finish_loop(source, states, {outputs.begin() + 1, outputs.end()}, trips, {}, scope, inside);
}

/// A loop that fills a sequence is written out iteration by iteration: its elements may differ in shape. False when it is not
/// one.
bool Walk::unroll_loop(const onnx::Node& source, const onnx::Graph& graph, double trips, Scope& scope, const Place& inside) {
  std::vector<int> states;
  bool fills_sequence = false;
  for (size_t i = 2; i < source.inputs.size(); ++i) {
    states.push_back(input_value(source, i, scope));
    fills_sequence = fills_sequence || sequences_.contains(states.back());
  }
  const size_t carried = states.size();
  if (!fills_sequence || graph.outputs.size() != carried + 1 ||
      trips * static_cast<double>(graph.nodes.size() + 1) > most_unrolled_nodes)
    return false;
  if (std::find(states.begin(), states.end(), -1) != states.end()) return false;
  if (rebatch_) {
    const auto before = rebatch_->unrolled(result_.unrolled.size());
    if (!before || *before != trips)
      throw Error(ErrorKind::unsupported,
                  fmt::format("node {} (Loop): its trip count follows the batch; export the network at that batch", source.name));
  }
  result_.unrolled.push_back(trips);
  Place around = inside;
  around.count = inside.count / std::max(trips, 1.0);
  for (int64_t trip = 0; static_cast<double>(trip) < trips; ++trip) {
    Scope inner{&scope, {}};
    Place iteration = around;
    iteration.prefix = fmt::format("{}{}/", inside.prefix, trip);
    Tensor number = Tensor::of({}, DataType::i64), go = Tensor::of({}, DataType::boolean);
    number.value = std::make_shared<Value>(Value::of(std::vector<int64_t>{trip}));
    go.value = std::make_shared<Value>(Value::of(std::vector<int64_t>{1}));
    number.constant = go.constant = true;
    define(inner, graph.inputs[0].name, add_value(graph.inputs[0].name, std::move(number)));
    define(inner, graph.inputs[1].name, add_value(graph.inputs[1].name, std::move(go)));
    for (size_t i = 0; i < carried; ++i) define(inner, graph.inputs[i + 2].name, states[i]);
    const std::vector<int> outputs = walk_graph(graph, inner, iteration);
    states.assign(outputs.begin() + 1, outputs.end());
  }
  for (size_t i = 0; i < std::min(carried, source.outputs.size()); ++i)
    if (!source.outputs[i].empty()) define(scope, source.outputs[i], states[i]);
  return true;
}

/// Binds the outputs of a Loop or Scan: first the last states, then the stacked results.
void Walk::finish_loop(const onnx::Node& source, size_t states, const std::vector<int>& outputs, double trips,
                       const std::vector<int64_t>& axes, Scope& scope, const Place& inside) {
  Place around = inside;
  around.count = trips > 0 ? inside.count / trips : 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (i < states) result_.graph.carried.push_back(outputs[i]);
    if (i >= source.outputs.size() || source.outputs[i].empty()) continue;
    if (i >= states) {
      stack(source.outputs[i], outputs[i], trips, i - states < axes.size() ? axes[i - states] : 0, scope, around);
      continue;
    }
    // The last state is a result of the whole loop, even where one iteration's would be constant.
    Tensor& last = result_.tensors[static_cast<size_t>(outputs[i])];
    last.value = nullptr;
    define(scope, source.outputs[i], outputs[i]);
  }
}

void Walk::expand_scan(const onnx::Node& source, Scope& scope, const Place& place) {
  const std::string name = node_name(source, place);
  const onnx::Graph& graph = body(source, "body", place);
  auto integers = [&](std::string_view attribute) {
    const onnx::NodeAttribute* a = source.find(attribute);
    a = a ? resolve(*a, place) : nullptr;
    return a && a->value && std::holds_alternative<std::vector<int64_t>>(*a->value) ? std::get<std::vector<int64_t>>(*a->value)
                                                                                    : std::vector<int64_t>{};
  };
  const onnx::NodeAttribute* count = source.find("num_scan_inputs");
  const int64_t scanned =
      count && count->value && std::holds_alternative<int64_t>(*count->value) ? std::get<int64_t>(*count->value) : 0;
  const size_t total = source.inputs.size();
  if (scanned < 1 || static_cast<size_t>(scanned) > total || graph.inputs.size() != total || opset(place, "") < 9)
    invalid(fmt::format(
        "node {} (Scan): {} inputs, {} of them scanned, body with {}; expected opset 9 or newer and as many as the body has",
        name, total, scanned, graph.inputs.size()));
  const size_t states = total - static_cast<size_t>(scanned);
  if (graph.outputs.size() < states) invalid(fmt::format("node {} (Scan): the body has fewer outputs than states", name));
  Scope inner{&scope, {}};
  Place inside = place;
  inside.prefix = name + "/";
  inside.depth = place.depth + 1;
  const std::vector<int64_t> axes = integers("scan_input_axes");
  double trips = -1;
  for (size_t i = 0; i < total; ++i) {
    const int value = carry(input_value(source, i, scope), graph.inputs[i].name);
    define(inner, graph.inputs[i].name, value);
    Tensor& slice = result_.tensors[static_cast<size_t>(value)];
    if (i < states || !slice.known || slice.shape.empty()) continue;
    const int64_t at = rules::axis(i - states < axes.size() ? axes[i - states] : 0, slice.rank());
    trips = static_cast<double>(slice.shape[static_cast<size_t>(at)]);
    slice.shape.erase(slice.shape.begin() + at);
  }
  if (trips < 0) {
    trips = static_cast<double>(std::max<int64_t>(options_.trip_count, 0));
    remark(fmt::format("node {} (Scan): the length is not known; {} assumed", name, trips));
  }
  inside.count = place.count * trips;
  finish_loop(source, states, walk_graph(graph, inner, inside), trips, integers("scan_output_axes"), scope, inside);
}

}  // namespace wattlayer

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wattlayer/advice/levers.h"
#include "wattlayer/core/error.h"
#include "wattlayer/features/features.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/report/quantity_text.h"

namespace wattlayer {
namespace {

constexpr size_t substitutes_tried = 3;

Regime regime_of(const Trial& trial, const Layer& layer, const OperatingPoint& point) {
  const EnergyModel& model = trial.model();
  PhysicsModel::Totals alone;
  alone.add(model.physics->layer(features(layer, model.hardware, model.engine), point), 1);
  return model.physics->regime(alone);
}

bool is_convolution(const Layer& layer) { return layer.op == "Conv" && layer.input(0).rank() == 4 && layer.input(1).rank() == 4; }

bool is_depthwise(const Layer& layer) {
  return is_convolution(layer) && layer.input(1).shape[1] == 1 && layer.input(1).shape[0] > 1;
}

bool is_dense_window(const Layer& layer) {
  return is_convolution(layer) && layer.attributes.integer("group", 1) == 1 && layer.input(1).shape[1] >= 16 &&
         layer.input(1).shape[2] * layer.input(1).shape[3] > 1;
}

std::string what_would_help(const Layer& layer, Regime regime) {
  if (regime == Regime::launch) return "a larger batch, or an engine that fuses or launches less";
  if (is_dense_window(layer)) return "fewer channels, or a depthwise and a 1x1 convolution in its place";
  if (is_depthwise(layer)) return "it waits for memory: a smaller data type, fewer channels, or no expansion there";
  if (regime == Regime::memory) return "it waits for memory: a smaller data type, fusing with its neighbours, fewer activations";
  return "fewer multiplications: fewer channels or features, a smaller input, lower rank";
}

/// The same outputs from a depthwise convolution and a 1x1 one.
std::vector<Layer> separable(const Layer& conv) {
  const Tensor &image = conv.input(0), &weights = conv.input(1);
  const int64_t channels = weights.shape[1];
  Layer depthwise = conv, pointwise = conv;
  depthwise.fused.clear();
  depthwise.attributes.set("group", channels);
  depthwise.inputs.resize(2);
  depthwise.inputs[1].shape = {channels, 1, weights.shape[2], weights.shape[3]};
  depthwise.outputs[0].shape = conv.output(0).shape;
  depthwise.outputs[0].shape[1] = channels;
  pointwise.inputs[0] = depthwise.outputs[0];
  pointwise.inputs[0].dtype = image.dtype;
  pointwise.inputs[1].shape = {weights.shape[0], channels, 1, 1};
  for (const char* attribute : {"pads", "strides", "dilations", "auto_pad", "kernel_shape"})
    pointwise.attributes.erase(attribute);
  depthwise.attributes.erase("kernel_shape");
  return {parse_layer(print(depthwise)), parse_layer(print(pointwise))};
}

/// A product with a matrix of weights that is large enough to be split.
bool is_weighted_product(const Layer& layer) {
  if ((layer.op != "MatMul" && layer.op != "Gemm") || layer.attributes.integer("transA", 0) != 0) return false;
  const Tensor& weights = layer.input(1);
  return weights.constant && weights.rank() == 2 && std::min(weights.shape[0], weights.shape[1]) >= 64;
}

/// Two products in the place of one, of the rank that halves the parameters.
std::vector<Layer> low_rank(const Layer& product) {
  const bool transposed = product.attributes.integer("transB", 0) != 0;
  const Shape& weights = product.input(1).shape;
  const int64_t from = weights[transposed ? 1 : 0], to = weights[transposed ? 0 : 1];
  const int64_t rank = std::max<int64_t>(1, from * to / (2 * (from + to)));
  Layer first = product, second = product;
  first.fused.clear();
  first.inputs.resize(2);
  first.inputs[1].shape = transposed ? Shape{rank, from} : Shape{from, rank};
  first.outputs[0].shape.back() = rank;
  second.inputs[0].shape = first.outputs[0].shape;
  second.inputs[1].shape = transposed ? Shape{to, rank} : Shape{rank, to};
  return {parse_layer(print(first)), parse_layer(print(second))};
}

/// Workload now, from the rows of the estimate, with one of them replaced.
Workload with_substitute(const Trial& trial, size_t row, const std::vector<Layer>& instead) {
  const EstimateReport& now = trial.now();
  Workload workload{
      .name = now.network, .batch = now.estimate.batch, .is_network = !trial.question.source.is_list() || now.layers.size() > 1};
  for (size_t i = 0; i < now.layers.size(); ++i) {
    const LayerRow& r = now.layers[i];
    if (i != row) workload.items.push_back({parse_layer(r.layer), r.count, r.names});
    else
      for (const Layer& layer : instead) workload.items.push_back({layer, r.count, {}});
  }
  return workload;
}

std::string name_of(const LayerRow& row) {
  return row.names.size() > 1 ? fmt::format("{} and {} like it", row.name, row.names.size() - 1) : row.name;
}

struct Substitute {
  std::string what;
  std::vector<Layer> layers;
};

/// Something cheaper in the place of a layer that multiplies much, where it is known how to make one.
std::optional<Substitute> substitute_for(const Layer& layer) {
  if (is_dense_window(layer)) return Substitute{"depthwise and 1x1 convolution", separable(layer)};
  if (is_weighted_product(layer)) return Substitute{"two products of lower rank with half the parameters", low_rank(layer)};
  return std::nullopt;
}

void try_substitute(const Trial& trial, size_t row, const Substitute& substitute) {
  const LayerRow& r = trial.now().layers[row];
  Lever lever{
      .kind = "layer", .change = fmt::format("{} for {} ({})", substitute.what, name_of(r), r.shapes), .basis = Basis::counting};
  set_saving(lever, trial, with_substitute(trial, row, substitute.layers));
  lever.rests_on = fmt::format("both priced by {}; equal layers cancel", trial.model().id);
  lever.costs = "training anew; accuracy not known";
  trial.add(std::move(lever));
}

bool is_image(const Shape& shape) { return shape.size() == 4 && shape[2] == shape[3] && shape[2] >= 64 && shape[1] <= 4; }

/// Shape of the value that the user feeds first; empty where it is unknown.
Shape input_shape(const Graph& graph, int value) {
  for (const Node& node : graph.nodes)
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (node.inputs[i] == value && node.layer.inputs[i].known) return node.layer.inputs[i].shape;
  return {};
}

/// The network at another height and width: a generated one by its name, a file by its input.
EstimateReport at_size(const Trial& trial, int value, Shape shape, int64_t size) {
  const std::string& argument = trial.question.source.argument();
  ImportOptions reading = trial.question.reading;
  if (argument.starts_with("net:")) {
    const NetworkSource resized(fmt::format("{}{}size={}", argument, argument.find('?') == argument.npos ? '?' : '&', size));
    return estimate(resized, resized.graph(reading), trial.model(), trial.question.device);
  }
  shape[2] = shape[3] = size;
  reading.inputs[trial.graph.values[static_cast<size_t>(value)]] = shape;
  const Graph graph = trial.question.source.graph(reading);
  if (graph.unresolved.size() > trial.graph.unresolved.size())
    throw Error(ErrorKind::unsupported, "shapes inside stay unknown at that size");
  return estimate(trial.question.source, graph, trial.model(), trial.question.device);
}

}  // namespace

void try_layers(const Trial& trial) {
  const EstimateReport& now = trial.now();
  const OperatingPoint point = operating_point_of(trial.model(), trial.question.device);
  double total = 0;
  for (const LayerRow& row : now.layers) {
    trial.advice.regime_share[static_cast<size_t>(regime_of(trial, parse_layer(row.layer), point))] += row.energy_j.value;
    total += row.energy_j.value;
  }
  if (total > 0)
    for (double& share : trial.advice.regime_share) share /= total;
  size_t substitutes = 0;
  for (const size_t i : dearest(now, std::max(trial.question.dearest, substitutes_tried))) {
    const Layer layer = parse_layer(now.layers[i].layer);
    const Regime regime = regime_of(trial, layer, point);
    if (trial.advice.dearest.size() < trial.question.dearest)
      trial.advice.dearest.push_back({now.layers[i], regime, what_would_help(layer, regime)});
    if (const auto substitute = substitute_for(layer); substitute && substitutes++ < substitutes_tried)
      try_substitute(trial, i, *substitute);
  }
}

void try_pruning(const Trial& trial) {
  if (trial.question.source.is_list()) return;
  Engine tidy = trial.model().engine;
  tidy.folds_constants = tidy.prunes_dead = tidy.folds_zero_products = true;
  for (const char* op : {"Identity", "Dropout"})
    if (std::find(tidy.free.begin(), tidy.free.end(), op) == tidy.free.end()) tidy.free.emplace_back(op);
  Workload pruned = workload_on(trial.model(), trial.question.source, trial.graph);
  double before = 0, after = 0;
  for (const WorkloadItem& item : pruned.items) before += item.count;
  EnergyModel same;  // in the data type that the model prices
  same.engine = tidy, same.dtype = trial.model().dtype;
  pruned = workload_on(same, trial.question.source, trial.graph);
  for (const WorkloadItem& item : pruned.items) after += item.count;
  if (after >= before) return;
  Lever lever{.kind = "pruning",
              .change = fmt::format("remove {} nodes that no output needs, that do nothing or that are constant",
                                    count_text(before - after)),
              .basis = Basis::counting};
  set_saving(lever, trial, pruned);
  lever.rests_on =
      fmt::format("counting: {} executes them; priced by {}, equal layers cancel", trial.model().engine.id, trial.model().id);
  lever.costs = "an export with constants folded; the results are the same";
  trial.add(std::move(lever));
}

void try_resolutions(const Trial& trial) {
  if (trial.question.source.is_list()) return;
  const auto image = std::find_if(trial.graph.inputs.begin(), trial.graph.inputs.end(),
                                  [&](int value) { return is_image(input_shape(trial.graph, value)); });
  if (image == trial.graph.inputs.end()) return;
  const Shape shape = input_shape(trial.graph, *image);
  for (const double scale : {0.75, 0.5}) {
    const int64_t size = std::max<int64_t>(32, std::llround(scale * static_cast<double>(shape[2]) / 32) * 32);
    if (size >= shape[2]) continue;
    try {
      const EstimateReport then = at_size(trial, *image, shape, size);
      Lever lever{.kind = "resolution", .change = fmt::format("input of {0} x {0} instead of {1} x {1}", size, shape[2])};
      set_saving(lever, trial, then, Relation::other_network);
      lever.rests_on = fmt::format("{}, coverage {}", trial.model().id, percent(then.estimate.coverage));
      lever.costs = "accuracy not known";
      trial.add(std::move(lever));
    } catch (const Error& e) {
      trial.advice.remarks.push_back(fmt::format("resolution {}: {}", size, e.what()));
    }
  }
}

void try_utilisation(const Trial& trial) {
  const EnergyModel& model = trial.model();
  if (!model.hardware.idle_w || !model.idle_included || *model.hardware.idle_w <= 0)
    return trial.advice.remarks.push_back(
        fmt::format("rest: {}", model.idle_included ? fmt::format("hardware/{}.json states no idle power", model.hardware.id)
                                                    : fmt::format("{} leaves idle power out", model.id)));
  const double idle_w = *model.hardware.idle_w;
  const EstimateReport& now = trial.now();
  const double batch = static_cast<double>(std::max<int64_t>(1, now.estimate.batch));
  const double joules = now.energy_per_inference_j.value;
  trial.advice.idle_w = idle_w;
  trial.advice.even_rate_hz = 1 / (joules / idle_w + now.estimate.time_s.value / batch);
  if (!trial.question.rate_hz) return;
  const double period = 1 / *trial.question.rate_hz;
  const auto rest_j = [&](double time_s) { return std::max(0.0, idle_w * (period - time_s / batch)); };
  const Interval& t = now.estimate.time_s;
  Lever lever{.kind = "utilisation",
              .change = fmt::format("no device at rest between inferences, {:g} a second as now", *trial.question.rate_hz),
              .saving_j = {rest_j(t.value), rest_j(t.high), rest_j(t.low)},
              .basis = Basis::stated_power};
  const auto share = [&](double j) { return j / (j + joules); };
  lever.saving = {share(lever.saving_j.value), share(lever.saving_j.low), share(lever.saving_j.high)};
  lever.rests_on = fmt::format(
      "idle power of {} in hardware/{}.json, {:.3g} W, times the time between; at most that, and a share of "
      "inferences and rest together",
      model.hardware.name.empty() ? model.hardware.id : model.hardware.name, model.hardware.id, idle_w);
  lever.costs = "work of others on the device, or switching it off; waking it takes time";
  trial.add(std::move(lever));
}

}  // namespace wattlayer

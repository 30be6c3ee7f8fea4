#include "wattlayer/graph/training_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <span>

#include "wattlayer/core/error.h"
#include "wattlayer/core/nearest.h"
#include "wattlayer/graph/step_graph.h"
#include "wattlayer/graph/weights.h"
#include "wattlayer/ops/backward.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

constexpr std::array<std::string_view, 7> optimizer_names = {"none", "sgd", "momentum", "adagrad", "rmsprop", "adam", "adamw"};
constexpr std::string_view backward_prefix = "backward:", optimizer_prefix = "optimizer:";

size_t at(int value) { return static_cast<size_t>(value); }

class StepBuilder {
 public:
  StepBuilder(const Graph& network, const TrainingStep& step) : step_(step), g_(network) {}

  BuiltStep build() {
    g_.train();
    const size_t layers = g_.graph.nodes.size();
    const std::vector<int> losses = add_losses();
    find_wanted(first_trained(layers));
    gradient_.assign(g_.size(), -1);
    for (int loss : losses) start(loss);
    for (size_t i = g_.graph.nodes.size(); i-- > 0;) go_back(i);
    sum_repetitions();
    g_.graph.outputs = losses;
    const std::vector<TrainedParameter> trained = parameters();
    add_optimizer(g_, trained, step_.optimizer, step_.kernels);
    if (step_.input_gradients) need_input_gradients();
    g_.graph.name += " (training step)";
    return {std::move(g_.graph), trained};
  }

 private:
  std::vector<int> add_losses();
  int loss_of(int output);
  int cross_entropy_of(int output);
  void leave_out_softmax(int& output);
  size_t first_trained(size_t layers) const;
  bool is_parameter(int value) const;
  void find_wanted(size_t first);
  void start(int loss);
  void go_back(size_t node);
  void append(const Backward& back, size_t node);
  void accumulate(int value, int gradient, const std::string& name, double count);
  void sum_repetitions();
  void need_input_gradients();
  std::vector<TrainedParameter> parameters() const;

  const TrainingStep& step_;
  StepGraph g_;
  std::vector<char> wanted_;   ///< gradients of these values lead to a parameter
  std::vector<int> gradient_;  ///< of each value; -1: none yet
  std::vector<int> origin_;    ///< parameter that a constant is computed from before the network runs; -1: it is none of these
  std::vector<int> weights_;   ///< trained parameters, in the order of the network
};

/// A Softmax at the end belongs to the loss: frameworks compute both from the scores.
void StepBuilder::leave_out_softmax(int& output) {
  for (Node& node : g_.graph.nodes)
    if (!node.outputs.empty() && node.outputs[0] == output && (node.layer.op == "Softmax" || node.layer.op == "LogSoftmax") &&
        !node.inputs.empty()) {
      output = node.inputs[0];
      node.count = 0;
      return;
    }
}

/// Scores N x C, N x C x d..., or a row of classes for each position of a sequence (N x S x C).
int StepBuilder::cross_entropy_of(int output) {
  leave_out_softmax(output);
  Shape scores = g_.tensor(output).shape;
  if (scores.size() == 3 || scores.size() == 1) {
    scores = scores.size() == 3 ? Shape{scores[0] * scores[1], scores[2]} : Shape{1, scores[0]};
    Tensor target = Tensor::of({2}, DataType::i64);
    target.constant = true, target.value = std::make_shared<const Value>(Value::of(scores));
    output = g_.add("loss:scores", "Reshape", {output, g_.value("loss:shape", std::move(target))});
  }
  Shape labels = scores;
  labels.erase(labels.begin() + 1);
  const int label = g_.value("labels", Tensor::of(labels, DataType::i64));
  g_.graph.inputs.push_back(label);
  Layer layer{.op = "SoftmaxCrossEntropyLoss", .inputs = {g_.tensor(output), g_.tensor(label)}, .dtype = g_.tensor(output).dtype};
  layer.outputs.resize(2);
  infer(layer);
  return g_.graph.nodes[g_.put("loss", std::move(layer), {output, label})].outputs[0];
}

int StepBuilder::loss_of(int output) {
  const Tensor& y = g_.tensor(output);
  const bool number = y.elements() == 1 && y.shape.size() < 2;
  if (step_.loss == Loss::given || (step_.loss == Loss::automatic && number && g_.graph.outputs.size() == 1)) return output;
  if (step_.loss == Loss::sum) return g_.add("loss", "ReduceSum", {output}, {{"keepdims", int64_t{0}}});
  if (step_.loss == Loss::squared || y.shape.empty()) {
    const int target = g_.value("targets", Tensor::of(y.shape, y.dtype));
    g_.graph.inputs.push_back(target);
    return g_.add("loss", "org.pytorch.aten.mse_loss", {output, target});
  }
  return cross_entropy_of(output);
}

/// Outputs that further nodes read (hidden states, caches) are no results, unless there are no others.
std::vector<int> StepBuilder::add_losses() {
  std::set<int> read;
  for (const Node& node : g_.graph.nodes) read.insert(node.inputs.begin(), node.inputs.end());
  std::vector<int> results, losses;
  const auto is_result = [&](int value) {
    return is_float(g_.tensor(value).dtype) && g_.tensor(value).known && g_.tensor(value).present;
  };
  for (int value : g_.graph.outputs)
    if (is_result(value) && !read.contains(value)) results.push_back(value);
  for (int value : g_.graph.outputs)
    if (results.empty() && is_result(value)) results.push_back(value);
  if (results.empty())
    throw Error(ErrorKind::invalid_input, g_.graph.name + ": no output of reals with a known shape; expected one to train for");
  for (int value : results) losses.push_back(loss_of(value));
  return losses;
}

bool StepBuilder::is_parameter(int value) const { return is_weight(g_.tensor(value)); }

/// The first node whose parameters are trained.
size_t StepBuilder::first_trained(size_t layers) const {
  if (step_.frozen_until.empty()) return 0;
  const auto& nodes = g_.graph.nodes;
  if (step_.frozen_until == "all-but-last") {
    for (size_t i = layers; i-- > 0;)
      if (!nodes[i].folded && std::any_of(nodes[i].inputs.begin(), nodes[i].inputs.end(),
                                          [&](int value) { return value >= 0 && is_parameter(value); }))
        return i;
    return layers;
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < layers; ++i) {
    if (nodes[i].name == step_.frozen_until) return i + 1;
    names.push_back(nodes[i].name);
  }
  throw Error(ErrorKind::invalid_input,
              g_.graph.name + ": no node is called '" + step_.frozen_until + "'" + nearest(step_.frozen_until, names));
}

void StepBuilder::find_wanted(size_t first) {
  wanted_.assign(g_.size(), 0);
  origin_.assign(g_.size(), -1);
  if (step_.input_gradients)
    for (int value : g_.graph.inputs) wanted_[at(value)] = is_float(g_.tensor(value).dtype);
  std::vector<char> made(g_.size(), 0), trained(g_.size(), 0);
  for (size_t i = 0; i < g_.graph.nodes.size(); ++i) {
    const Node& node = g_.graph.nodes[i];
    bool any = false;
    int origin = -1;
    for (int value : node.inputs) {
      if (value < 0) continue;
      // A constant that nodes compute before the network runs is a parameter where it comes from one.
      if (is_parameter(value) && i >= first && (!made[at(value)] || trained[at(value)])) trained[at(value)] = 1;
      any = any || wanted_[at(value)] || trained[at(value)];
      const int from = origin_[at(value)] >= 0 ? origin_[at(value)] : value;
      if (trained[at(value)] && (origin < 0 || g_.tensor(from).elements() > g_.tensor(origin).elements())) origin = from;
    }
    for (int value : node.outputs) {
      if (value < 0) continue;
      made[at(value)] = 1;
      if (node.folded) trained[at(value)] = any, origin_[at(value)] = origin;
      else wanted_[at(value)] = any && is_float(g_.tensor(value).dtype);
    }
    if (node.folded) continue;
    for (int value : node.inputs)
      if (value >= 0 && trained[at(value)] && !wanted_[at(value)]) wanted_[at(value)] = 1, weights_.push_back(value);
  }
}

void StepBuilder::start(int loss) {
  const int one = g_.value("backward:loss", Tensor::of({}, g_.tensor(loss).dtype));
  gradient_.resize(g_.size(), -1);
  gradient_[at(loss)] = one;
}

void StepBuilder::go_back(size_t i) {
  const Node& node = g_.graph.nodes[i];
  if (node.folded || node.count == 0) return;
  std::vector<bool> wanted, given;
  for (int value : node.inputs) wanted.push_back(value >= 0 && wanted_[at(value)]);
  for (int value : node.outputs) given.push_back(value >= 0 && gradient_[at(value)] >= 0);
  if (std::find(wanted.begin(), wanted.end(), true) == wanted.end()) return;
  if (std::find(given.begin(), given.end(), true) == given.end()) return;
  try {
    append(backward(node.layer, wanted, given), i);
  } catch (const Error& e) {
    throw e.within(g_.graph.name + ": backward of node " + node.name);
  }
}

void StepBuilder::append(const Backward& back, size_t i) {
  using From = GradientOperand::From;
  const Node forward = g_.graph.nodes[i];
  const std::string name = std::string(backward_prefix) + forward.name;
  std::vector<int> constants;
  for (const Tensor& tensor : back.constants) constants.push_back(g_.value(name + ":constant", tensor));
  std::vector<size_t> nodes;
  const auto value_of = [&](GradientOperand operand) {
    const size_t index = at(operand.index);
    switch (operand.from) {
      case From::input:
        return forward.inputs.at(index);
      case From::output:
        return forward.outputs.at(index);
      case From::output_gradient:
        return gradient_[at(forward.outputs.at(index))];
      case From::constant:
        return constants.at(index);
      case From::step:
        return g_.graph.nodes[nodes.at(index)].outputs.at(at(operand.result));
      case From::absent:
        break;
    }
    return -1;
  };
  for (size_t s = 0; s < back.steps.size(); ++s) {
    std::vector<int> inputs;
    for (GradientOperand operand : back.steps[s].inputs) inputs.push_back(value_of(operand));
    nodes.push_back(g_.put(s ? fmt::format("{}:{}", name, s) : name, back.steps[s].layer, std::move(inputs), forward.count));
  }
  gradient_.resize(g_.size(), -1);
  wanted_.resize(g_.size(), 0);
  for (size_t input = 0; input < forward.inputs.size(); ++input)
    if (const GradientOperand operand = back.gradients[input];
        operand && forward.inputs[input] >= 0 && wanted_[at(forward.inputs[input])])
      accumulate(forward.inputs[input], value_of(operand), name, forward.count);
}

void StepBuilder::accumulate(int value, int gradient, const std::string& name, double count) {
  int& sum = gradient_[at(value)];
  if (sum < 0) {
    sum = gradient;
    return;
  }
  const int before = sum;
  const int after = g_.add(name + ":sum", "Add", {before, gradient});
  g_.graph.nodes.back().count = count;
  gradient_.resize(g_.size(), -1);
  gradient_[at(value)] = after;
}

/// The gradient of a constant that repeats a parameter (expanded to the batch, looked up by position) is summed over repetitions.
void StepBuilder::sum_repetitions() {
  std::vector<int> kept;
  for (const int value : weights_) {
    const int origin = origin_[at(value)], gradient = gradient_[at(value)];
    if (origin < 0 || gradient < 0 || g_.tensor(value).elements() <= g_.tensor(origin).elements()) {
      kept.push_back(value);
      continue;
    }
    const std::string name = fmt::format("{}{}:repetitions", backward_prefix, g_.graph.values[at(value)]);
    Layer sum{.op = "ReduceSum", .inputs = {g_.tensor(gradient)}, .dtype = g_.tensor(gradient).dtype};
    sum.outputs = {Tensor::of(g_.tensor(origin).shape, g_.tensor(gradient).dtype)};
    const int summed = g_.graph.nodes[g_.put(name, std::move(sum), {gradient})].outputs[0];
    gradient_.resize(g_.size(), -1);
    if (gradient_[at(origin)] < 0 && std::find(weights_.begin(), weights_.end(), origin) == weights_.end())
      kept.push_back(origin);
    accumulate(origin, summed, name, 1);
  }
  weights_ = std::move(kept);
}

std::vector<TrainedParameter> StepBuilder::parameters() const {
  std::vector<TrainedParameter> all;
  for (int value : weights_)
    if (gradient_[at(value)] >= 0) all.push_back({value, gradient_[at(value)]});
  if (all.empty())
    throw Error(ErrorKind::invalid_input, g_.graph.name + ": nothing to train; expected a weight that an output depends on" +
                                              (step_.frozen_until.empty() ? "" : " after '" + step_.frozen_until + "'"));
  return all;
}

void StepBuilder::need_input_gradients() {
  for (int value : g_.graph.inputs)
    if (at(value) < gradient_.size() && gradient_[at(value)] >= 0) g_.graph.outputs.push_back(gradient_[at(value)]);
}

}  // namespace

std::string_view name(Optimizer optimizer) { return optimizer_names[static_cast<size_t>(optimizer)]; }

Optimizer require_optimizer(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (size_t i = 0; i < optimizer_names.size(); ++i)
    if (optimizer_names[i] == lower) return static_cast<Optimizer>(i);
  const std::vector<std::string> known(optimizer_names.begin(), optimizer_names.end());
  throw Error(ErrorKind::invalid_input, "unknown optimizer '" + std::string(text) + "'" + nearest(lower, known));
}

Loss require_loss(std::string_view text) {
  static const std::vector<std::string> names = {"automatic", "given", "cross-entropy", "squared", "sum"};
  const auto at = std::find(names.begin(), names.end(), text);
  if (at != names.end()) return static_cast<Loss>(at - names.begin());
  throw Error(ErrorKind::invalid_input, "unknown loss '" + std::string(text) + "'" + nearest(text, names));
}

int states(Optimizer optimizer) {
  switch (optimizer) {
    case Optimizer::adam:
    case Optimizer::adamw:
      return 2;
    case Optimizer::momentum:
    case Optimizer::adagrad:
    case Optimizer::rmsprop:
      return 1;
    default:
      return 0;
  }
}

OptimizerKernels optimizer_kernels(const Engine& engine, const Hardware& hardware) {
  return engine.optimizer == OptimizerKernels::foreach && hardware.on_processor ? OptimizerKernels::per_tensor : engine.optimizer;
}

std::string_view name(Phase phase) {
  static constexpr std::string_view names[] = {"forward", "backward", "optimizer"};
  return names[static_cast<size_t>(phase)];
}

Phase phase_of(std::string_view node) {
  return node.starts_with(backward_prefix) ? Phase::backward
                                           : (node.starts_with(optimizer_prefix) ? Phase::optimizer : Phase::forward);
}

BuiltStep build_step(const Graph& network, const TrainingStep& how) { return StepBuilder(network, how).build(); }

Graph training_step(const Graph& network, const TrainingStep& step) { return build_step(network, step).graph; }

Graph network_of(const Layer& layer) {
  Graph graph{.name = layer.op};
  Node node{.name = layer.op, .layer = layer, .in_catalogue = find_operator(layer.op) != nullptr};
  const auto value = [&graph](std::string_view role, size_t i) {
    graph.values.push_back(fmt::format("{}_{}", role, i));
    return static_cast<int>(graph.values.size()) - 1;
  };
  for (size_t i = 0; i < layer.inputs.size(); ++i) {
    node.inputs.push_back(layer.inputs[i].present ? value("input", i) : -1);
    if (layer.inputs[i].present && !layer.inputs[i].constant) graph.inputs.push_back(node.inputs.back());
  }
  for (size_t i = 0; i < layer.outputs.size(); ++i) {
    node.outputs.push_back(layer.outputs[i].present ? value("output", i) : -1);
    if (layer.outputs[i].present) graph.outputs.push_back(node.outputs.back());
  }
  graph.nodes.push_back(std::move(node));
  return graph;
}

Graph without_forward(Graph step, const Graph& network) {
  for (size_t i = 0; i < network.nodes.size(); ++i) step.nodes.at(i).count = 0;
  return step;
}

Workload training_epoch(const Graph& network, const Engine& engine, const TrainingStep& step, int64_t training_samples,
                        int64_t validation_samples) {
  if (training_samples < 0 || validation_samples < 0)
    throw Error(ErrorKind::invalid_input, "samples must not be negative; found " + std::to_string(training_samples) + " and " +
                                              std::to_string(validation_samples));
  const double batch = static_cast<double>(std::max<int64_t>(network.batch, 1));
  Workload epoch{.name = network.name + " (training epoch)", .batch = network.batch, .is_network = true};
  const auto add = [&epoch](Workload pass, double passes) {
    for (WorkloadItem& item : pass.items) {
      item.count *= passes;
      if (passes > 0) epoch.items.push_back(std::move(item));
    }
  };
  add(lower(training_step(network, step), engine), static_cast<double>(training_samples) / batch);
  if (validation_samples > 0) add(lower(network, engine), static_cast<double>(validation_samples) / batch);
  return epoch;
}

}  // namespace wattlayer

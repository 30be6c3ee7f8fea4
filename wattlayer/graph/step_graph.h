#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/graph/graph.h"
#include "wattlayer/graph/training_step.h"

namespace wattlayer {

/// A graph that nodes are appended to; the tensor of each value is known.
class StepGraph {
 public:
  explicit StepGraph(Graph network);

  Graph graph;

  const Tensor& tensor(int value) const { return tensors_[static_cast<size_t>(value)]; }
  size_t size() const { return tensors_.size(); }
  int value(std::string name, Tensor tensor);
  /// A constant number.
  int scalar(double number, DataType dtype);
  /// Appends a layer whose outputs are known; gives its outputs values. Returns the node's place.
  size_t put(std::string name, Layer layer, std::vector<int> inputs, double count = 1);
  /// Appends a layer with one output, inferred here. Returns its value.
  int add(std::string name, std::string_view op, std::vector<int> inputs, const std::vector<Attributes::Item>& attributes = {});

  /// Puts every node into the form that it has in training.
  void train();

 private:
  std::vector<Tensor> tensors_;
};

/// A parameter, and what its gradient is.
struct TrainedParameter {
  int value, gradient;
};

/// A step, and what it trains.
struct BuiltStep {
  Graph graph;
  std::vector<TrainedParameter> parameters;
};
BuiltStep build_step(const Graph& network, const TrainingStep& how);

/// Appends the optimizer; updated parameters become outputs.
void add_optimizer(StepGraph& step, const std::vector<TrainedParameter>& parameters, Optimizer optimizer,
                   OptimizerKernels kernels);

}  // namespace wattlayer

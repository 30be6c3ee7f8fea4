#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/engine.h"
#include "wattlayer/core/hardware.h"
#include "wattlayer/core/workload.h"
#include "wattlayer/graph/graph.h"

namespace wattlayer {

/// How parameters follow their gradients; `none`: gradients are computed and nothing is updated.
enum class Optimizer { none, sgd, momentum, adagrad, rmsprop, adam, adamw };
std::string_view name(Optimizer optimizer);
/// Case does not matter. Throws Error(invalid_input) that lists the known names.
Optimizer require_optimizer(std::string_view name);
/// Tensors of the size of the parameters that it keeps between steps.
int states(Optimizer optimizer);

/// What stands behind the network's outputs.
enum class Loss {
  automatic,      ///< `given` where the network's only output is a number, else cross_entropy
  given,          ///< the network ends in its loss
  cross_entropy,  ///< over the classes of every output; a Softmax at the end belongs to it
  squared,        ///< of every output's elements
  sum,            ///< nothing but the sum of every output
};

/// `automatic`, `given`, `cross-entropy`, `squared` or `sum`. Throws Error(invalid_input) that lists them.
Loss require_loss(std::string_view name);

/// What one step of training does besides the forward pass.
struct TrainingStep {
  Optimizer optimizer = Optimizer::adam;
  OptimizerKernels kernels = OptimizerKernels::fused;
  Loss loss = Loss::automatic;
  /// Parameters of all nodes before the one of this name, and of itself, stay as they are; `all-but-last`: all parameters but
  /// those of the last node that has any. Empty: everything is trained.
  std::string frozen_until;
  bool input_gradients = false;  ///< gradients towards the network's inputs, too
};

/// The engine's habit on this hardware: `foreach` is for GPUs.
OptimizerKernels optimizer_kernels(const Engine& engine, const Hardware& hardware);

/// A step of training as a network of its own: the forward pass in its training form (statistics of the batch, dropout) with the
/// loss, the backward pass in reverse order, gradients of values with several consumers (tied weights among them) added up, and
/// the optimizer. No gradient flows towards inputs and frozen parameters. Its outputs are the loss, the updated parameters
/// (without optimizer: the gradients). Throws Error(invalid_input) when nothing can be trained or a node cannot be found.
Graph training_step(const Graph& network, const TrainingStep& step = {});

/// Part of a step that a node belongs to, told by its name.
enum class Phase { forward, backward, optimizer };
std::string_view name(Phase phase);
Phase phase_of(std::string_view node);

/// A network of one layer; its outputs are the layer's.
Graph network_of(const Layer& layer);

/// The step without the network's forward pass: loss, backward pass and optimizer.
Graph without_forward(Graph step, const Graph& network);

/// One epoch: training_samples / batch steps and validation_samples / batch forward passes; counts need not be whole.
/// Throws as training_step, and Error(invalid_input) for negative samples.
Workload training_epoch(const Graph& network, const Engine& engine, const TrainingStep& step, int64_t training_samples,
                        int64_t validation_samples = 0);

}  // namespace wattlayer

#pragma once
#include "wattlayer/core/engine.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/graph/training_step.h"

namespace wattlayer {

/// Bytes that a step of training holds at its fullest.
struct TrainingMemory {
  double parameters = 0;   ///< all constants of reals, frozen ones and running statistics among them
  double gradients = 0;    ///< of the trained parameters
  double states = 0;       ///< of the optimizer
  double activations = 0;  ///< largest sum of all other tensors alive at once: what the backward pass still needs, and scratch

  double total() const { return parameters + gradients + states + activations; }
};

/// Of training_step(network, how). Nodes run in their order; a tensor lives from its producer to its last reader; views and
/// what runs in place share their input's memory. No fragmentation, no workspace of kernels, no context of the driver.
TrainingMemory training_memory(const Graph& network, const Engine& engine, const TrainingStep& how);

}  // namespace wattlayer

#pragma once
#include "wattlayer/advice/advice.h"
#include "wattlayer/predict/paired_errors.h"

namespace wattlayer {

/// What the levers are tried on, and where they go.
struct Trial {
  const AdviceQuestion& question;
  const DataFiles& files;
  const Graph& graph;
  const PairedErrors& errors;
  Advice& advice;

  const EnergyModel& model() const { return question.model; }
  const EstimateReport& now() const { return advice.now; }
  /// Layers of unknown shape are in no energy, so no saving is sure.
  bool incomplete() const { return now().estimate.interval_note == "incomplete"; }
  /// The lever goes where its saving belongs; a saving that is clearly none is a remark.
  void add(Lever lever) const;
};

/// Saving per inference of an estimate against the one now; the interval by what was measured of such pairs.
void set_saving(Lever& lever, const Trial& trial, const EstimateReport& other, Relation relation);

/// Saving of another list of layers for the same network and energy model: equal layers cancel exactly.
void set_saving(Lever& lever, const Trial& trial, const Workload& other);

/// `12 ms a batch instead of 1.1 ms`.
std::string time_cost(const Trial& trial, const EstimateReport& other);

/// Weights and the largest sum of other tensors alive at once, in bytes; tensors of unknown shape count nothing.
double inference_bytes(const Graph& graph, const Engine& engine);

void try_batches(const Trial& trial);
void try_precisions(const Trial& trial);
void try_engines(const Trial& trial);
void try_fusing(const Trial& trial);
void try_clocks(const Trial& trial);
void try_pruning(const Trial& trial);
void try_resolutions(const Trial& trial);
/// Dear layers with what would help, and what cheaper layers in their place would save.
void try_layers(const Trial& trial);
void try_utilisation(const Trial& trial);

}  // namespace wattlayer

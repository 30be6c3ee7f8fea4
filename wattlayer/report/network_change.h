#pragma once
#include <string>
#include <vector>

#include "wattlayer/predict/energy_model.h"
#include "wattlayer/report/report.h"

namespace wattlayer {

enum class ChangeKind { added, gone, dearer, cheaper };
std::string_view name(ChangeKind kind);

/// A layer that is not the same in both; energies of one pass, for the executions that changed.
struct LayerChange {
  ChangeKind kind = ChangeKind::added;
  std::string name;           ///< of its node; the operator where nodes have no names
  std::string before, after;  ///< text forms; empty where there is none
  double count = 0;           ///< executions that changed
  Interval before_j, after_j;

  double change_j() const { return after_j.value - before_j.value; }
};

/// What became of a network, both versions priced by one energy model. Equal layers cancel exactly.
struct NetworkChange {
  std::vector<LayerChange> layers;  ///< largest change first
  double pass_j = 0;                ///< part of the change that is no layer's
  Interval before_j, after_j;       ///< of one pass
  Interval change_j;                ///< after minus before, with the 90 % interval of what is not equal
  double equal_share = 0;           ///< of the energy after, in layers that are equal
  bool incomplete = false;          ///< one of the two has layers of unknown shape, which are in no total

  Interval increase() const;  ///< change over before
};

/// Between two estimates by one energy model at one batch. Errors of the layers that differ are taken as one error for all that
/// were and another for all that are (one for a layer that differs in what is fused into it); never wider than two errors that
/// have nothing in common.
NetworkChange network_change(const EstimateReport& before, const EstimateReport& after);

}  // namespace wattlayer

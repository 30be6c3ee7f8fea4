#pragma once
#include <string>
#include <vector>

#include "wattlayer/core/workload.h"
#include "wattlayer/predict/estimate.h"

namespace wattlayer {

/// A layer of an estimate as a reader sees it; figures include its count.
struct LayerRow {
  std::string name;                ///< of the first node it stands for; the operator where nodes have no names
  std::vector<std::string> names;  ///< of all of them
  std::string op;
  std::vector<std::string> fused;  ///< operators that the engine runs inside it
  std::string layer;               ///< text form
  std::string shapes;              ///< `1x64x56x56 64x64x3x3 → 1x64x56x56`
  double count = 1;
  double macs = 0;
  Interval energy_j, time_s;
  double share = 0;  ///< of the total energy
  Label label = Label::predicted;
};

/// All layers of one operator.
struct OperatorRow {
  std::string op;
  double count = 0;
  double macs = 0;
  double energy_j = 0;
  double share = 0;
};

/// What follows from an estimate and from factors that the user stated: grams of CO2, money, the energy of a day.
struct DerivedFigure {
  std::string name;
  Interval value;
  std::string unit;
  std::string basis;  ///< the factors, with source and year
};

/// An estimate in plain rows: everything that a format prints, nothing left to compute.
struct EstimateReport {
  std::string network;
  std::string file;   ///< where the network came from, as the user wrote it
  Estimate estimate;  ///< totals; its layers stand in `layers`
  Interval energy_per_inference_j;
  double pass_energy_j = 0;            ///< part of the total that belongs to the pass as a whole and to no layer
  std::vector<LayerRow> layers;        ///< in workload order
  std::vector<OperatorRow> operators;  ///< dearest first; they and pass_energy_j add up to the total
  std::vector<DerivedFigure> derived;  ///< only what was asked for
  std::vector<std::string> remarks;    ///< assumptions made on the way (trip counts, bounds, unknown shapes)
};

/// A network of a list that could not be estimated.
struct Failure {
  size_t line = 0;      ///< of the list, counted from 1
  std::string network;  ///< as the line says it
  std::string reason;
};

/// One estimate per network, energy model and batch size, in the order asked for.
struct Report {
  std::vector<EstimateReport> estimates;
  std::vector<Failure> failures;
};

/// Rows of an estimate of this workload. Throws Error(internal) when the two do not belong together.
EstimateReport report(const Workload& workload, Estimate estimate);

/// Totals of an estimate that has no layers.
EstimateReport report(Estimate estimate);

/// Positions of the layers, dearest first; at most `top`.
std::vector<size_t> dearest(const EstimateReport& report, size_t top);

}  // namespace wattlayer

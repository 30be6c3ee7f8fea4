#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/training/power_series.h"

namespace wattlayer {

/// A run of training on a node of its own, as a scheduler's log tells it.
struct NodeRun {
  std::string run, node, node_type;
  std::string hardware;  ///< node types of one hardware are made comparable; empty: there is one
  std::string dataset;
  double size = 0;                       ///< trainable parameters
  std::optional<double> samples;         ///< of its data set
  double start_s = 0, end_s = 0;         ///< in the time of the power series
  std::vector<std::string> fields = {};  ///< of its record, as they stand in the file

  double time_s() const { return end_s - start_s; }
};

struct NodeRuns {
  std::vector<std::string> header;
  std::vector<NodeRun> runs;
};

/// Reads a table with the columns run, node, start, end, dataset and size; node_type, hardware and samples may be there, others
/// are kept. Throws Error(invalid_input) naming the line.
NodeRuns read_node_runs(std::string_view csv);

/// How runs are cleaned (Tripp et al. 2024, section 4).
struct CleaningRules {
  double longest_run_s = 75000;
  double widest_deviation = 4;  ///< standard deviations of the logarithm of run time, within data set, size and hardware
  double idle_quantile = 0.02;  ///< of the samples of all nodes of a type
  double overhead_quantile = 0.05;
  double overhead_size = 1024;                ///< runs of the smallest data set and at most so many parameters tell the overhead
  double longest_gap_steps = 1.5;             ///< in usual steps between samples
  std::map<std::string, double> idle_w = {};  ///< of node types, where it is known better than from the series
  std::string smallest_dataset = {};          ///< empty: the one of fewest samples
};

/// Energy and time that a run of almost nothing takes.
struct RunOverhead {
  double energy_j = 0, time_s = 0;
  size_t runs = 0;  ///< that tell it
};

struct CleanRun {
  NodeRun run;
  double energy_j = 0;      ///< of the node's watt-meter
  double std_energy_j = 0;  ///< as on the node type of its hardware that idles lowest
};

struct CleanedRuns {
  std::vector<CleanRun> runs;
  std::map<std::string, size_t> dropped;         ///< reason -> runs
  std::map<std::string, double> idle_w;          ///< by node type
  std::map<std::string, std::string> reference;  ///< hardware -> node type that its runs are standardised to
  std::map<std::string, RunOverhead> overhead;   ///< by hardware; absent where no run tells it
};

/// Throws Error(invalid_input) for a node without power samples in the whole series.
CleanedRuns clean_runs(const NodeRuns& runs, const std::map<std::string, PowerSeries>& power, const CleaningRules& rules = {});

/// The columns of the runs, and behind them time, energy, standardised energy and power, and both without the overhead.
std::string print_clean_runs(const NodeRuns& table, const CleanedRuns& cleaned);

}  // namespace wattlayer

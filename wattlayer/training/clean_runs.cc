#include "wattlayer/training/clean_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "wattlayer/core/error.h"
#include "wattlayer/core/nearest.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/training/csv_numbers.h"

namespace wattlayer {
namespace {

/// Runs that share a node with another at some time: the watt-meter cannot tell them apart.
std::set<const NodeRun*> sharing(const std::vector<NodeRun>& runs) {
  std::map<std::string, std::vector<const NodeRun*>> by_node;
  for (const NodeRun& run : runs) by_node[run.node].push_back(&run);
  std::set<const NodeRun*> found;
  for (auto& [node, list] : by_node) {
    std::sort(list.begin(), list.end(), [](auto* a, auto* b) { return a->start_s < b->start_s; });
    const NodeRun* longest = nullptr;
    for (const NodeRun* run : list) {
      if (longest && run->start_s < longest->end_s) found.insert({run, longest});
      if (!longest || run->end_s > longest->end_s) longest = run;
    }
  }
  return found;
}

using Series = std::map<std::string, PowerSeries>;

/// Idle power by node type: a low quantile of all samples of its nodes, unless it is stated.
std::map<std::string, double> idle_power(const NodeRuns& runs, const Series& power, const CleaningRules& rules) {
  std::map<std::string, std::set<std::string>> nodes;
  for (const NodeRun& run : runs.runs) nodes[run.node_type].insert(run.node);
  std::map<std::string, double> idle;
  for (const auto& [type, names] : nodes) {
    if (const auto stated = rules.idle_w.find(type); stated != rules.idle_w.end()) {
      idle[type] = stated->second;
      continue;
    }
    std::vector<double> samples;
    for (const std::string& node : names)
      if (const auto at = power.find(node); at != power.end())
        for (const double w : at->second.power_w)
          if (w > 0) samples.push_back(w);
    if (!samples.empty()) idle[type] = quantile(std::move(samples), rules.idle_quantile);
  }
  return idle;
}

std::map<std::string, std::string> references(const NodeRuns& runs, const std::map<std::string, double>& idle) {
  std::map<std::string, std::string> lowest;
  for (const NodeRun& run : runs.runs) {
    if (!idle.contains(run.node_type)) continue;
    const auto [at, is_new] = lowest.emplace(run.hardware, run.node_type);
    if (!is_new && idle.at(run.node_type) < idle.at(at->second)) at->second = run.node_type;
  }
  return lowest;
}

/// Keeps the runs with energy, and counts why others go.
std::vector<CleanRun> with_energy(const NodeRuns& runs, const Series& power, const CleaningRules& rules,
                                  std::map<std::string, size_t>& dropped) {
  const std::set<const NodeRun*> shared = sharing(runs.runs);
  std::vector<CleanRun> kept;
  for (const NodeRun& run : runs.runs) {
    if (shared.contains(&run)) {
      ++dropped["another run on the same node at the same time"];
      continue;
    }
    const auto series = power.find(run.node);
    const IntegratedPower integrated = series == power.end() ? IntegratedPower{IntegratedPower::Fault::missing}
                                                             : integrate(series->second, run.start_s, run.end_s,
                                                                         rules.longest_gap_steps * series->second.usual_step_s());
    if (integrated.fault == IntegratedPower::Fault::missing) ++dropped["power samples are missing"];
    else if (integrated.fault == IntegratedPower::Fault::zero) ++dropped["a power sample of 0 W or less"];
    else if (run.time_s() > rules.longest_run_s) ++dropped[fmt::format("run time above {} s", rules.longest_run_s)];
    else kept.push_back({run, integrated.energy_j, integrated.energy_j});
  }
  return kept;
}

/// Drops runs whose time is far from that of runs with the same data set, size and hardware.
void drop_outliers(std::vector<CleanRun>& runs, const CleaningRules& rules, std::map<std::string, size_t>& dropped) {
  using Key = std::tuple<std::string, std::string, double>;
  const auto key = [](const CleanRun& r) { return Key{r.run.hardware, r.run.dataset, r.run.size}; };
  std::map<Key, std::vector<double>> logs;
  for (const CleanRun& r : runs) logs[key(r)].push_back(std::log(r.run.time_s()));
  const size_t removed = std::erase_if(runs, [&](const CleanRun& r) {
    const std::vector<double>& group = logs[key(r)];
    const double centre = mean(group);
    double squares = 0;
    for (const double x : group) squares += (x - centre) * (x - centre);
    const double deviation = std::sqrt(squares / static_cast<double>(group.size()));
    return deviation > 0 && std::abs(std::log(r.run.time_s()) - centre) > rules.widest_deviation * deviation;
  });
  if (removed)
    dropped[fmt::format("logarithm of run time beyond {} standard deviations of its data set, size and hardware",
                        rules.widest_deviation)] += removed;
}

/// The data set of fewest samples, or the one that is named.
std::string smallest_dataset(const std::vector<CleanRun>& runs, const CleaningRules& rules) {
  if (!rules.smallest_dataset.empty()) {
    if (std::any_of(runs.begin(), runs.end(), [&](const CleanRun& run) { return run.run.dataset == rules.smallest_dataset; }))
      return rules.smallest_dataset;
    std::set<std::string> known;
    for (const CleanRun& run : runs) known.insert(run.run.dataset);
    throw Error(ErrorKind::invalid_input, fmt::format("no run that is kept is of the data set '{}'{}", rules.smallest_dataset,
                                                      nearest(rules.smallest_dataset, {known.begin(), known.end()})));
  }
  const NodeRun* fewest = nullptr;
  for (const CleanRun& r : runs)
    if (r.run.samples && (!fewest || *r.run.samples < *fewest->samples)) fewest = &r.run;
  return fewest ? fewest->dataset : "";
}

std::map<std::string, RunOverhead> overheads(const std::vector<CleanRun>& runs, const CleaningRules& rules) {
  const std::string smallest = smallest_dataset(runs, rules);
  std::map<std::string, std::pair<std::vector<double>, std::vector<double>>> found;
  for (const CleanRun& r : runs)
    if (!smallest.empty() && r.run.dataset == smallest && r.run.size <= rules.overhead_size) {
      found[r.run.hardware].first.push_back(r.std_energy_j);
      found[r.run.hardware].second.push_back(r.run.time_s());
    }
  std::map<std::string, RunOverhead> result;
  for (auto& [hardware, values] : found) {
    const size_t count = values.first.size();
    result[hardware] = {quantile(std::move(values.first), rules.overhead_quantile),
                        quantile(std::move(values.second), rules.overhead_quantile), count};
  }
  return result;
}

}  // namespace

NodeRuns read_node_runs(std::string_view text) {
  CsvReader csv(text);
  const CsvNumbers numbers(csv);
  const size_t run = numbers.column({"run", "run_id"}), node = numbers.column({"node"}),
               start = numbers.column({"start", "start_s"}), end = numbers.column({"end", "end_s"}),
               dataset = numbers.column({"dataset"}), size = numbers.column({"size"});
  const auto type = csv.column("node_type"), hardware = csv.column("hardware"), samples = csv.column("samples");
  NodeRuns table{csv.header(), {}};
  std::set<std::string> seen;
  while (csv.next()) {
    numbers.require_whole_record();
    NodeRun r{numbers.text(run),
              numbers.text(node),
              type ? numbers.text(*type) : "node",
              hardware ? numbers.text(*hardware) : "",
              numbers.text(dataset),
              numbers.positive(size)};
    if (samples) r.samples = numbers.positive(*samples);
    r.start_s = numbers.time(start), r.end_s = numbers.time(end);
    r.fields = csv.fields();
    if (!(r.end_s > r.start_s))
      throw Error(ErrorKind::invalid_input, fmt::format("line {}: run {}: expected an end after its start, found {} to {}",
                                                        csv.line(), r.run, numbers.text(start), numbers.text(end)));
    if (!seen.insert(r.run).second)
      throw Error(ErrorKind::invalid_input, fmt::format("line {}: run {} is there twice; leave one out", csv.line(), r.run));
    table.runs.push_back(std::move(r));
  }
  if (table.runs.empty())
    throw Error(ErrorKind::invalid_input, "the table has no runs; expected run,node,start,end,dataset,size");
  return table;
}

CleanedRuns clean_runs(const NodeRuns& runs, const Series& power, const CleaningRules& rules) {
  CleanedRuns cleaned;
  cleaned.idle_w = idle_power(runs, power, rules);
  cleaned.reference = references(runs, cleaned.idle_w);
  cleaned.runs = with_energy(runs, power, rules, cleaned.dropped);
  drop_outliers(cleaned.runs, rules, cleaned.dropped);
  for (CleanRun& r : cleaned.runs) {
    const double above = cleaned.idle_w.at(r.run.node_type) - cleaned.idle_w.at(cleaned.reference.at(r.run.hardware));
    r.std_energy_j = r.energy_j - above * r.run.time_s();
  }
  cleaned.overhead = overheads(cleaned.runs, rules);
  return cleaned;
}

std::string print_clean_runs(const NodeRuns& table, const CleanedRuns& cleaned) {
  std::string text;
  for (const std::string& name : table.header) text += csv_field(name) + ",";
  text += "run_time_s,energy_j,power_w,std_energy_j,std_power_w,non_overhead_energy_j,non_overhead_time_s\n";
  for (const CleanRun& r : cleaned.runs) {
    for (const std::string& field : r.run.fields) text += csv_field(field) + ",";
    const double time = r.run.time_s();
    text += fmt::format("{},{},{},{},{}", time, r.energy_j, r.energy_j / time, r.std_energy_j, r.std_energy_j / time);
    const auto overhead = cleaned.overhead.find(r.run.hardware);
    text += overhead == cleaned.overhead.end()
                ? ",,\n"
                : fmt::format(",{},{}\n", r.std_energy_j - overhead->second.energy_j, time - overhead->second.time_s);
  }
  return text;
}

}  // namespace wattlayer

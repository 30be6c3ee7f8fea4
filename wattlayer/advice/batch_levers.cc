#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "wattlayer/advice/levers.h"
#include "wattlayer/core/error.h"
#include "wattlayer/graph/weights.h"
#include "wattlayer/report/quantity_text.h"

namespace wattlayer {
namespace {

constexpr int64_t largest_batch_tried = 1024;
constexpr double little = 1.05;  // within 5 % of the lowest energy nothing much is left to gain

std::optional<double> memory_of(const Hardware& hardware) {
  if (hardware.memory.empty()) return std::nullopt;
  return hardware.memory.back().bytes * hardware.memory.back().units;
}

/// The smallest batch that reaches nearly the lowest energy per inference of all tried.
size_t knee(const std::vector<BatchStep>& steps) {
  double lowest = steps.front().energy_per_inference_j.value;
  for (const BatchStep& s : steps) lowest = std::min(lowest, s.energy_per_inference_j.value);
  return static_cast<size_t>(std::find_if(steps.begin(), steps.end(),
                                          [&](const BatchStep& s) { return s.energy_per_inference_j.value <= little * lowest; }) -
                             steps.begin());
}

Lever lever_at(const Trial& trial, size_t step, const EstimateReport& then, std::string_view more) {
  const int64_t batch = trial.advice.batches[step].batch;
  Lever lever{.kind = "batch", .change = fmt::format("batch {} instead of {}", batch, trial.now().estimate.batch)};
  set_saving(lever, trial, then, Relation::other_batch);
  lever.rests_on = fmt::format("{}, coverage {}; {}", trial.model().id, percent(then.estimate.coverage), more);
  lever.costs = fmt::format("latency: {}, and inferences wait for their batch to fill", time_cost(trial, then));
  return lever;
}

}  // namespace

double inference_bytes(const Graph& graph, const Engine& engine) {
  double weights = 0;
  for (const OwnConstant& constant : own_constants(graph))
    if (is_weight(constant.tensor())) weights += constant.tensor().bytes();
  const Graph runs = executed(graph, engine);
  std::map<int, double> bytes;  // of values that are no constants
  std::map<int, size_t> last;
  for (size_t i = 0; i < runs.nodes.size(); ++i) {
    const Node& node = runs.nodes[i];
    for (size_t k = 0; k < node.inputs.size(); ++k)
      if (node.inputs[k] >= 0 && !node.layer.inputs[k].constant)
        bytes.emplace(node.inputs[k], node.layer.inputs[k].bytes()), last[node.inputs[k]] = i;
    for (size_t k = 0; k < node.outputs.size(); ++k)
      if (node.outputs[k] >= 0) bytes[node.outputs[k]] = node.layer.in_place ? 0 : node.layer.outputs[k].bytes();
  }
  for (const int output : runs.outputs) last[output] = runs.nodes.size();
  std::vector<double> change(runs.nodes.size() + 2, 0);
  std::set<int> born;
  for (const int value : runs.inputs) change[0] += bytes[value], change[last[value] + 1] -= bytes[value], born.insert(value);
  for (size_t i = 0; i < runs.nodes.size(); ++i)
    for (const int value : runs.nodes[i].outputs) {
      if (value < 0 || !born.insert(value).second) continue;
      change[i] += bytes[value];
      change[std::max(i, last.contains(value) ? last[value] : i) + 1] -= bytes[value];
    }
  double alive = 0, most = 0;
  for (const double c : change) most = std::max(most, alive += c);
  return weights + most;
}

void try_batches(const Trial& trial) {
  if (trial.question.source.is_list()) return trial.advice.remarks.push_back("batch: the shapes of a list of layers are fixed");
  const EnergyModel& model = trial.model();
  const auto memory = memory_of(model.hardware);
  const double scale = static_cast<double>(bits(model.dtype)) / bits(DataType::f32);
  std::vector<EstimateReport> reports;
  auto& steps = trial.advice.batches;
  for (int64_t batch = 1; batch <= largest_batch_tried; batch *= 2) {
    ImportOptions reading = trial.question.reading;
    reading.batch = batch;
    try {
      const Graph graph = trial.question.source.graph(reading);
      const double bytes = scale * inference_bytes(graph, model.engine);
      if (memory && bytes > *memory) {
        trial.advice.remarks.push_back(
            fmt::format("batch {} needs {} or more, the device has {}", batch, binary_bytes(bytes), binary_bytes(*memory)));
        break;
      }
      reports.push_back(estimate(trial.question.source, graph, model, trial.question.device));
      steps.push_back({batch, reports.back().energy_per_inference_j, reports.back().estimate.time_s, bytes});
    } catch (const Error& e) {
      trial.advice.remarks.push_back(fmt::format("batch {}: {}", batch, e.what()));
      break;
    }
  }
  if (steps.empty()) return;
  const size_t best = knee(steps);
  Lever lever = lever_at(trial, best, reports[best], fmt::format("more than {} gains less than 5 %", steps[best].batch));
  // Where the batch of least energy lies too far outside what was measured, the one that surely saves most.
  if (lever.saving.low <= 0) {
    std::optional<Lever> sure;
    for (size_t i = 0; i < steps.size(); ++i) {
      Lever other = lever_at(trial, i, reports[i], "larger ones may save more, less surely");
      if (other.saving.low > (sure ? sure->saving.low : 0.0)) sure = std::move(other);
    }
    if (sure) trial.add(std::move(*sure));
  }
  if (steps[best].batch != trial.now().estimate.batch) trial.add(std::move(lever));
}

}  // namespace wattlayer

#include "wattlayer/fit/layerwise.h"

#include "wattlayer/fit/rows.h"

namespace wattlayer {

std::map<std::string, std::vector<MeasuredLayer>> measured_layers(TrainingRows rows) {
  std::map<std::string, std::vector<MeasuredLayer>> layers;
  for (const Measurement* m : rows) {
    if (m->kind == "network" || m->workload.items.size() != 1 || !has_measured_energy(*m) || !m->failure.empty()) continue;
    const WorkloadItem& item = m->workload.items[0];
    MeasuredLayer row{.layer = &item.layer, .energy_j = *m->energy_j / item.count};
    if (m->time_s) row.time_s = *m->time_s / item.count;
    layers[item.layer.op].push_back(row);
  }
  return layers;
}

std::vector<const Measurement*> measured_networks(TrainingRows rows) {
  std::vector<const Measurement*> networks;
  for (const Measurement* m : rows)
    if (m->workload.is_network && has_measured_energy(*m) && m->failure.empty()) networks.push_back(m);
  return networks;
}

std::vector<const Measurement*> measured_workloads(TrainingRows rows, size_t least) {
  std::vector<const Measurement*> found = measured_networks(rows);
  if (found.size() >= least) return found;
  found.clear();
  for (const Measurement* m : rows)
    if (has_measured_energy(*m) && m->failure.empty()) found.push_back(m);
  return found;
}

std::optional<Interval> LayerwisePredictor::energy_j(const Workload& workload) const {
  double sum = 0;
  bool covered = false;
  for (const WorkloadItem& item : workload.items) {
    const auto law = laws_.find(item.layer.op);
    if (law == laws_.end()) continue;
    sum += item.count * law->second(item.layer);
    covered = true;
  }
  if (!covered) return std::nullopt;
  return point(workload.is_network ? correction_ * sum : sum);
}

}  // namespace wattlayer

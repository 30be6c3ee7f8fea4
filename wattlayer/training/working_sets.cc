#include "wattlayer/training/working_sets.h"

#include <cmath>

#include "wattlayer/core/error.h"

namespace wattlayer {

Placement place(std::span<const MemoryLevel> memory, const WorkingSet& set, double occupied) {
  if (memory.empty()) throw Error(ErrorKind::invalid_input, "working sets need memory levels, and the hardware states none");
  double capacity = 0, before = occupied;
  Placement last;
  for (size_t i = 0; i < memory.size(); ++i) {
    capacity += memory[i].bytes;
    const bool outermost = i + 1 == memory.size();
    if (capacity <= before && !outermost) continue;
    const double cached = set.replicated_bytes + std::floor(set.distributed_bytes / memory[i].units);
    last = {i, capacity, cached, before + cached, before + cached <= capacity};
    if (last.fits) return last;
    before = std::max(before, capacity);
  }
  return last;
}

WorkingSetSizes working_set_sizes(const MlpTraining& training) {
  constexpr double bytes = 4;
  const auto batch = static_cast<double>(training.batch);
  const double parameters = training.parameters();
  WorkingSetSizes sizes;
  auto before = static_cast<double>(training.features);
  double units = before, largest = 0;
  for (const int64_t w : training.widths) {
    const auto width = static_cast<double>(w);
    sizes.inter_layer.push_back({0, bytes * batch * (before + width)});
    largest = std::max(largest, sizes.inter_layer.back().distributed_bytes);
    units += width;
    before = width;
  }
  sizes.forward = {bytes * parameters, 0};
  sizes.backward = {2 * bytes * parameters, bytes * batch * units - largest};
  sizes.samples = {0,
                   static_cast<double>(training.samples) * bytes * static_cast<double>(training.features + training.outputs())};
  return sizes;
}

WorkingSets place(const WorkingSetSizes& sizes, const Hardware& hardware) {
  if (sizes.inter_layer.empty()) throw Error(ErrorKind::invalid_input, "working sets need at least one layer");
  WorkingSets sets;
  for (const WorkingSet& set : sizes.inter_layer) {
    sets.inter_layer.push_back({set, place(hardware.memory, set, 0)});
    if (set.bytes() > sets.largest_inter_layer().set.bytes()) sets.largest = sets.inter_layer.size() - 1;
  }
  const double inner = sets.largest_inter_layer().place.occupied_bytes;
  sets.forward = {sizes.forward, place(hardware.memory, sizes.forward, inner)};
  sets.backward = {sizes.backward, place(hardware.memory, sizes.backward, inner)};
  sets.samples = {sizes.samples, place(hardware.memory, sizes.samples, sets.backward.place.occupied_bytes)};
  return sets;
}

}  // namespace wattlayer

#pragma once
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "wattlayer/core/epoch_series.h"

namespace wattlayer::test {

/// Epochs of these energies in joules, 100 W each.
inline std::vector<Epoch> epochs_of(const std::vector<double>& energies) {
  std::vector<Epoch> epochs;
  for (const double e : energies) epochs.push_back({static_cast<int64_t>(epochs.size()) + 1, Joules{e}, Seconds{e / 100}});
  return epochs;
}

/// Runs of eight blocks with a start-up, noise, and epochs from the third on that cost `drift` times the second.
inline std::vector<EpochSeries> made_up_runs(double drift, double noise = 0.02) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  std::vector<EpochSeries> runs;
  for (int block = 0; block < 8; ++block)
    for (int run = 0; run < 6; ++run) {
      std::vector<double> energies = {1500 * std::exp(0.2 * normal(random)), 1000};
      for (int epoch = 2; epoch < 25 + 5 * run; ++epoch) energies.push_back(1000 * drift * std::exp(noise * normal(random)));
      runs.push_back({.name = std::to_string(block) + "/" + std::to_string(run),
                      .block = std::to_string(block),
                      .epochs = epochs_of(energies)});
    }
  return runs;
}

}  // namespace wattlayer::test

#pragma once
#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/epoch_series.h"

namespace wattlayer {

/// What the epochs seen so far say of those to come, as logarithms of ratios (docs/training/projection.md). Where an epoch has
/// no duration, energies stand for durations.
struct EpochSignals {
  static constexpr size_t count = 6;
  static constexpr std::array<std::string_view, count> names = {"constant",    "start_up", "fastest",
                                                                "cheap_first", "end",      "stable_median"};
  std::array<double, count> values{};
  double reference_j = 0;   ///< mean energy of an epoch, without the first where there are more
  double recent = 0;        ///< of the last epochs against the reference
  double scale = 0;         ///< of the error to be expected
  size_t stable_since = 0;  ///< position in the series where the last level starts
};

/// Of the first epochs of a run that will have `planned` of them. There is at least one, and fewer than `planned`.
EpochSignals signals_of(std::span<const Epoch> seen, double planned);

/// Mean energy of the epochs to come, as learned from other runs: reference x exp(a weights . signals + (1 - a) recent), a = 2/3
/// and from 13 epochs on 1/2; the 90 % interval is that times exp(scale x low) to exp(scale x high).
struct LearnedProjection {
  struct After {
    std::array<double, EpochSignals::count> weights{};
    double low = 0, high = 0;
  };
  std::vector<After> after;  ///< element k - 1: when k epochs are seen; the last also for more
  std::string card;          ///< JSON: what it was learned from

  const After& of(size_t seen) const { return after.at(std::min(seen, after.size()) - 1); }
  /// Logarithm of the mean epoch to come over the reference.
  double correction(const EpochSignals& signals, size_t seen) const;
};

/// Learns from whole runs: weights by least absolute error of the projected total, the interval from errors of runs of blocks
/// that did not take part, widened until it holds nine tenths of yet other blocks'. Throws Error(invalid_input) for fewer than
/// three blocks with runs of five epochs or more.
LearnedProjection learn_projection(std::span<const EpochSeries> runs);

/// JSON text, and back. Parsing throws Error(invalid_input) naming what is wrong.
std::string print_projection(const LearnedProjection& learned);
LearnedProjection parse_projection(std::string_view json);

}  // namespace wattlayer

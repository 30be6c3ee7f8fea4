#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wattlayer {

/// One epoch of the training of a network of some size.
struct LossPoint {
  double epoch = 0;  ///< trained so far
  double loss = 0;
  double energy_j = 0;  ///< spent so far
};

/// The training of a network of one size, epochs rising.
struct LossCurve {
  double size = 0;  ///< trainable parameters
  std::vector<LossPoint> points;
};

/// Reads a table with the columns size, epoch, loss and energy (or energy_j, joules spent up to that epoch). Throws
/// Error(invalid_input) naming the line: for values that are not positive numbers, epochs of a size that fall or repeat, energy
/// that falls.
std::vector<LossCurve> read_loss_curves(std::string_view csv);

/// What a size needs to come to a loss.
struct LossReached {
  double size = 0;
  bool reached = false;
  double epoch = 0, energy_j = 0;  ///< where it is reached first; between epochs on straight lines over logarithms
  double least_loss = 0;           ///< that the size came to at all
  bool at_first_epoch = false;     ///< its first row is at the loss already: it may have been reached before
};

/// One for each curve, in order of size. Throws Error(invalid_input) for a loss that is not positive.
std::vector<LossReached> energy_to_loss(const std::vector<LossCurve>& curves, double loss);

/// The size that reaches the loss with the least energy. Throws Error(invalid_input) that names the least loss of all where none
/// reaches it.
const LossReached& cheapest(const std::vector<LossReached>& sizes, double loss);

}  // namespace wattlayer

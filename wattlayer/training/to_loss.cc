#include "wattlayer/training/to_loss.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "wattlayer/core/error.h"
#include "wattlayer/store/csv.h"
#include "wattlayer/training/csv_numbers.h"

namespace wattlayer {
namespace {

void append(LossCurve& curve, const LossPoint& point, size_t line) {
  if (!curve.points.empty()) {
    const LossPoint& last = curve.points.back();
    if (point.epoch == last.epoch)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("line {}: size {} has epoch {} twice; leave one out", line, curve.size, point.epoch));
    if (point.epoch < last.epoch)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("line {}: epochs of size {} are not sorted: {} comes after {}; sort by epoch", line, curve.size,
                              point.epoch, last.epoch));
    if (point.energy_j < last.energy_j)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("line {}: expected the energy spent up to each epoch, which never falls, found {} J after {} J for "
                              "size {}; energies of single epochs have to be summed first",
                              line, point.energy_j, last.energy_j, curve.size));
  }
  curve.points.push_back(point);
}

/// The share of the way from a to b at which a straight line over logarithms comes to x.
double log_share(double a, double b, double x) { return std::log(x / a) / std::log(b / a); }

double log_between(double a, double b, double share) { return a * std::pow(b / a, share); }

LossReached reach(const LossCurve& curve, double loss) {
  LossReached result{.size = curve.size, .least_loss = curve.points.front().loss};
  for (const LossPoint& point : curve.points) result.least_loss = std::min(result.least_loss, point.loss);
  const auto at = std::find_if(curve.points.begin(), curve.points.end(), [&](const LossPoint& p) { return p.loss <= loss; });
  if (at == curve.points.end()) return result;
  result.reached = true;
  result.at_first_epoch = at == curve.points.begin();
  const double share = result.at_first_epoch ? 1 : log_share(std::prev(at)->loss, at->loss, loss);
  const LossPoint& before = result.at_first_epoch ? *at : *std::prev(at);
  result.epoch = log_between(before.epoch, at->epoch, share);
  result.energy_j = log_between(before.energy_j, at->energy_j, share);
  return result;
}

}  // namespace

std::vector<LossCurve> read_loss_curves(std::string_view text) {
  CsvReader csv(text);
  const CsvNumbers numbers(csv);
  const size_t size = numbers.column({"size"}), epoch = numbers.column({"epoch"}), loss = numbers.column({"loss"}),
               energy = numbers.column({"energy_j", "energy"});
  std::map<double, LossCurve> curves;
  while (csv.next()) {
    numbers.require_whole_record();
    const double parameters = numbers.positive(size);
    LossCurve& curve = curves[parameters];
    curve.size = parameters;
    append(curve, {numbers.positive(epoch), numbers.positive(loss), numbers.positive(energy)}, csv.line());
  }
  if (curves.empty()) throw Error(ErrorKind::invalid_input, "the table has no rows; expected size,epoch,loss,energy_j in each");
  std::vector<LossCurve> result;
  for (auto& [parameters, curve] : curves) result.push_back(std::move(curve));
  return result;
}

std::vector<LossReached> energy_to_loss(const std::vector<LossCurve>& curves, double loss) {
  if (!(loss > 0) || !std::isfinite(loss))
    throw Error(ErrorKind::invalid_input, fmt::format("loss: expected a number above 0, found {}", loss));
  std::vector<LossReached> sizes;
  for (const LossCurve& curve : curves) sizes.push_back(reach(curve, loss));
  return sizes;
}

const LossReached& cheapest(const std::vector<LossReached>& sizes, double loss) {
  const LossReached* best = nullptr;
  double least = std::numeric_limits<double>::infinity();
  for (const LossReached& size : sizes) {
    least = std::min(least, size.least_loss);
    if (size.reached && (!best || size.energy_j < best->energy_j)) best = &size;
  }
  if (!best)
    throw Error(
        ErrorKind::invalid_input,
        fmt::format("no size reaches a loss of {}: the least of all is {}; ask for that or more, or train longer", loss, least));
  return *best;
}

}  // namespace wattlayer

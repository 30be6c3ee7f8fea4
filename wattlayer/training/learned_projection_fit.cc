#include <fmt/format.h>

#include <Eigen/Dense>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/training/learned_projection.h"

namespace wattlayer {
namespace {

constexpr size_t signals = EpochSignals::count;
constexpr size_t most_seen = 30;  // epochs; what holds then holds later
constexpr size_t fewest_epochs = 5, fewest_blocks = 3;
constexpr double penalty = 3e-3;                        // on the square of the weights
constexpr double nearby_low = 0.7, nearby_high = 1.45;  // counts of epochs that teach one another
constexpr double rounding = 0.003;                      // of the absolute error near 0
constexpr double tail = 0.05;                           // outside the interval on each side

using Weights = Eigen::Matrix<double, signals, 1>;

/// One run after some of its epochs. Shares are of the run's energy.
struct Moment {
  size_t block = 0, seen = 0;
  EpochSignals signals;
  double spent = 0, rest = 0;  ///< rest: what is to come at the reference
  double truth = 0;            ///< logarithm of the mean epoch to come over the reference
};

std::vector<Moment> moments_of(std::span<const EpochSeries> runs, std::vector<std::string>& blocks) {
  std::vector<Moment> moments;
  for (const EpochSeries& run : runs) {
    const size_t planned = run.epochs.size();
    if (planned < fewest_epochs) continue;
    size_t block = static_cast<size_t>(std::find(blocks.begin(), blocks.end(), run.block) - blocks.begin());
    if (block == blocks.size()) blocks.push_back(run.block);
    double total = 0, spent = 0;
    for (const Epoch& epoch : run.epochs) total += epoch.energy.value;
    for (size_t seen = 1; seen <= most_seen && seen + 1 < planned; ++seen) {
      spent += run.epochs[seen - 1].energy.value;
      Moment m{.block = block, .seen = seen};
      m.signals = signals_of(std::span(run.epochs).first(seen), static_cast<double>(planned));
      const double left = static_cast<double>(planned - seen);
      m.spent = spent / total;
      m.rest = left * m.signals.reference_j / total;
      m.truth = std::log((total - spent) / left / m.signals.reference_j);
      moments.push_back(m);
    }
  }
  return moments;
}

bool near(size_t other, size_t seen) {
  if (seen == 1 || other == 1) return other == seen;  // the first epoch is another kind of reference
  const double ratio = static_cast<double>(other) / static_cast<double>(seen);
  return ratio >= nearby_low && ratio <= nearby_high;
}

/// Least absolute error of the total, by Newton steps on its rounded form.
class LeastError {
 public:
  explicit LeastError(const std::vector<const Moment*>& rows) : rows_(rows) {}

  Weights solve() const {
    Weights w = Weights::Zero();
    for (int step = 0; step < 200; ++step) {
      Weights slope;
      Eigen::Matrix<double, signals, signals> bend;
      const double now = value(w, &slope, &bend);
      const Weights direction = -bend.ldlt().solve(slope);
      double length = 1;
      while (length > 1e-6 && value(w + length * direction) > now) length /= 2;
      if (length <= 1e-6) break;
      w += length * direction;
      if ((length * direction).norm() < 1e-7) break;
    }
    return w;
  }

 private:
  double value(const Weights& w, Weights* slope = nullptr, Eigen::Matrix<double, signals, signals>* bend = nullptr) const {
    double sum = 0;
    if (slope) *slope = 2 * penalty * w, *bend = 2 * penalty * Eigen::Matrix<double, signals, signals>::Identity();
    for (const Moment* m : rows_) {
      const Eigen::Map<const Weights> x(m->signals.values.data());
      const double u = std::clamp(x.dot(w), -1.0, 1.0), rest = m->rest * std::exp(u);
      const double error = m->spent + rest - 1, size = std::sqrt(error * error + rounding * rounding);
      sum += size;
      if (!slope) continue;
      const Weights change = rest * x;
      *slope += change * (error / size / count());
      *bend += change * change.transpose() / (size * count());
    }
    return sum / count() + penalty * w.squaredNorm();
  }
  double count() const { return static_cast<double>(rows_.size()); }

  const std::vector<const Moment*>& rows_;
};

using Blocks = std::set<size_t>;

LearnedProjection weights_of(const std::vector<Moment>& moments, const Blocks& blocks) {
  LearnedProjection learned;
  for (size_t seen = 1; seen <= most_seen; ++seen) {
    std::vector<const Moment*> rows;
    for (const Moment& m : moments)
      if (blocks.contains(m.block) && near(m.seen, seen)) rows.push_back(&m);
    if (rows.empty()) break;
    const Weights w = LeastError(rows).solve();
    std::copy(w.data(), w.data() + signals, learned.after.emplace_back().weights.begin());
  }
  return learned;
}

/// An error in units of the scale that was expected for it.
struct Miss {
  size_t block, seen;
  double size;
};

/// Errors of each block by what the others teach.
std::vector<Miss> misses_of(const std::vector<Moment>& moments, const Blocks& blocks) {
  std::vector<Miss> misses;
  for (const size_t left_out : blocks) {
    Blocks others = blocks;
    others.erase(left_out);
    const LearnedProjection learned = weights_of(moments, others);
    for (const Moment& m : moments)
      if (m.block == left_out && m.seen <= learned.after.size())
        misses.push_back({m.block, m.seen, (m.truth - learned.correction(m.signals, m.seen)) / m.signals.scale});
  }
  return misses;
}

struct Bounds {
  double low = 0, high = 0;
};

/// Nothing where no block says how large errors are.
std::optional<Bounds> bounds_of(const std::vector<Miss>& misses, size_t seen, std::optional<size_t> without = std::nullopt) {
  std::vector<double> sizes;
  for (const Miss& m : misses)
    if (m.block != without && near(m.seen, seen)) sizes.push_back(m.size);
  if (sizes.empty()) return std::nullopt;
  return Bounds{std::min(quantile(sizes, tail), -1e-6), std::max(quantile(sizes, 1 - tail), 1e-6)};
}

/// How much wider the bounds must be to hold nine tenths of blocks that had no part in them.
double widening(const std::vector<Miss>& misses, const Blocks& blocks) {
  std::vector<double> needed;
  for (const size_t block : blocks) {
    std::map<size_t, std::optional<Bounds>> bounds;
    for (const Miss& m : misses) {
      if (m.block != block || m.seen > most_seen * 2 / 3) continue;
      if (!bounds.contains(m.seen)) bounds[m.seen] = bounds_of(misses, m.seen, block);
      if (const std::optional<Bounds>& b = bounds[m.seen]) needed.push_back(m.size > 0 ? m.size / b->high : m.size / b->low);
    }
  }
  return needed.empty() ? 1.0 : std::max(1.0, quantile(needed, 1 - 2 * tail));
}

}  // namespace

LearnedProjection learn_projection(std::span<const EpochSeries> runs) {
  std::vector<std::string> names;
  const std::vector<Moment> moments = moments_of(runs, names);
  Blocks blocks;
  for (const Moment& m : moments) blocks.insert(m.block);
  if (blocks.size() < fewest_blocks)
    throw Error(ErrorKind::invalid_input,
                fmt::format("runs of {} or more epochs are of {} block(s); expected {} or more to learn a projection from",
                            fewest_epochs, blocks.size(), fewest_blocks));
  LearnedProjection learned = weights_of(moments, blocks);
  const std::vector<Miss> misses = misses_of(moments, blocks);
  const double wider = widening(misses, blocks);
  for (size_t seen = 1; seen <= learned.after.size(); ++seen) {
    const std::optional<Bounds> bounds = bounds_of(misses, seen);
    if (!bounds) learned.after.resize(seen - 1);  // one block alone has runs as long: nothing tells its errors
    else learned.after[seen - 1].low = wider * bounds->low, learned.after[seen - 1].high = wider * bounds->high;
  }
  if (learned.after.empty())
    throw Error(ErrorKind::invalid_input, "no two blocks have runs of the same length, so that none tells errors of another");
  learned.card = nlohmann::ordered_json{{"runs", runs.size()}, {"blocks", names}, {"interval_widened_by", wider}}.dump();
  return learned;
}

}  // namespace wattlayer

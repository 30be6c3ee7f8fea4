#include "wattlayer/fit/residual_trees.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "wattlayer/fit/calibration.h"
#include "wattlayer/fit/folds.h"
#include "wattlayer/fit/regression.h"
#include "wattlayer/fit/rows.h"
#include "wattlayer/predict/tree_inputs.h"

namespace wattlayer {
namespace {

constexpr double unlimited_w = 1e12;
constexpr double largest_residual = 2;  // a row that the law misses by more says nothing about the others
constexpr int rounds_between_checks = 25;
constexpr double standard_errors = 2;
constexpr size_t rows_of_a_block = 3;  // fewer on average are no blocks
constexpr int halvings = 5;
constexpr size_t few_blocks = 30;
constexpr size_t rows_for_fine_bins = 4000;
constexpr int coarse_bins = 64, fine_bins = 256;

/// One measured layer: what the trees see, and what the law leaves.
struct Left {
  const Measurement* row = nullptr;
  TreeInputs inputs;
  std::array<double, coordinate_kinds> coordinates;
  std::optional<double> time, power;  ///< log of measured over predicted; power is that of energy where time was not measured
};

double log_clipped(double measured, double predicted) {
  return std::clamp(std::log(measured / predicted), -largest_residual, largest_residual);
}

using GroupKey = TreePlan::key_type;

GroupKey key_of(const PhysicsGroup& g) { return {g.family, g.variant, g.dtype}; }

/// The law without the trees of earlier fits.
PhysicsModel bare(const PhysicsModel& model) {
  PhysicsModel law = model;
  for (PhysicsGroup& group : law.groups) group.trees.reset();
  return law;
}

/// What the law leaves of each measured layer, by the group whose law it is.
std::map<GroupKey, std::vector<Left>> left_by(const PhysicsModel& law, TrainingRows rows, const Target& target) {
  std::map<GroupKey, std::vector<Left>> all;
  for (const Measurement* m : rows) {
    if (!usable(*m) || m->workload.is_network || m->workload.items.size() != 1) continue;
    const WorkloadItem& item = m->workload.items[0];
    const Features f = features(item.layer, target.hardware, target.engine);
    OperatingPoint point = operating_point(target.hardware, m->conditions);
    const PhysicsModel::Outcome outcome = law.layer(f, point);
    point.power_limit_w = unlimited_w;  // trees tell what happens under the limit
    PhysicsModel::Totals totals;
    totals.add(outcome, item.count);
    totals = law.pass(totals, false, point);
    Left left{
        .row = m, .inputs = tree_inputs(f, outcome.time_s, outcome.energy_j / outcome.time_s), .coordinates = f.coordinates};
    if (m->time_s && *m->time_s > 0) left.time = log_clipped(*m->time_s, totals.time_s);
    if (has_measured_energy(*m) && !law.stated_w) left.power = log_clipped(*m->energy_j, totals.energy_j) - left.time.value_or(0);
    all[{std::string(name(f.group.family)), std::string(f.group.variant), f.group.dtype}].push_back(std::move(left));
  }
  return all;
}

/// Inputs that differ between rows; the others tell nothing.
std::vector<size_t> varying(const std::vector<Left>& rows) {
  std::vector<size_t> columns;
  for (size_t j = 0; j < tree_input_kinds; ++j)
    if (std::any_of(rows.begin(), rows.end(), [&](const Left& r) { return r.inputs[j] != rows[0].inputs[j]; }))
      columns.push_back(j);
  return columns;
}

enum class Side { time, power };
const std::optional<double>& side_of(const Left& left, Side side) { return side == Side::time ? left.time : left.power; }

/// Trees of one side that see `columns` alone, with the places that the inputs have in TreeInputs.
BoostedTrees fit_side(const std::shared_ptr<const BoostingLibrary>& library, const std::vector<const Left*>& rows, Side side,
                      const std::vector<size_t>& columns, const TreeOptions& options, bool absolute, int rounds) {
  BoostingRows table{.columns = columns.size()};
  for (const Left* left : rows) {
    if (!side_of(*left, side)) continue;
    for (size_t j : columns) table.inputs.push_back(left->inputs[j]);
    table.targets.push_back(static_cast<float>(*side_of(*left, side)));
  }
  if (table.targets.empty() || rounds == 0 || columns.empty()) return {};
  BoostedTrees trees = fit_trees(library, table,
                                 {.depth = options.depth,
                                  .row_share = 0.7,
                                  .column_share = 0.5,
                                  .bins = table.targets.size() < rows_for_fine_bins ? coarse_bins : fine_bins,
                                  .absolute = absolute},
                                 rounds);
  trees.rename_inputs(columns);
  trees.round_leaves();
  return trees;
}

/// Held-out predictions after 0, 25, 50, ... trees; index 0: none.
using Curve = std::vector<float>;

Curve curve_of(const BoostedTrees& trees, const TreeInputs& inputs, int most_rounds) {
  Curve curve = {0};
  float sum = static_cast<float>(trees.base());
  for (int done = 0; done < most_rounds; done += rounds_between_checks) {
    if (!trees.empty())
      sum = trees.add(sum, inputs, static_cast<size_t>(done), std::min<size_t>(trees.trees(), done + rounds_between_checks));
    curve.push_back(trees.empty() ? 0 : sum);
  }
  return curve;
}

/// Halves rows at the median of the coordinate that varies most among them, until so many cells are made.
void divide_into_cells(std::vector<const Left*> rows, int halvings, std::map<const Left*, std::string>& cells,
                       const std::string& cell = "") {
  if (halvings == 0 || rows.size() < 2) {
    for (const Left* row : rows) cells[row] = cell;
    return;
  }
  size_t widest = 0;
  double largest = -1;
  for (size_t j = 0; j < coordinate_kinds; ++j) {
    double sum = 0, squares = 0;
    for (const Left* row : rows) sum += row->coordinates[j], squares += row->coordinates[j] * row->coordinates[j];
    const double n = static_cast<double>(rows.size()), variance = squares / n - sum * sum / (n * n);
    if (variance > largest) largest = variance, widest = j;
  }
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
  std::nth_element(rows.begin(), middle, rows.end(), [&](const Left* a, const Left* b) {
    return std::tie(a->coordinates[widest], a->row->row) < std::tie(b->coordinates[widest], b->row->row);
  });
  divide_into_cells({rows.begin(), middle}, halvings - 1, cells, cell + '0');
  divide_into_cells({middle, rows.end()}, halvings - 1, cells, cell + '1');
}

/// Blocks of rows that are left out together: those of the data, or, where nearly every row is one of its own, regions of sizes,
/// so that what is held out lies apart from what was seen, as the layers of real networks lie apart from random ones.
std::map<const Left*, std::string> blocks_of(const std::vector<Left>& rows) {
  std::map<const Left*, std::string> blocks;
  std::set<std::string> names;
  for (const Left& left : rows) names.insert(left.row->block.empty() ? left.row->row : left.row->block);
  if (names.size() * rows_of_a_block <= rows.size()) {
    for (const Left& left : rows) blocks[&left] = left.row->block.empty() ? left.row->row : left.row->block;
    return blocks;
  }
  std::vector<const Left*> all;
  for (const Left& left : rows) all.push_back(&left);
  divide_into_cells(all, halvings, blocks);
  return blocks;
}

std::vector<std::vector<const Left*>> blocked_folds(const std::map<const Left*, std::string>& block_of,
                                                    const std::vector<Left>& rows, size_t count) {
  std::map<std::string, std::vector<const Left*>> blocks;
  for (const Left& left : rows) blocks[block_of.at(&left)].push_back(&left);
  return folds_of(blocks, count);
}

/// What was left of one row and what trees that have not seen its block say of it.
struct HeldOutRow {
  const Left* left;
  std::string block;
  Curve time, power;

  double time_error(size_t check) const { return left->time ? std::abs(*left->time - time[check]) : 0; }
  double energy_error(size_t time_check, size_t power_check) const {
    const double t = left->time ? *left->time - time[time_check] : 0;
    return left->power ? std::abs(t + *left->power - power[power_check]) : 0;
  }
};

std::vector<HeldOutRow> hold_out(const std::shared_ptr<const BoostingLibrary>& library, const std::vector<Left>& rows,
                                 const TreeOptions& options, bool absolute) {
  const auto blocks = blocks_of(rows);
  const auto folds = blocked_folds(blocks, rows, options.folds);
  const std::vector<size_t> columns = varying(rows);
  std::vector<HeldOutRow> out;
  for (size_t f = 0; f < folds.size() && folds.size() > 1; ++f) {
    std::vector<const Left*> training;
    for (size_t other = 0; other < folds.size(); ++other)
      if (other != f) training.insert(training.end(), folds[other].begin(), folds[other].end());
    const BoostedTrees time = fit_side(library, training, Side::time, columns, options, absolute, options.most_rounds);
    const BoostedTrees power = fit_side(library, training, Side::power, columns, options, absolute, options.most_rounds);
    for (const Left* left : folds[f])
      out.push_back({left, blocks.at(left), curve_of(time, left->inputs, options.most_rounds),
                     curve_of(power, left->inputs, options.most_rounds)});
  }
  return out;
}

/// The check with the least mean error of one side; 0: no trees.
size_t best_check(const std::vector<HeldOutRow>& rows, Side side) {
  std::vector<double> sums;
  for (const HeldOutRow& row : rows) {
    const auto& left = side_of(*row.left, side);
    const Curve& curve = side == Side::time ? row.time : row.power;
    sums.resize(curve.size());
    if (left)
      for (size_t c = 0; c < curve.size(); ++c) sums[c] += std::abs(*left - static_cast<double>(curve[c]));
  }
  return static_cast<size_t>(std::min_element(sums.begin(), sums.end()) - sums.begin());
}

/// Of energy and of time, together.
double mean_error(const std::vector<HeldOutRow>& rows, size_t time_check, size_t power_check) {
  double sum = 0;
  for (const HeldOutRow& row : rows) sum += row.energy_error(time_check, power_check) + row.time_error(time_check);
  return rows.empty() ? 0 : sum / static_cast<double>(rows.size());
}

/// The gain of blocks in one side, each with its mean, is beyond what they differ by.
bool gains(const std::vector<HeldOutRow>& rows, Side side, size_t check) {
  std::map<std::string, std::pair<double, double>> blocks;  // sum of gains, rows
  for (const HeldOutRow& row : rows) {
    const auto& left = side_of(*row.left, side);
    if (!left) continue;
    auto& [sum, n] = blocks[row.block];
    const Curve& curve = side == Side::time ? row.time : row.power;
    sum += std::abs(*left) - std::abs(*left - static_cast<double>(curve[check])), ++n;
  }
  double sum = 0, squares = 0;
  for (const auto& [name, block] : blocks) {
    const double gain = block.first / block.second;
    sum += gain, squares += gain * gain;
  }
  const double n = static_cast<double>(blocks.size());
  if (n < 2) return false;
  const double mean = sum / n, variance = std::max(0.0, squares / n - mean * mean) * n / (n - 1);
  return mean > standard_errors * std::sqrt(variance / n);
}

/// Sides that gain by themselves are taken where both figures together gain too: errors of time and power may have cancelled.
TreeChoice choose_rounds(const std::vector<HeldOutRow>& held_out, bool absolute) {
  const auto gaining = [&](Side side) {
    const size_t check = best_check(held_out, side);
    return gains(held_out, side, check) ? check : 0;
  };
  const size_t time = gaining(Side::time), power = gaining(Side::power);
  TreeChoice best{.absolute = absolute, .error_before = mean_error(held_out, 0, 0)};
  best.error_after = best.error_before;
  for (const auto& [t, p] : {std::pair(time, power), std::pair(time, size_t{0}), std::pair(size_t{0}, power)}) {
    const double error = mean_error(held_out, t, p);
    if (error >= best.error_after) continue;
    best.time_rounds = static_cast<int>(t) * rounds_between_checks;
    best.power_rounds = static_cast<int>(p) * rounds_between_checks;
    best.error_after = error;
  }
  return best;
}

size_t count_blocks(const std::vector<HeldOutRow>& rows) {
  std::set<std::string> names;
  for (const HeldOutRow& row : rows) names.insert(row.block);
  return names.size();
}

/// A choice and the held-out rows that it was made by.
struct Chosen {
  TreeChoice choice;
  std::vector<HeldOutRow> held_out;
};

/// Least absolute errors are tried beside least squares where the law misses few blocks by much: they let these pull less.
Chosen choose(const std::shared_ptr<const BoostingLibrary>& library, const std::vector<Left>& rows, const TreeOptions& options) {
  Chosen squares{.held_out = hold_out(library, rows, options, false)};
  if (squares.held_out.empty()) return {};
  squares.choice = choose_rounds(squares.held_out, false);
  if (count_blocks(squares.held_out) > few_blocks) return squares;
  Chosen other{.held_out = hold_out(library, rows, options, true)};
  other.choice = choose_rounds(other.held_out, true);
  return other.choice.error_after < squares.choice.error_after ? other : squares;
}

/// What the chosen number of trees says of each held-out row.
void keep_answers(const Chosen& chosen, TreeAnswers& answers) {
  const auto check = [](int rounds) { return static_cast<size_t>(rounds / rounds_between_checks); };
  for (const HeldOutRow& row : chosen.held_out)
    answers[row.left->row] = {row.time[check(chosen.choice.time_rounds)], row.power[check(chosen.choice.power_rounds)]};
}

/// Refits a and b of the pass: least squares on networks, shrunk to 0 as in the fit of the law.
void correct_networks(PhysicsModel& model, TrainingRows rows, const Target& target) {
  constexpr double spread = 0.1, launch_spread = 0.2, noise = 0.2;
  model.correction = model.launch_correction = 0;
  double aa = 1 / (spread * spread), ab = 0, bb = 1 / (launch_spread * launch_spread), ay = 0, by = 0;
  for (const Measurement* m : rows) {
    if (!usable(*m) || !m->workload.is_network || !has_measured_energy(*m)) continue;
    const auto priced = price(model, *m, target.hardware, target.engine);
    const double s = priced.launch_s / priced.time_s;
    const double y = log_clipped(*m->energy_j, priced.energy_j), w = 1 / (noise * noise * (1 + std::abs(y) / noise));
    aa += w, ab += w * s, bb += w * s * s, ay += w * y, by += w * s * y;
  }
  const double determinant = aa * bb - ab * ab;
  model.correction = (ay * bb - by * ab) / determinant;
  model.launch_correction = (by * aa - ay * ab) / determinant;
}

}  // namespace

bool wants_trees(const PhysicsModel& law, const TreeOptions& options) {
  return std::any_of(law.groups.begin(), law.groups.end(),
                     [&](const PhysicsGroup& g) { return g.rows >= options.fewest_layers; });
}

PlannedTrees plan_trees(const PhysicsModel& model, TrainingRows rows, const Target& target, const TreeOptions& options) {
  PlannedTrees planned;
  const auto library = wants_trees(model, options) ? BoostingLibrary::load(options.library) : nullptr;
  if (!library) return planned;
  const auto left_of = left_by(bare(model), thinned(rows, options.most_rows), target);
  for (const PhysicsGroup& group : model.groups) {
    const auto left = left_of.find(key_of(group));
    if (left == left_of.end()) continue;
    std::set<TreeInputs> distinct;
    for (const Left& l : left->second) distinct.insert(l.inputs);
    if (distinct.size() < options.fewest_layers) continue;
    const Chosen chosen = choose(library, left->second, options);
    if (!chosen.choice.kept()) continue;
    planned.plan[left->first] = chosen.choice;
    keep_answers(chosen, planned.held_out);
  }
  return planned;
}

void add_trees(PhysicsModel& model, TrainingRows rows, const Target& target, const TreePlan& plan, const TreeOptions& options) {
  const auto library = plan.empty() ? nullptr : BoostingLibrary::load(options.library);
  if (!library) return;
  const auto left_of = left_by(bare(model), thinned(rows, options.most_rows), target);
  for (PhysicsGroup& group : model.groups) {
    const auto chosen = plan.find(key_of(group));
    const auto left = left_of.find(key_of(group));
    if (chosen == plan.end() || left == left_of.end()) continue;
    const TreeChoice& choice = chosen->second;
    std::vector<const Left*> training;
    for (const Left& l : left->second) training.push_back(&l);
    const std::vector<size_t> columns = varying(left->second);
    group.trees = std::make_shared<const ResidualTrees>(
        ResidualTrees{fit_side(library, training, Side::time, columns, options, choice.absolute, choice.time_rounds),
                      fit_side(library, training, Side::power, columns, options, choice.absolute, choice.power_rounds)});
  }
  if (std::any_of(rows.begin(), rows.end(), [](const Measurement* m) { return m->workload.is_network; }))
    correct_networks(model, rows, target);
}

}  // namespace wattlayer

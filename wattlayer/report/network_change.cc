#include "wattlayer/report/network_change.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace wattlayer {
namespace {

/// Executions of a layer on one side that the other side does not have.
struct Leftover {
  const LayerRow* row = nullptr;
  double count = 0;
  std::vector<std::string> names;  ///< that the equal layer of the other side does not have

  Interval energy(double executions) const {
    const double part = row->count > 0 ? executions / row->count : 0;
    return {row->energy_j.value * part, row->energy_j.low * part, row->energy_j.high * part};
  }
};

using Rows = std::map<std::string, const LayerRow*>;

Rows by_text(const EstimateReport& report) {
  Rows rows;
  for (const LayerRow& row : report.layers) rows.emplace(row.layer, &row);
  return rows;
}

std::vector<Leftover> leftovers(const EstimateReport& of, const Rows& other) {
  std::vector<Leftover> all;
  for (const LayerRow& row : of.layers) {
    const auto equal = other.find(row.layer);
    const double count = row.count - (equal == other.end() ? 0 : equal->second->count);
    if (count <= 0) continue;
    Leftover left{&row, count, {}};
    std::set<std::string> shared;
    if (equal != other.end()) shared.insert(equal->second->names.begin(), equal->second->names.end());
    for (const std::string& name : row.names)
      if (!name.empty() && !shared.contains(name)) left.names.push_back(name);
    all.push_back(std::move(left));
  }
  return all;
}

std::string name_of(const Leftover& left) { return left.names.empty() ? left.row->op : left.names.front(); }

/// Takes executions of one node off a leftover.
double take(Leftover& left, const std::string& name) {
  const double count = left.names.empty() ? left.count : left.count / static_cast<double>(left.names.size());
  left.count -= count;
  std::erase(left.names, name);
  return count;
}

/// Pairs nodes of one name whose layers differ.
void pair_by_name(std::vector<Leftover>& before, std::vector<Leftover>& after, std::vector<LayerChange>& changes) {
  std::map<std::string, Leftover*> owners;
  for (Leftover& left : before)
    for (const std::string& name : left.names) owners.emplace(name, &left);
  for (Leftover& now : after) {
    const std::vector<std::string> names = now.names;
    for (const std::string& name : names) {
      const auto owner = owners.find(name);
      if (owner == owners.end()) continue;
      Leftover& then = *owner->second;
      LayerChange change{.name = name, .before = then.row->layer, .after = now.row->layer};
      change.before_j = then.energy(take(then, name));
      change.count = take(now, name);
      change.after_j = now.energy(change.count);
      change.kind = change.change_j() >= 0 ? ChangeKind::dearer : ChangeKind::cheaper;
      changes.push_back(std::move(change));
    }
  }
}

void add_rest(const std::vector<Leftover>& all, ChangeKind kind, std::vector<LayerChange>& changes) {
  for (const Leftover& left : all) {
    if (left.count <= 1e-9) continue;
    LayerChange change{.kind = kind, .name = name_of(left), .count = left.count};
    (kind == ChangeKind::gone ? change.before : change.after) = left.row->layer;
    (kind == ChangeKind::gone ? change.before_j : change.after_j) = left.energy(left.count);
    changes.push_back(std::move(change));
  }
}

double above(const Interval& i) { return i.high - i.value; }
double below(const Interval& i) { return i.value - i.low; }

/// Without what an engine runs inside the layer.
std::string unfused(const std::string& layer) {
  std::string text;
  for (size_t at = 0; at < layer.size();) {
    const size_t end = std::min(layer.find(' ', at), layer.size());
    const std::string_view word = std::string_view(layer).substr(at, end - at);
    if (!word.starts_with("fused=") && word != "inplace") text.append(word) += ' ';
    at = end + 1;
  }
  return text;
}

/// The same layer with other layers inside it: its error is one, so that only the difference errs.
bool other_fusion(const LayerChange& layer) {
  return !layer.before.empty() && !layer.after.empty() && unfused(layer.before) == unfused(layer.after);
}

/// One error for all layers that were and another for all that are; the pass errs like the whole network.
Interval interval_of(const NetworkChange& change) {
  const double value = change.after_j.value - change.before_j.value;
  double up_after = 0, down_after = 0, up_before = 0, down_before = 0;
  for (const LayerChange& layer : change.layers) {
    if (other_fusion(layer)) {
      const Interval& i = layer.after_j;
      const double part = i.value > 0 ? std::abs(layer.change_j()) / i.value : 0;
      up_after += part * above(i), down_after += part * below(i);
      continue;
    }
    up_after += above(layer.after_j), down_after += below(layer.after_j);
    up_before += above(layer.before_j), down_before += below(layer.before_j);
  }
  const double pass = std::abs(change.pass_j) * (change.after_j.value > 0 ? above(change.after_j) / change.after_j.value : 0);
  const auto paired = [&](double a, double b) { return std::sqrt(a * a + b * b + pass * pass); };
  return {value, value - std::min(paired(down_after, up_before), std::hypot(below(change.after_j), above(change.before_j))),
          value + std::min(paired(up_after, down_before), std::hypot(above(change.after_j), below(change.before_j)))};
}

}  // namespace

std::string_view name(ChangeKind kind) {
  static constexpr std::string_view names[] = {"new", "gone", "dearer", "cheaper"};
  return names[static_cast<size_t>(kind)];
}

Interval NetworkChange::increase() const {
  const double whole = before_j.value;
  if (!(whole > 0)) return {};
  return {change_j.value / whole, change_j.low / whole, change_j.high / whole};
}

NetworkChange network_change(const EstimateReport& before, const EstimateReport& after) {
  NetworkChange change{.before_j = before.estimate.energy_j, .after_j = after.estimate.energy_j};
  std::vector<Leftover> then = leftovers(before, by_text(after)), now = leftovers(after, by_text(before));
  pair_by_name(then, now, change.layers);
  add_rest(then, ChangeKind::gone, change.layers);
  add_rest(now, ChangeKind::added, change.layers);
  std::stable_sort(change.layers.begin(), change.layers.end(),
                   [](const LayerChange& a, const LayerChange& b) { return std::abs(a.change_j()) > std::abs(b.change_j()); });
  double differing = 0;
  change.pass_j = change.after_j.value - change.before_j.value;
  for (const LayerChange& layer : change.layers) change.pass_j -= layer.change_j(), differing += layer.after_j.value;
  if (change.layers.empty() || std::abs(change.pass_j) <= 1e-9 * change.after_j.value) change.pass_j = 0;
  change.equal_share = change.after_j.value > 0 ? std::max(0.0, 1 - differing / change.after_j.value) : 0;
  for (const EstimateReport* r : {&before, &after}) change.incomplete |= r->estimate.interval_note == "incomplete";
  change.change_j = change.layers.empty() ? Interval{} : interval_of(change);
  return change;
}

}  // namespace wattlayer

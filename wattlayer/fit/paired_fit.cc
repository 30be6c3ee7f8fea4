#include "wattlayer/fit/paired_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <set>
#include <tuple>

#include "wattlayer/core/layer_hash.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/fit/calibration.h"
#include "wattlayer/fit/division.h"

namespace wattlayer {
namespace {

constexpr size_t fewest_pairs = 200, fewest_blocks = 3, many_blocks = 10, most_blocks = 40;
constexpr size_t sets_that_narrow =
    3;                       // data sets that must agree before strangers' intervals get narrower than independent ones
constexpr double steps = 4;  // quarters by |log of the ratio of batches|, for the slope

using Pairs = std::vector<const HeldOutPair*>;

Relation relation_of(const HeldOutNetwork& a, const HeldOutNetwork& b) {
  const bool one_network = a.network == b.network;
  if (a.target != b.target) return one_network && a.batch == b.batch ? Relation::other_energy_model : Relation::nothing;
  if (!one_network) return Relation::other_network;
  return a.batch == b.batch ? Relation::equal : Relation::other_batch;
}

double common_share(const HeldOutNetwork& a, const HeldOutNetwork& b) {
  double common = 0;
  for (const auto& [layer, joules] : a.layer_energies)
    if (const auto at = b.layer_energies.find(layer); at != b.layer_energies.end()) common += std::min(joules, at->second);
  return std::clamp(common / std::max(a.energy_j, b.energy_j), 0.0, 1.0);
}

HeldOutPair pair_of(const HeldOutNetwork& a, const HeldOutNetwork& b, Relation relation) {
  const bool one_model = a.target == b.target;
  return {.dataset = a.dataset,
          .target = one_model ? a.target : "",
          .block_a = a.block,
          .block_b = b.block,
          .known = {relation, a.half_width, b.half_width, std::log(static_cast<double>(a.batch) / static_cast<double>(b.batch)),
                    one_model ? common_share(a, b) : 0, one_model ? a.target : ""},
          .log_error = std::abs(a.log_error - b.log_error)};
}

/// Those that can be compared at all: of one data set, so that meters and conditions are alike.
class Draw {
 public:
  Draw(std::span<const HeldOutNetwork> networks, size_t most) : networks_(networks), most_(most) {}

  std::vector<HeldOutPair> pairs() {
    std::map<std::string, std::vector<size_t>> by_target, by_network;
    for (size_t i = 0; i < networks_.size(); ++i) {
      by_target[networks_[i].target].push_back(i);
      by_network[networks_[i].network].push_back(i);
    }
    for (const auto& [network, members] : by_network)
      if (members.size() > 1) all_of(members);
    for (const auto& [target, members] : by_target) drawn(members, members);
    std::vector<size_t> everything;
    for (size_t i = 0; i < networks_.size(); ++i) everything.push_back(i);
    if (by_target.size() > 1) drawn(everything, everything);
    std::vector<HeldOutPair> kept;
    for (auto& [key, group] : groups_) {
      const std::vector<size_t> order = drawn_order(group.size(), 5);
      for (size_t i = 0; i < std::min(most_, order.size()); ++i) kept.push_back(std::move(group[order[i]]));
    }
    return kept;
  }

 private:
  void add(size_t i, size_t j) {
    if (i == j || !seen_.insert({std::min(i, j), std::max(i, j)}).second) return;
    const Relation relation = relation_of(networks_[i], networks_[j]);
    if (relation == Relation::equal) return;  // the same work measured twice
    groups_[{networks_[i].target == networks_[j].target ? networks_[i].target : "", relation}].push_back(
        pair_of(networks_[i], networks_[j], relation));
  }

  void all_of(const std::vector<size_t>& members) {
    const size_t step = std::max<size_t>(1, members.size() / 60);
    for (size_t i = 0; i < members.size(); i += step)
      for (size_t j = i + step; j < members.size(); j += step) add(members[i], members[j]);
  }

  /// About twice as many as are kept, each member with partners spread over the others.
  void drawn(const std::vector<size_t>& from, const std::vector<size_t>& to) {
    const std::vector<size_t> order = drawn_order(to.size(), 3);
    const size_t each = std::max<size_t>(1, 2 * most_ / from.size());
    for (size_t i = 0; i < from.size() && i < 2 * most_; ++i)
      for (size_t k = 0; k < std::min(each, to.size()); ++k) add(from[i], to[order[(i + k) % to.size()]]);
  }

  std::span<const HeldOutNetwork> networks_;
  size_t most_;
  std::set<std::pair<size_t, size_t>> seen_;
  std::map<std::pair<std::string, Relation>, std::vector<HeldOutPair>> groups_;
};

double quantile90(const Pairs& pairs, const std::function<bool(const HeldOutPair&)>& chosen) {
  std::vector<double> scores;
  for (const HeldOutPair* p : pairs)
    if (chosen(*p)) scores.push_back(p->score());
  return scores.size() < 20 ? NAN : conformal_quantile(std::move(scores));
}

std::set<std::string> blocks_of(const Pairs& pairs) {
  std::set<std::string> blocks;
  for (const HeldOutPair* p : pairs) blocks.insert(p->block_a), blocks.insert(p->block_b);
  return blocks;
}

/// The 90 % quantile; of few blocks, whose pairs are alike, that of the block whose pairs are worst.
double careful_quantile(const Pairs& pairs) {
  double largest = quantile90(pairs, [](const HeldOutPair&) { return true; });
  const std::set<std::string> blocks = blocks_of(pairs);
  if (blocks.size() >= many_blocks) return largest;
  for (const std::string& block : blocks)
    if (const double q = quantile90(pairs, [&](const HeldOutPair& p) { return p.block_a == block || p.block_b == block; });
        std::isfinite(q))
      largest = std::max(largest, q);
  return largest;
}

/// Factors that grow with the ratio of the energies where the pairs are of one network: other batches.
std::optional<PairedErrors::Measured> measured(const Pairs& pairs, Relation relation) {
  if (pairs.size() < fewest_pairs || blocks_of(pairs).size() < fewest_blocks) return std::nullopt;
  PairedErrors::Measured m{.pairs = pairs.size()};
  m.factor = m.most = careful_quantile(pairs);
  if (relation != Relation::other_batch) return m;
  Pairs near, far;
  std::vector<double> sizes;
  for (const HeldOutPair* p : pairs) sizes.push_back(std::abs(p->known.log_batches));
  const double low = quantile(sizes, 1 / steps), high = quantile(sizes, 1 - 1 / steps);
  for (const HeldOutPair* p : pairs) {
    if (std::abs(p->known.log_batches) <= low) near.push_back(p);
    if (std::abs(p->known.log_batches) >= high) far.push_back(p);
  }
  const double at_near = careful_quantile(near), at_far = careful_quantile(far);
  if (!(at_far > at_near) || !(high > low)) return m;
  // A line through the quarters that lie nearest and farthest, no lower than either.
  m.factor = at_near, m.most = std::max(m.most, at_far), m.slope = (at_far - at_near) / high;
  return m;
}

std::map<Relation, Pairs> by_relation(const Pairs& pairs) {
  std::map<Relation, Pairs> result;
  for (const HeldOutPair* p : pairs) result[p->known.relation].push_back(p);
  return result;
}

PairedErrors::ByRelation fitted(const Pairs& pairs) {
  PairedErrors::ByRelation result;
  for (const auto& [relation, members] : by_relation(pairs)) result[static_cast<size_t>(relation)] = measured(members, relation);
  return result;
}

/// What holds in every data set: the largest factor of any. Below that of independent errors only where several agree.
PairedErrors::ByRelation pooled(const Pairs& pairs) {
  std::map<std::string, Pairs> sets;
  for (const HeldOutPair* p : pairs) sets[p->dataset].push_back(p);
  PairedErrors::ByRelation result;
  std::array<size_t, relation_kinds> agreeing{};
  for (const auto& [dataset, members] : sets) {
    const PairedErrors::ByRelation own = fitted(members);
    for (size_t r = 0; r < relation_kinds; ++r) {
      if (!own[r]) continue;
      ++agreeing[r];
      if (!result[r]) result[r] = PairedErrors::Measured{0, 0, 0, 0};
      PairedErrors::Measured& all = *result[r];
      all.factor = std::max(all.factor, own[r]->factor), all.slope = std::max(all.slope, own[r]->slope);
      all.most = std::max(all.most, own[r]->most), all.pairs += own[r]->pairs;
    }
  }
  for (size_t r = 0; r < relation_kinds; ++r)
    if (result[r] && agreeing[r] < sets_that_narrow)
      result[r]->factor = std::max(1.0, result[r]->factor), result[r]->slope = 0,
      result[r]->most = std::max(1.0, result[r]->most);
  return result;
}

double covered(const Pairs& pairs, const std::function<double(const EstimatePair&)>& half_width) {
  size_t inside = 0;
  for (const HeldOutPair* p : pairs) inside += p->log_error <= half_width(p->known);
  return 100 * static_cast<double>(inside) / static_cast<double>(pairs.size());
}

Pairs chosen(std::span<const HeldOutPair> pairs, const std::function<bool(const HeldOutPair&)>& keep) {
  Pairs result;
  for (const HeldOutPair& p : pairs)
    if (keep(p)) result.push_back(&p);
  return result;
}

/// Of pairs with a block in common with none that the factor came from; nothing where no energy model has blocks enough.
std::optional<double> covered_by_other_blocks(const Pairs& pairs) {
  std::map<std::string, Pairs> by_target;
  for (const HeldOutPair* p : pairs)
    if (!p->target.empty()) by_target[p->target].push_back(p);
  size_t inside = 0, all = 0;
  for (const auto& [target, members] : by_target) {
    const std::set<std::string> blocks = blocks_of(members);
    if (blocks.size() <= fewest_blocks || blocks.size() > most_blocks) continue;
    for (const std::string& block : blocks) {
      Pairs others, own;
      for (const HeldOutPair* p : members) (p->block_a == block || p->block_b == block ? own : others).push_back(p);
      const auto m = measured(others, members.front()->known.relation);
      if (!m || own.empty()) continue;
      PairedErrors errors;
      errors.measured[static_cast<size_t>(members.front()->known.relation)] = m;
      for (const HeldOutPair* p : own) inside += p->log_error <= errors.half_width(p->known), ++all;
    }
  }
  return all == 0 ? std::nullopt : std::optional(100 * static_cast<double>(inside) / static_cast<double>(all));
}

}  // namespace

double HeldOutPair::score() const {
  return log_error / (left_by_common_layers(known.common_share) * independent_half_width(known));
}

std::vector<HeldOutNetwork> held_out_networks(std::span<const HeldOutEstimate> estimates) {
  std::vector<HeldOutNetwork> networks;
  for (const HeldOutEstimate& h : estimates) {
    const Interval& e = h.estimate.energy_j;
    HeldOutNetwork n{.dataset = h.row->dataset,
                     .target = fmt::format("{}/{}/{}", h.row->hardware, h.row->engine, name(h.row->dtype)),
                     .network = fmt::format("{}/{}/{:.6g}", h.row->workload.name, h.row->block,
                                            h.estimate.macs / static_cast<double>(std::max<int64_t>(1, h.row->workload.batch))),
                     .block = h.row->block,
                     .batch = std::max<int64_t>(1, h.row->workload.batch),
                     .log_error = std::log(*h.row->energy_j / e.value),
                     .half_width = std::log(e.high / e.value),
                     .energy_j = e.value};
    for (const LayerEstimate& layer : h.estimate.layers)
      n.layer_energies[hash(h.row->workload.items[layer.item].layer)] += layer.energy_j.value;
    networks.push_back(std::move(n));
  }
  return networks;
}

std::vector<HeldOutPair> held_out_pairs(std::span<const HeldOutNetwork> networks, size_t most) {
  return networks.empty() ? std::vector<HeldOutPair>() : Draw(networks, most).pairs();
}

PairedErrors fit_paired_errors(std::span<const HeldOutPair> pairs) {
  const Pairs all = chosen(pairs, [](const HeldOutPair&) { return true; });
  PairedErrors errors{.measured = pooled(all)};
  std::map<std::string, Pairs> by_target;
  for (const HeldOutPair* p : all)
    if (!p->target.empty()) by_target[p->target].push_back(p);
  for (const auto& [target, members] : by_target) {
    const PairedErrors::ByRelation own = fitted(members);
    if (std::any_of(own.begin(), own.end(), [](const auto& m) { return m.has_value(); })) errors.energy_models[target] = own;
  }
  return errors;
}

std::vector<PairedCoverage> paired_coverage(std::span<const HeldOutPair> pairs) {
  const PairedErrors ships = fit_paired_errors(pairs);
  std::set<std::string> datasets;
  for (const HeldOutPair& p : pairs) datasets.insert(p.dataset);
  std::vector<PairedCoverage> result;
  for (const std::string& dataset : datasets) {
    const PairedErrors others{.measured = pooled(chosen(pairs, [&](const HeldOutPair& p) { return p.dataset != dataset; }))};
    for (const auto& [relation, own] : by_relation(chosen(pairs, [&](const HeldOutPair& p) { return p.dataset == dataset; }))) {
      std::vector<double> widths;
      for (const HeldOutPair* p : own) widths.push_back(ships.half_width(p->known) / independent_half_width(p->known));
      result.push_back({.dataset = dataset,
                        .relation = relation,
                        .pairs = own.size(),
                        .independent = covered(own, independent_half_width),
                        .other_blocks = covered_by_other_blocks(own),
                        .width = median(std::move(widths))});
      if (others.measured[static_cast<size_t>(relation)])
        result.back().other_data_sets = covered(own, [&](const EstimatePair& pair) { return others.half_width(pair); });
    }
  }
  return result;
}

}  // namespace wattlayer

#include "wattlayer/report/comparison_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <unordered_map>

namespace wattlayer {
namespace {

/// Joules of a pass by layer, so that equal layers are found at once.
using LayerEnergies = std::unordered_map<std::string, double>;

LayerEnergies energies_of(const EstimateReport& r) {
  LayerEnergies energies;
  for (const LayerRow& row : r.layers) energies[row.layer] += row.energy_j.value;
  return energies;
}

/// Of the larger pass.
double common_share(const LayerEnergies& a, const LayerEnergies& b, double larger_j) {
  double common = 0;
  for (const auto& [layer, joules] : a)
    if (const auto at = b.find(layer); at != b.end()) common += std::min(joules, at->second);
  return larger_j > 0 ? std::clamp(common / larger_j, 0.0, 1.0) : 0;
}

/// Every layer that costs something, as often in both.
bool same_layers(const LayerEnergies& a, const LayerEnergies& b) {
  constexpr double rounding = 1e-9;
  const auto holds = [](const LayerEnergies& all, const LayerEnergies& some) {
    return std::all_of(some.begin(), some.end(), [&](const auto& layer) {
      const auto at = all.find(layer.first);
      const double other = at == all.end() ? 0 : at->second;
      return std::abs(other - layer.second) <= rounding * layer.second;
    });
  };
  return holds(a, b) && holds(b, a);
}

/// What belongs to no layer.
bool same_pass(const EstimateReport& a, const EstimateReport& b) {
  constexpr double rounding = 1e-9;
  return std::abs(a.pass_energy_j - b.pass_energy_j) <= rounding * std::max(a.estimate.energy_j.value, b.estimate.energy_j.value);
}

bool same_network(const EstimateReport& a, const EstimateReport& b) {
  return a.file.empty() && b.file.empty() ? a.network == b.network : a.file == b.file;
}

/// Layers of unknown shape are in no total: it says how much at least.
bool incomplete(const Estimate& e) { return e.interval_note == "incomplete"; }

/// Half of the interval in log units; what it holds on either side is the same.
double half_of(const Interval& i) { return i.low > 0 ? std::log(i.high / i.low) / 2 : 0; }

Interval around(double value, double half) { return {value, value * std::exp(-half), value * std::exp(half)}; }

class PairMaker {
 public:
  PairMaker(Comparison& comparison, const PairedErrors& errors) : c_(comparison), errors_(errors) {
    for (const ComparedEstimate& row : c_.rows) energies_.push_back(energies_of(row.estimate));
  }

  ComparedPair pair(size_t cheap, size_t dear) const {
    const EstimateReport &a = c_.rows[cheap].estimate, &b = c_.rows[dear].estimate;
    const Interval &ea = a.energy_per_inference_j, &eb = b.energy_per_inference_j;
    const double ratio = eb.value / ea.value;
    ComparedPair p{.cheap = cheap, .dear = dear, .saving_j = eb.value - ea.value};
    const bool one_model = a.estimate.energy_model == b.estimate.energy_model;
    if (one_model && a.estimate.batch == b.estimate.batch)
      p.common_share =
          common_share(energies_[cheap], energies_[dear], std::max(a.estimate.energy_j.value, b.estimate.energy_j.value));
    const bool same_work =
        one_model && a.estimate.batch == b.estimate.batch && same_pass(a, b) && same_layers(energies_[cheap], energies_[dear]);
    p.relation = relation(a, b, same_work);
    const EstimatePair known{
        .relation = p.relation,
        .half_a = half_of(ea),
        .half_b = half_of(eb),
        .log_batches = std::log(static_cast<double>(a.estimate.batch) / static_cast<double>(b.estimate.batch)),
        .common_share = p.common_share,
        .energy_model = one_model ? a.estimate.energy_model : std::string(),
        .coverage = std::min(a.estimate.coverage, b.estimate.coverage)};
    p.ratio = around(ratio, errors_.half_width(known));
    p.independent = around(ratio, independent_half_width(known));
    p.clear = p.ratio.low > 1 && !incomplete(a.estimate);
    p.basis = basis(known);
    if (incomplete(a.estimate) || incomplete(b.estimate)) p.basis += "; an estimate is incomplete and says how much at least";
    return p;
  }

 private:
  static Relation relation(const EstimateReport& a, const EstimateReport& b, bool same_work) {
    if (a.estimate.energy_model != b.estimate.energy_model)
      return same_network(a, b) && a.estimate.batch == b.estimate.batch ? Relation::other_energy_model : Relation::nothing;
    if (same_work && !incomplete(a.estimate) && !incomplete(b.estimate)) return Relation::equal;
    return same_network(a, b) ? Relation::other_batch : Relation::other_network;
  }

  static std::string_view pairs_of(Relation relation) {
    switch (relation) {
      case Relation::other_batch:
        return "of one network at two batches";
      case Relation::other_network:
        return "of two networks";
      case Relation::other_energy_model:
        return "of one network on two energy models";
      default:
        return "that share nothing";
    }
  }

  std::string basis(const EstimatePair& pair) const {
    if (pair.relation == Relation::equal) return "the same layers on one energy model: the errors cancel";
    const auto& m = errors_.measured_for(pair);
    if (!m) return "errors taken as independent: no such pair was ever measured";
    const bool own = &m != &errors_.measured[static_cast<size_t>(pair.relation)];
    std::string text = fmt::format("{:.2f} of what independent errors would give, from {} measured pairs {}{}",
                                   errors_.factor(pair), m->pairs, pairs_of(pair.relation), own ? ", on this energy model" : "");
    if (pair.coverage < coverage_that_narrows)
      text += "; an estimate is extrapolated, so that its error does not count as shared";
    if (pair.common_share > 0.0005) text += fmt::format("; {:.1f} % of the energy is in equal layers", 100 * pair.common_share);
    return text;
  }

  Comparison& c_;
  const PairedErrors& errors_;
  std::vector<LayerEnergies> energies_;
};

void remark_what_was_not_measured(Comparison& c, const PairedErrors& errors) {
  std::set<Relation> missing;
  for (const ComparedPair& p : c.pairs)
    if (p.relation != Relation::equal && !errors.measured[static_cast<size_t>(p.relation)]) missing.insert(p.relation);
  for (Relation relation : missing)
    c.remarks.push_back(
        fmt::format("no pair of relation {} was ever measured: its errors are taken as independent", name(relation)));
  std::set<std::string> notes;
  for (const ComparedEstimate& row : c.rows)
    if (const Estimate& e = row.estimate.estimate;
        !e.interval_note.empty() &&
        notes.insert(e.energy_model + e.interval_note + (incomplete(e) ? row.estimate.network : "")).second)
      c.remarks.push_back(
          incomplete(e) ? fmt::format("{} on {} takes what is shown or more, so that it is never clearly less than another: "
                                      "the shape of a layer stays unknown",
                                      row.estimate.network, e.energy_model)
                        : fmt::format("the intervals of {} rest on little ({}), and so do its comparisons", e.energy_model,
                                      e.interval_note));
}

}  // namespace

void add_pairs(Comparison& comparison, const PairedErrors& errors) {
  const PairMaker maker(comparison, errors);
  for (size_t i = 0; i < comparison.rows.size(); ++i)
    for (size_t j = i + 1; j < comparison.rows.size(); ++j) comparison.pairs.push_back(maker.pair(i, j));
  remark_what_was_not_measured(comparison, errors);
}

}  // namespace wattlayer

#include "wattlayer/report/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <unordered_map>

#include "wattlayer/core/error.h"
#include "wattlayer/core/nearest.h"
#include "wattlayer/report/comparison_pairs.h"

namespace wattlayer {
namespace {

constexpr size_t most_rows = 400;  // 80,000 pairs

std::string without_folder(const std::string& file) { return file.substr(file.rfind('/') + 1); }

std::string setting(const EstimateReport& r) {
  return fmt::format("{} on {} at batch {}", r.file.empty() ? r.network : r.file, r.estimate.energy_model, r.estimate.batch);
}

std::string scope_text(const Estimate& e) {
  return fmt::format("{} with idle power {}", e.scope.empty() ? "an unstated scope" : e.scope,
                     e.idle_included ? "included" : "not included");
}

void require_comparable(const std::vector<EstimateReport>& estimates) {
  if (estimates.size() < 2)
    throw Error(ErrorKind::invalid_input,
                fmt::format("a comparison needs two estimates, found {}; name a second network, target (--on) or batch (--batch)",
                            estimates.size()));
  if (estimates.size() > most_rows)
    throw Error(ErrorKind::invalid_input,
                fmt::format("expected at most {} estimates to compare, found {}; compare fewer networks, "
                            "targets or batches at once",
                            most_rows, estimates.size()));
  std::set<std::string> seen;
  for (const EstimateReport& r : estimates) {
    if (!(r.energy_per_inference_j.value > 0))
      throw Error(ErrorKind::invalid_input, setting(r) + " costs no energy; there is nothing to compare");
    if (!seen.insert(setting(r)).second)
      throw Error(ErrorKind::invalid_input, setting(r) + " is there twice; name each network, target and batch once");
  }
}

/// Remarks on scopes that differ. Throws where they may not.
std::vector<std::string> scope_remarks(const std::vector<EstimateReport>& estimates, bool allowed) {
  const EstimateReport& first = estimates.front();
  for (const EstimateReport& r : estimates) {
    if (r.estimate.scope == first.estimate.scope && r.estimate.idle_included == first.estimate.idle_included) continue;
    const std::string text = fmt::format("energy on {} covers {}, on {} {}", first.estimate.energy_model,
                                         scope_text(first.estimate), r.estimate.energy_model, scope_text(r.estimate));
    if (allowed) return {text + ": part of any difference is what the figures cover"};
    throw Error(ErrorKind::invalid_input,
                text + ": they are not comparable; compare targets of one scope, or add --allow-mixed-scope");
  }
  return {};
}

/// The accuracy of each row, by what the user may call its network.
void set_accuracy(std::vector<ComparedEstimate>& rows, const ComparisonOptions& options) {
  std::vector<std::string> known;
  for (const auto& [network, accuracy] : options.accuracy) {
    if (!std::isfinite(accuracy) || accuracy < 0)
      throw Error(ErrorKind::invalid_input, fmt::format("expected an accuracy from 0 on for {}, found {}", network, accuracy));
    std::optional<std::string> found;
    const bool is_file =
        std::any_of(rows.begin(), rows.end(), [&file = network](const auto& row) { return row.estimate.file == file; });
    for (ComparedEstimate& row : rows) {
      const EstimateReport& r = row.estimate;
      known.push_back(r.file.empty() ? r.network : r.file);
      if (network != r.file && (is_file || (network != without_folder(r.file) && network != r.network))) continue;
      if (row.accuracy && *row.accuracy != accuracy)
        throw Error(ErrorKind::invalid_input,
                    fmt::format("{} has the accuracies {} and {}; give one", r.file, *row.accuracy, accuracy));
      if (found && *found != r.file)
        throw Error(ErrorKind::invalid_input,
                    fmt::format("an accuracy is given for '{}', which both {} and {} are called; name the file", network, *found,
                                r.file));
      row.accuracy = accuracy, found = r.file;
    }
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    if (!found)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("an accuracy is given for '{}', which is not compared{}", network, nearest(network, known)));
  }
}

void set_sufficient(std::vector<ComparedEstimate>& rows, double least) {
  const ComparedEstimate* best = nullptr;
  for (ComparedEstimate& row : rows) {
    if (!row.accuracy)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("a least accuracy is asked for, but none is known of {}; give it with --accuracy {}=...",
                              row.estimate.file, row.estimate.file));
    row.sufficient = *row.accuracy >= least;
    if (!best || *row.accuracy > *best->accuracy) best = &row;
  }
  if (*best->accuracy < least)
    throw Error(ErrorKind::invalid_input, fmt::format("no network reaches an accuracy of {:g}; the most accurate is {} with {:g}",
                                                      least, best->estimate.file, *best->accuracy));
}

/// Looks pairs up by their rows.
class Pairs {
 public:
  explicit Pairs(const Comparison& c) : rows_(c.rows.size()), pairs_(c.pairs) {}
  /// cheap < dear
  const ComparedPair& of(size_t cheap, size_t dear) const {
    return pairs_[cheap * (2 * rows_ - cheap - 1) / 2 + dear - cheap - 1];
  }

 private:
  size_t rows_;
  const std::vector<ComparedPair>& pairs_;
};

/// What is cheaper and at least as accurate takes a row off the front, if the difference is clear.
void set_front(Comparison& c) {
  const Pairs pairs(c);
  for (size_t i = 0; i < c.rows.size(); ++i) {
    ComparedEstimate& row = c.rows[i];
    if (!row.accuracy) continue;
    row.front = Front::on;
    for (size_t j = 0; j < c.rows.size(); ++j) {
      const ComparedEstimate& other = c.rows[j];
      if (j == i || !other.accuracy || *other.accuracy < *row.accuracy) continue;
      const bool same_energy = other.estimate.energy_per_inference_j.value == row.estimate.energy_per_inference_j.value;
      if (same_energy ? *other.accuracy == *row.accuracy : j > i) continue;
      const ComparedPair& pair = pairs.of(std::min(i, j), std::max(i, j));
      const bool same_work = pair.relation == Relation::equal && *other.accuracy > *row.accuracy;
      if (same_work || (j < i && pair.clear)) row.front = Front::off;
      else if (row.front != Front::off) row.front = Front::perhaps;
    }
  }
}

void add_contest(Comparison& c, Contest contest) {
  if (contest.rows.size() < 2) return;
  const Pairs pairs(c);
  for (size_t i = 1; i < contest.rows.size(); ++i)
    if (!pairs.of(contest.rows.front(), contest.rows[i]).clear) contest.tied.push_back(contest.rows[i]);
  c.contests.push_back(std::move(contest));
}

/// One contest for each value of a key, in the order of their winners; none where all rows share it.
void add_contests(Comparison& c, const std::function<Contest(const ComparedEstimate&)>& key) {
  std::vector<Contest> contests;
  for (size_t i = 0; i < c.rows.size(); ++i) {
    Contest wanted = key(c.rows[i]);
    auto at = std::find_if(contests.begin(), contests.end(), [&](const Contest& k) {
      return k.network == wanted.network && k.target == wanted.target && k.batch == wanted.batch;
    });
    if (at == contests.end()) at = contests.insert(contests.end(), std::move(wanted));
    if (c.rows[i].sufficient) at->rows.push_back(i);
  }
  if (contests.size() < 2) return;
  for (Contest& contest : contests) add_contest(c, std::move(contest));
}

void set_contests(Comparison& c) {
  Contest all;
  for (size_t i = 0; i < c.rows.size(); ++i)
    if (c.rows[i].sufficient) all.rows.push_back(i);
  const size_t winner = all.rows.front();
  const Pairs pairs(c);
  for (size_t i : all.rows) {
    ComparedEstimate& row = c.rows[i];
    row.over_winner = i == winner ? Interval{1, 1, 1} : pairs.of(winner, i).ratio;
    row.clear = i != winner && pairs.of(winner, i).clear;
  }
  add_contest(c, std::move(all));
  add_contests(c, [](const ComparedEstimate& row) {
    return Contest{.target = row.estimate.estimate.energy_model, .batch = row.estimate.estimate.batch};
  });
  add_contests(c, [](const ComparedEstimate& row) {
    return Contest{.network = row.estimate.file.empty() ? row.estimate.network : row.estimate.file};
  });
}

}  // namespace

std::string_view name(Front front) {
  static constexpr std::string_view names[] = {"unknown", "on", "perhaps", "off"};
  return names[static_cast<size_t>(front)];
}

Comparison compare(std::vector<EstimateReport> estimates, const PairedErrors& errors, const ComparisonOptions& options) {
  require_comparable(estimates);
  Comparison c{.min_accuracy = options.min_accuracy, .remarks = scope_remarks(estimates, options.allow_mixed_scope)};
  std::stable_sort(estimates.begin(), estimates.end(), [](const EstimateReport& a, const EstimateReport& b) {
    return a.energy_per_inference_j.value < b.energy_per_inference_j.value;
  });
  for (EstimateReport& r : estimates) {
    const Estimate& e = r.estimate;
    std::string target = fmt::format("{}/{}/{}", e.hardware, e.engine, name(e.dtype));
    c.rows.push_back({.estimate = std::move(r), .target = std::move(target)});
  }
  set_accuracy(c.rows, options);
  if (options.min_accuracy) set_sufficient(c.rows, *options.min_accuracy);
  add_pairs(c, errors);
  set_front(c);
  set_contests(c);
  return c;
}

}  // namespace wattlayer

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/fit/analysis.h"
#include "wattlayer/fit/draw.h"
#include "wattlayer/fit/evaluation.h"
#include "wattlayer/fit/layerwise.h"
#include "wattlayer/fit/rows.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

/// Table 4 of the paper and its text: R2 before and after.
struct PublishedGain {
  std::string_view what;
  double before, after;
};
constexpr PublishedGain table_4[] = {
    {"network", 0.352, 0.45}, {"MaxPool", 0.559, 0.679}, {"Conv", 0.314, 0.395}, {"Gemm", 0.977, 0.978}};

using RowsByOperator = std::map<std::string, std::vector<const Measurement*>>;

/// One row for each configuration, with the mean energy of its repetitions, in the order in which they come.
std::vector<Measurement> averaged(std::span<const Measurement> rows, std::string_view kind) {
  std::vector<Measurement> result;
  std::vector<double> counts;
  std::map<std::string, size_t> position;
  for (const Measurement& m : rows) {
    if (m.kind != kind || !m.failure.empty() || !has_measured_energy(m) || m.workload.items.size() != 1) continue;
    const auto [at, is_new] = position.emplace(print(m.workload.items[0].layer), result.size());
    if (is_new) {
      result.push_back(m);
      counts.push_back(1);
      continue;
    }
    Measurement& mean = result[at->second];
    const double n = ++counts[at->second];
    *mean.energy_j += (*m.energy_j - *mean.energy_j) / n;
  }
  return result;
}

RowsByOperator by_operator(const std::vector<Measurement>& rows) {
  RowsByOperator result;
  for (const Measurement& m : rows) result[m.workload.items[0].layer.op].push_back(&m);
  return result;
}

/// 70 % of each operator's rows, drawn as the paper does: the added ones follow the random ones.
std::vector<const Measurement*> training_rows(const RowsByOperator& random, const RowsByOperator& added, uint32_t seed) {
  std::vector<const Measurement*> training;
  for (const auto& [op, rows] : random) {
    std::vector<const Measurement*> all = rows;
    if (const auto more = added.find(op); more != added.end()) all.insert(all.end(), more->second.begin(), more->second.end());
    const std::vector<size_t> order = drawn_order(all.size(), seed);
    for (size_t i = 0; i < static_cast<size_t>(0.7 * static_cast<double>(all.size())); ++i) training.push_back(all[order[i]]);
  }
  return training;
}

/// Test rows by what they are scored as: `network` or the operator of a real layer.
std::map<std::string, std::vector<const Measurement*>> test_rows(std::span<const Measurement> rows) {
  std::map<std::string, std::vector<const Measurement*>> result;
  for (const Measurement& m : rows) {
    if (!m.failure.empty() || !has_measured_energy(m)) continue;
    if (m.kind == "network") result["network"].push_back(&m);
    else if (m.kind == "real-layer" && m.workload.items.size() == 1) result[m.workload.items[0].layer.op].push_back(&m);
  }
  return result;
}

/// R2 and mean absolute error in per cent of each group of test rows that is covered.
using Scores = std::map<std::string, Score>;

Scores scored(const std::vector<const Measurement*>& training, const std::map<std::string, std::vector<const Measurement*>>& test,
              const Catalogue& catalogue) {
  const Target target{catalogue.hardware(training[0]->hardware), catalogue.engine(training[0]->engine), &catalogue};
  const auto predictor = require_method("getzner").fit(training, target);
  Scores scores;
  for (const auto& [what, rows] : test) {
    std::vector<Scored> pairs;
    for (const Measurement* m : rows)
      if (const auto predicted = predictor->energy_j(m->workload)) pairs.push_back({*m->energy_j, predicted->value});
    if (!pairs.empty()) scores[what] = score(pairs);
  }
  return scores;
}

struct Range {
  Cell least, most;
};

Range range(const std::vector<Scores>& draws, const std::string& what) {
  std::vector<double> values;
  for (const Scores& scores : draws)
    if (const auto found = scores.find(what); found != scores.end() && found->second.r2) values.push_back(*found->second.r2);
  if (values.empty()) return {};
  return {*std::min_element(values.begin(), values.end()), *std::max_element(values.begin(), values.end())};
}

std::vector<Cell> row(const std::string& what, const Scores& before, const Scores& after, const std::vector<Scores>& draws_before,
                      const std::vector<Scores>& draws_after) {
  const PublishedGain* paper = nullptr;
  for (const PublishedGain& p : table_4)
    if (p.what == what) paper = &p;
  const Score &a = before.at(what), &b = after.at(what);
  const Range first = range(draws_before, what), second = range(draws_after, what);
  return {what,         static_cast<double>(a.n),
          cell(a.r2),   paper ? Cell(paper->before) : Cell(),
          first.least,  first.most,
          cell(b.r2),   paper ? Cell(paper->after) : Cell(),
          second.least, second.most,
          a.mape,       b.mape};
}

AnalysisResult run(const AnalysisInput& input) {
  const std::vector<Measurement> random = averaged(input.rows, "random-layer");
  const std::vector<Measurement> added = averaged(input.rows, "real-configuration");
  const auto test = test_rows(input.rows);
  if (random.empty() || added.empty() || test.empty())
    throw Error(ErrorKind::invalid_input,
                fmt::format("enrichment needs rows of random layers ({}), of real configurations to add ({}), and of networks or "
                            "their layers to test ({})",
                            random.size(), added.size(), test.size()));
  const RowsByOperator some = by_operator(random), more = by_operator(added);
  const Scores before = scored(training_rows(some, {}, paper_seed), test, input.catalogue);
  const Scores after = scored(training_rows(some, more, paper_seed), test, input.catalogue);
  std::vector<Scores> draws_before, draws_after;
  for (uint32_t seed : input.seeds) {
    input.report(static_cast<double>(draws_after.size()) / static_cast<double>(input.seeds.size()), fmt::format("seed {}", seed));
    draws_before.push_back(scored(training_rows(some, {}, seed), test, input.catalogue));
    draws_after.push_back(scored(training_rows(some, more, seed), test, input.catalogue));
  }
  AnalysisTable table{.title = "The paper's laws fitted on random layers, and on random layers with real configurations added",
                      .columns = {{"test", "TEST ROWS"},
                                  {"n", "N", Notation::count},
                                  {"r2_before", "R2 BEFORE"},
                                  {"r2_before_published", "(PAPER)"},
                                  {"r2_before_least_of_draws", "LEAST"},
                                  {"r2_before_most_of_draws", "MOST"},
                                  {"r2_after", "R2 AFTER"},
                                  {"r2_after_published", "(PAPER)"},
                                  {"r2_after_least_of_draws", "LEAST"},
                                  {"r2_after_most_of_draws", "MOST"},
                                  {"mape_before", "MAPE % BEFORE", Notation::per_cent},
                                  {"mape_after", "AFTER", Notation::per_cent}}};
  for (const auto& [what, scores] : before)
    if (after.contains(what)) table.rows.push_back(row(what, before, after, draws_before, draws_after));
  std::string counts;
  for (const auto& [op, rows] : more) counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", rows.size(), op);
  return {.tables = {std::move(table)}, .remarks = {fmt::format("Configurations added: {}.", counts)}};
}

}  // namespace

Analysis enrichment_analysis() {
  return {.name = "enrichment",
          .summary = "random layers enriched with configurations of real networks (Getzner et al. 2023, appendix A.3)",
          .run = run};
}

}  // namespace wattlayer

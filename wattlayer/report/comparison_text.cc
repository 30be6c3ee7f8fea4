#include "wattlayer/report/comparison_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "wattlayer/report/derived_text.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer {
namespace {

bool has_accuracy(const Comparison& c) {
  return std::any_of(c.rows.begin(), c.rows.end(), [](const ComparedEstimate& row) { return row.accuracy.has_value(); });
}

std::string factor_text(const Interval& i) { return fmt::format("{:.3g} [{:.3g}, {:.3g}]", i.value, i.low, i.high); }

std::string network_of(const ComparedEstimate& row) {
  return printable(row.estimate.file.empty() ? row.estimate.network : row.estimate.file);
}

std::string setting(const ComparedEstimate& row) {
  return fmt::format("{} on {} at batch {}", network_of(row), row.target, row.estimate.estimate.batch);
}

std::string verdict(const ComparedEstimate& row) {
  if (!row.sufficient) return "not accurate enough";
  if (!row.over_winner) return "";
  if (row.over_winner->value == 1 && row.over_winner->low == 1 && row.over_winner->high == 1) return "least energy";
  return row.clear ? "dearer" : "too close to call";
}

std::string front_text(Front front) {
  return front == Front::on ? "on the front" : front == Front::perhaps ? "perhaps" : front == Front::off ? "off" : "–";
}

/// What the figures cover, or that they differ in it.
std::string covered(const Comparison& c) {
  const Estimate& first = c.rows.front().estimate.estimate;
  for (const ComparedEstimate& row : c.rows)
    if (const Estimate& e = row.estimate.estimate; e.scope != first.scope || e.idle_included != first.idle_included)
      return "MIXED SCOPES";
  return fmt::format("{}, idle power {}", first.scope, first.idle_included ? "included" : "not included");
}

std::string ranking(const Comparison& c, const Rendering& rendering) {
  const bool accuracy = has_accuracy(c);
  std::vector<TextTable::Column> columns = {{"", Align::right},
                                            {"NETWORK", Align::left, 40},
                                            {"ON", Align::left, 48},
                                            {"BATCH", Align::right},
                                            {"ENERGY PER INFERENCE"},
                                            {"× THE LEAST"},
                                            {"VERDICT"},
                                            {"COVERAGE", Align::right}};
  if (accuracy) columns.push_back({"ACCURACY", Align::right}), columns.push_back({"PARETO"});
  TextTable table(std::move(columns));
  for (size_t i = 0; i < c.rows.size(); ++i) {
    const ComparedEstimate& row = c.rows[i];
    const Interval& e = row.estimate.energy_per_inference_j;
    std::vector<std::string> cells = {std::to_string(i + 1),
                                      network_of(row),
                                      row.target,
                                      count_text(static_cast<double>(row.estimate.estimate.batch)),
                                      quantity_interval(e.value, e.low, e.high, "J"),
                                      row.over_winner ? factor_text(*row.over_winner) : "–",
                                      verdict(row),
                                      percent(row.estimate.estimate.coverage)};
    if (accuracy)
      cells.push_back(row.accuracy ? fmt::format("{:g}", *row.accuracy) : "–"), cells.push_back(front_text(row.front));
    table.row(std::move(cells), !row.sufficient                       ? Style::dim
                                : verdict(row) == "too close to call" ? Style::yellow
                                                                      : Style::plain);
  }
  return table.print(rendering.colour);
}

const ComparedPair& pair_of(const Comparison& c, size_t cheap, size_t dear) {
  return *std::find_if(c.pairs.begin(), c.pairs.end(), [&](const ComparedPair& p) { return p.cheap == cheap && p.dear == dear; });
}

/// `12.3 % [4.1, 20.0] less`: what the cheaper one saves.
std::string saving(const ComparedPair& p) {
  const auto less = [](double ratio) { return 100 * (1 - 1 / ratio); };
  return fmt::format("{:.1f} % [{:.1f}, {:.1f}] less energy", less(p.ratio.value), less(p.ratio.low), less(p.ratio.high));
}

std::string contest_text(const Comparison& c, const Contest& contest) {
  const size_t winner = contest.rows[0];
  const ComparedPair& p = pair_of(c, winner, contest.rows[1]);
  std::string where;
  if (!contest.network.empty()) where = printable(contest.network);
  if (!contest.target.empty()) where = fmt::format("on {} at batch {}", contest.target, contest.batch.value_or(1));
  std::string name = contest.target.empty() ? setting(c.rows[winner]) : network_of(c.rows[winner]);
  if (!contest.network.empty())
    name = fmt::format("{} at batch {}", c.rows[winner].target, c.rows[winner].estimate.estimate.batch);
  const std::string rival = contest.target.empty() && contest.network.empty() ? setting(c.rows[contest.rows[1]]) : "the next";
  std::string text = where.empty() ? "" : where + ": ";
  if (p.relation == Relation::equal)
    return text + fmt::format("{} and {} are the same work", name, setting(c.rows[contest.rows[1]]));
  if (contest.clear()) return text + fmt::format("{} wins: {} than {}, more than the uncertainty", name, saving(p), rival);
  return text + fmt::format("{} has the least, but {} cannot be told apart from it ({} than {})", name,
                            contest.tied.size() == 1 ? "one other" : fmt::format("{} others", contest.tied.size()), saving(p),
                            rival);
}

std::string contests(const Comparison& c, const Rendering& rendering) {
  std::string text;
  for (const Contest& contest : c.contests)
    text += "\n" +
            styled(wrapped(contest_text(c, contest), 118, "  "), contest.clear() ? Style::bold : Style::yellow, rendering.colour);
  if (!c.contests.empty() && c.contests.front().rows.size() > 1) {
    const ComparedPair& p = pair_of(c, c.contests.front().rows[0], c.contests.front().rows[1]);
    text += wrapped(fmt::format("The ratio of the first two is {}: {}; were the errors independent it would be {}.",
                                factor_text(p.ratio), p.basis, factor_text(p.independent)),
                    118, "  ");
  }
  return text;
}

std::string smallest_sufficient(const Comparison& c) {
  if (!c.min_accuracy) return "";
  const auto first = std::find_if(c.rows.begin(), c.rows.end(), [](const ComparedEstimate& row) { return row.sufficient; });
  return wrapped(fmt::format("Smallest sufficient network: {}, accuracy {:g} of at least {:g}.", setting(*first),
                             first->accuracy.value_or(0), *c.min_accuracy),
                 118, "  ");
}

}  // namespace

std::string comparison_text(const Comparison& c, const Rendering& rendering) {
  const Estimate& first = c.rows.front().estimate.estimate;
  std::string text = styled(fmt::format("Energy per inference, least first; 90 % intervals; {}, idle power {}", first.scope,
                                        first.idle_included ? "included" : "not included"),
                            Style::bold, rendering.colour) +
                     "\n" + ranking(c, rendering) + contests(c, rendering) + smallest_sufficient(c);
  std::vector<const EstimateReport*> estimates;
  for (const ComparedEstimate& row : c.rows) estimates.push_back(&row.estimate);
  text += derived_text(estimates, rendering);
  for (size_t i = 0; i < c.remarks.size(); ++i)
    text += (i == 0 ? "\n" : "") + wrapped("note: " + printable(c.remarks[i]), 118, "  ");
  return text;
}

}  // namespace wattlayer

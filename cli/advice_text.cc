#include "cli/advice_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {
namespace {

using Json = nlohmann::json;

constexpr const char* unknown = "–";

const std::string& level_name(const AdviceReport& r, size_t level) { return r.hardware.memory[level].name; }

std::string set_name(const SetRow& row) {
  return row.sets > 1 ? fmt::format("{} ({} sets, largest)", row.name, row.sets) : row.name;
}

std::string joules(const AdviceReport& r, const std::optional<double>& value) {
  if (!value) return unknown;
  const std::string text = *value == 0 ? "about 0" : quantity(*value, "J");
  return r.costs.at_most && *value != 0 ? "≤ " + text : text;
}

std::string headroom(const SetRow& row) {
  if (!row.placed.place.fits) return "none: larger than all memory";
  return fmt::format("{} ({})", binary_bytes(row.headroom()), percent(row.headroom() / row.placed.place.capacity));
}

std::string sets_table(const AdviceReport& r, bool colour) {
  const char* unit = r.whole_run ? "the run" : "a step";
  TextTable table({{"working set"},
                   {"size", Align::right},
                   {"lives in"},
                   {"headroom there", Align::right},
                   {fmt::format("costs {}", unit), Align::right},
                   {"one level in saves", Align::right},
                   {"one level out costs", Align::right}});
  for (const SetAdvice& a : r.advice) {
    const size_t level = a.row.placed.place.level;
    table.row({set_name(a.row), binary_bytes(a.row.placed.set.bytes()), level_name(r, level), headroom(a.row),
               joules(r, a.cost_j), level == 0 ? "is innermost" : joules(r, a.inner_saves_j),
               level + 1 == r.hardware.memory.size() ? "is outermost" : joules(r, a.outer_costs_j)});
  }
  return table.print(colour, "  ");
}

std::string filling_table(const AdviceReport& r, bool colour) {
  const bool priced = std::any_of(r.filling_j.begin(), r.filling_j.end(), [](const auto& j) { return j.has_value(); });
  std::vector<TextTable::Column> columns = {{"just fills"}, {"by"}, {"parameters", Align::right}, {"of yours", Align::right}};
  if (priced) columns.push_back({"energy of the run", Align::right});
  TextTable table(std::move(columns));
  for (size_t i = 0; i < r.filling.size(); ++i) {
    const FillingSize& f = r.filling[i];
    const double ratio = f.parameters / r.parameters;
    std::vector<std::string> cells = {
        level_name(r, f.level), f.set == "forward" ? "parameters (forward)" : "parameters, gradients, activations (backward)",
        count_text(f.parameters), fmt::format("{:.3g} ×", ratio)};
    if (priced) cells.push_back(r.filling_j[i] ? quantity(*r.filling_j[i], "J") : unknown);
    table.row(std::move(cells), ratio >= 0.5 && ratio <= 2 ? Style::bold : Style::plain);
  }
  return table.print(colour, "  ");
}

/// What a set that spilled asks for.
std::string spill_sentence(const AdviceReport& r, const SetAdvice& a) {
  const size_t level = a.row.placed.place.level;
  const std::string inner = level_name(r, level - 1);
  std::string text = fmt::format("{} {} in {}", a.row.name, a.row.id == "samples" ? "lives" : "live", level_name(r, level));
  if (!a.share_that_fits) text += fmt::format(": {} is full of what is used more often", inner);
  else
    text += fmt::format(": {} has room for {} of {}", inner, percent(*a.share_that_fits), a.row.id == "samples" ? "it" : "them");
  if (const double batch = a.row.id == "inter-layer" ? largest_batch(r.sets, r.batch, r.hardware, level - 1) : 0; batch >= 1)
    text += fmt::format("; a batch of {} or narrower layers keeps them there", count_text(batch));
  else if (a.row.id == "inter-layer") text += "; only narrower layers keep them there: not even one sample fits";
  else if (a.row.id == "samples") text += "; fewer samples, fewer features or values of fewer bits make it smaller";
  else if (a.share_that_fits) text += "; a smaller network or values of fewer bits fit";
  if (a.inner_saves_j && *a.inner_saves_j > 0 && r.total_j)
    text += fmt::format("; one level in would save {} of the energy of the run", percent(*a.inner_saves_j / *r.total_j));
  return text;
}

std::string change(const AdviceReport& r, size_t filling) {
  if (!r.filling_j[filling] || !r.total_j) return "";
  return fmt::format(", {:+.1f} % energy of the run", 100 * (*r.filling_j[filling] / *r.total_j - 1));
}

/// How far the network may grow before its backward pass spills, and how small it would have to be to lie one level further in.
std::vector<std::string> size_sentences(const AdviceReport& r) {
  const size_t level = r.sets.backward.place.level;
  std::vector<std::string> all;
  for (size_t i = 0; i < r.filling.size(); ++i) {
    const FillingSize& f = r.filling[i];
    if (f.set != "backward") continue;
    if (f.level == level && f.parameters >= r.parameters)
      all.push_back(fmt::format("up to {} parameters, {:.3g} × yours, the backward pass stays in {}{}", count_text(f.parameters),
                                f.parameters / r.parameters, level_name(r, level), change(r, i)));
    if (f.level + 1 == level)
      all.push_back(fmt::format("with {} parameters, {:.3g} × yours, the backward pass would just fit {}{}",
                                count_text(f.parameters), f.parameters / r.parameters, level_name(r, f.level), change(r, i)));
  }
  const auto near = std::find_if(r.filling.begin(), r.filling.end(), [&](const FillingSize& f) {
    return f.parameters >= 0.5 * r.parameters && f.parameters <= 2 * r.parameters;
  });
  if (near != r.filling.end())
    all.push_back(
        fmt::format("its size is within a factor of two of {} parameters, where the {} pass just fills {}: energy-efficient "
                    "sizes lie there",
                    count_text(near->parameters), near->set, level_name(r, near->level)));
  else if (!r.filling.empty())
    all.emplace_back("its size is not within a factor of two of one that just fills a cache, where energy-efficient sizes lie");
  else if (level > 0)
    all.emplace_back("no number of parameters fits a cache beside the activations of this batch; a smaller batch comes first");
  return all;
}

/// A sentence each, the largest saving first.
std::vector<std::string> sentences(const AdviceReport& r) {
  std::vector<const SetAdvice*> spilled;
  for (const SetAdvice& a : r.advice)
    if (a.row.placed.place.level > 0) spilled.push_back(&a);
  std::stable_sort(spilled.begin(), spilled.end(), [](const SetAdvice* a, const SetAdvice* b) {
    return a->inner_saves_j.value_or(0) > b->inner_saves_j.value_or(0);
  });
  std::vector<std::string> all;
  for (const SetAdvice* a : spilled) all.push_back(spill_sentence(r, *a));
  if (spilled.empty()) all.push_back(fmt::format("all working sets lie in {}", level_name(r, 0)));
  for (std::string& sentence : size_sentences(r)) all.push_back(std::move(sentence));
  return all;
}

Json number(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json set_json(const AdviceReport& r, const SetAdvice& a) {
  const Placement& at = a.row.placed.place;
  return {{"set", a.row.id},
          {"sets", a.row.sets},
          {"bytes", a.row.placed.set.bytes()},
          {"level", level_name(r, at.level)},
          {"fits", at.fits},
          {"unit_capacity_bytes", at.capacity},
          {"unit_occupied_bytes", at.occupied_bytes},
          {"headroom_bytes", a.row.headroom()},
          {"cost_j", number(a.cost_j)},
          {"one_level_in_saves_j", number(a.inner_saves_j)},
          {"one_level_out_costs_j", number(a.outer_costs_j)},
          {"share_that_fits_one_level_in", number(a.share_that_fits)}};
}

}  // namespace

std::string advice_table(const AdviceReport& r, bool colour) {
  std::string text =
      fmt::format("{} on {}: {} parameters, batch {}", r.network, r.hardware.id, count_text(r.parameters), count_text(r.batch));
  if (r.total_j) text += fmt::format(", {} for the run", quantity(*r.total_j, "J"));
  text += "\n\n" + sets_table(r, colour) + "\n";
  for (const std::string& sentence : sentences(r)) text += wrapped("- " + sentence, 110, "  ");
  if (!r.filling.empty()) text += "\n" + filling_table(r, colour);
  text += "\n";
  if (!r.costs.source.empty()) text += wrapped("  figures by " + r.costs.source, 110, "  ");
  if (r.costs.at_most)
    text += wrapped("  ≤: bytes may hide behind arithmetic; the difference is what a step that waits for memory would save", 110,
                    "  ");
  if (!r.costs.missing.empty()) text += wrapped("  –: no figure can be given: " + r.costs.missing, 110, "  ");
  for (const std::string& remark : r.remarks) text += wrapped("  " + remark, 110, "  ");
  return text;
}

std::string advice_json(const AdviceReport& r) {
  Json sets = Json::array(), filling = Json::array();
  for (const SetAdvice& a : r.advice) sets.push_back(set_json(r, a));
  for (size_t i = 0; i < r.filling.size(); ++i) {
    Json entry{{"set", r.filling[i].set},
               {"level", level_name(r, r.filling[i].level)},
               {"parameters", r.filling[i].parameters},
               {"energy_j", number(r.filling_j[i])}};
    if (!r.filling[i].widths.empty()) entry["widths"] = r.filling[i].widths;
    filling.push_back(entry);
  }
  return Json{{"schema", 1},
              {"network", r.network},
              {"hardware", r.hardware.id},
              {"scope", r.hardware.scope},
              {"parameters", r.parameters},
              {"batch", r.batch},
              {"figures_of", r.whole_run ? "run" : "step"},
              {"figures_are_upper_bounds", r.costs.at_most},
              {"source", r.costs.source},
              {"missing", r.costs.missing},
              {"energy_j", number(r.total_j)},
              {"sets", sets},
              {"filling_sizes", filling},
              {"advice", sentences(r)},
              {"remarks", r.remarks}}
             .dump(2) +
         "\n";
}

}  // namespace wattlayer::cli

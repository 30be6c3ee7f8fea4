#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wattlayer/budget/budget_formats.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer {
namespace {

Style style_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::within:
      return Style::green;
    case Verdict::cannot_say:
      return Style::yellow;
    default:
      return Style::red;
  }
}

std::string signed_joules(double j) { return fmt::format("{}{}", j < 0 ? '-' : '+', quantity(std::abs(j), "J")); }

/// Per inference, as everywhere where networks are compared.
std::string change_heading(const BudgetCheck& check) {
  const NetworkChange& c = *check.change;
  const std::string file = check.budget.against.filename().string();
  if (c.layers.empty()) return fmt::format("  against {}: no layer changed\n", file);
  const double batch = static_cast<double>(std::max<int64_t>(1, check.estimate->estimate.batch));
  return fmt::format("  against {}: {} per inference [{}, {}], {:+.3g} %; layers that are equal hold {} of the energy\n", file,
                     signed_joules(c.change_j.value / batch), signed_joules(c.change_j.low / batch),
                     signed_joules(c.change_j.high / batch), 100 * c.increase().value, percent(c.equal_share));
}

std::string change_table(const NetworkChange& change, size_t top, bool colour) {
  TextTable table({{"layer", Align::left, 34},
                   {""},
                   {"count", Align::right},
                   {"before", Align::right},
                   {"after", Align::right},
                   {"change", Align::right},
                   {"now", Align::left, 60}});
  const auto energy = [](const std::string& text, const Interval& i) {
    return text.empty() ? std::string("–") : quantity(i.value, "J");
  };
  for (size_t i = 0; i < std::min(top, change.layers.size()); ++i) {
    const LayerChange& c = change.layers[i];
    table.row({printable(c.name), std::string(name(c.kind)), count_text(c.count), energy(c.before, c.before_j),
               energy(c.after, c.after_j), signed_joules(c.change_j()), printable(c.after.empty() ? c.before : c.after)});
  }
  std::string text = table.print(colour, "    ");
  if (change.layers.size() > top) text += fmt::format("    and {} layers more\n", change.layers.size() - top);
  if (change.pass_j != 0) text += fmt::format("    the pass as a whole: {}\n", signed_joules(change.pass_j));
  return text;
}

}  // namespace

std::string title(const BudgetCheck& check) {
  if (!check.estimate) {
    const auto& batch = check.budget.reading.batch;
    return fmt::format("{} on {}{}", check.budget.network, check.budget.target, batch ? fmt::format(", batch {}", *batch) : "");
  }
  const Estimate& e = check.estimate->estimate;
  return fmt::format("{} on {}/{}/{}, batch {}", check.estimate->network, e.hardware, e.engine, name(e.dtype), e.batch);
}

std::string sentence(const LayerChange& c) {
  std::string text = fmt::format("{} {}: {}", c.name, name(c.kind), signed_joules(c.change_j()));
  if (!c.before.empty() && !c.after.empty())
    return text +
           fmt::format(" ({} → {}), {} → {}", quantity(c.before_j.value, "J"), quantity(c.after_j.value, "J"), c.before, c.after);
  return text + ", " + (c.after.empty() ? c.before : c.after);
}

std::string budget_table(std::span<const BudgetCheck> checks, size_t top, bool colour) {
  std::string text;
  for (const BudgetCheck& check : checks) {
    if (check.verdict == Verdict::failed) continue;
    text += fmt::format("{}  {}: {}\n", styled(name(check.verdict), style_of(check.verdict), colour), printable(title(check)),
                        printable(check.reason));
    if (!check.change) continue;
    text += change_heading(check);
    if (!check.change->layers.empty()) text += change_table(*check.change, top, colour);
  }
  return text;
}

}  // namespace wattlayer

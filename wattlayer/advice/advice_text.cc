#include <fmt/format.h>

#include <cmath>

#include "wattlayer/advice/advice.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer {
namespace {

constexpr size_t width = 110;

/// Three digits, more where they stand before the point: a saving may be a loss of many times the energy.
std::string per_cent(double share) {
  return std::abs(share) >= 1 ? fmt::format("{:.0f}", 100 * share) : fmt::format("{:.3g}", 100 * share);
}

std::string share_interval(const Interval& i) {
  return fmt::format("{} % [{}, {}]", per_cent(i.value), per_cent(i.low), per_cent(i.high));
}

std::string levers_table(const std::vector<Lever>& levers, bool colour) {
  TextTable table(
      {{"change", Align::left, 70}, {"saves per inference", Align::right}, {"of the energy", Align::right}, {"basis"}});
  for (const Lever& l : levers)
    table.row(
        {printable(l.change), quantity_interval(l.saving_j.value, l.saving_j.low, l.saving_j.high, "J"), share_interval(l.saving),
         l.calibrated ? std::string(name(l.basis)) : fmt::format("{}, not calibrated", name(l.basis))},
        l.basis == Basis::data_sheet ? Style::yellow : Style::plain);
  return table.print(colour, "  ");
}

std::string lever_sentences(const std::vector<Lever>& levers) {
  std::string text;
  for (const Lever& l : levers)
    text +=
        wrapped(fmt::format("- {}: rests on {}; costs: {}", printable(l.change), printable(l.rests_on), l.costs), width, "  ");
  return text;
}

std::string batches_table(const Advice& a, bool colour) {
  TextTable table({{"batch", Align::right},
                   {"energy per inference", Align::right},
                   {"time of the batch", Align::right},
                   {"memory", Align::right}});
  for (const BatchStep& s : a.batches) {
    const Interval& e = s.energy_per_inference_j;
    table.row({count_text(static_cast<double>(s.batch)), quantity_interval(e.value, e.low, e.high, "J"),
               quantity_interval(s.time_s.value, s.time_s.low, s.time_s.high, "s"), "≥ " + binary_bytes(s.memory_bytes)},
              s.batch == a.now.estimate.batch ? Style::bold : Style::plain);
  }
  return table.print(colour, "  ");
}

std::string dearest_table(const Advice& a, bool colour) {
  TextTable table(
      {{"dear layer", Align::left, 34}, {"energy", Align::right}, {"share", Align::right}, {"waits for"}, {"would help"}});
  for (const DearLayer& d : a.dearest) {
    const Interval& e = d.row.energy_j;
    table.row({printable(d.row.names.size() > 1 ? fmt::format("{} (+{})", shorten(d.row.name, 26), d.row.names.size() - 1)
                                                : d.row.name),
               quantity_interval(e.value, e.low, e.high, "J"), percent(d.row.share), std::string(name(d.regime)), d.would_help});
  }
  return table.print(colour, "  ");
}

std::string facts(const Advice& a) {
  std::string text = "  energy of the layers by what takes their time: ";
  for (size_t r = 0; r < regime_kinds; ++r)
    text += fmt::format("{}{} {}", r ? ", " : "", name(static_cast<Regime>(r)), percent(a.regime_share[r]));
  text += "\n";
  if (a.even_rate_hz)
    text += fmt::format("  below {:.3g} inferences a second the device at rest ({:.3g} W) costs more than they do\n",
                        *a.even_rate_hz, *a.idle_w);
  return text;
}

}  // namespace

std::string advice_table(const Advice& a, bool colour) {
  const Estimate& e = a.now.estimate;
  const Interval& j = a.now.energy_per_inference_j;
  std::string text =
      fmt::format("{} on {}/{}/{}: batch {}, {} per inference ({}, coverage {})\n\n", printable(a.now.network), e.hardware,
                  e.engine, name(e.dtype), e.batch, quantity_interval(j.value, j.low, j.high, "J"), e.scope, percent(e.coverage));
  if (a.levers.empty()) text += "  no lever is told apart from nothing\n";
  else text += levers_table(a.levers, colour) + "\n" + lever_sentences(a.levers);
  if (!a.cannot_tell.empty())
    text += "\n" + styled("cannot tell from nothing", Style::bold, colour) + "\n" + levers_table(a.cannot_tell, colour);
  text += "\n" + facts(a) + "\n" + dearest_table(a, colour);
  if (!a.batches.empty()) text += "\n" + batches_table(a, colour);
  if (!a.remarks.empty()) text += "\n";
  for (const std::string& remark : a.remarks) text += wrapped("  " + printable(remark), width, "  ");
  text += wrapped("  intervals are 90 %, of the saving at the energy as estimated; savings of several changes do not add up",
                  width, "  ");
  return text;
}

}  // namespace wattlayer

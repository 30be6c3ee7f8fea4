#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "wattlayer/report/comparison_text.h"
#include "wattlayer/report/derived_text.h"
#include "wattlayer/report/format.h"
#include "wattlayer/report/inspection.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/report.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer {
namespace {

Style style_of(Label label) {
  switch (label) {
    case Label::predicted:
      return Style::plain;
    case Label::extrapolated:
      return Style::yellow;
    case Label::bounded:
      return Style::red;
    case Label::modelled:
      return Style::cyan;
  }
  return Style::plain;
}

std::string of(const Interval& i, std::string_view unit) { return quantity_interval(i.value, i.low, i.high, unit); }

std::string heading(std::string_view text, const Rendering& rendering) {
  return styled(text, Style::bold, rendering.colour) + "\n";
}

std::string macs_text(double macs) { return macs > 0 ? quantity(macs, "MACs") : "–"; }

std::string layer_name(const LayerRow& row) {
  return row.names.size() > 1 ? fmt::format("{} (+{})", shorten(row.name, 30), row.names.size() - 1) : row.name;
}

std::string with_fused(const LayerRow& row) {
  std::string text = row.op;
  for (const std::string& op : row.fused) text += "+" + op;
  return text;
}

/// Layers that the totals lack because nothing bounds them.
double without_bound(const Estimate& estimate) {
  double count = 0;
  for (const Unpriced& u : estimate.unpriced)
    if (!u.bound_j) count += u.count;
  return count;
}

std::string totals(const EstimateReport& r, const Rendering& rendering) {
  const Estimate& e = r.estimate;
  std::string text = heading(
      fmt::format("{} on {}/{}/{}, batch {}", printable(r.network), e.hardware, e.engine, name(e.dtype), e.batch), rendering);
  auto line = [&](std::string_view label, const std::string& value) { text += fmt::format("  {:<22}{}\n", label, value); };
  line("energy per inference", styled(of(r.energy_per_inference_j, "J"), Style::bold, rendering.colour));
  line("energy per batch", of(e.energy_j, "J"));
  line("time per batch", of(e.time_s, "s"));
  line("mean power", of(e.power_w, "W"));
  if (e.stated_power_w)
    line("modelled", styled(fmt::format("no energy was measured: joules are {}, as stated, times the predicted time",
                                        quantity(*e.stated_power_w, "W")),
                            Style::yellow, rendering.colour));
  line("coverage", fmt::format("{} of the {} is from predictors inside their fitted range", percent(e.coverage),
                               e.stated_power_w ? "time" : "energy"));
  if (const double lost = without_bound(e); lost > 0)
    line("missing", styled(fmt::format("{} layers of unknown shape are not in these totals", count_text(lost)), Style::red,
                           rendering.colour));
  line("intervals", "90 %" + (e.interval_note.empty() ? std::string() : ", " + e.interval_note));
  line("scope", fmt::format("{}, idle power {}", e.scope, e.idle_included ? "included" : "not included"));
  line("energy model", e.energy_model);
  line("network", fmt::format("{}, {} parameters", macs_text(e.macs),
                              e.parameters < 1000 ? count_text(e.parameters) : quantity(e.parameters, "")));
  return text;
}

std::string operators(const EstimateReport& r, const Rendering& rendering) {
  TextTable table({{"OPERATOR", Align::left, 40},
                   {"LAYERS", Align::right},
                   {"MACs", Align::right},
                   {"ENERGY", Align::right},
                   {"SHARE", Align::right},
                   {""}});
  const size_t shown = rendering.all_layers ? r.operators.size() : std::min<size_t>(r.operators.size(), 12);
  OperatorRow rest{.op = fmt::format("({} others)", r.operators.size() - shown)};
  auto line = [&](const OperatorRow& row, Style style) {
    const std::string length = bar(row.share / r.operators.front().share, 16);
    table.row({row.op, count_text(row.count), macs_text(row.macs), quantity(row.energy_j, "J"), percent(row.share), length},
              style);
  };
  for (size_t i = 0; i < shown; ++i) line(r.operators[i], Style::plain);
  for (size_t i = shown; i < r.operators.size(); ++i) {
    rest.count += r.operators[i].count;
    rest.macs += r.operators[i].macs;
    rest.energy_j += r.operators[i].energy_j;
    rest.share += r.operators[i].share;
  }
  if (rest.count > 0) line(rest, Style::dim);
  const double whole = r.estimate.energy_j.value;
  if (std::abs(r.pass_energy_j) > 0.0005 * whole)
    table.row({"(between layers)", "", "", quantity(r.pass_energy_j, "J"), percent(r.pass_energy_j / whole), ""}, Style::dim);
  return heading("Energy by operator", rendering) + table.print(rendering.colour, "  ");
}

std::string layers(const EstimateReport& r, const Rendering& rendering) {
  std::vector<size_t> shown = dearest(r, rendering.all_layers ? r.layers.size() : rendering.top);
  if (rendering.all_layers) std::sort(shown.begin(), shown.end());
  if (shown.empty()) return "";
  const auto widest_shapes = static_cast<size_t>(std::clamp(rendering.columns - 78, 30, 60));
  TextTable table({{"LAYER", Align::left, 36},
                   {"OPERATOR", Align::left, 28},
                   {"SHAPES", Align::left, widest_shapes},
                   {"×", Align::right},
                   {"MACs", Align::right},
                   {"ENERGY", Align::right},
                   {"SHARE", Align::right},
                   {"LABEL"}});
  for (size_t i : shown) {
    const LayerRow& row = r.layers[i];
    table.row({layer_name(row), with_fused(row), row.shapes, count_text(row.count), macs_text(row.macs),
               quantity(row.energy_j.value, "J"), percent(row.share), std::string(name(row.label))},
              style_of(row.label));
  }
  const std::string title =
      rendering.all_layers ? "All layers" : fmt::format("The {} of {} layers that cost most", shown.size(), r.layers.size());
  return "\n" + heading(title, rendering) + table.print(rendering.colour, "  ");
}

std::string unpriced(const EstimateReport& r, const Rendering& rendering) {
  if (r.estimate.unpriced.empty()) return "";
  TextTable table(
      {{"OPERATOR", Align::left, 40}, {"LAYERS", Align::right}, {"BOUND", Align::right}, {"REASON", Align::left, 60}});
  for (const Unpriced& u : r.estimate.unpriced)
    table.row({u.op, count_text(u.count), u.bound_j ? quantity(*u.bound_j, "J") : "unknown", u.reason}, Style::red);
  return "\n" + heading("Could not be priced; the total holds the bound where there is one", rendering) +
         table.print(rendering.colour, "  ");
}

std::string remarks(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += fmt::format("{}note: {}\n", text.empty() ? "\n" : "", printable(line));
  return text;
}

std::string summary(const Report& report, const Rendering& rendering) {
  TextTable table({{"NETWORK", Align::left, rendering.totals ? size_t{160} : size_t{40}},
                   {"ON", Align::left, 48},
                   {"BATCH", Align::right},
                   {"ENERGY PER INFERENCE", Align::left},
                   {"PER BATCH", Align::right},
                   {"TIME", Align::right},
                   {"POWER", Align::right},
                   {"COVERAGE", Align::right},
                   {"NOT PRICED", Align::right}});
  for (const EstimateReport& r : report.estimates) {
    const Estimate& e = r.estimate;
    double missing = 0;
    for (const Unpriced& u : e.unpriced) missing += u.count;
    table.row({rendering.totals ? r.file : r.network, fmt::format("{}/{}/{}", e.hardware, e.engine, name(e.dtype)),
               count_text(static_cast<double>(e.batch)), of(r.energy_per_inference_j, "J"), quantity(e.energy_j.value, "J"),
               quantity(e.time_s.value, "s"), quantity(e.power_w.value, "W"), percent(e.coverage),
               missing > 0 ? count_text(missing) : "–"},
              missing > 0 ? Style::yellow : Style::plain);
  }
  std::vector<std::string> scopes;
  for (const EstimateReport& r : report.estimates)
    if (std::find(scopes.begin(), scopes.end(), r.estimate.scope) == scopes.end()) scopes.push_back(r.estimate.scope);
  std::string text = table.print(rendering.colour);
  if (scopes.size() > 1)
    text += fmt::format("note: the rows cover different things ({}) and are not comparable\n", fmt::join(scopes, ", "));
  return text;
}

std::string estimates(const Report& report, const Rendering& rendering) {
  std::string text;
  std::vector<const EstimateReport*> all;
  for (const EstimateReport& r : report.estimates) all.push_back(&r);
  if (report.estimates.size() > 1 || (rendering.totals && !report.estimates.empty()))
    text = summary(report, rendering) + (rendering.details ? "" : derived_text(all, rendering));
  if (!rendering.details) return text;
  for (const EstimateReport* r : all)
    text += (text.empty() ? "" : "\n") + totals(*r, rendering) + derived_text(std::span(&r, 1), rendering) + "\n" +
            operators(*r, rendering) + layers(*r, rendering) + unpriced(*r, rendering) + remarks(r->remarks);
  return text;
}

std::string inspected_nodes(const Inspection& i, const Rendering& rendering) {
  TextTable table({{"NODE", Align::left, 44},
                   {"OPERATOR", Align::left, 28},
                   {"SHAPES", Align::left, 60},
                   {"×", Align::right},
                   {"MACs", Align::right},
                   {"PARAMETERS", Align::right}});
  for (const NodeRow& n : i.nodes) {
    const Style style = !n.resolved || !n.in_catalogue ? Style::red : n.folded ? Style::dim : Style::plain;
    table.row({n.name, n.op, n.shapes, count_text(n.count), macs_text(n.macs), n.parameters > 0 ? count_text(n.parameters) : "–"},
              style);
  }
  return "\n" + heading("Nodes", rendering) + table.print(rendering.colour, "  ");
}

std::string inspection(const Inspection& i, const Rendering& rendering) {
  std::string text = heading(fmt::format("{}, batch {}", printable(i.network), i.batch), rendering);
  auto line = [&](std::string_view label, const std::string& value) {
    text += fmt::format("  {:<14}{}\n", label, printable(value));
  };
  for (const std::string& input : i.inputs) line("input", input);
  for (const std::string& output : i.outputs) line("output", output);
  line("MACs", count_text(i.macs));
  line("parameters", fmt::format("{} ({})", count_text(i.parameters), binary_bytes(i.weight_bytes)));
  line("activations", count_text(i.activations));
  line("nodes", fmt::format("{} of {} operators", count_text(static_cast<double>(i.nodes.size())), i.operators.size()));
  TextTable table(
      {{"OPERATOR", Align::left, 40}, {"NODES", Align::right}, {"MACs", Align::right}, {"PARAMETERS", Align::right}, {""}});
  for (const NodesOfOperator& o : i.operators)
    table.row({o.op, count_text(o.nodes), macs_text(o.macs), o.parameters > 0 ? count_text(o.parameters) : "–",
               o.in_catalogue ? "" : "not in the catalogue: bounded by its bytes"},
              o.in_catalogue ? Style::plain : Style::red);
  text += "\n" + heading("Operators", rendering) + table.print(rendering.colour, "  ");
  if (rendering.all_layers) text += inspected_nodes(i, rendering);
  if (!i.unresolved.empty()) {
    text += "\n" + heading(fmt::format("Shapes stay unknown at {} nodes", i.unresolved.size()), rendering);
    for (const std::string& node : i.unresolved) text += "  " + printable(node) + "\n";
  }
  return text + remarks(i.remarks);
}

}  // namespace

const Format& table_format() {
  static constexpr Format format{"table", estimates, inspection, comparison_text};
  return format;
}

}  // namespace wattlayer

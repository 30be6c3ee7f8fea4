#include <fmt/format.h>

#include <iterator>

#include "wattlayer/report/comparison.h"
#include "wattlayer/report/derived_text.h"
#include "wattlayer/report/format.h"
#include "wattlayer/report/inspection.h"
#include "wattlayer/report/report.h"

// One line a layer, RFC 4180, the names of docs/formats/estimate_v1.md.
namespace wattlayer {
namespace {

std::string cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

/// Columns of what was asked for besides energy; the same for every estimate.
std::string derived_columns(const EstimateReport& first) {
  std::string text;
  for (const DerivedFigure& f : first.derived) text.append(",").append(column_of(f));
  return text;
}

std::string derived_columns(const Report& report) {
  return report.estimates.empty() ? "" : derived_columns(report.estimates.front());
}

std::string derived_values(const EstimateReport& r) {
  std::string text;
  for (const DerivedFigure& f : r.derived) text += fmt::format(",{}", f.value.value);
  return text;
}

/// One line a network.
std::string totals(const Report& report) {
  std::string text =
      std::string() +
      "network,hardware,engine,dtype,batch,scope,energy_j,energy_low_j,energy_high_j,time_s,time_low_s,time_high_s,power_w,"
      "coverage,macs,parameters,unpriced,interval_note" +
      derived_columns(report) + "\n";
  for (const EstimateReport& r : report.estimates) {
    const Estimate& e = r.estimate;
    double missing = 0;
    for (const Unpriced& u : e.unpriced) missing += u.count;
    fmt::format_to(std::back_inserter(text), "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}{}\n", cell(r.file),
                   cell(e.hardware), cell(e.engine), name(e.dtype), e.batch, e.scope, e.energy_j.value, e.energy_j.low,
                   e.energy_j.high, e.time_s.value, e.time_s.low, e.time_s.high, e.power_w.value, e.coverage, e.macs,
                   e.parameters, missing, e.interval_note, derived_values(r));
  }
  return text;
}

std::string estimates(const Report& report, const Rendering& rendering) {
  if (rendering.totals) return totals(report);
  std::string text =
      std::string() +
      "network,hardware,engine,dtype,batch,scope,name,op,layer,count,macs,energy_j,energy_low_j,energy_high_j,time_s,share,"
      "label" +
      derived_columns(report) + "\n";
  for (const EstimateReport& r : report.estimates) {
    const Estimate& e = r.estimate;
    const std::string head =
        fmt::format("{},{},{},{},{},{}", cell(r.network), cell(e.hardware), cell(e.engine), name(e.dtype), e.batch, e.scope);
    const std::string tail = derived_values(r);
    for (const LayerRow& l : r.layers)
      text +=
          fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}{}\n", head, cell(l.name), cell(l.op), cell(l.layer), l.count, l.macs,
                      l.energy_j.value, l.energy_j.low, l.energy_j.high, l.time_s.value, l.share, name(l.label), tail);
  }
  return text;
}

std::string number(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : ""; }

/// One line an estimate.
std::string comparison(const Comparison& c, const Rendering&) {
  std::string text =
      "network,hardware,engine,dtype,batch,scope,idle_included,energy_per_inference_j,energy_per_inference_low_j,"
      "energy_per_inference_high_j,over_winner,over_winner_low,over_winner_high,clearly_dearer,accuracy,sufficient,front,"
      "coverage,energy_model,interval_note" +
      derived_columns(c.rows.front().estimate) + "\n";
  for (const ComparedEstimate& row : c.rows) {
    const EstimateReport& r = row.estimate;
    const Estimate& e = r.estimate;
    const Interval &j = r.energy_per_inference_j, over = row.over_winner.value_or(Interval{});
    const std::string factors = row.over_winner ? fmt::format("{},{},{}", over.value, over.low, over.high) : ",,";
    text += fmt::format("{},{},{},{},{},{},{:d},{},{},{},{},{:d},{},{:d},{},{},{},{}{}\n",
                        cell(r.file.empty() ? r.network : r.file), cell(e.hardware), cell(e.engine), name(e.dtype), e.batch,
                        e.scope, e.idle_included, j.value, j.low, j.high, factors, row.clear, number(row.accuracy),
                        row.sufficient, name(row.front), e.coverage, cell(e.energy_model), e.interval_note, derived_values(r));
  }
  return text;
}

std::string inspection(const Inspection& i, const Rendering&) {
  std::string text = "name,op,layer,count,macs,parameters,activations,folded,in_catalogue,resolved\n";
  for (const NodeRow& n : i.nodes)
    text += fmt::format("{},{},{},{},{},{},{},{:d},{:d},{:d}\n", cell(n.name), cell(n.op), cell(n.layer), n.count, n.macs,
                        n.parameters, n.activations, n.folded, n.in_catalogue, n.resolved);
  return text;
}

}  // namespace

const Format& csv_format() {
  static constexpr Format format{"csv", estimates, inspection, comparison};
  return format;
}

}  // namespace wattlayer

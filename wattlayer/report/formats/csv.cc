#include <fmt/format.h>

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

std::string estimates(const Report& report, const Rendering&) {
  std::string text =
      "network,hardware,engine,dtype,batch,scope,name,op,layer,count,macs,energy_j,energy_low_j,energy_high_j,time_s,share,"
      "label\n";
  for (const EstimateReport& r : report.estimates) {
    const Estimate& e = r.estimate;
    const std::string head =
        fmt::format("{},{},{},{},{},{}", cell(r.network), cell(e.hardware), cell(e.engine), name(e.dtype), e.batch, e.scope);
    for (const LayerRow& l : r.layers)
      text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", head, cell(l.name), cell(l.op), cell(l.layer), l.count, l.macs,
                          l.energy_j.value, l.energy_j.low, l.energy_j.high, l.time_s.value, l.share, name(l.label));
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
  static constexpr Format format{"csv", estimates, inspection};
  return format;
}

}  // namespace wattlayer

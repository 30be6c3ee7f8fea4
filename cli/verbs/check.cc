#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/meter_findings.h"
#include "cli/meter_options.h"
#include "cli/program.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr Seconds probe_time{2};

struct Options {
  MeterOptions meters;
  bool json = false, probe = false;
};

std::string count(int n, std::string_view noun) { return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s"); }

/// `AMD EPYC, 1 socket, 2 cores, 2 threads; load 0.9; virtual machine`.
std::string machine_text(const Machine& m) {
  std::vector<std::string> parts;
  if (m.sockets > 0) parts.push_back(count(m.sockets, "socket"));
  if (m.cores > 0) parts.push_back(count(m.cores, "core"));
  if (m.threads > 0) parts.push_back(count(m.threads, "thread"));
  if (m.governor) parts.push_back("governor " + *m.governor);
  if (m.turbo) parts.push_back(*m.turbo ? "turbo on" : "turbo off");
  if (m.load) parts.push_back(fmt::format("load {:.2f}", *m.load));
  if (m.virtual_machine) parts.push_back("virtual machine");
  if (m.container) parts.push_back(*m.container + " container");
  const std::string processor = m.processor.empty() ? "unknown processor" : printable(m.processor);
  return parts.empty() ? processor : fmt::format("{}: {}", processor, fmt::join(parts, ", "));
}

std::string mark(const MeterDomain& d) {
  return d.method == "modelled" ? "·" : !d.obstacle.empty() ? "✗" : d.chosen_by_default ? "●" : "○";
}

std::string refresh_text(const MeterFinding& f) {
  if (f.probe && f.probe->refresh_interval) return quantity(f.probe->refresh_interval->value, "s");
  return f.domain.refresh_interval ? quantity(f.domain.refresh_interval->value, "s") : "–";
}

std::string resolution_text(const MeterDomain& d) { return d.resolution.value > 0 ? quantity(d.resolution.value, "J") : "–"; }

std::string meters_table(const MeterFindings& findings, bool colour, bool probed) {
  std::vector<TextTable::Column> columns = {
      {""}, {"METER"}, {"SCOPE"}, {"METHOD"}, {"REFRESH", Align::right}, {"STEP", Align::right}};
  if (probed) columns.insert(columns.end(), {{"A READ COSTS", Align::right}, {"POWER NOW", Align::right}});
  columns.push_back({"READS"});
  TextTable table(columns);
  for (const MeterFinding& f : findings.meters) {
    std::vector<std::string> cells = {mark(f.domain),  printable(f.name), f.domain.scope,
                                      f.domain.method, refresh_text(f),   resolution_text(f.domain)};
    if (probed) {
      cells.push_back(f.probe && f.probe->read_cost ? quantity(f.probe->read_cost->value, "s") : "–");
      cells.push_back(f.probe && f.probe->power ? quantity(f.probe->power->value, "W") : "–");
    }
    const bool modelled = f.domain.method == "modelled";
    const std::string need = modelled && !f.domain.obstacle.empty() ? "; " + f.domain.obstacle : "";
    cells.push_back(printable(f.domain.what + need));
    table.row(std::move(cells), !f.domain.obstacle.empty()   ? Style::dim
                                : f.domain.chosen_by_default ? Style::green
                                                             : Style::plain);
  }
  return table.print(colour, "  ");
}

/// A heading and paragraphs, `name  text` each, names aligned; equal texts are told once.
std::string section(std::string_view title, const std::vector<std::pair<std::string, std::string>>& lines, bool colour,
                    int columns) {
  if (lines.empty()) return "";
  std::vector<std::pair<std::string, std::string>> merged;
  for (const auto& [name, text] : lines) {
    const auto same = std::find_if(merged.begin(), merged.end(), [&text = text](const auto& m) { return m.second == text; });
    if (same == merged.end()) merged.emplace_back(name, text);
    else same->first += ", " + name;
  }
  std::string out = "\n" + styled(title, Style::bold, colour) + "\n";
  for (const auto& [name, text] : merged) {
    const std::string start = name.empty() ? "  " : fmt::format("  {}: ", name);
    out += wrapped(start + printable(text), static_cast<size_t>(std::clamp(columns, 60, 120)), "      ");
  }
  return out;
}

std::string verdict(const MeterFindings& findings, bool colour) {
  if (!findings.taken.empty())
    return fmt::format("\n{} A measurement takes {} where no --meter is named.\n", styled("●", Style::green, colour),
                       fmt::join(findings.taken, ", "));
  if (findings.can_measure()) return "\nNo meter is taken by itself here: name one of those marked ○ with --meter.\n";
  return "\n" + styled("Nothing measures energy here as things are.", Style::bold, colour) + " Times can be measured.\n";
}

std::string page(const MeterFindings& findings, bool probed) {
  const Terminal t = terminal();
  std::string out =
      machine_text(findings.machine) + "\n\n" + meters_table(findings, t.colour, probed) + verdict(findings, t.colour);
  std::vector<std::pair<std::string, std::string>> obstacles, remarks, advice;
  for (const MeterFinding& f : findings.meters) {
    if (!f.domain.obstacle.empty() && f.domain.method != "modelled") obstacles.emplace_back(f.name, f.domain.obstacle);
    if (f.probe && !f.probe->failure.empty()) obstacles.emplace_back(f.name, f.probe->failure);
    if (f.domain.obstacle.empty())
      for (const std::string& remark : f.domain.remarks) remarks.emplace_back(f.name, remark);
  }
  for (const std::string& text : findings.advice) advice.emplace_back("", text);
  out += section("Cannot be read (✗)", obstacles, t.colour, t.columns);
  out += section("What to know", advice, t.colour, t.columns);
  out += section("Remarks", remarks, t.colour, t.columns);
  out += section("Not on this machine", findings.missing, t.colour, t.columns);
  return out;
}

template <class Value>
Json optional_json(const std::optional<Value>& value) {
  if (!value) return nullptr;
  if constexpr (requires { value->value; }) return value->value;
  else return *value;
}

Json machine_json(const Machine& m) {
  const auto told = [](int n) { return n > 0 ? Json(n) : Json(nullptr); };
  return {{"processor", m.processor.empty() ? Json(nullptr) : Json(m.processor)},
          {"sockets", told(m.sockets)},
          {"cores", told(m.cores)},
          {"threads", told(m.threads)},
          {"virtual_machine", optional_json(m.virtual_machine)},
          {"container", optional_json(m.container)},
          {"governor", optional_json(m.governor)},
          {"turbo", optional_json(m.turbo)},
          {"load", optional_json(m.load)},
          {"energy_filtering", optional_json(m.energy_filtering)}};
}

Json meter_json(const MeterFinding& f) {
  const MeterDomain& d = f.domain;
  Json json = {{"meter", f.name},
               {"scope", d.scope},
               {"method", d.method},
               {"reads", d.what},
               {"refresh_interval_s", optional_json(d.refresh_interval)},
               {"resolution_j", d.resolution.value > 0 ? Json(d.resolution.value) : Json(nullptr)},
               {"readable", d.obstacle.empty()},
               {"obstacle", d.obstacle.empty() ? Json(nullptr) : Json(d.obstacle)},
               {"default", d.chosen_by_default},
               {"remarks", d.remarks}};
  if (f.probe)
    json["probe"] = {{"refresh_interval_s", optional_json(f.probe->refresh_interval)},
                     {"read_s", optional_json(f.probe->read_cost)},
                     {"power_w", optional_json(f.probe->power)},
                     {"failure", f.probe->failure.empty() ? Json(nullptr) : Json(f.probe->failure)}};
  return json;
}

std::string json_page(const MeterFindings& findings) {
  Json meters = Json::array(), missing = Json::array();
  for (const MeterFinding& f : findings.meters) meters.push_back(meter_json(f));
  for (const auto& [name, why] : findings.missing) missing.push_back({{"meter", name}, {"why", why}});
  const Json all = {{"schema", 1},
                    {"machine", machine_json(findings.machine)},
                    {"can_measure", findings.can_measure()},
                    {"default_meters", findings.taken},
                    {"meters", meters},
                    {"missing", missing},
                    {"advice", findings.advice}};
  return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void check(const Options& options) {
  SystemClock clock;
  const MeterPlace place = options.meters.place(clock);
  const MeterFindings findings = look_for_meters(place, options.probe ? probe_time : Seconds{0});
  write_output(options.json ? json_page(findings) : page(findings, options.probe));
}

}  // namespace

void add_check(CLI::App& app, const Program&) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("check", "Say what can be measured on this machine, how finely, and what is missing");
  add_meter_options(*verb, options->meters, false);
  verb->add_flag("--probe", options->probe,
                 "read each meter for 2 s: its real refresh interval, the cost of a read, the power now");
  verb->add_flag("--json", options->json, "print JSON (docs/meters.md)");
  verb->callback([options] { check(*options); });
}

}  // namespace wattlayer::cli

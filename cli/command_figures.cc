#include "cli/command_figures.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "wattlayer/bench/confidence.h"
#include "wattlayer/core/error.h"
#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {
namespace {

constexpr const char* unknown = "–";

template <class Quantity>
std::string shown(const std::optional<Quantity>& value, std::string_view unit) {
  return value ? quantity(value->value, unit) : unknown;
}

std::optional<Watts> power(const CommandEnergy& meter, Seconds time) {
  if (!meter.energy || !(time.value > 0)) return std::nullopt;
  return *meter.energy / time;
}

template <class Quantity>
nlohmann::ordered_json json_of(const std::optional<Quantity>& value) {
  return value ? nlohmann::ordered_json(value->value) : nlohmann::ordered_json(nullptr);
}

std::string label_value(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

}  // namespace

std::optional<Joules> CommandEnergy::above_idle(Seconds time) const {
  if (!energy || !idle) return std::nullopt;
  return *energy - *idle * time;
}

std::optional<Joules> CommandEnergy::above_idle_half_width(Seconds time) const {
  if (!energy || !idle || idle_parts.size() < 2 || !(time.value > 0)) return std::nullopt;
  const auto parts = static_cast<double>(idle_parts.size());
  double mean = 0, square = 0;
  for (const Watts& power : idle_parts) mean += power.value / parts;
  for (const Watts& power : idle_parts) square += (power.value - mean) * (power.value - mean);
  const double sd = std::sqrt(square / (parts - 1));
  // The idle power is a mean of the parts; the command's own time holds time / part of them.
  const double drawn = student_t_975(static_cast<int>(idle_parts.size()) - 1) * sd *
                       std::sqrt(time.value * time.value / parts + time.value * idle_part.value);
  const double edges =
      info.refresh_interval.value_or(Seconds{0}).value * (energy->value / time.value) + 2 * info.resolution.value;
  return Joules{drawn + edges};
}

bool CommandEnergy::is_within_noise(Seconds time) const {
  const auto above = above_idle(time), half_width = above_idle_half_width(time);
  return above && half_width && std::abs(above->value) <= half_width->value;
}

std::string command_table(const CommandFigures& figures) {
  std::string text = fmt::format("{}: {}{}\n", shorten(printable(figures.command), 60), quantity(figures.time.value, "s"),
                                 figures.status ? fmt::format(", exit status {}", *figures.status) : "");
  TextTable table({{"METER", Align::left, 28},
                   {"SCOPE"},
                   {"METHOD"},
                   {"ENERGY", Align::right},
                   {"ABOVE IDLE", Align::right},
                   {"MEAN POWER", Align::right},
                   {"IDLE BEFORE", Align::right}});
  for (const CommandEnergy& m : figures.meters)
    table.row({m.info.name(), m.info.scope, m.info.method, shown(m.energy, "J"),
               m.is_within_noise(figures.time) ? unknown : shown(m.above_idle(figures.time), "J"),
               shown(power(m, figures.time), "W"), shown(m.idle, "W")});
  if (!figures.meters.empty()) text += table.print();
  for (const CommandEnergy& m : figures.meters)
    if (!m.failure.empty()) text += fmt::format("failed: {}\n", m.failure);
  for (const std::string& remark : figures.remarks) text += fmt::format("note: {}\n", remark);
  return text;
}

std::string command_json(const CommandFigures& figures) {
  nlohmann::ordered_json meters = nlohmann::ordered_json::array();
  for (const CommandEnergy& m : figures.meters)
    meters.push_back({{"meter", m.info.name()},
                      {"scope", m.info.scope},
                      {"method", m.info.method},
                      {"energy_j", json_of(m.energy)},
                      {"energy_above_idle_j", json_of(m.above_idle(figures.time))},
                      {"energy_above_idle_ci95_j", json_of(m.above_idle_half_width(figures.time))},
                      {"power_w", json_of(power(m, figures.time))},
                      {"idle_power_w", json_of(m.idle)},
                      {"failure", m.failure}});
  const nlohmann::ordered_json json = {{"schema", 1},
                                       {"command", figures.command},
                                       {"exit_status", figures.status ? nlohmann::ordered_json(*figures.status) : nullptr},
                                       {"time_s", figures.time.value},
                                       {"meters", meters},
                                       {"remarks", figures.remarks}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string command_prometheus(const CommandFigures& figures) {
  std::string text;
  auto head = [&](const char* name, const char* type, const char* help) {
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  };
  auto labels = [](const MeterInfo& i) {
    return fmt::format("{{meter=\"{}\",scope=\"{}\",method=\"{}\"}}", label_value(i.name()), label_value(i.scope),
                       label_value(i.method));
  };
  head("wattlayer_energy_joules_total", "counter", "Energy since the command started, idle included; never add across scopes.");
  for (const CommandEnergy& m : figures.meters)
    if (m.energy) text += fmt::format("wattlayer_energy_joules_total{} {}\n", labels(m.info), m.energy->value);
  head("wattlayer_energy_above_idle_joules", "gauge", "Energy since the command started minus idle power times time.");
  for (const CommandEnergy& m : figures.meters)
    if (const auto above = m.above_idle(figures.time))
      text += fmt::format("wattlayer_energy_above_idle_joules{} {}\n", labels(m.info), above->value);
  head("wattlayer_idle_power_watts", "gauge", "Power at rest before the command started.");
  for (const CommandEnergy& m : figures.meters)
    if (m.idle) text += fmt::format("wattlayer_idle_power_watts{} {}\n", labels(m.info), m.idle->value);
  head("wattlayer_meter_failed", "gauge", "1 for a meter that could not be read; its energy is unknown, not 0.");
  for (const CommandEnergy& m : figures.meters)
    text += fmt::format("wattlayer_meter_failed{} {}\n", labels(m.info), m.failure.empty() ? 0 : 1);
  head("wattlayer_command_duration_seconds", "gauge", "Time since the command started, or that it took.");
  text += fmt::format("wattlayer_command_duration_seconds {}\n", figures.time.value);
  head("wattlayer_command_running", "gauge", "1 while the command runs.");
  text += fmt::format("wattlayer_command_running {}\n", figures.status ? 0 : 1);
  if (figures.status) {
    head("wattlayer_command_exit_status", "gauge", "Exit status of the command.");
    text += fmt::format("wattlayer_command_exit_status {}\n", *figures.status);
  }
  return text;
}

void replace_file(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::path draft = file;
  draft += fmt::format(".{}.tmp", ::getpid());
  {
    std::ofstream out(draft, std::ios::binary | std::ios::trunc);
    out.write(text.data(), static_cast<std::streamsize>(text.size())).flush();
    if (!out) throw Error(ErrorKind::io, fmt::format("cannot write {}: {}", draft.string(), std::strerror(errno)));
  }
  std::error_code error;
  std::filesystem::rename(draft, file, error);
  if (error) throw Error(ErrorKind::io, fmt::format("cannot replace {}: {}", file.string(), error.message()));
}

}  // namespace wattlayer::cli

#include "cli/hardware_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

#include "wattlayer/report/quantity_text.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {
namespace {

constexpr size_t widest_name = 44;
constexpr int year_unknown = 9999;  // after all others

std::string optional_quantity(const std::optional<double>& value, std::string_view unit) {
  return value ? quantity(*value, unit) : "–";
}

std::string peak_text(const Hardware& h, DataType type) {
  const auto at = h.peak_flops.find(type);
  return at == h.peak_flops.end() ? "–" : quantity(at->second, "FLOP/s");
}

/// `pytorch/f32, vllm/bf16`: the ids of its energy models without the hardware.
std::string models_text(const DescribedHardware& d) {
  std::vector<std::string> texts;
  for (const std::string& id : d.energy_models) texts.push_back(id.substr(std::min(id.size(), d.hardware.id.size() + 1)));
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string heading(std::string_view kind) {
  if (kind == "gpu") return "GPUs";
  if (kind == "cpu") return "Processors";
  if (kind == "soc") return "Systems on a chip";
  return printable(kind);
}

auto place(const Hardware& h) { return std::tuple(h.year.value_or(year_unknown), h.id); }

std::string table_of(const std::vector<const DescribedHardware*>& devices, bool colour) {
  TextTable table({{"HARDWARE"},
                   {"NAME", Align::left, widest_name},
                   {"YEAR", Align::right},
                   {"TDP", Align::right},
                   {"f32", Align::right},
                   {"f16", Align::right},
                   {"MEMORY", Align::right},
                   {"TYPE"},
                   {"ENERGY MODELS"}});
  for (const DescribedHardware* d : devices) {
    const Hardware& h = d->hardware;
    table.row({h.id, printable(h.name), h.year ? std::to_string(*h.year) : "–", optional_quantity(h.tdp_w, "W"),
               peak_text(h, DataType::f32), peak_text(h, DataType::f16), optional_quantity(h.bandwidth_bytes_per_s, "B/s"),
               h.memory_type.empty() ? "–" : printable(h.memory_type), models_text(*d)});
  }
  return table.print(colour, "  ");
}

/// `60.3 to 82.3 W at 210 to 1410 MHz (81 clocks)`.
std::string range_text(const std::map<double, double>& table, std::string_view unit) {
  double low = table.begin()->second, high = low;
  for (const auto& [clock, value] : table) low = std::min(low, value), high = std::max(high, value);
  return fmt::format("{:.4g} to {:.4g} {} at {:g} to {:g} MHz ({} clocks)", low, high, unit, table.begin()->first,
                     table.rbegin()->first, table.size());
}

std::string figures_of(const Hardware& h, bool colour) {
  TextTable figures({{"FIGURE"}, {"VALUE", Align::right}});
  auto figure = [&](const std::string& field, const std::optional<double>& value, std::string_view unit) {
    if (value) figures.row({field, quantity(*value, unit)});
  };
  if (h.year) figures.row({"year", std::to_string(*h.year)});
  if (h.process_nm) figures.row({"process_nm", fmt::format("{:g} nm", *h.process_nm)});
  figures.row({"compute_units", fmt::format("{:g}", h.compute_units)});
  if (h.matrix_units) figures.row({"matrix_units", *h.matrix_units ? "yes" : "no"});
  for (const auto& [type, flops] : h.peak_flops) figure(fmt::format("peak_flops {}", name(type)), flops, "FLOP/s");
  figure("vector_flops", h.vector_flops, "FLOP/s");
  figure("bandwidth_bytes_per_s", h.bandwidth_bytes_per_s, "B/s");
  for (const MemoryLevel& level : h.memory) {
    const std::string units = level.units > 1 ? fmt::format(" × {:g}", level.units) : "";
    const std::string speed =
        level.bandwidth_bytes_per_s ? fmt::format(", {}", quantity(*level.bandwidth_bytes_per_s, "B/s")) : "";
    figures.row(
        {fmt::format("memory {}", printable(level.name)), fmt::format("{}{}{}", binary_bytes(level.bytes), units, speed)});
  }
  if (!h.memory_type.empty()) figures.row({"memory_type", printable(h.memory_type)});
  figure("tdp_w", h.tdp_w, "W");
  figure("power_limit_w", h.power_limit_w, "W");
  figure("idle_w", h.idle_w, "W");
  figure("clock_hz", h.clock_hz, "Hz");
  if (!h.idle_w_by_clock_mhz.empty()) figures.row({"idle_w_by_clock_mhz", range_text(h.idle_w_by_clock_mhz, "W")});
  if (!h.supply_v_by_clock_mhz.empty()) figures.row({"supply_v_by_clock_mhz", range_text(h.supply_v_by_clock_mhz, "V")});
  return figures.print(colour, "  ");
}

/// `: 10,720 rows, fitted 2026-11-20; networks 5.6 % off, layers 6.1 % off`, as far as the card says it.
std::string errors_text(const CardFacts& card) {
  std::string text;
  auto add = [&](std::string_view separator, const std::string& what) {
    text += fmt::format("{}{}", text.empty() ? ": " : separator, what);
  };
  if (card.rows) add("", count_text(*card.rows) + " rows");
  if (!card.fitted.empty()) add(", ", "fitted " + card.fitted);
  if (card.networks.medape) add("; ", fmt::format("networks {:.1f} % off in the median", *card.networks.medape));
  if (card.layers.medape) add("; ", fmt::format("layers {:.1f} %", *card.layers.medape));
  return text;
}

}  // namespace

std::string hardware_table(std::vector<DescribedHardware> all, bool colour) {
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return place(a.hardware) < place(b.hardware); });
  std::vector<std::string> kinds = {"gpu", "cpu", "soc"};
  for (const DescribedHardware& d : all)
    if (std::find(kinds.begin(), kinds.end(), d.hardware.kind) == kinds.end()) kinds.push_back(d.hardware.kind);
  std::string text;
  for (const std::string& kind : kinds) {
    std::vector<const DescribedHardware*> devices;
    for (const DescribedHardware& d : all)
      if (d.hardware.kind == kind) devices.push_back(&d);
    if (devices.empty()) continue;
    text += fmt::format("{}{} ({})\n{}", text.empty() ? "" : "\n", styled(heading(kind), Style::bold, colour), devices.size(),
                        table_of(devices, colour));
  }
  return text;
}

std::string hardware_card(const DescribedHardware& described, const std::vector<CardFacts>& cards, bool colour) {
  const Hardware& h = described.hardware;
  std::string sources;
  for (const auto& [field, source] : h.sources)
    sources += wrapped(fmt::format("  {}: {}", printable(field), printable(source)), 100, "    ");
  std::string models;
  for (size_t i = 0; i < described.energy_models.size(); ++i)
    models += fmt::format("  {}{}\n", described.energy_models[i], errors_text(cards.at(i)));
  if (models.empty()) models = "  none; `wattlayer fit` makes one from measurements\n";
  return fmt::format("{}: {} ({}), scope {}\n\n{}\n{}\n{}\n{}\n{}", styled(h.id, Style::bold, colour), printable(h.name),
                     printable(h.kind), printable(h.scope), figures_of(h, colour), styled("Energy models", Style::bold, colour),
                     models, styled("Sources", Style::bold, colour), sources);
}

}  // namespace wattlayer::cli

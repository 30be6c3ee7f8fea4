#include "wattlayer/report/footprint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"

namespace wattlayer {
namespace {

constexpr double joules_per_wh = 3600, seconds_per_day = 86400;

Interval scaled(const Interval& i, double factor) { return {i.value * factor, i.low * factor, i.high * factor}; }

/// The figures of one estimate, with their bases.
class Figures {
 public:
  Figures(const Estimate& estimate, const Footprint& footprint) : estimate_(estimate), f_(footprint) {
    energy_basis_ = fmt::format("energy of {} (idle {})", estimate.scope.empty() ? "an unstated scope" : estimate.scope,
                                estimate.idle_included ? "included" : "not included");
    if (f_.pue) energy_basis_ += fmt::format(" × PUE {:g} as given", *f_.pue);
  }

  std::vector<DerivedFigure> of_run(const Interval& energy_j) {
    if (f_.pue) add("energy of the run with PUE", scaled(energy_j, *f_.pue / joules_per_wh), "Wh", energy_basis_);
    add_energy_span("of the run", energy_j, "");
    return std::move(figures_);
  }

  std::vector<DerivedFigure> of_inference(const Interval& inference) {
    if (f_.pue) add("energy per inference with PUE", scaled(inference, *f_.pue), "J", energy_basis_);
    add_span("per inference", inference, seconds_per_inference(), "");
    if (!f_.per_day) return std::move(figures_);
    for (const auto& [name, days] : {std::pair("a day", 1.0), std::pair("a year", days_per_year)}) {
      const double n = *f_.per_day * days;
      const std::string times = fmt::format("; {:g} inferences a day{}", *f_.per_day, days > 1 ? ", 365 days" : "");
      add(fmt::format("energy {}", name), scaled(inference, n * f_.pue.value_or(1) / joules_per_wh), "Wh", energy_basis_ + times);
      add_span(name, scaled(inference, n), scaled(seconds_per_inference(), n), times);
    }
    add_devices();
    return std::move(figures_);
  }

 private:
  void add(std::string name, const Interval& value, std::string unit, std::string basis) {
    figures_.push_back({std::move(name), value, std::move(unit), std::move(basis)});
  }

  void add_energy_span(std::string_view name, const Interval& energy_j, const std::string& times) {
    if (f_.grid) add(fmt::format("CO2e {}", name), grams_of(energy_j, f_), "g", energy_basis_ + " × " + f_.grid->basis + times);
    if (f_.price)
      add(fmt::format("cost {}", name), money_of(energy_j, f_), f_.price->currency,
          fmt::format("{} × {:g}{}{} a kWh as given{}", energy_basis_, f_.price->per_kwh, f_.price->currency.empty() ? "" : " ",
                      f_.price->currency, times));
  }

  void add_span(std::string_view name, const Interval& energy_j, const Interval& seconds, const std::string& times) {
    add_energy_span(name, energy_j, times);
    if (!f_.embodied) return;
    const Embodied& d = *f_.embodied;
    const double life_s = d.lifetime_years * days_per_year * seconds_per_day * d.utilisation;
    add(fmt::format("embodied CO2e {}", name), scaled(seconds, d.kg * 1000 / life_s), "g",
        fmt::format("{:g} kg of the device as given, by time of inference over {:g} years of life, {} of it computing{}", d.kg,
                    d.lifetime_years, d.utilisation == 1 ? std::string("all") : fmt::format("{:g} %", 100 * d.utilisation),
                    times));
  }

  /// So many inferences may take longer than a day has.
  void add_devices() {
    add("devices busy", scaled(seconds_per_inference(), *f_.per_day / seconds_per_day), "",
        fmt::format("time of an inference × {:g} inferences a day", *f_.per_day));
  }

  Interval seconds_per_inference() const {
    return scaled(estimate_.time_s, 1 / static_cast<double>(std::max<int64_t>(1, estimate_.batch)));
  }

  const Estimate& estimate_;
  const Footprint& f_;
  std::string energy_basis_;
  std::vector<DerivedFigure> figures_;
};

}  // namespace

Price price(std::string_view text) {
  const size_t end = std::min(text.find_first_not_of("0123456789.+-eE"), text.size());
  // `e` may begin a currency as well as an exponent: 0.3eur.
  size_t digits = end;
  while (digits > 0 && (text[digits - 1] == 'e' || text[digits - 1] == 'E')) --digits;
  const auto number = real_of(text.substr(0, digits));
  std::string_view currency = text.substr(digits);
  while (currency.starts_with(' ')) currency.remove_prefix(1);
  for (std::string_view per : {"/kWh", "/kwh", "/KWH"})
    if (currency.ends_with(per)) currency.remove_suffix(per.size());
  const bool plain = std::all_of(currency.begin(), currency.end(), [](unsigned char c) {
    return c == '$' || c >= 0x80 || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
  if (!number || *number < 0 || *number > 1e6 || currency.size() > 8 || !plain)
    throw Error(ErrorKind::invalid_input,
                fmt::format("expected the price of a kWh with its currency, such as 0.30EUR, found '{}'", text.substr(0, 60)));
  return {*number, std::string(currency)};
}

Interval grams_of(const Interval& energy_j, const Footprint& f) {
  return scaled(energy_j, f.pue.value_or(1) * f.grid.value().g_per_kwh / joules_per_kwh);
}

Interval money_of(const Interval& energy_j, const Footprint& f) {
  return scaled(energy_j, f.pue.value_or(1) * f.price.value().per_kwh / joules_per_kwh);
}

std::vector<DerivedFigure> derived_figures(const EstimateReport& report, const Footprint& footprint) {
  if (footprint.empty()) return {};
  return Figures(report.estimate, footprint).of_inference(report.energy_per_inference_j);
}

std::vector<DerivedFigure> derived_figures_of_run(const Estimate& step, const Interval& run_j, const Footprint& footprint) {
  return footprint.empty() ? std::vector<DerivedFigure>() : Figures(step, footprint).of_run(run_j);
}

}  // namespace wattlayer

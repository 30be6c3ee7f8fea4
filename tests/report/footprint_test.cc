#include "wattlayer/report/footprint.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/report/format.h"

namespace wattlayer {
namespace {

/// A kilowatt-hour a pass of 2, an hour long.
EstimateReport kilowatt_hour() {
  EstimateReport r;
  r.estimate.scope = "gpu-board";
  r.estimate.batch = 2;
  r.energy_per_inference_j = {1.8e6, 0.9e6, 3.6e6};
  r.estimate.energy_j = {3.6e6, 1.8e6, 7.2e6};
  r.estimate.time_s = {3600, 1800, 7200};
  return r;
}

const DerivedFigure& figure(const std::vector<DerivedFigure>& all, const std::string& name) {
  for (const DerivedFigure& f : all)
    if (f.name == name) return f;
  throw std::logic_error("no figure " + name);
}

std::string refused(const std::string& text) {
  try {
    price(text);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Footprint, NothingIsAssumed) { EXPECT_TRUE(derived_figures(kilowatt_hour(), {}).empty()); }

TEST(Footprint, GramsAndMoneyHoldEveryFactor) {
  const Footprint f{.grid = GridIntensity{100, "100 g/kWh as given", "", ""}, .pue = 1.5, .price = Price{0.3, "EUR"}};
  const auto all = derived_figures(kilowatt_hour(), f);
  const DerivedFigure& co2 = figure(all, "CO2e per inference");
  EXPECT_NEAR(co2.value.value, 0.5 * 1.5 * 100, 1e-9);
  EXPECT_NEAR(co2.value.high, 1.0 * 1.5 * 100, 1e-9);
  EXPECT_EQ(co2.unit, "g");
  for (const char* factor : {"gpu-board", "PUE 1.5", "100 g/kWh as given"})
    EXPECT_NE(co2.basis.find(factor), co2.basis.npos) << factor;
  const DerivedFigure& cost = figure(all, "cost per inference");
  EXPECT_NEAR(cost.value.value, 0.5 * 1.5 * 0.3, 1e-9);
  EXPECT_EQ(cost.unit, "EUR");
  EXPECT_NE(cost.basis.find("0.3 EUR"), cost.basis.npos);
  EXPECT_NEAR(figure(all, "energy per inference with PUE").value.value, 2.7e6, 1e-3);
}

TEST(Footprint, DaysAndYears) {
  const auto all = derived_figures(kilowatt_hour(), {.grid = GridIntensity{100, "", "", ""}, .per_day = 96});
  EXPECT_NEAR(figure(all, "energy a day").value.value, 48e3, 1e-6);
  EXPECT_EQ(figure(all, "energy a day").unit, "Wh");
  EXPECT_NEAR(figure(all, "energy a year").value.value, 365 * 48e3, 1e-6);
  EXPECT_NEAR(figure(all, "CO2e a day").value.value, 4800, 1e-9);
  EXPECT_NEAR(figure(all, "CO2e a year").value.low, 365 * 2400, 1e-6);
  EXPECT_NEAR(figure(all, "devices busy").value.value, 2, 1e-12);  // 48 hours of work a day
}

TEST(Footprint, EmbodiedCarbonGoesByTime) {
  const auto all = derived_figures(kilowatt_hour(), {.embodied = Embodied{87.6, 1, 0.5}});
  ASSERT_EQ(all.size(), 1u);  // nothing else was asked for
  EXPECT_NEAR(all[0].value.value, 87600.0 * 1800 / (365 * 86400 * 0.5), 1e-9);
  EXPECT_NE(all[0].basis.find("87.6 kg"), all[0].basis.npos);
  EXPECT_NE(all[0].basis.find("50 %"), all[0].basis.npos);
}

TEST(Footprint, TrainingRuns) {
  const Footprint f{.grid = GridIntensity{100, "g", "", ""}, .pue = 2, .price = Price{0.3, "EUR"}};
  const auto all = derived_figures_of_run(kilowatt_hour().estimate, {7.2e6, 3.6e6, 14.4e6}, f);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_NEAR(figure(all, "energy of the run with PUE").value.value, 4000, 1e-9);
  EXPECT_NEAR(figure(all, "CO2e of the run").value.value, 400, 1e-9);
  EXPECT_NEAR(figure(all, "cost of the run").value.high, 2.4, 1e-9);
  EXPECT_TRUE(derived_figures_of_run(kilowatt_hour().estimate, {1, 1, 1}, {}).empty());
}

TEST(Footprint, PricesHaveACurrency) {
  EXPECT_EQ(price("0.30EUR").per_kwh, 0.3);
  EXPECT_EQ(price("0.30EUR").currency, "EUR");
  EXPECT_EQ(price("0.3eur").currency, "eur");
  EXPECT_EQ(price("2e-1 USD").per_kwh, 0.2);
  EXPECT_EQ(price("2e-1 USD").currency, "USD");
  EXPECT_EQ(price("0.25").currency, "");
  EXPECT_EQ(price("0.3EUR/kWh").currency, "EUR");
  EXPECT_EQ(price("0.3 €").currency, "€");
  EXPECT_NE(refused("0.3<b>"), "");
  for (const char* wrong : {"", "EUR", "-0.3EUR", "nan", "inf EUR", "0.3 EUR per kWh", "1e9EUR", "0,30EUR"})
    EXPECT_NE(refused(wrong).find("0.30EUR"), std::string::npos) << wrong;
}

TEST(Footprint, FormatsPrintFigures) {
  Report report;
  report.estimates.push_back(kilowatt_hour());
  EstimateReport& r = report.estimates[0];
  r.layers = {{.name = "l", .op = "Conv", .layer = "Conv 1x1"}};
  r.operators = {{.op = "Conv", .energy_j = 1}};
  const Format &json = require_format("json"), &csv = require_format("csv"), &table = require_format("table");
  EXPECT_FALSE(nlohmann::json::parse(json.estimates(report, {})).at("estimates").at(0).contains("derived"));
  EXPECT_EQ(table.estimates(report, {}).find("factors"), std::string::npos);
  r.derived = derived_figures(r, {.grid = GridIntensity{56, "56.0 g/kWh of France in 2023", "France", "FRA"}});
  const auto figures = nlohmann::json::parse(json.estimates(report, {})).at("estimates").at(0).at("derived");
  EXPECT_EQ(figures.at(0).at("name"), "CO2e per inference");
  EXPECT_NEAR(figures.at(0).at("value").get<double>(), 28, 1e-9);
  const std::string lines = csv.estimates(report, {});
  EXPECT_NE(lines.find(",label,co2e_per_inference_g\n"), lines.npos) << lines;
  EXPECT_NE(lines.find(",predicted,28\n"), lines.npos) << lines;
  EXPECT_NE(csv.estimates(report, {.totals = true}).find(",interval_note,co2e_per_inference_g\n"), std::string::npos);
  EXPECT_NE(table.estimates(report, {}).find("56.0 g/kWh of France in 2023"), std::string::npos);
}

}  // namespace
}  // namespace wattlayer

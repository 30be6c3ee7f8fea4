#include "wattlayer/report/grids.h"

#include <gtest/gtest.h>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

std::string refused(const std::string& text) {
  try {
    grid_intensity(DataFiles(), text);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::invalid_input);
    return e.what();
  }
  return "";
}

TEST(Grids, CountriesByCodeAndName) {
  const GridIntensity france = grid_intensity(DataFiles(), "FRA");
  EXPECT_GT(france.g_per_kwh, 20);
  EXPECT_LT(france.g_per_kwh, 120);
  EXPECT_EQ(france.iso3, "FRA");
  for (const char* part : {"France", "20", "Our World in Data", "CC BY 4.0", "life cycle"})
    EXPECT_NE(france.basis.find(part), france.basis.npos) << france.basis;
  for (const char* same : {"fra", "FR", "fr", "France", "france", " FRA "})
    EXPECT_EQ(grid_intensity(DataFiles(), same).g_per_kwh, france.g_per_kwh) << same;
  EXPECT_EQ(grid_intensity(DataFiles(), "uk").iso3, "GBR");
}

TEST(Grids, GramsAsGiven) {
  for (const char* text : {"56", "56 g/kWh", "56g/kWh", "5.6e1"}) {
    const GridIntensity grid = grid_intensity(DataFiles(), text);
    EXPECT_EQ(grid.g_per_kwh, 56) << text;
    EXPECT_EQ(grid.basis, "56 g/kWh as given");
    EXPECT_EQ(grid.iso3, "");
  }
}

TEST(Grids, UnknownCountriesNameNearOnes) {
  EXPECT_NE(refused("Frence").find("France"), std::string::npos) << refused("Frence");
  EXPECT_NE(refused("germny").find("Germany"), std::string::npos) << refused("germny");
  for (const char* wrong : {"", "-5", "nan", "inf", "1e9", "56 kg/kWh"})
    EXPECT_NE(refused(wrong).find("kWh"), std::string::npos) << wrong;
}

TEST(Grids, EveryCountryHasAFigureAYearAndCodes) {
  const GridTable table = grid_table(DataFiles());
  EXPECT_GT(table.grids().size(), 190u);
  for (const Grid& grid : table.grids()) {
    EXPECT_EQ(grid.iso3.size(), 3u) << grid.name;
    EXPECT_EQ(grid.iso2.size(), 2u) << grid.name;
    EXPECT_GT(grid.g_per_kwh, 0) << grid.name;
    EXPECT_LT(grid.g_per_kwh, 1500) << grid.name;
    EXPECT_GE(grid.year, 2021) << grid.name;
    EXPECT_EQ(&table.find(grid.name), &grid) << grid.name;
  }
  EXPECT_NE(table.notice().find("CC BY 4.0"), std::string::npos);
}

TEST(Grids, BrokenTablesAreRefused) {
  for (const char* text : {"", "{}", R"({"source":"s","licence":"l","notice":"n","countries":[{"iso3":"AAA"}]})",
                           R"({"source":"s","licence":"l","notice":"n","countries":[)"
                           R"({"iso3":"AAA","iso2":"AA","name":"A","g_per_kwh":-1,"year":2023}]})"})
    EXPECT_THROW(GridTable::parse(text, "grids/x.json"), Error) << text;
}

}  // namespace
}  // namespace wattlayer

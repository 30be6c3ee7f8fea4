#include "tests/fit/analyses/analysis_rows.h"
#include "wattlayer/fit/layer_features.h"

namespace wattlayer::test {
namespace {

std::string gemm(int i) {
  const std::string in = std::to_string(100 + 37 * i % 211), out = std::to_string(50 + 53 * i % 301);
  return "Gemm " + std::to_string(1 + i * 5 % 17) + "x" + in + " " + out + "x" + in + " " + out + " transB=1";
}

double macs(const std::string& text) { return feature(parse_layer(text), LayerFeature::paper_macs); }

/// Random layers that cost twice what real ones do.
std::vector<Measurement> rows(int configurations) {
  std::vector<Measurement> all;
  for (int i = 1; i <= 40; ++i) all.push_back(measured("r" + std::to_string(i), "random-layer", {gemm(i)}, 2e-6 * macs(gemm(i))));
  for (int i = 1; i <= configurations; ++i)
    for (double part : {0.9, 1.1})  // two repetitions, right on the mean
      all.push_back(measured("c" + std::to_string(i) + std::to_string(part), "real-configuration", {gemm(100 + i)},
                             part * 1e-6 * macs(gemm(100 + i))));
  for (int i = 1; i <= 5; ++i) {
    all.push_back(measured("n" + std::to_string(i), "network", {gemm(200 + i)}, 1e-6 * macs(gemm(200 + i))));
    all.push_back(measured("l" + std::to_string(i), "real-layer", {gemm(200 + i)}, 1e-6 * macs(gemm(200 + i))));
  }
  return all;
}

TEST(Enrichment, RealConfigurationsPullTheLawTowardsThem) {
  const AnalysisResult few = analyse("enrichment", rows(10), {1, 2}), many = analyse("enrichment", rows(400));
  EXPECT_NEAR(number(few.tables.at(0), {"network"}, "mape_before"), 100, 1e-6);
  EXPECT_LT(number(few.tables.at(0), {"network"}, "mape_after"), 99);
  EXPECT_LT(number(many.tables.at(0), {"network"}, "mape_after"), number(few.tables.at(0), {"network"}, "mape_after"));
  EXPECT_GT(number(many.tables.at(0), {"Gemm"}, "r2_after"), number(many.tables.at(0), {"Gemm"}, "r2_before"));
  EXPECT_NEAR(number(few.tables.at(0), {"network"}, "mape_before"), number(few.tables.at(0), {"Gemm"}, "mape_before"), 1e-9);
  EXPECT_EQ(few.remarks.at(0), "Configurations added: 10 Gemm.");
}

TEST(Enrichment, NeedsConfigurations) { EXPECT_THROW(analyse("enrichment", rows(0)), Error); }

TEST(Enrichment, MeetsTable4OfGetznerEtAl) {
  const auto measured = public_rows("getzner");
  if (!measured) GTEST_SKIP() << "needs data/getzner beside the project";
  const AnalysisResult result = analyse("enrichment", *measured, {0, 1, 2, 3, 4});
  const AnalysisTable& table = result.tables.at(0);
  for (const std::string what : {"network", "Conv", "MaxPool", "Gemm"})
    for (const std::string field : {"r2_before", "r2_after"})
      EXPECT_NEAR(number(table, {what}, field), number(table, {what}, field + "_published"), 0.00075) << what << " " << field;
  EXPECT_LT(number(table, {"network"}, "r2_after_least_of_draws"), 0.45);
  EXPECT_GT(number(table, {"network"}, "r2_after_most_of_draws"), 0.45);
  EXPECT_EQ(result.remarks.at(0), "Configurations added: 36 Conv, 12 Gemm, 18 MaxPool.");
}

}  // namespace
}  // namespace wattlayer::test

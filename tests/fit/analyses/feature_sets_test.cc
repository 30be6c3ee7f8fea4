#include <cmath>

#include "tests/fit/analyses/analysis_rows.h"
#include "wattlayer/fit/layer_features.h"

namespace wattlayer::test {
namespace {

std::vector<Measurement> linear_layers(double (*law)(const Layer&)) {
  std::vector<Measurement> rows;
  for (int i = 1; i <= 60; ++i) {
    const std::string in = std::to_string(100 + 37 * i % 211), out = std::to_string(50 + 53 * i % 301);
    const std::string text = "Gemm " + std::to_string(1 + i * 5 % 17) + "x" + in + " " + out + "x" + in + " " + out + " transB=1";
    rows.push_back(measured("r" + std::to_string(i), "random-layer", {text}, law(parse_layer(text))));
  }
  return rows;
}

TEST(FeatureSets, ALawOfMacsIsFoundByThem) {
  const auto rows = linear_layers([](const Layer& l) { return 1 + 1e-6 * feature(l, LayerFeature::paper_macs); });
  const AnalysisTable table = analyse("feature-sets", rows, {1, 2, 3}).tables.at(0);
  EXPECT_EQ(table.rows.size(), 5u);
  EXPECT_NEAR(number(table, {"Gemm", "MACs"}, "r2"), 1, 1e-9);
  EXPECT_NEAR(number(table, {"Gemm", "MACs"}, "cv_r2"), 1, 1e-9);
  EXPECT_NEAR(number(table, {"Gemm", "MACs"}, "max_error"), 0, 1e-9);
  EXPECT_NEAR(number(table, {"Gemm", "MACs"}, "r2_least_of_draws"), 1, 1e-9);
  EXPECT_EQ(number(table, {"Gemm", "MACs"}, "n"), 60);
  EXPECT_EQ(std::get<std::string>(at(table, {"Gemm", "parameter"}, "polynomial")), "d=3, ito");
}

TEST(FeatureSets, ALawOfBatchIsNot) {
  const auto rows = linear_layers([](const Layer& l) { return 1 + feature(l, LayerFeature::batch); });
  const AnalysisTable table = analyse("feature-sets", rows).tables.at(0);
  EXPECT_LT(number(table, {"Gemm", "MACs"}, "r2"), 0.9);
  EXPECT_NEAR(number(table, {"Gemm", "parameter-MAC"}, "r2"), 1, 1e-9);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(at(table, {"Gemm", "MACs"}, "r2_least_of_draws")));
}

TEST(FeatureSets, NeedsRandomLayers) { EXPECT_THROW(analyse("feature-sets", {}), Error); }

TEST(FeatureSets, MeetsTable6OfGetznerEtAl) {
  const auto rows = public_rows("getzner");
  if (!rows) GTEST_SKIP() << "needs data/getzner beside the project";
  const AnalysisTable table = analyse("feature-sets", *rows, {0, 1}).tables.at(0);
  ASSERT_EQ(table.rows.size(), 20u);
  for (const auto& row : table.rows) {
    const std::vector<std::string> keys = {std::get<std::string>(row[0]), std::get<std::string>(row[1])};
    const auto published = [&](const std::string& field, double within) {
      const double paper = number(table, keys, field + "_published");
      EXPECT_NEAR(number(table, keys, field), paper, within * (within < 0.001 ? 1 : paper))
          << keys[0] << " " << keys[1] << " " << field;
    };
    published("r2", 0.000051);
    published("cv_r2", 0.00051);
    published("cv_r2_sd", 0.00051);
    // The paper prints the error of the validation rows for this one; its table 2 has that of the test rows.
    if (keys == std::vector<std::string>{"Relu", "MACs"}) EXPECT_NEAR(number(table, keys, "mse"), 8.998e-04, 5e-8);
    else published("mse", 0.001);
    // Cross-validated errors of polynomials with logarithms under least squares are 3 % off the paper's: docs/seeds.md.
    const bool off = keys[1].starts_with("log+") && std::get<std::string>(row[3]) == "linear" && row[2] != Cell();
    published("cv_mse", off ? 0.035 : 0.001);
  }
}

}  // namespace
}  // namespace wattlayer::test

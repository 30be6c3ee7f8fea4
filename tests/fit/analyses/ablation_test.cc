#include "tests/fit/analyses/analysis_rows.h"
#include "wattlayer/fit/layer_features.h"

namespace wattlayer::test {
namespace {

std::vector<Measurement> rows_of_macs() {
  std::vector<Measurement> rows;
  for (int i = 1; i <= 60; ++i) {
    const std::string in = std::to_string(100 + 37 * i % 211), out = std::to_string(50 + 53 * i % 301);
    const std::string text = "Gemm " + std::to_string(1 + i * 5 % 17) + "x" + in + " " + out + "x" + in + " " + out + " transB=1";
    rows.push_back(measured("r" + std::to_string(i), "random-layer", {text},
                            2 + 1e-6 * feature(parse_layer(text), LayerFeature::paper_macs)));
  }
  return rows;
}

TEST(Ablation, MacsExplainALawOfMacs) {
  const AnalysisResult result = analyse("ablation", rows_of_macs(), {1, 2});
  const AnalysisTable& best = result.tables.at(0);
  EXPECT_EQ(best.rows.size(), 4u);
  EXPECT_NEAR(number(best, {"Gemm", "worst with MACs"}, "r2"), 1, 1e-9);
  EXPECT_LT(number(best, {"Gemm", "best without MACs"}, "r2"), 0.9999);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(at(best, {"Gemm", "best with MACs"}, "r2_published")));
  EXPECT_NEAR(number(result.tables.at(1), {"Gemm", "macs"}, "r2_alone"), 1, 1e-9);
  EXPECT_NE(result.remarks.at(0).find("127 subsets of 7 features"), std::string::npos) << result.remarks[0];
}

TEST(Ablation, CanBeStopped) {
  const auto rows = public_rows("getzner");
  if (!rows) GTEST_SKIP() << "needs data/getzner beside the project";
  size_t told = 0;
  EXPECT_THROW(analyse("ablation", *rows, {}, {}, {}, [&](double, std::string_view) { return ++told < 3; }), Error);
  EXPECT_EQ(told, 3u);
}

TEST(Ablation, NeedsRandomLayers) { EXPECT_THROW(analyse("ablation", {}), Error); }

TEST(Ablation, MeetsTable5OfGetznerEtAl) {
  const auto rows = public_rows("getzner");
  if (!rows) GTEST_SKIP() << "needs data/getzner beside the project";
  double last = 0;
  const AnalysisResult result = analyse("ablation", *rows, {0}, {}, {}, [&](double done, std::string_view) {
    EXPECT_GE(done, last);
    last = done;
    return true;
  });
  EXPECT_GT(last, 0.5);
  for (const std::string which : {"best with MACs", "worst with MACs", "best without MACs", "worst without MACs"}) {
    EXPECT_NEAR(number(result.tables.at(0), {"Conv", which}, "r2"), number(result.tables.at(0), {"Conv", which}, "r2_published"),
                1e-9)
        << which;
    EXPECT_EQ(std::get<std::string>(at(result.tables.at(0), {"Conv", which}, "features_published")), "yes") << which;
  }
  EXPECT_NE(result.remarks.at(0).find("32767 subsets of 15 features"), std::string::npos) << result.remarks[0];
}

}  // namespace
}  // namespace wattlayer::test

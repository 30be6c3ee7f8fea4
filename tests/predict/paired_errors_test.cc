#include "wattlayer/predict/paired_errors.h"

#include <gtest/gtest.h>

#include <cmath>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

constexpr const char* text = R"({"wattlayer_paired_errors": 1, "card": {"fitted": "2026-01-01"},
  "relations": {"other_batch": {"factor": 0.2, "slope": 0.1, "most": 0.4, "pairs": 300}},
  "energy_models": {"dev/eng/f32": {"other_network": {"factor": 0.5, "slope": 0, "most": 0.5, "pairs": 400}}}})";

TEST(PairedErrors, WidthFollowsWhatIsShared) {
  const PairedErrors errors = PairedErrors::parse(text, "x.json");
  EstimatePair pair{.relation = Relation::other_batch, .half_a = 0.3, .half_b = 0.4};
  EXPECT_NEAR(errors.half_width(pair), 0.2 * 0.5, 1e-12);
  pair.log_batches = -1;
  EXPECT_NEAR(errors.half_width(pair), 0.3 * 0.5, 1e-12);
  pair.log_batches = 10;
  EXPECT_NEAR(errors.half_width(pair), 0.4 * 0.5, 1e-12);
  pair.relation = Relation::equal;
  EXPECT_EQ(errors.half_width(pair), 0);
}

TEST(PairedErrors, AnEnergyModelGoesByItsOwnPairs) {
  const PairedErrors errors = PairedErrors::parse(text, "x.json");
  EstimatePair pair{.relation = Relation::other_network, .half_a = 0.3, .half_b = 0.4, .energy_model = "dev/eng/f32"};
  EXPECT_NEAR(errors.half_width(pair), 0.5 * 0.5, 1e-12);
  pair.energy_model = "other/eng/f32";  // never measured: independent
  EXPECT_FALSE(errors.measured_for(pair));
  EXPECT_NEAR(errors.half_width(pair), 0.5, 1e-12);
}

TEST(PairedErrors, CommonLayersLeaveSomeDoubt) {
  EXPECT_EQ(left_by_common_layers(0), 1);
  EXPECT_LT(left_by_common_layers(1), left_by_common_layers(0.5));
  EXPECT_GT(left_by_common_layers(1), 0.5);
}

TEST(PairedErrors, RoundTrip) {
  const std::string printed = PairedErrors::parse(text, "x.json").print();
  EXPECT_EQ(PairedErrors::parse(printed, "y.json").print(), printed);
  EXPECT_NE(printed.find("2026-01-01"), printed.npos);
}

TEST(PairedErrors, BrokenFilesAreRefused) {
  for (const char* broken : {"", "{}", R"({"wattlayer_paired_errors": 2, "relations": {}})",
                             R"({"wattlayer_paired_errors": 1, "relations": {"other_batch": {"factor": 0}}})",
                             R"({"wattlayer_paired_errors": 1, "relations":
                                 {"other_batch": {"factor": 1, "slope": 0, "most": 0.5, "pairs": 1}}})"})
    try {
      PairedErrors::parse(broken, "x.json");
      ADD_FAILURE() << broken;
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find("x.json"), std::string::npos) << e.what();
    }
}

}  // namespace
}  // namespace wattlayer

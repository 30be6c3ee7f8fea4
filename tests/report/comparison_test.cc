#include "wattlayer/report/comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/report/format.h"

namespace wattlayer {
namespace {

constexpr double half = 0.2;

/// A network of two layers on a made-up target; joules per inference, ± half in log units.
EstimateReport estimate(const std::string& file, double joules, const std::string& model = "dev/eng/f32", int64_t batch = 1,
                        double common_j = 0) {
  EstimateReport r;
  r.network = file.substr(0, file.find('.'));
  r.file = file;
  r.estimate.energy_model = model;
  r.estimate.hardware = model.substr(0, model.find('/'));
  r.estimate.engine = "eng";
  r.estimate.scope = "board";
  r.estimate.batch = batch;
  r.estimate.coverage = 1;
  const double b = static_cast<double>(batch);
  r.energy_per_inference_j = {joules, joules * std::exp(-half), joules * std::exp(half)};
  r.estimate.energy_j = {joules * b, joules * b * std::exp(-half), joules * b * std::exp(half)};
  LayerRow own;
  own.layer = "own " + file + std::to_string(batch), own.energy_j.value = joules * b - common_j;
  LayerRow shared;
  shared.layer = "shared", shared.energy_j.value = common_j;
  r.layers = {own, shared};
  return r;
}

PairedErrors measured_errors() {
  PairedErrors errors;
  errors.measured[static_cast<size_t>(Relation::other_network)] = PairedErrors::Measured{0.5, 0, 0.5, 1000};
  return errors;
}

std::string refusal(const std::vector<EstimateReport>& estimates, const ComparisonOptions& options = {}) {
  try {
    compare(estimates, {}, options);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::invalid_input);
    return e.what();
  }
  ADD_FAILURE() << "was not refused";
  return "";
}

TEST(Comparison, PairedErrorsTellApartWhatIndependentOnesDoNot) {
  // log 1.25 = 0.223; independent errors give 0.2 sqrt 2 = 0.283, paired ones half of that.
  const std::vector<EstimateReport> two = {estimate("b.onnx", 1.25), estimate("a.onnx", 1.0)};
  const Comparison paired = compare(two, measured_errors()), independent = compare(two, {});
  ASSERT_EQ(paired.pairs.size(), 1u);
  EXPECT_EQ(paired.rows[0].estimate.file, "a.onnx");
  const ComparedPair& p = paired.pairs[0];
  EXPECT_NEAR(p.ratio.value, 1.25, 1e-12);
  EXPECT_NEAR(std::log(p.ratio.high / p.ratio.value), 0.5 * half * std::sqrt(2.0), 1e-12);
  EXPECT_NEAR(std::log(p.independent.high / p.ratio.value), half * std::sqrt(2.0), 1e-12);
  EXPECT_NEAR(p.saving_j, 0.25, 1e-12);
  EXPECT_TRUE(p.clear);
  EXPECT_TRUE(paired.contests[0].clear());
  EXPECT_FALSE(independent.pairs[0].clear);
  EXPECT_EQ(independent.contests[0].tied, std::vector<size_t>{1});
  EXPECT_EQ(independent.remarks.size(), 1u);  // says that no such pair was ever measured
}

TEST(Comparison, AnIncompleteEstimateNeverWinsClearly) {
  EstimateReport part = estimate("part.onnx", 1);
  part.estimate.interval_note = "incomplete";
  const Comparison least = compare({part, estimate("whole.onnx", 100)}, measured_errors());
  EXPECT_FALSE(least.pairs[0].clear);
  EXPECT_FALSE(least.contests[0].clear());
  EXPECT_NE(least.remarks.back().find("part on dev/eng/f32 takes what is shown or more"), std::string::npos);
  // What is missing only adds: the other way round the verdict stands.
  EXPECT_TRUE(compare({part, estimate("whole.onnx", 0.01)}, measured_errors()).pairs[0].clear);
}

TEST(Comparison, IncompleteNetworksAreNeverTheSameWork) {
  EstimateReport part = estimate("a.onnx", 1, "dev/eng/f32", 1, 1), other = part;
  other.file = "other.onnx", other.estimate.interval_note = "incomplete";
  EXPECT_EQ(compare({part, other}, measured_errors()).pairs[0].relation, Relation::other_network);
}

TEST(Comparison, EqualLayersAreTheSameWorkWhateverThePassAdds) {
  EstimateReport one = estimate("a.onnx", 1, "dev/eng/f32", 1, 0.5);
  for (LayerRow& layer : one.layers) layer.energy_j.value *= 0.9;  // a tenth belongs to no layer
  EstimateReport copy = one;
  copy.file = "copy.onnx";
  EXPECT_EQ(compare({one, copy}, measured_errors()).pairs[0].relation, Relation::equal);
}

TEST(Comparison, TheSameWorkWithLessAccuracyIsOffTheFront) {
  EstimateReport copy = estimate("a.onnx", 1, "dev/eng/f32", 1, 1);
  copy.file = "copy.onnx";
  const Comparison c = compare({estimate("a.onnx", 1, "dev/eng/f32", 1, 1), copy}, measured_errors(),
                               {.accuracy = {{"a.onnx", 0.8}, {"copy.onnx", 0.9}}});
  EXPECT_EQ(c.rows[0].front, Front::off);
  EXPECT_EQ(c.rows[1].front, Front::on);
}

TEST(Comparison, AnEnergyModelOfTheUsersOwnDoesNotGoByPairsOfTheShippedOne) {
  PairedErrors errors;
  const auto relation = static_cast<size_t>(Relation::other_network);
  errors.measured[relation] = PairedErrors::Measured{1.1, 0, 1.1, 1000};
  errors.energy_models["dev/eng/f32"][relation] = PairedErrors::Measured{0.5, 0, 0.5, 1000};
  EstimateReport a = estimate("a.onnx", 1), b = estimate("b.onnx", 2);
  const double shipped = compare({a, b}, errors).pairs[0].ratio.high;
  a.estimate.energy_model = b.estimate.energy_model = "mine.wlm";
  const double own = compare({a, b}, errors).pairs[0].ratio.high;
  EXPECT_NEAR(std::log(shipped / 2), 0.5 * half * std::sqrt(2.0), 1e-12);
  EXPECT_NEAR(std::log(own / 2), 1.1 * half * std::sqrt(2.0), 1e-12);
}

TEST(Comparison, EqualLayersCancel) {
  EstimateReport copy = estimate("a.onnx", 1, "dev/eng/f32", 1, 1);
  copy.file = "copy.onnx";
  const Comparison c = compare({estimate("a.onnx", 1, "dev/eng/f32", 1, 1), copy}, measured_errors());
  EXPECT_EQ(c.pairs[0].relation, Relation::equal);
  EXPECT_EQ(c.pairs[0].ratio.low, 1);
  EXPECT_EQ(c.pairs[0].ratio.high, 1);
  EXPECT_FALSE(c.pairs[0].clear);
}

TEST(Comparison, EqualLayersCancelWithWhatBelongsToThePass) {
  EstimateReport a = estimate("a.onnx", 1, "dev/eng/f32", 1, 0.1);
  a.layers.resize(1);
  a.pass_energy_j = 0.1;
  EstimateReport copy = a;
  copy.file = "copy.onnx";
  EXPECT_EQ(compare({a, copy}, measured_errors()).pairs[0].relation, Relation::equal);
  copy.pass_energy_j = 0.2;
  EXPECT_NE(compare({a, copy}, measured_errors()).pairs[0].relation, Relation::equal);
}

TEST(Comparison, CommonLayersNarrowTheInterval) {
  const auto width = [](double common_j) {
    const Comparison c =
        compare({estimate("a.onnx", 1, "dev/eng/f32", 1, common_j), estimate("b.onnx", 1.25, "dev/eng/f32", 1, common_j)},
                measured_errors());
    EXPECT_NEAR(c.pairs[0].common_share, common_j / 1.25, 1e-12);
    return std::log(c.pairs[0].ratio.high / c.pairs[0].ratio.low);
  };
  EXPECT_LT(width(0.9), width(0));
  // Across energy models equal layers are priced by different laws: they do not count.
  const Comparison elsewhere = compare(
      {estimate("a.onnx", 1, "dev/eng/f32", 1, 0.9), estimate("b.onnx", 1.25, "other/eng/f32", 1, 0.9)}, measured_errors());
  EXPECT_EQ(elsewhere.pairs[0].common_share, 0);
  EXPECT_EQ(elsewhere.pairs[0].relation, Relation::nothing);
}

TEST(Comparison, RelationsFollowWhatIsShared) {
  const Comparison c = compare({estimate("a.onnx", 1), estimate("a.onnx", 2, "dev/eng/f32", 8), estimate("b.onnx", 3),
                                estimate("a.onnx", 4, "other/eng/f32"), estimate("b.onnx", 5, "other/eng/f32", 8)},
                               {});
  const auto relation = [&](size_t cheap, size_t dear) {
    for (const ComparedPair& p : c.pairs)
      if (p.cheap == cheap && p.dear == dear) return p.relation;
    throw std::logic_error("no such pair");
  };
  EXPECT_EQ(relation(0, 1), Relation::other_batch);
  EXPECT_EQ(relation(0, 2), Relation::other_network);
  EXPECT_EQ(relation(0, 3), Relation::other_energy_model);
  EXPECT_EQ(relation(0, 4), Relation::nothing);
  EXPECT_EQ(c.pairs.size(), 10u);
  // Among all; dev at 1; each network by itself.
  ASSERT_EQ(c.contests.size(), 4u);
  EXPECT_EQ(c.contests[1].target, "dev/eng/f32");
  EXPECT_EQ(c.contests[1].rows, (std::vector<size_t>{0, 2}));
  EXPECT_EQ(c.contests[2].network, "a.onnx");
  EXPECT_EQ(c.contests[3].rows, (std::vector<size_t>{2, 4}));
}

TEST(Comparison, OtherScopesAreRefused) {
  std::vector<EstimateReport> two = {estimate("a.onnx", 1), estimate("b.onnx", 2, "other/eng/f32")};
  two[1].estimate.scope = "gpu-board";
  const std::string text = refusal(two);
  EXPECT_NE(text.find("board"), text.npos);
  EXPECT_NE(text.find("--allow-mixed-scope"), text.npos) << text;
  EXPECT_FALSE(compare(two, {}, {.allow_mixed_scope = true}).remarks.empty());
  two[1].estimate.scope = "board", two[1].estimate.idle_included = false;
  EXPECT_NE(refusal(two).find("idle power not included"), std::string::npos);
}

TEST(Comparison, ParetoFrontKnowsUncertainty) {
  const std::vector<EstimateReport> four = {estimate("small.onnx", 1), estimate("near.onnx", 1.05), estimate("wasteful.onnx", 9),
                                            estimate("big.onnx", 10)};
  const Comparison c = compare(four, measured_errors(),
                               {.accuracy = {{"small.onnx", 70}, {"near.onnx", 69}, {"wasteful.onnx", 60}, {"big.onnx", 80}}});
  EXPECT_EQ(c.rows[0].front, Front::on);
  EXPECT_EQ(c.rows[1].front, Front::perhaps);  // dearer and worse, but by less than the uncertainty
  EXPECT_EQ(c.rows[2].front, Front::off);
  EXPECT_EQ(c.rows[3].front, Front::on);
  EXPECT_EQ(compare(four, {}).rows[0].front, Front::unknown);
}

TEST(Comparison, SmallestSufficientNetworkWins) {
  const Comparison c = compare({estimate("small.onnx", 1), estimate("middle.onnx", 3), estimate("big.onnx", 10)}, {},
                               {.accuracy = {{"small", 70}, {"middle", 76}, {"big", 80}}, .min_accuracy = 75});
  EXPECT_FALSE(c.rows[0].sufficient);
  EXPECT_FALSE(c.rows[0].over_winner);
  ASSERT_TRUE(c.rows[1].over_winner);
  EXPECT_EQ(c.rows[1].over_winner->value, 1);
  EXPECT_EQ(c.contests[0].rows, (std::vector<size_t>{1, 2}));
}

TEST(Comparison, BadInputIsRefusedInOneSentence) {
  const std::vector<EstimateReport> two = {estimate("a.onnx", 1), estimate("b.onnx", 2)};
  EXPECT_NE(refusal({two[0]}).find("needs two estimates"), std::string::npos);
  EXPECT_NE(refusal({two[0], two[0]}).find("there twice"), std::string::npos);
  EXPECT_NE(refusal(two, {.accuracy = {{"c.onnx", 70}}}).find("a.onnx"), std::string::npos);  // the nearest
  const std::vector<EstimateReport> namesakes = {estimate("net.onnx", 1.25), estimate("old/net.onnx", 1.0)};
  EXPECT_EQ(compare(namesakes, {}, {.accuracy = {{"net.onnx", 70}, {"old/net.onnx", 71}}}).rows[0].accuracy, 71);
  EXPECT_NE(refusal({estimate("new/net.onnx", 1.25), estimate("old/net.onnx", 1.0)}, {.accuracy = {{"net.onnx", 70}}})
                .find("which both"),
            std::string::npos);
  EXPECT_NE(refusal(two, {.accuracy = {{"a.onnx", NAN}}}).find("expected an accuracy"), std::string::npos);
  EXPECT_NE(refusal(two, {.accuracy = {{"a.onnx", -1}}}).find("expected an accuracy"), std::string::npos);
  EXPECT_NE(refusal(two, {.accuracy = {{"a.onnx", 70}}, .min_accuracy = 60}).find("none is known of b.onnx"), std::string::npos);
  EXPECT_NE(refusal(two, {.accuracy = {{"a.onnx", 70}, {"b.onnx", 71}}, .min_accuracy = 90}).find("most accurate is b.onnx"),
            std::string::npos);
  EXPECT_NE(refusal({estimate("a.onnx", 0), two[1]}).find("costs no energy"), std::string::npos);
}

TEST(Comparison, EveryFormatTellsTheSame) {
  Comparison c =
      compare({estimate("b,c.onnx", 1.25), estimate("a.onnx", 1.0)}, measured_errors(), {.accuracy = {{"a.onnx", 70}}});
  for (ComparedEstimate& row : c.rows) row.estimate.derived = {{"CO2e a day", {1, 0.5, 2}, "g", "1 g/kWh as given"}};
  const auto json = nlohmann::json::parse(require_format("json").comparison(c, {}));
  EXPECT_EQ(json.at("schema"), 1);
  EXPECT_EQ(json.at("rows").at(0).at("file"), "a.onnx");
  EXPECT_EQ(json.at("rows").at(0).at("accuracy"), 70);
  EXPECT_TRUE(json.at("rows").at(1).at("accuracy").is_null());
  EXPECT_EQ(json.at("rows").at(1).at("derived").at(0).at("basis"), "1 g/kWh as given");
  EXPECT_EQ(json.at("pairs").at(0).at("clear"), true);
  EXPECT_EQ(json.at("contests").at(0).at("rows"), (nlohmann::json{0, 1}));
  EXPECT_FALSE(json.at("rows").at(0).contains("layers"));
  const std::string csv = require_format("csv").comparison(c, {});
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  EXPECT_NE(csv.find("\"b,c.onnx\""), csv.npos);
  EXPECT_NE(csv.find(",co2e_a_day_g\n"), csv.npos);
  const std::string header = csv.substr(0, csv.find('\n')), last = csv.substr(csv.rfind('\n', csv.size() - 2) + 1);
  EXPECT_EQ(std::count(header.begin(), header.end(), ','), std::count(last.begin(), last.end(), ',') - 1);  // one in the name
  const std::string table = require_format("table").comparison(c, {});
  EXPECT_NE(table.find("a.onnx on dev/eng/f32 at batch 1 wins"), table.npos) << table;
  EXPECT_NE(table.find("less energy than b,c.onnx"), table.npos) << table;
}

}  // namespace
}  // namespace wattlayer

#include "tests/fit/analyses/analysis_rows.h"

namespace wattlayer::test {
namespace {

/// Predicts 10 J for everything.
class Ten : public Predictor {
 public:
  std::optional<Interval> energy_j(const Workload&) const override { return Interval{10, 10, 10}; }
};
std::unique_ptr<Predictor> fit_ten(TrainingRows, const Target&) { return std::make_unique<Ten>(); }
std::unique_ptr<Predictor> refuse(TrainingRows, const Target&) { throw Error(ErrorKind::invalid_input, "too few rows"); }

const std::vector<Split> blocks = {
    {.name = "blocks", .kind = Split::Kind::leave_block, .train = {"network"}, .test = {"network"}}};

/// Energies that 10 J is 100, 25 and 0 % off for vision, and 50 % off for language.
std::vector<Measurement> rows() {
  std::vector<Measurement> all;
  for (const auto& [name, task, energy] : {std::tuple("a", "vision", 5.0), std::tuple("b", "vision", 8.0),
                                           std::tuple("c", "vision", 10.0), std::tuple("d", "language", 20.0)}) {
    all.push_back(measured(name, "network", {"Relu 1x8"}, energy));
    all.back().conditions["task"] = task;
  }
  all.push_back(measured("e", "network", {"Relu 1x8"}, 1000));  // states no task: trains, is not scored
  return all;
}

TEST(ByTask, ErrorsOfEachTaskAndBalanced) {
  const AnalysisTable table = analyse("by-task", rows(), {}, blocks, {{.name = "ten", .fit = fit_ten}}).tables.at(0);
  const std::string device = "xeon-gold-5120/pytorch/f32";
  const auto figure = [&](const std::string& task, std::string_view field) {
    return number(table, {device, "blocks", task, "ten"}, field);
  };
  EXPECT_DOUBLE_EQ(figure("vision", "n"), 3);
  EXPECT_NEAR(figure("vision", "mape"), 125 / 3.0, 1e-9);
  EXPECT_NEAR(figure("vision", "medape"), 25, 1e-9);
  EXPECT_NEAR(figure("vision", "max"), 100, 1e-9);
  EXPECT_NEAR(figure("vision", "min"), 0, 1e-9);
  EXPECT_NEAR(figure("language", "mape"), 50, 1e-9);
  EXPECT_NEAR(figure("balanced", "mape"), (125 / 3.0 + 50) / 2, 1e-9);
  EXPECT_NEAR(figure("balanced", "medape"), 50, 1e-9);  // 0 and 25 weigh a third, 50 a half
  EXPECT_EQ(figure("balanced", "n"), 4);
}

TEST(ByTask, AMethodWithoutAFigureIsARemark) {
  const AnalysisResult result =
      analyse("by-task", rows(), {}, blocks, {{.name = "ten", .fit = fit_ten}, {.name = "never", .fit = refuse}});
  ASSERT_EQ(result.remarks.size(), 1u);
  EXPECT_EQ(result.remarks[0], "never has no figure on xeon-gold-5120: too few rows.");
  EXPECT_THROW(analyse("by-task", rows(), {}, blocks, {{.name = "never", .fit = refuse}}), Error);
}

TEST(ByTask, NeedsRowsThatStateTheirTask) {
  auto without = rows();
  for (Measurement& m : without) m.conditions.clear();
  EXPECT_THROW(analyse("by-task", without, {}, blocks, {{.name = "ten", .fit = fit_ten}}), Error);
}

TEST(ByTask, StopsWhenTheUserDoes) {
  EXPECT_THROW(
      analyse("by-task", rows(), {}, blocks, {{.name = "ten", .fit = fit_ten}}, [](double, std::string_view) { return false; }),
      Error);
}

}  // namespace
}  // namespace wattlayer::test

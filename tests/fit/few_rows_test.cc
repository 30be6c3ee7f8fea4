#include "wattlayer/fit/few_rows.h"

#include <gtest/gtest.h>

#include "wattlayer/core/catalogue.h"
#include "wattlayer/fit/reduction.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

/// Two devices, so that priors are linked.
std::vector<Measurement> rows() {
  std::vector<Measurement> all;
  for (const char* device : {"a40", "v100"})
    for (int i = 1; i <= 6; ++i) {
      Measurement m{.hardware = device, .engine = "pytorch"};
      const std::string n = std::to_string(64 * i);
      m.workload.items = {{.layer = parse_layer("Gemm 32x" + n + " 512x" + n + " 512 transB=1"), .count = 3},
                          {.layer = parse_layer("Relu 32x" + n), .count = 2}};
      m.workload.is_network = true;
      m.energy_j = (device[0] == 'a' ? 0.02 : 0.05) * (1 + i * i % 5);
      m.time_s = *m.energy_j / (120 + 10 * (i % 3));
      all.push_back(m);
    }
  return all;
}

double objective(const PhysicsProblem& problem, const std::vector<double>& x) {
  std::vector<double> residuals(problem.residuals());
  problem.evaluate(x.data(), residuals.data(), nullptr);
  double sum = 0;
  for (double r : residuals) sum += r * r;
  return sum;
}

TEST(FewRows, IsNoWorseThanTheSolverForManyRows) {
  const DataFiles files;
  const Catalogue catalogue(files);
  const auto all = rows();
  std::vector<const Measurement*> pointers;
  for (const Measurement& m : all) pointers.push_back(&m);
  const Target target{catalogue.hardware("a40"), catalogue.engine("pytorch"), &catalogue};
  const Reduced reduced = reduce(pointers, target, nullptr);
  const PhysicsParameters parameters(reduced.rows, reduced.groups, reduced.devices);
  const PhysicsProblem problem(reduced.rows, parameters, 2);
  const double start = objective(problem, parameters.start());
  const double dense = objective(problem, solve(problem, parameters, 100));
  const double few = objective(problem, solve_few_rows(problem, parameters, 100));
  EXPECT_LT(dense, 0.5 * start);
  EXPECT_LT(few, 1.01 * dense);
}

}  // namespace
}  // namespace wattlayer

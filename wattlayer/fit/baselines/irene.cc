#include <Eigen/Dense>
#include <array>
#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/layer_features.h"
#include "wattlayer/fit/layerwise.h"
#include "wattlayer/fit/regression.h"

namespace wattlayer {
namespace {

/// IrEne's features of a primitive that are known before it runs; its measured time, energy and utilisation are not.
constexpr std::array<LayerFeature, 3> static_features = {LayerFeature::flops, LayerFeature::parameters, LayerFeature::memory};
constexpr size_t weight_terms = static_features.size() + 1;
using Weights = Eigen::Matrix<double, weight_terms, 1>;

constexpr double tanh_scale = 10;  // of one level of the tree
constexpr int levels = 5;          // model, encoder, layer, attention, self-attention, primitive
constexpr int most_iterations = 60;
constexpr double ridge = 1e-2;

/// A primitive in a network: energy of all its executions, and a constant beside its standardised features.
struct Leaf {
  double energy_j = 0;
  Weights features;
};

/// What the tree multiplies a leaf's energy by, and the derivative by the argument of the tanh.
std::pair<double, double> weight_of(double argument) {
  const double t = std::tanh(argument), one_level = 1 + t / tanh_scale;
  return {std::pow(one_level, levels), levels * std::pow(one_level, levels - 1) * (1 - t * t) / tanh_scale};
}

class Tree : public Predictor {
 public:
  explicit Tree(std::map<std::string, Polynomial> primitives) : primitives_(std::move(primitives)) {}

  void learn_weights(const std::vector<const Measurement*>& networks);
  std::optional<Interval> energy_j(const Workload& workload) const override;

 private:
  std::vector<Leaf> leaves(const Workload& workload) const;
  double sum(const std::vector<Leaf>& leaves, const Weights& weights, Weights* slope) const;
  double loss(const Weights& weights, Eigen::Matrix<double, weight_terms, weight_terms>& squares, Weights& gradient) const;
  void standardise(const std::vector<const Measurement*>& networks);

  std::map<std::string, Polynomial> primitives_;
  Weights mean_ = Weights::Zero(), spread_ = Weights::Ones(), weights_ = Weights::Zero();
  std::vector<std::pair<std::vector<Leaf>, double>> trained_;  ///< networks with their measured joules, while weights are learned
};

std::vector<Leaf> Tree::leaves(const Workload& workload) const {
  std::vector<Leaf> found;
  for (const WorkloadItem& item : workload.items) {
    const auto law = primitives_.find(item.layer.op);
    if (law == primitives_.end()) continue;
    const std::vector<double> x = features(item.layer, static_features);
    Leaf leaf{.energy_j = item.count * law->second(x), .features = Weights::Ones()};
    for (size_t j = 0; j < x.size(); ++j) {
      const auto row = static_cast<Eigen::Index>(j + 1);
      leaf.features[row] = (x[j] - mean_[row]) / spread_[row];
    }
    found.push_back(leaf);
  }
  return found;
}

double Tree::sum(const std::vector<Leaf>& leaves, const Weights& weights, Weights* slope) const {
  double energy = 0;
  for (const Leaf& leaf : leaves) {
    const auto [weight, derivative] = weight_of(weights.dot(leaf.features));
    energy += weight * leaf.energy_j;
    if (slope) *slope += derivative * leaf.energy_j * leaf.features;
  }
  return energy;
}

void Tree::standardise(const std::vector<const Measurement*>& networks) {
  Weights sum = Weights::Zero(), squares = Weights::Zero();
  double n = 0;
  for (const Measurement* m : networks)
    for (const Leaf& leaf : leaves(m->workload)) sum += leaf.features, squares += leaf.features.cwiseAbs2(), ++n;
  for (Eigen::Index j = 1; j < static_cast<Eigen::Index>(weight_terms) && n > 0; ++j) {
    mean_[j] = sum[j] / n;
    const double variance = squares[j] / n - mean_[j] * mean_[j];
    spread_[j] = variance > 0 ? std::sqrt(variance) : 1;
  }
}

/// Mean squared relative error of the networks, and what one Gauss-Newton step needs.
double Tree::loss(const Weights& weights, Eigen::Matrix<double, weight_terms, weight_terms>& squares, Weights& gradient) const {
  const double n = static_cast<double>(trained_.size());
  double total = ridge * weights.squaredNorm();
  squares.setIdentity();
  squares *= ridge;
  gradient = ridge * weights;
  for (const auto& [leaves, measured] : trained_) {
    Weights slope = Weights::Zero();
    const double error = sum(leaves, weights, &slope) / measured - 1;
    slope /= measured;
    total += error * error / n;
    squares += slope * slope.transpose() / n;
    gradient += error * slope / n;
  }
  return total;
}

/// Levenberg-Marquardt on the relative errors of whole networks.
void Tree::learn_weights(const std::vector<const Measurement*>& networks) {
  standardise(networks);
  for (const Measurement* m : networks)
    if (auto found = leaves(m->workload); !found.empty()) trained_.emplace_back(std::move(found), *m->energy_j);
  if (trained_.empty()) return;
  Eigen::Matrix<double, weight_terms, weight_terms> squares, other_squares;
  Weights gradient, other_gradient;
  double least = loss(weights_, squares, gradient), damping = 1;
  for (int i = 0; i < most_iterations; ++i) {
    auto damped = squares;
    damped.diagonal() += damping * squares.diagonal();
    const Weights next = weights_ - damped.ldlt().solve(gradient);
    const double found = loss(next, other_squares, other_gradient);
    if (found < least) weights_ = next, least = found, squares = other_squares, gradient = other_gradient, damping /= 3;
    else damping *= 4;
  }
  trained_.clear();
}

std::optional<Interval> Tree::energy_j(const Workload& workload) const {
  const std::vector<Leaf> found = leaves(workload);
  if (found.empty()) return std::nullopt;
  if (workload.is_network) return point(sum(found, weights_, nullptr));
  double plain = 0;
  for (const Leaf& leaf : found) plain += leaf.energy_j;
  return point(plain);
}

std::unique_ptr<Predictor> fit(TrainingRows rows, const Target&) {
  std::map<std::string, Polynomial> primitives;
  const std::vector<Powers> terms = monomials(static_features.size(), 1);
  for (const auto& [op, measured] : measured_layers(rows)) {
    if (measured.size() <= static_features.size()) continue;
    Samples samples;
    for (const MeasuredLayer& row : measured) {
      samples.features.push_back(features(*row.layer, static_features));
      samples.targets.push_back(row.energy_j);
    }
    primitives[op] = fit_least_squares(terms, samples);
  }
  if (primitives.empty()) throw Error(ErrorKind::invalid_input, "irene needs rows of single layers with energy");
  auto tree = std::make_unique<Tree>(std::move(primitives));
  tree->learn_weights(measured_networks(rows));
  return tree;
}

}  // namespace

Method irene_method() {
  return {.name = "irene",
          .summary =
              "linear regression of each primitive on static features, weighted sum over the tree (Cao et al. 2021, arXiv "
              "2106.01199, without its run-time features)",
          .fit = fit};
}

}  // namespace wattlayer

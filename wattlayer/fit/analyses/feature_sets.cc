#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/fit/analysis.h"
#include "wattlayer/fit/draw.h"
#include "wattlayer/fit/feature_set.h"
#include "wattlayer/fit/plain_lasso.h"

namespace wattlayer {
namespace {

/// A row of the paper's table 6: figures that it does not state are nothing.
struct PublishedSet {
  std::string_view op, features;
  int degree = 1;
  bool interaction_only = true;
  int64_t lasso_sweeps = 0;  ///< 0: least squares
  double cv_r2, cv_r2_sd, cv_mse, r2, mse;
};

constexpr PublishedSet table_6[] = {
    {"Conv", "parameter", 4, true, 100000, 0.513, 0.293, 2.467e-03, 0.7097, 3.490e-03},
    {"Conv", "log+parameter", 3, true, 100000, 0.622, 0.192, 2.105e-03, 0.7954, 2.460e-03},
    {"Conv", "MACs", 1, true, 0, 0.994, 0.005, 2.291e-05, 0.9977, 2.779e-05},
    {"Conv", "parameter-MAC", 1, true, 0, 0.996, 0.004, 1.644e-05, 0.9979, 2.501e-05},
    {"Conv", "log+parameter-MAC", 1, true, 0, 0.996, 0.004, 1.560e-05, 0.9979, 2.578e-05},
    {"MaxPool", "parameter", 4, true, 100000, 0.528, 0.185, 1.375e-03, 0.4468, 9.338e-04},
    {"MaxPool", "log+parameter", 3, true, 1000000, 0.704, 0.139, 1.139e-03, 0.8194, 3.048e-04},
    {"MaxPool", "MACs", 1, true, 0, 0.946, 0.051, 9.746e-05, 0.9797, 3.431e-05},
    {"MaxPool", "parameter-MAC", 2, true, 0, 0.993, 0.005, 3.043e-05, 0.9967, 5.533e-06},
    {"MaxPool", "log+parameter-MAC", 2, true, 0, 0.999, 0.000, 2.552e-06, 0.9995, 7.736e-07},
    {"Gemm", "parameter", 3, true, 0, 0.999, 0.000, 3.784e-05, 0.9990, 3.848e-05},
    {"Gemm", "log+parameter", 3, true, 0, 0.999, 0.000, 2.756e-05, 0.9995, 1.839e-05},
    {"Gemm", "MACs", 1, true, 0, 0.999, 0.000, 4.284e-05, 0.9992, 3.384e-05},
    {"Gemm", "parameter-MAC", 1, true, 0, 0.999, 0.000, 3.909e-05, 0.9991, 3.693e-05},
    {"Gemm", "log+parameter-MAC", 1, true, 0, 0.999, 0.000, 3.466e-05, 0.9992, 3.134e-05},
    {"Relu", "parameter", 2, true, 0, 0.981, 0.004, 1.040e-03, 0.9812, 8.991e-04},
    {"Relu", "MACs", 1, true, 0, 0.981, 0.005, 1.046e-03, 0.9812, 1.030e-03},
    {"Sigmoid", "parameter", 2, true, 0, 0.981, 0.008, 1.047e-03, 0.9905, 7.538e-04},
    {"Tanh", "parameter", 2, false, 0, 0.976, 0.008, 1.315e-03, 0.9761, 1.412e-03},
    {"Softmax", "parameter", 2, true, 0, 0.989, 0.004, 5.671e-04, 0.9913, 4.972e-04},
};

FeatureSet feature_set(const PublishedSet& published) {
  FeatureSet set{.degree = published.degree, .interaction_only = published.interaction_only};
  if (published.features != "MACs") set.features = layer_parameters(published.op);
  if (published.features.starts_with("log+")) set.with_logarithms = set.features.size();
  if (published.features.ends_with("MAC") || published.features == "MACs") set.features.push_back(LayerFeature::paper_macs);
  return set;
}

Polynomial fit(const PublishedSet& published, const std::vector<Powers>& terms, const Samples& samples) {
  if (published.lasso_sweeps == 0) return fit_least_squares(terms, samples);
  return plain_lasso(terms, samples, {.sweeps = published.lasso_sweeps});
}

/// R2, mean squared and largest error of a law.
struct Errors {
  std::optional<double> r2;
  double mse = 0, largest = 0;
};

Errors errors(const Polynomial& law, const Samples& samples) {
  std::vector<double> predicted;
  Errors e;
  for (size_t i = 0; i < samples.size(); ++i) {
    predicted.push_back(law(samples.features[i]));
    const double off = std::abs(predicted.back() - samples.targets[i]);
    e.mse += off * off / static_cast<double>(samples.size());
    e.largest = std::max(e.largest, off);
  }
  e.r2 = r_squared(samples.targets, predicted);
  return e;
}

/// The ten folds in the order of the rows, as scikit-learn's `cross_val_score` takes them.
std::vector<Errors> cross_validated(const PublishedSet& published, const std::vector<Powers>& terms, const Samples& samples) {
  std::vector<Errors> folds;
  const size_t n = samples.size();
  for (size_t fold = 0, start = 0; fold < 10; ++fold) {
    const size_t end = start + n / 10 + (fold < n % 10);
    std::vector<size_t> train, test;
    for (size_t i = 0; i < n; ++i) (i >= start && i < end ? test : train).push_back(i);
    folds.push_back(errors(fit(published, terms, samples.only(train)), samples.only(test)));
    start = end;
  }
  return folds;
}

double spread(const std::vector<double>& values) {
  double sum = 0;
  for (double v : values) sum += (v - mean(values)) * (v - mean(values));
  return std::sqrt(sum / static_cast<double>(values.size()));
}

std::vector<Cell> row(const PublishedSet& published, std::span<const MeasuredLayer> layers, std::span<const uint32_t> seeds) {
  const FeatureSet set = feature_set(published);
  const std::vector<Powers> terms = set.terms();
  const Samples samples = set.samples(layers);
  const Draw parts = draw(samples, paper_seed);
  std::vector<double> r2, mse;
  for (const Errors& e : cross_validated(published, terms, parts.train)) r2.push_back(e.r2.value_or(0)), mse.push_back(e.mse);
  const Errors tested = errors(fit(published, terms, parts.train), parts.test);
  std::vector<double> others;
  for (uint32_t seed : seeds) {
    const Draw other = draw(samples, seed);
    if (const auto value = errors(fit(published, terms, other.train), other.test).r2) others.push_back(*value);
  }
  const auto bound = [&](auto which) { return others.empty() ? Cell() : Cell(*which(others.begin(), others.end())); };
  return {
      std::string(published.op),
      std::string(published.features),
      published.degree == 1 ? Cell() : Cell(fmt::format("d={}{}", published.degree, published.interaction_only ? ", ito" : "")),
      published.lasso_sweeps ? "lasso" : "linear",
      static_cast<double>(samples.size()),
      mean(r2),
      published.cv_r2,
      spread(r2),
      published.cv_r2_sd,
      mean(mse),
      published.cv_mse,
      cell(tested.r2),
      published.r2,
      tested.mse,
      published.mse,
      tested.largest,
      bound([](auto b, auto e) { return std::min_element(b, e); }),
      bound([](auto b, auto e) { return std::max_element(b, e); })};
}

AnalysisResult run(const AnalysisInput& input) {
  std::vector<const Measurement*> random;
  for (const Measurement& m : input.rows)
    if (m.kind == "random-layer") random.push_back(&m);
  const auto layers = measured_layers(random);
  AnalysisTable table{.title = "R2 and errors of feature sets (targets scaled to 0..1 over the training rows)",
                      .columns = {{"layer", "LAYER"},
                                  {"features", "FEATURES"},
                                  {"polynomial", "POLYNOMIAL"},
                                  {"model", "MODEL"},
                                  {"n", "N", Notation::count},
                                  {"cv_r2", "CV R2"},
                                  {"cv_r2_published", "(PAPER)"},
                                  {"cv_r2_sd", "±"},
                                  {"cv_r2_sd_published", "(PAPER)"},
                                  {"cv_mse", "CV MSE", Notation::scientific},
                                  {"cv_mse_published", "(PAPER)", Notation::scientific},
                                  {"r2", "TEST R2"},
                                  {"r2_published", "(PAPER)"},
                                  {"mse", "TEST MSE", Notation::scientific},
                                  {"mse_published", "(PAPER)", Notation::scientific},
                                  {"max_error", "MAX", Notation::scientific},
                                  {"r2_least_of_draws", "R2 LEAST"},
                                  {"r2_most_of_draws", "MOST"}}};
  for (const PublishedSet& published : table_6) {
    const auto measured = layers.find(std::string(published.op));
    if (measured == layers.end()) continue;
    input.report(static_cast<double>(&published - table_6) / std::size(table_6),
                 fmt::format("{}, {}", published.op, published.features));
    table.rows.push_back(row(published, measured->second, input.seeds));
  }
  if (table.rows.empty())
    throw Error(ErrorKind::invalid_input, "feature-sets needs rows of random layers (Conv, MaxPool, Gemm or activations)");
  return {.tables = {std::move(table)}};
}

}  // namespace

Analysis feature_sets_analysis() {
  return {.name = "feature-sets",
          .summary = "which features predict a layer type's energy, 70/20/10 and 10-fold (Getzner et al. 2023, table 6)",
          .run = run};
}

}  // namespace wattlayer

#include <fmt/format.h>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/analysis.h"
#include "wattlayer/fit/neuralpower_law.h"

namespace wattlayer {
namespace {

/// Tables 2 and 3 of the paper: GTX Titan X under Caffe.
struct PublishedLaw {
  std::string_view op;
  double time_terms, time_rmspe, power_terms, power_rmspe;
};

constexpr PublishedLaw tables_2_and_3[] = {
    {"Conv", 60, 39.97, 75, 7.35}, {"Gemm", 17, 41.92, 15, 9.00}, {"MaxPool", 31, 11.41, 30, 6.16}};

/// One above what the method `neuralpower` fits, so that the choice can be seen to end.
constexpr int highest_degree = 4;

const PublishedLaw* published(const std::string& op) {
  for (const PublishedLaw& law : tables_2_and_3)
    if (law.op == op) return &law;
  return nullptr;
}

void add(AnalysisTable& table, const std::string& op, size_t n, bool is_time, const SparsePolynomial& polynomial) {
  const PublishedLaw* paper = published(op);
  for (const DegreeScore& s : polynomial.degrees) {
    const bool chosen = s.degree == polynomial.degree;
    table.rows.push_back(
        {op, is_time ? "runtime" : "power", static_cast<double>(n), static_cast<double>(s.degree), static_cast<double>(s.terms),
         static_cast<double>(s.kept), chosen && paper ? Cell(is_time ? paper->time_terms : paper->power_terms) : Cell(),
         s.cv_rmse, is_time ? "s" : "W", s.cv_rmspe,
         chosen && paper ? Cell(is_time ? paper->time_rmspe : paper->power_rmspe) : Cell(), s.penalty, chosen ? "chosen" : ""});
  }
}

AnalysisResult run(const AnalysisInput& input) {
  std::vector<const Measurement*> rows;
  for (const Measurement& m : input.rows) rows.push_back(&m);
  AnalysisTable table{.title = "Sparse polynomials of each layer type by degree, 10-fold cross-validated",
                      .columns = {{"layer", "LAYER"},
                                  {"quantity", "QUANTITY"},
                                  {"n", "N", Notation::count},
                                  {"degree", "DEGREE", Notation::count},
                                  {"terms", "TERMS", Notation::count},
                                  {"kept", "KEPT", Notation::count},
                                  {"kept_published", "(PAPER)", Notation::count},
                                  {"cv_rmse", "CV RMSE", Notation::scientific},
                                  {"unit", ""},
                                  {"cv_rmspe", "CV RMSPE %", Notation::per_cent},
                                  {"rmspe_published", "(PAPER)", Notation::per_cent},
                                  {"penalty", "PENALTY", Notation::scientific},
                                  {"chosen", ""}}};
  const auto layers = measured_layers(rows);
  double done = 0;
  for (const auto& [op, measured] : layers) {
    input.report(done++ / static_cast<double>(layers.size()), op);
    size_t timed = 0;
    for (const MeasuredLayer& m : measured) timed += m.time_s.has_value();
    if (timed < 20) continue;
    const NeuralPowerLaw law = fit_neuralpower_law(op, measured, highest_degree);
    add(table, op, timed, true, law.time_s);
    add(table, op, timed, false, law.power_w);
  }
  if (table.rows.empty())
    throw Error(ErrorKind::invalid_input, "polynomial-degree needs at least 20 rows of one layer type with energy and time");
  return {.tables = {std::move(table)},
          .remarks = {"The paper's figures are of its own layers on a GTX Titan X under Caffe, beside the degree chosen here; "
                      "`evaluate --method neuralpower` scores the same polynomials up to degree 3."}};
}

}  // namespace

Analysis polynomial_degree_analysis() {
  return {.name = "polynomial-degree",
          .summary = "sparse polynomials of power and runtime, their degree by cross-validation (NeuralPower, Cai et al. 2017)",
          .run = run};
}

}  // namespace wattlayer

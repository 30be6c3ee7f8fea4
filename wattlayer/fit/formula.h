#pragma once
#include <memory>
#include <optional>
#include <string_view>

#include "wattlayer/core/hardware.h"
#include "wattlayer/fit/method.h"

namespace wattlayer {

/// Energy by a formula of the hardware and of what is told of a run; nothing where it lacks a figure.
using Formula = std::optional<Prediction> (*)(const Question&, const Hardware&);

class FormulaPredictor : public Predictor {
 public:
  FormulaPredictor(Formula formula, const Hardware& hardware) : formula_(formula), hardware_(hardware) {}

  std::optional<Interval> energy_j(const Workload&) const override { return std::nullopt; }
  std::optional<Prediction> predict(const Question& question) const override { return formula_(question, hardware_); }

 private:
  Formula formula_;
  Hardware hardware_;
};

/// A method that has nothing to fit.
template <Formula formula>
Method formula_method(std::string_view name, std::string_view summary) {
  return {.name = name, .summary = summary, .fit = [](TrainingRows, const Target& target) -> std::unique_ptr<Predictor> {
            return std::make_unique<FormulaPredictor>(formula, target.hardware);
          }};
}

/// A value and no interval.
inline Interval without_interval(double value) { return {value, value, value}; }

}  // namespace wattlayer

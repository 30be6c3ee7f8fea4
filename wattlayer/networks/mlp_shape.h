#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wattlayer {

/// How the widths of a multi-layer perceptron's hidden layers follow each other, as the BUTTER data sets name it.
struct MlpShape {
  enum class Kind { rectangle, trapezoid, exponential, wide_first };
  Kind kind = Kind::rectangle;
  int64_t first_times = 1;  ///< wide_first: how many times the first hidden layer is wider than the others
  bool residual = false;    ///< inputs of equal layers are added to their outputs; widths are the same without
};

/// `rectangle`, `trapezoid`, `exponential`, `wide_first_4x`, each with `_residual` behind it where inputs are added.
/// Throws Error(invalid_input) that lists the known ones.
MlpShape parse_mlp_shape(std::string_view text);

/// What a perceptron of so many trainable parameters is to look like.
struct MlpPlan {
  MlpShape shape;
  int64_t features = 1, outputs = 1;
  int64_t size = 1;   ///< trainable parameters, biases included, that are to be met as nearly as whole widths can
  int64_t depth = 2;  ///< layers, the output layer among them
};

/// Widths of all layers, the outputs last; the inputs are not among them. A scale is found by bisection (Tripp et al. 2022,
/// BUTTER). Throws Error(invalid_input) for a depth below 2 or numbers that are not positive.
std::vector<int64_t> mlp_widths(const MlpPlan& plan);

/// Weights and biases of all layers.
double mlp_parameters(int64_t features, const std::vector<int64_t>& widths);

}  // namespace wattlayer

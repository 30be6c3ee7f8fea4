#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/networks/mlp_shape.h"

namespace wattlayer {

/// The training of a multi-layer perceptron, as far as its energy is concerned.
struct MlpTraining {
  int64_t features = 1;
  std::vector<int64_t> widths;  ///< of all layers, the outputs last
  int64_t batch = 256;
  int64_t samples = 0;  ///< of the whole data set, those that test included
  int64_t epochs = 1;
  double test_share = 0.2;  ///< of the samples, seen once an epoch by a forward pass

  int64_t layers() const { return static_cast<int64_t>(widths.size()); }
  int64_t outputs() const { return widths.back(); }
  double parameters() const { return mlp_parameters(features, widths); }
  double training_batches() const;  ///< an epoch
  double test_batches() const;      ///< an epoch

  /// Operations of one pass of a batch: multiply-adds and additions of the bias, as BUTTER-E counts them.
  double forward_operations() const;
  double backward_operations() const;
};

/// Passes of a batch in the whole run.
struct TrainingPasses {
  double forward = 0;   ///< training and test batches
  double backward = 0;  ///< training batches

  double all() const { return forward + backward; }
};
TrainingPasses passes(const MlpTraining& training);

/// Reads `features=784 widths=512,512,10 batch=256 samples=70000 epochs=3000`, or instead of the widths `outputs=10
/// shape=rectangle size=65536 depth=4`; `test_share=0.2` may be added. Batch is 256 and epochs 1 where they are left out.
/// Throws Error(invalid_input) naming the word.
MlpTraining parse_mlp_training(std::string_view text);

/// The words that parse_mlp_training reads, widths written out.
std::string print(const MlpTraining& training);

}  // namespace wattlayer

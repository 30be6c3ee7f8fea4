#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wattlayer {

/// How the rows of a data set are divided into training and test rows.
struct Split {
  enum class Kind {
    kinds,           ///< train on the rows of some kinds, test on those of others
    leave_block,     ///< each block in turn is the test set, the others train
    random,          ///< shares of the rows drawn at random, once a seed; for comparison with papers that did so
    leave_hardware,  ///< each device in turn is the test set, the others and `calibration_rows` rows of its own train
  };
  std::string name;
  Kind kind = Kind::kinds;
  std::vector<std::string> train;  ///< kinds of measurement (`random-layer`, ...)
  std::vector<std::string> test;
  std::string by;       ///< leave_block: condition that names the blocks (`task`); empty: Measurement::block
  std::string with;     ///< only rows that have this condition; empty: any
  std::string without;  ///< only rows that lack this condition; empty: any
  size_t folds = 0;     ///< leave_block: blocks are left out in so many groups; 0: each alone
  std::vector<size_t> calibration_rows = {0};  ///< leave_hardware: one part for each count
  bool by_operator = false;                    ///< also score the test layers operator by operator
  double train_share = 1;       ///< of the training rows of each operator, drawn by the first seed; random: by each seed
  double test_share = 0;        ///< random: share of each operator's rows that test
  std::vector<uint32_t> seeds;  ///< of the draws
  bool habitual = true;         ///< part of `evaluate` without `--split`
};

}  // namespace wattlayer

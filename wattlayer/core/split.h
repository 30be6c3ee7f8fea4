#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wattlayer {

/// How the rows of a data set are divided into training and test rows.
struct Split {
  enum class Kind {
    kinds,        ///< train on the rows of some kinds, test on those of others
    leave_block,  ///< each block in turn is the test set, the others train
    random,       ///< shares of the rows drawn at random, once a seed; for comparison with papers that did so
  };
  std::string name;
  Kind kind = Kind::kinds;
  std::vector<std::string> train;   ///< kinds of measurement (`random-layer`, ...)
  std::vector<std::string> test;
  bool by_operator = false;         ///< also score the test layers operator by operator
  double train_share = 0.7;         ///< random: share of the rows that train
  double test_share = 0.1;          ///< random: share of the rows that test
  int64_t seeds = 1;                ///< random: how many draws
  bool habitual = true;             ///< part of `evaluate` without `--split`
};

}  // namespace wattlayer

#pragma once
#include <string>
#include <vector>

#include "wattlayer/training/advice.h"

namespace wattlayer::cli {

/// What `wattlayer training advise` found out.
struct AdviceReport {
  std::string network;
  Hardware hardware;
  double parameters = 0, batch = 1;
  bool whole_run = false;  ///< figures are of the whole run; else of a step: one forward and one backward pass
  WorkingSets sets;
  std::vector<SetAdvice> advice;
  LevelCosts costs;
  std::vector<FillingSize> filling;
  std::vector<std::optional<double>> filling_j;  ///< energy of the run at those sizes
  std::optional<double> total_j;                 ///< of the run, where a law tells it
  std::vector<std::string> remarks;
};

std::string advice_table(const AdviceReport& report, bool colour);
/// Sets, filling sizes and advice, every figure with its unit; absent figures are null.
std::string advice_json(const AdviceReport& report);

}  // namespace wattlayer::cli

#pragma once
#include <map>
#include <string>
#include <vector>

#include "wattlayer/datasets/description.h"
#include "wattlayer/fit/evaluation.h"

namespace wattlayer::cli {

/// What data sets ask to be reached, by data set.
using AccuracyTargets = std::map<std::string, std::vector<AccuracyTarget>>;

/// Rows whose energies no energy model could score, and why.
struct NotScored {
  std::string dataset, hardware, engine, dtype, reason;
  size_t rows = 0;
};

/// The rows, thinned points and the worst predictions of `physics` as JSON (docs/formats/evaluation_v1.md).
std::string evaluation_json(const Evaluation& evaluation, const AccuracyTargets& targets,
                            const std::vector<NotScored>& not_scored, bool whole);

/// What a row was to reach and has reached; empty where nothing was asked of it.
std::string target_text(const EvaluationRow& row, const AccuracyTargets& targets);

/// One table a split; rows of one unit stand together. Single units only with `all_units`, where there are more than a dozen.
std::string evaluation_tables(const Evaluation& evaluation, bool all_units);

/// One table of all data sets: what counts together, each method, and what was to be reached.
std::string suite_table(const Evaluation& evaluation, const AccuracyTargets& targets, const std::vector<NotScored>& not_scored,
                        bool all_units);

}  // namespace wattlayer::cli

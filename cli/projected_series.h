#pragma once
#include <filesystem>
#include <string>

#include "cli/evaluation_text.h"
#include "wattlayer/core/data_files.h"
#include "wattlayer/datasets/description.h"
#include "wattlayer/fit/evaluation.h"
#include "wattlayer/training/learned_projection.h"

namespace wattlayer::cli {

/// What ships: learned from many runs.
LearnedProjection shipped_projection(const DataFiles& files);

/// Scores every projection method on the data set's training runs. Ours learns from the runs of other blocks; where these are
/// few, or for all runs if `shipped`, it takes what ships. Says on standard error which runs were refused or too short.
Evaluation evaluate_series(const DatasetDescription& description, const std::filesystem::path& folder,
                           const LearnedProjection& ships, bool shipped);

/// Error of the projected total against epochs spent, a line a method, and what was to be reached; empty where no row has
/// `epochs_seen`.
std::string projection_tables(const Evaluation& evaluation, const AccuracyTargets& targets);

}  // namespace wattlayer::cli

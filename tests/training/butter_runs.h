#pragma once
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "wattlayer/core/data_files.h"
#include "wattlayer/core/hardware.h"
#include "wattlayer/store/csv.h"
#include "wattlayer/training/butter_fit.h"

/// Real runs of BUTTER-E that the tests carry (tests/data/butter-e/NOTICE.md).
namespace wattlayer::test {

inline std::string butter_file(const std::string& name) {
  std::ifstream file(std::filesystem::path(WATTLAYER_SOURCE_DIR) / "tests/data/butter-e" / name);
  return (std::ostringstream() << file.rdbuf()).str();
}

inline Hardware shipped_hardware(const std::string& id) {
  return parse_hardware(DataFiles().read("hardware", id + ".json").value(), id);
}

struct ButterRun {
  MlpTraining training;
  std::string shape;
  int64_t size = 0;
  double energy_j = 0;
};

/// The runs on `eagle-cpu` or `eagle-gpu`.
inline std::vector<ButterRun> butter_runs(const std::string& hardware) {
  const std::string text = butter_file("runs_sample.csv");
  CsvReader csv(text);
  std::vector<ButterRun> runs;
  while (csv.next()) {
    const auto field = [&](const char* name) { return csv.fields().at(csv.column(name).value()); };
    if ((field("is_gpu") == "1") != (hardware == "eagle-gpu")) continue;
    const bool one = field("task") == "regression" || std::stoi(field("n_classes")) <= 2;
    ButterRun run;
    run.training = parse_mlp_training("features=" + field("n_features") + " outputs=" + (one ? "1" : field("n_classes")) +
                                      " shape=" + field("shape") + " size=" + field("size") + " depth=" + field("depth") +
                                      " batch=" + field("batch_size") + " samples=" + field("n_observations") +
                                      " epochs=" + field("epochs"));
    run.shape = field("shape");
    run.size = std::stoll(field("size"));
    run.energy_j = std::stod(field("std_energy_J"));
    runs.push_back(run);
  }
  return runs;
}

}  // namespace wattlayer::test

#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/core/data_files.h"
#include "wattlayer/predict/estimate.h"
#include "wattlayer/training/working_sets.h"

namespace wattlayer {

/// What the energy of training is linear in, for one run: how often each coefficient is paid.
struct ButterTerms {
  double runs = 1;
  double passes = 0;                  ///< forward and backward passes of a batch
  double operations = 0;              ///< of all passes
  double layer_passes = 0;            ///< passes x layers
  std::vector<double> accesses = {};  ///< of working sets, by memory level
  std::vector<double> bytes = {};     ///< of those accesses, by memory level
};

ButterTerms butter_terms(const MlpTraining& training, const Hardware& hardware);
ButterTerms butter_terms(const MlpTraining& training, const WorkingSets& sets, size_t levels);

/// Coefficients of BUTTER-E's law (Tripp et al. 2024, eq. 7) for one hardware, in joules.
struct ButterCoefficients {
  double per_run = 0;              ///< k_e
  double per_pass = 0;             ///< k_p
  double per_operation = 0;        ///< k_o
  double per_layer = 0;            ///< k_d: of a pass
  std::vector<double> per_access;  ///< a_c, by memory level
  std::vector<double> per_byte;    ///< m_c, by memory level

  double access_j(size_t level, double bytes) const { return per_access.at(level) + per_byte.at(level) * bytes; }
};

double butter_energy_j(const ButterTerms& terms, const ButterCoefficients& k);

/// A law that ships (`energy_models/eagle-cpu.butter-e.json`): what it was fitted on and how well it does.
struct ButterModel {
  std::string id;  ///< of the hardware too
  std::string source, licence, scope;
  ButterCoefficients coefficients;
  double ratio_low = 1, ratio_high = 1;  ///< 5 and 95 % quantile of estimated over measured energy of runs that it is checked on
  double mean_error = 0;                 ///< of the published fit on its own rows, per cent
  std::string checked_on;                ///< which runs
};

/// Throws Error(invalid_input) naming the field.
ButterModel parse_butter_model(std::string_view json, std::string_view id);

/// The law of a hardware; nothing where none ships for it.
std::optional<ButterModel> find_butter_model(const DataFiles& files, std::string_view hardware);

/// Ids of the hardware that a law ships for.
std::vector<std::string> butter_model_ids(const DataFiles& files);

/// Energy of a run, with a 90 % interval from the runs that the law is checked on.
Interval butter_estimate(const ButterTerms& terms, const ButterModel& model);

}  // namespace wattlayer

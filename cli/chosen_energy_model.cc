#include "cli/chosen_energy_model.h"

#include "cli/program.h"
#include "wattlayer/api/targets.h"

namespace wattlayer::cli {

EnergyModel choose_energy_model(const DataFiles& files, const std::string& target, std::optional<DataType> dtype) {
  FoundEnergyModel found = find_target(files, target, dtype);
  for (const std::string& remark : found.remarks) write_remark(remark);
  return std::move(found.model);
}

}  // namespace wattlayer::cli

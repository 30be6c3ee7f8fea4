#include "cli/page_option.h"

#include <CLI/CLI.hpp>

#include "cli/program.h"
#include "cli/version.h"
#include "wattlayer/core/clock.h"

namespace wattlayer::cli {

void add_page_option(CLI::App& verb, std::filesystem::path& page) {
  verb.add_option("--html", page, "also write a page to look at: one file, works offline")->type_name("FILE");
}

PageOrigin page_origin(const Program& program) {
  return {"wattlayer " WATTLAYER_VERSION, program.invocation, SystemClock().date().substr(0, 10)};
}

std::vector<PagedModel> paged(const std::vector<EnergyModel>& models, const DeviceSettings& settings) {
  std::vector<PagedModel> all;
  for (const EnergyModel& model : models) all.push_back({&model, operating_point_of(model, settings)});
  return all;
}

}  // namespace wattlayer::cli

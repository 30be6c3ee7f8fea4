#pragma once
#include <filesystem>
#include <vector>

#include "wattlayer/api/estimating.h"
#include "wattlayer/pages/estimate_page.h"

namespace CLI {
class App;
}

namespace wattlayer::cli {

struct Program;

/// Adds --html FILE: a page beside the usual output.
void add_page_option(CLI::App& verb, std::filesystem::path& page);

/// This program and version, its command line and the day.
PageOrigin page_origin(const Program& program);

/// Energy models as their devices were said to run.
std::vector<PagedModel> paged(const std::vector<EnergyModel>& models, const DeviceSettings& settings);

}  // namespace wattlayer::cli

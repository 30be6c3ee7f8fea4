#pragma once
#include <filesystem>

#include "wattlayer/pages/page.h"

namespace CLI {
class App;
}

namespace wattlayer::cli {

struct Program;

/// Adds --html FILE: a page beside the usual output.
void add_page_option(CLI::App& verb, std::filesystem::path& page);

/// This program and version, its command line and the day.
PageOrigin page_origin(const Program& program);

}  // namespace wattlayer::cli

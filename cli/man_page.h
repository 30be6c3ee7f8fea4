#pragma once
#include <string>

namespace CLI {
class App;
}

namespace wattlayer::cli {

/// The manual page of the program in man(7): what --help of it and of every verb says.
std::string man_page(const CLI::App& app, const std::string& version);

}  // namespace wattlayer::cli

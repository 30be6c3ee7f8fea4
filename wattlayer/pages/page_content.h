#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/pages/page.h"

namespace wattlayer {

/// The JSON object of a page: its head, and the members of the objects given as JSON text.
std::string page_content(std::string_view kind, std::string_view title, const PageOrigin& origin,
                         const std::vector<std::string>& objects);

}  // namespace wattlayer

#include "wattlayer/pages/page_content.h"

#include <nlohmann/json.hpp>

namespace wattlayer {

std::string page_content(std::string_view kind, std::string_view title, const PageOrigin& origin,
                         const std::vector<std::string>& objects) {
  const nlohmann::ordered_json head{
      {"schema", 1},        {"kind", kind}, {"title", title}, {"program", origin.program}, {"command", origin.command},
      {"date", origin.date}};
  // Members are joined as text: an estimate of many layers is large, and parsed again by the page alone.
  std::string text = head.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  for (const std::string& object : objects)
    if (object.size() > 2) text.back() = ',', text.append(object, 1);
  return text;
}

}  // namespace wattlayer

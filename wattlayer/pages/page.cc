#include "wattlayer/pages/page.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "wattlayer/core/data_files.h"
#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

std::string part(std::string_view name) {
  const DataFiles files;
  for (std::string_view folder : {"wattlayer/pages/web", "third_party/echarts"})
    if (auto text = files.read(folder, name)) return *text;
  throw Error(ErrorKind::internal, fmt::format("page.html asks for {}, which is not built in", name));
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  return out;
}

/// JSON that no `</script>` or `<!--` inside a string can end: outside strings JSON has none of these characters.
std::string for_script(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 16);
  for (char c : json) switch (c) {
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      case '&':
        out += "\\u0026";
        break;
      default:
        out += c;
    }
  return out;
}

}  // namespace

std::string page(std::string_view title, std::string_view content) {
  const std::string frame = part("page.html");
  std::string out;
  size_t at = 0;
  for (size_t open; (open = frame.find("{{", at)) != frame.npos;) {
    const size_t close = frame.find("}}", open);
    if (close == frame.npos) break;
    const std::string_view name = std::string_view(frame).substr(open + 2, close - open - 2);
    out.append(frame, at, open - at);
    out += name == "title" ? escaped(title) : name == "content" ? for_script(content) : part(name);
    at = close + 2;
  }
  return out.append(frame, at);
}

double page_number(double value) {
  if (!std::isfinite(value) || value == 0) return value;
  return std::strtod(fmt::format("{:.7g}", value).c_str(), nullptr);
}

}  // namespace wattlayer

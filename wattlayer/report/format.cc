#include "wattlayer/report/format.h"

#include "wattlayer/core/error.h"
#include "wattlayer/report/formats/all.h"

namespace wattlayer {

const Format& require_format(std::string_view name) {
  std::string known;
  for (auto format : all_format) {
    if (format().name == name) return format();
    known += (known.empty() ? "" : ", ") + std::string(format().name);
  }
  throw Error(ErrorKind::invalid_input, "unknown format '" + std::string(name) + "'; known: " + known);
}

}  // namespace wattlayer

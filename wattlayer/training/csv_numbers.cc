#include "wattlayer/training/csv_numbers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"
#include "wattlayer/training/power_series.h"

namespace wattlayer {

size_t CsvNumbers::column(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names)
    if (const auto at = csv_.column(name)) return *at;
  throw Error(ErrorKind::invalid_input,
              fmt::format("line 1: expected a column {}, found {}", fmt::join(names, " or "), fmt::join(csv_.header(), ", ")));
}

void CsvNumbers::require_whole_record() const {
  if (!csv_.fault().empty()) throw Error(ErrorKind::invalid_input, fmt::format("line {}: {}", csv_.line(), csv_.fault()));
}

double CsvNumbers::number(size_t column) const {
  const std::string& text = csv_.fields().at(column);
  if (const auto value = real_of(text)) return *value;
  throw Error(ErrorKind::invalid_input,
              fmt::format("line {}: {}: expected a number, found '{}'", csv_.line(), csv_.header()[column], text));
}

double CsvNumbers::positive(size_t column) const {
  const double value = number(column);
  if (!(value > 0))
    throw Error(ErrorKind::invalid_input, fmt::format("line {}: {}: expected a number above 0, found {}", csv_.line(),
                                                      csv_.header()[column], csv_.fields()[column]));
  return value;
}

double CsvNumbers::time(size_t column) const try { return parse_time(csv_.fields().at(column)); } catch (const Error& e) {
  throw e.within(fmt::format("line {}: {}", csv_.line(), csv_.header()[column]));
}

}  // namespace wattlayer

#include "cli/fitted_rows.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ctime>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/datasets/description.h"

namespace wattlayer::cli {
namespace {

/// A second meter of a scope has a number behind it: `... [gpu-board 2]`.
bool is_of_a_second_meter(const Measurement& m) {
  const std::string start = " [" + m.scope + " ";
  const size_t at = m.row.rfind(start);
  return at != m.row.npos && m.row.ends_with(']') && m.row.find_first_not_of("0123456789", at + start.size()) == m.row.size() - 1;
}

}  // namespace

void keep_one_scope(std::vector<Measurement>& rows, const std::string& wanted, const std::string& habit) {
  std::erase_if(rows, [](const Measurement& m) { return !m.failure.empty(); });
  if (const size_t seconds = std::erase_if(rows, is_of_a_second_meter); seconds > 0)
    write_remark(fmt::format("{} rows are of a second meter of the same scope and are left out", seconds));
  std::set<std::string> scopes;
  for (const Measurement& m : rows) scopes.insert(m.scope);
  const std::string scope = wanted.empty() && scopes.size() > 1 && scopes.contains(habit) ? habit : wanted;
  if (!scope.empty()) {
    if (wanted.empty())
      write_remark(fmt::format("of the scopes {} that of the hardware is taken: {}", fmt::join(scopes, ", "), scope));
    std::erase_if(rows, [&](const Measurement& m) { return m.scope != scope; });
    if (rows.empty() && !scopes.empty())
      throw Error(ErrorKind::invalid_input, fmt::format("no row has scope {}; there is: {}", wanted, fmt::join(scopes, ", ")));
  } else if (scopes.size() > 1) {
    throw Error(
        ErrorKind::invalid_input,
        fmt::format("the rows have the scopes {}: energies of different scope do not go into one model; choose one with --scope",
                    fmt::join(scopes, ", ")));
  }
}

CardOrigin origin_of(const std::vector<Measurement>& rows, const DataFiles& files) {
  std::set<std::string> names;
  for (const Measurement& m : rows) names.insert(m.dataset);
  const std::time_t now = std::time(nullptr);
  CardOrigin origin{.title = fmt::format("{}", fmt::join(names, ", ")), .date = fmt::format("{:%Y-%m-%d}", fmt::gmtime(now))};
  if (names.size() == 1 && files.read("datasets", *names.begin() + ".json")) {
    const DatasetDescription known = require_dataset(files, *names.begin());
    origin.title = known.title, origin.source = known.source, origin.licence = known.licence;
  }
  if (rows.front().engine == "simulated") origin.title += ": simulated by the fake runner, its figures are invented";
  return origin;
}

}  // namespace wattlayer::cli

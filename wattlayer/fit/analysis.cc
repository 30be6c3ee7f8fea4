#include "wattlayer/fit/analysis.h"

#include <fmt/format.h>

#include "wattlayer/core/error.h"
#include "wattlayer/core/nearest.h"
#include "wattlayer/fit/analyses/all.h"

namespace wattlayer {

void AnalysisInput::report(double done, std::string_view what) const {
  if (progress && !progress(done, what))
    throw Error(ErrorKind::unavailable, fmt::format("stopped at {}, before the figures were complete", what));
}

std::vector<Analysis> analyses() {
  std::vector<Analysis> all;
  for (auto analysis : all_analysis) all.push_back(analysis());
  return all;
}

Analysis require_analysis(std::string_view name) {
  std::vector<std::string> known;
  for (const Analysis& analysis : analyses()) {
    if (analysis.name == name) return analysis;
    known.emplace_back(analysis.name);
  }
  throw Error(ErrorKind::invalid_input, fmt::format("unknown analysis '{}'{}", name, nearest(name, known)));
}

}  // namespace wattlayer

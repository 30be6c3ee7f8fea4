#include "wattlayer/pages/estimate_page.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "wattlayer/pages/estimate_rows.h"
#include "wattlayer/pages/page_content.h"

namespace wattlayer {
namespace {

std::string title_of(const Report& report) {
  if (report.estimates.empty()) return "no estimate";
  const EstimateReport& first = report.estimates.front();
  for (const EstimateReport& r : report.estimates)
    if (r.network != first.network || r.estimate.energy_model != first.estimate.energy_model)
      return fmt::format("{} and others", first.network);
  return fmt::format("{} on {}", first.network, first.estimate.hardware);
}

}  // namespace

std::string estimate_page(const Report& report, std::span<const PagedModel> models, std::span<const EstimateReport> sweep,
                          const PageOrigin& origin) {
  const std::string title = title_of(report);
  return page(title + " · wattlayer", page_content("estimate", title, origin, {estimate_rows(report, models, sweep)}));
}

}  // namespace wattlayer

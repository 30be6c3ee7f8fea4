#pragma once
#include <span>
#include <string>

#include "wattlayer/pages/estimate_page.h"

namespace wattlayer {

/// The members of a page's content that show estimates, as JSON text: `texts`, `estimates`, `models`, `sweep` and `failures`
/// (docs/formats/page.md). For pages that show more than estimates.
std::string estimate_rows(const Report& report, std::span<const PagedModel> models, std::span<const EstimateReport> sweep);

/// The card, device and law of energy models, as a JSON array.
std::string model_rows(std::span<const PagedModel> models);

}  // namespace wattlayer

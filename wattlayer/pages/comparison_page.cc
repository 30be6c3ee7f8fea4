#include "wattlayer/pages/comparison_page.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "wattlayer/pages/estimate_rows.h"
#include "wattlayer/pages/page_content.h"

namespace wattlayer {
namespace {

using Json = nlohmann::ordered_json;

Json interval(const Interval& i) { return {page_number(i.value), page_number(i.low), page_number(i.high)}; }

Json row_json(const ComparedEstimate& row, size_t place) {
  return {{"estimate", place},
          {"target", row.target},
          {"accuracy", row.accuracy ? Json(page_number(*row.accuracy)) : Json(nullptr)},
          {"sufficient", row.sufficient},
          {"front", name(row.front)},
          {"over_winner", row.over_winner ? interval(*row.over_winner) : Json(nullptr)},
          {"clear", row.clear}};
}

Json pair_json(const ComparedPair& pair) {
  return {{"cheap", pair.cheap},
          {"dear", pair.dear},
          {"ratio", interval(pair.ratio)},
          {"saving", page_number(pair.saving_j)},
          {"independent", interval(pair.independent)},
          {"common_share", page_number(pair.common_share)},
          {"relation", name(pair.relation)},
          {"clear", pair.clear},
          {"basis", pair.basis}};
}

Json contest_json(const Contest& contest) {
  return {{"network", contest.network},
          {"target", contest.target},
          {"batch", contest.batch ? Json(*contest.batch) : Json(nullptr)},
          {"rows", contest.rows},
          {"tied", contest.tied}};
}

}  // namespace

std::string comparison_page(const Comparison& comparison, std::span<const PagedModel> models,
                            std::span<const EstimateReport> sweep, const PageOrigin& origin) {
  Report estimates;
  Json json{{"compared", Json::array()}, {"pairs", Json::array()}, {"contests", Json::array()}};
  for (const ComparedEstimate& row : comparison.rows) {
    json["compared"].push_back(row_json(row, estimates.estimates.size()));
    estimates.estimates.push_back(row.estimate);
  }
  for (const ComparedPair& pair : comparison.pairs) json["pairs"].push_back(pair_json(pair));
  for (const Contest& contest : comparison.contests) json["contests"].push_back(contest_json(contest));
  json["min_accuracy"] = comparison.min_accuracy ? Json(*comparison.min_accuracy) : Json(nullptr);
  json["comparison_remarks"] = comparison.remarks;
  const std::string title = fmt::format("{} estimates compared", comparison.rows.size());
  const std::string rows = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return page(title + " · wattlayer", page_content("comparison", title, origin, {rows, estimate_rows(estimates, models, sweep)}));
}

}  // namespace wattlayer

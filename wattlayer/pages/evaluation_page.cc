#include "wattlayer/pages/evaluation_page.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>
#include <unordered_map>

#include "wattlayer/pages/page_content.h"

namespace wattlayer {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t most_points = 1500, most_points_of_many = 300;  // of a plot; more are thinned evenly
constexpr size_t many_headings = 8;

/// What stands together under one heading: data set, split, hardware, engine, scope, setup.
using Heading = std::tuple<std::string, std::string, std::string, std::string, std::string, std::string>;
constexpr std::string_view several = "each in turn";  // where devices are left out

Heading heading_of(const EvaluationRow& row) { return {row.dataset, row.split, row.hardware, row.engine, row.scope, row.setup}; }

/// Of devices left out, only what was predicted without rows of their own.
bool belongs(const EvaluationPoint& p, const Heading& heading) {
  const bool devices = std::get<2>(heading) == several;
  return heading == Heading{p.dataset, p.split, devices ? std::string(several) : p.hardware, p.engine, p.scope, p.setup} &&
         (!devices || p.unit.ends_with("K=0"));
}

Json number(double value) { return page_number(value); }
Json number(const std::optional<double>& value) { return value ? number(*value) : Json(nullptr); }

Json row_json(const EvaluationRow& row) {
  Json json{
      {"unit", row.unit_left_out}, {"level", row.level}, {"method", row.method}, {"pooled", row.pooled}, {"note", row.note}};
  json["epochs_seen"] = row.epochs_seen ? Json(*row.epochs_seen) : Json(nullptr);
  json["score"] = nullptr;
  if (const auto& s = row.score)
    json["score"] = {{"n", s->n},
                     {"medape", number(s->medape)},
                     {"mape", number(s->mape)},
                     {"p90", number(s->p90)},
                     {"max", number(s->max)},
                     {"min", number(s->min)},
                     {"bias", number(s->bias)},
                     {"r2", number(s->r2)},
                     {"coverage90", number(s->coverage90)},
                     {"width90", number(s->width90)}};
  json["noise_floor"] = nullptr;
  if (const auto& f = row.noise_floor)
    json["noise_floor"] = {{"medape", number(f->medape)}, {"mape", number(f->mape)}, {"n", f->n}};
  return json;
}

/// Texts that points share, each written once.
class Names {
 public:
  size_t place(const std::string& name) {
    const auto [at, added] = places_.try_emplace(name, list_.size());
    if (added) list_.push_back(name);
    return at->second;
  }
  Json take() { return std::move(list_); }

 private:
  std::unordered_map<std::string, size_t> places_;
  Json list_ = Json::array();
};

/// Points of one method in columns; `op` and `row` point into the names of the section.
Json plot_json(const std::string& method, const std::vector<const EvaluationPoint*>& points, size_t most, Names& operators,
               Names& names) {
  Json json{{"method", method},     {"points", points.size()},   {"op", Json::array()},
            {"row", Json::array()}, {"measured", Json::array()}, {"predicted", Json::array()}};
  const size_t step = std::max<size_t>(1, (points.size() + most - 1) / most);
  for (size_t i = 0; i < points.size(); i += step) {
    const EvaluationPoint& p = *points[i];
    json["op"].push_back(operators.place(p.op)), json["row"].push_back(names.place(p.row));
    json["measured"].push_back(number(p.truth)), json["predicted"].push_back(number(p.predicted));
  }
  return json;
}

Json section_json(const Heading& heading, const Evaluation& evaluation, size_t most) {
  const auto& [dataset, split, hardware, engine, scope, setup] = heading;
  Json json{{"dataset", dataset}, {"split", split}, {"hardware", hardware},
            {"engine", engine},   {"scope", scope}, {"setup", setup}};
  json["rows"] = Json::array(), json["plots"] = Json::array();
  Names operators, names;
  for (const EvaluationRow& row : evaluation.rows)
    if (heading_of(row) == heading) json["rows"].push_back(row_json(row));
  std::vector<std::pair<std::string, std::vector<const EvaluationPoint*>>> by_method;
  for (const EvaluationPoint& point : evaluation.points) {
    if (!belongs(point, heading)) continue;
    if (by_method.empty() || by_method.back().first != point.method) by_method.push_back({point.method, {}});
    by_method.back().second.push_back(&point);
  }
  for (const auto& [method, points] : by_method) json["plots"].push_back(plot_json(method, points, most, operators, names));
  json["operators"] = operators.take(), json["names"] = names.take();
  return json;
}

}  // namespace

std::string evaluation_page(const Evaluation& evaluation, const std::string& title, const PageOrigin& origin) {
  std::vector<Heading> headings;
  for (const EvaluationRow& row : evaluation.rows)
    if (std::find(headings.begin(), headings.end(), heading_of(row)) == headings.end()) headings.push_back(heading_of(row));
  Json json{{"sections", Json::array()}};
  for (const Heading& heading : headings)
    json["sections"].push_back(
        section_json(heading, evaluation, headings.size() > many_headings ? most_points_of_many : most_points));
  return page(title + " · wattlayer",
              page_content("evaluation", title, origin, {json.dump(-1, ' ', false, Json::error_handler_t::replace)}));
}

}  // namespace wattlayer

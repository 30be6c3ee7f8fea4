#include "wattlayer/fit/evaluation_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace wattlayer {
namespace {

constexpr double side = 300, margin = 38;                        // of a plot, in pixels
constexpr size_t most_points = 1500, most_points_of_many = 300;  // of a plot; more are thinned evenly
constexpr const char* colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d3b", "#666666"};

constexpr const char* style = R"(<style>
:root{color-scheme:light dark;--ink:#1a1a1a;--soft:#777;--line:#ddd;--paper:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e8e8e8;--soft:#999;--line:#444;--paper:#161616}}
body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:75rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px}
th,td{padding:.2rem .6rem;text-align:right;border-bottom:1px solid var(--line)}
th:nth-child(-n+3),td:nth-child(-n+3){text-align:left}
.plots{display:flex;flex-wrap:wrap;gap:1rem;margin:1rem 0}
figure{margin:0}figcaption{font-size:13px}svg text{fill:var(--soft);font-size:10px}
.scroll{overflow-x:auto}.key span{margin-right:1rem;font-size:13px}
</style>)";

std::string escape(const std::string& text) {
  std::string out;
  for (char c : text) out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : std::string(1, c);
  return out;
}

/// Powers of ten that all points lie between.
struct Decades {
  int low = 0, high = 1;
  double place(double value) const {
    const double share = (std::log10(value) - low) / (high - low);
    return margin + std::clamp(share, 0.0, 1.0) * (side - 2 * margin);
  }
};

using Points = std::vector<const EvaluationPoint*>;

/// From the measurements alone, half a decade wider: wild predictions lie on the border.
Decades decades(const Points& points) {
  double low = INFINITY, high = 0;
  for (const EvaluationPoint* p : points) low = std::min(low, p->truth), high = std::max(high, p->truth);
  Decades d{static_cast<int>(std::floor(std::log10(low) - 0.5)), static_cast<int>(std::ceil(std::log10(high) + 0.5))};
  return d;
}

std::string axes(const Decades& d) {
  std::string out = fmt::format("<line x1='{0}' y1='{1}' x2='{1}' y2='{0}' stroke='var(--soft)' stroke-dasharray='4 3'/>", margin,
                                side - margin);
  const int step = std::max(1, (d.high - d.low) / 5);
  for (int decade = d.low; decade <= d.high; decade += step) {
    const double at = d.place(std::pow(10.0, decade));
    out += fmt::format("<line x1='{0:.1f}' y1='{1}' x2='{0:.1f}' y2='{2}' stroke='var(--line)'/>", at, margin, side - margin);
    out +=
        fmt::format("<line y1='{0:.1f}' x1='{1}' y2='{0:.1f}' x2='{2}' stroke='var(--line)'/>", side - at, margin, side - margin);
    out += fmt::format("<text x='{:.1f}' y='{}' text-anchor='middle'>1e{}</text>", at, side - margin + 14, decade);
    out += fmt::format("<text x='{}' y='{:.1f}' text-anchor='end'>1e{}</text>", margin - 5, side - at + 3, decade);
  }
  return out + fmt::format(
                   "<text x='{}' y='{}' text-anchor='middle'>measured, J</text><text transform='translate(9 {}) rotate(-90)' "
                   "text-anchor='middle'>predicted, J</text>",
                   side / 2, side - 4, side / 2);
}

std::string plot(const std::string& method, const Points& points, const Decades& d,
                 const std::map<std::string, const char*>& colour_of, size_t most) {
  std::string out = fmt::format(
      "<figure><figcaption>{}</figcaption><svg width='{}' height='{}' role='img' aria-label='{} predicted against measured'>",
      escape(method), side, side, escape(method));
  out += axes(d);
  const size_t step = std::max<size_t>(1, (points.size() + most - 1) / most);
  for (size_t i = 0; i < points.size(); i += step) {
    const EvaluationPoint& p = *points[i];
    const double predicted = std::max(p.predicted, 1e-300);
    out += fmt::format("<circle cx='{:.1f}' cy='{:.1f}' r='2' fill='{}' fill-opacity='.55'/>", d.place(p.truth),
                       side - d.place(predicted), colour_of.at(p.op));
  }
  return out + "</svg></figure>\n";
}

std::string number(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "–";
}

std::string floor_text(const std::optional<NoiseFloor>& floor) {
  return floor ? fmt::format("{:.1f} / {:.1f} ({})", floor->medape, floor->mape, floor->n) : "–";
}

std::string table(const std::vector<const EvaluationRow*>& rows) {
  std::string out =
      "<div class='scroll'><table><tr><th>left out<th>level<th>method<th>n<th>MedAPE %<th>MAPE "
      "%<th>P90<th>max<th>min<th>bias<th>R²<th>in 90 % interval<th>×/÷<th>noise floor: MedAPE / MAPE (n)</tr>\n";
  for (const EvaluationRow* row : rows) {
    out += fmt::format("<tr><td>{}<td>{}<td>{}", escape(row->unit_left_out), row->level, escape(row->method));
    if (!row->score) {
      out += fmt::format("<td>0<td colspan=10>{}</tr>\n", escape(row->note));
      continue;
    }
    const Score& s = *row->score;
    out += fmt::format("<td>{}<td>{:.1f}<td>{:.1f}<td>{:.1f}<td>{:.1f}<td>{:.1f}<td>{:+.1f}<td>{}<td>{}<td>{}<td>{}</tr>\n", s.n,
                       s.medape, s.mape, s.p90, s.max, s.min, s.bias, number(s.r2, 4), number(s.coverage90, 1),
                       number(s.width90, 2), floor_text(row->noise_floor));
  }
  return out + "</table></div>\n";
}

/// What stands together under one heading.
using Heading = std::tuple<std::string, std::string, std::string, std::string, std::string, std::string>;
constexpr std::string_view several = "each in turn";  // where devices are left out

Heading heading_of(const EvaluationRow& row) { return {row.dataset, row.split, row.hardware, row.engine, row.scope, row.setup}; }

/// Of devices left out, only what was predicted without rows of their own.
bool belongs(const EvaluationPoint& p, const Heading& heading) {
  const bool devices = std::get<2>(heading) == several;
  return heading == Heading{p.dataset, p.split, devices ? std::string(several) : p.hardware, p.engine, p.scope, p.setup} &&
         (!devices || p.unit.ends_with("K=0"));
}

std::string text_of(const Heading& heading) {
  const auto& [dataset, split, hardware, engine, scope, setup] = heading;
  std::string out = dataset + ": " + split;
  for (const std::string& part : {hardware, engine, scope, setup})
    if (!part.empty()) out += ", " + part;
  return out;
}

std::string section(const Heading& heading, const Evaluation& evaluation, size_t most) {
  std::vector<const EvaluationRow*> rows;
  for (const EvaluationRow& row : evaluation.rows)
    if (heading_of(row) == heading) rows.push_back(&row);
  Points all;
  std::vector<std::pair<std::string, Points>> by_method;
  std::map<std::string, const char*> colour_of;
  for (const EvaluationPoint& point : evaluation.points) {
    if (!belongs(point, heading)) continue;
    all.push_back(&point);
    colour_of.emplace(point.op, colours[colour_of.size() % std::size(colours)]);
    if (by_method.empty() || by_method.back().first != point.method) by_method.emplace_back(point.method, Points{});
    by_method.back().second.push_back(&point);
  }
  std::string out = fmt::format("<h2>{}</h2>\n{}", escape(text_of(heading)), table(rows));
  if (all.empty()) return out;
  out += "<p class='key'>";
  for (const auto& [op, colour] : colour_of) out += fmt::format("<span style='color:{}'>● {}</span>", colour, escape(op));
  out += "</p><div class='plots'>\n";
  const Decades d = decades(all);
  for (const auto& [method, points] : by_method) out += plot(method, points, d, colour_of, most);
  return out + "</div>\n";
}

}  // namespace

std::string evaluation_page(const Evaluation& evaluation, const std::string& title) {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport "
      "content='width=device-width'><title>{}</title>\n{}\n<h1>{}</h1>\n",
      escape(title), style, escape(title));
  std::vector<Heading> headings;
  for (const EvaluationRow& row : evaluation.rows)
    if (std::find(headings.begin(), headings.end(), heading_of(row)) == headings.end()) headings.push_back(heading_of(row));
  const size_t most = headings.size() > 8 ? most_points_of_many : most_points;
  for (const Heading& heading : headings) out += section(heading, evaluation, most);
  return out + "</html>\n";
}

}  // namespace wattlayer

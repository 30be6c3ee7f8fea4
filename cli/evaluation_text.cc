#include "cli/evaluation_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "cli/program.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Methods of this project: of measurements, and of projections.
bool is_ours(std::string_view method) { return method == "physics" || method == "ours"; }

constexpr size_t most_points = 400, most_worst = 5;  // in JSON, of one device and split

std::optional<double> figure_of(const EvaluationRow& row, const std::string& name) {
  const std::optional<Score>& score = name.starts_with("time_") ? row.time : row.score;
  if (!score) return std::nullopt;
  if (name.ends_with("medape")) return score->medape;
  if (name.ends_with("mape")) return score->mape;
  if (name == "coverage90") return score->coverage90;
  return name == "p90" ? std::optional(score->p90) : score->r2;
}

std::vector<const AccuracyTarget*> targets_of(const EvaluationRow& row, const AccuracyTargets& targets) {
  std::vector<const AccuracyTarget*> found;
  const auto at = targets.find(row.dataset);
  if (at == targets.end()) return found;
  for (const AccuracyTarget& t : at->second)
    if (t.split == row.split && t.unit == row.unit_left_out && (t.level.empty() || t.level == row.level) &&
        (t.hardware.empty() || t.hardware == row.hardware) && (t.engine.empty() || t.engine == row.engine) &&
        (t.scope.empty() || t.scope == row.scope) && t.epochs_seen == row.epochs_seen &&
        (t.method.empty() ? is_ours(row.method) : t.method == row.method))
      found.push_back(&t);
  return found;
}

bool is_met(double reached, const AccuracyTarget& target) {
  if (target.figure == "coverage90") return std::abs(reached - 90) <= std::abs(*target.must_reach - 90);
  return target.figure == "r2" ? reached >= *target.must_reach : reached <= *target.must_reach;
}

/// What no method can do better in a figure of energy; nothing where too few rows were measured twice.
std::optional<double> floor_of(const EvaluationRow& row, const std::string& name) {
  if (!row.noise_floor) return std::nullopt;
  if (name == "mape") return row.noise_floor->mape;
  if (name == "medape") return row.noise_floor->medape;
  return name == "p90" ? std::optional(row.noise_floor->p90) : std::nullopt;
}

Json optional(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json as_json(const EvaluationRow& row, const AccuracyTargets& targets) {
  Json json{{"dataset", row.dataset},
            {"hardware", row.hardware},
            {"engine", row.engine},
            {"scope", row.scope},
            {"setup", row.setup},
            {"split", row.split},
            {"unit_left_out", row.unit_left_out},
            {"pooled", row.pooled},
            {"method", row.method},
            {"level", row.level},
            {"n", row.score ? row.score->n : 0}};
  const auto figure = [&](const char* name, std::optional<double> value) { json[name] = optional(value); };
  const auto of = [&](const std::optional<Score>& s, double Score::*member) {
    return s ? std::optional(s.value().*member) : std::nullopt;
  };
  figure("medape", of(row.score, &Score::medape));
  figure("mape", of(row.score, &Score::mape));
  figure("p90", of(row.score, &Score::p90));
  figure("max", of(row.score, &Score::max));
  figure("min", of(row.score, &Score::min));
  figure("bias", of(row.score, &Score::bias));
  figure("r2", row.score ? row.score->r2 : std::nullopt);
  figure("coverage90", row.score ? row.score->coverage90 : std::nullopt);
  figure("width90", row.score ? row.score->width90 : std::nullopt);
  figure("time_medape", of(row.time, &Score::medape));
  figure("time_mape", of(row.time, &Score::mape));
  json["n_predicted"] = row.predicted ? Json(row.predicted->n) : Json();
  figure("medape_predicted", of(row.predicted, &Score::medape));
  json["n_extrapolated"] = row.extrapolated ? Json(row.extrapolated->n) : Json();
  figure("medape_extrapolated", of(row.extrapolated, &Score::medape));
  if (const auto& f = row.noise_floor)
    json["noise_floor"] = {{"n", f->n}, {"workloads", f->workloads}, {"mape", f->mape}, {"medape", f->medape}, {"p90", f->p90}};
  if (row.epochs_seen) json["epochs_seen"] = *row.epochs_seen;
  if (!row.note.empty()) json["note"] = row.note;
  Json list = Json::array();
  for (const AccuracyTarget* t : targets_of(row, targets)) {
    const auto reached = figure_of(row, t->figure);
    Json target{{"figure", t->figure},
                {"reached", optional(reached)},
                {"must_reach", optional(t->must_reach)},
                {"aim", optional(t->aim)},
                {"noise_floor", optional(floor_of(row, t->figure))}};
    target["met"] = reached && t->must_reach ? Json(is_met(*reached, *t)) : Json();
    if (!t->note.empty()) target["note"] = t->note;
    list.push_back(std::move(target));
  }
  if (!list.empty()) json["targets"] = list;
  return json;
}

/// Points of one device, setup and split.
using PointKey = std::tuple<std::string, std::string, std::string, std::string, std::string, std::string>;

double off(const EvaluationPoint* p) { return std::abs(std::log(p->predicted > 0 ? p->predicted / p->truth : 1e-300)); }

/// Thinned points of `physics`, and the rows that it misses most.
Json points_as_json(const Evaluation& evaluation) {
  std::map<PointKey, std::vector<const EvaluationPoint*>> groups;
  for (const EvaluationPoint& p : evaluation.points)
    if (is_ours(p.method) && (p.unit.find("K=") == p.unit.npos || p.unit.ends_with("K=0")))
      groups[{p.dataset, p.hardware, p.engine, p.scope, p.setup, p.split}].push_back(&p);
  Json list = Json::array();
  for (auto& [key, points] : groups) {
    Json pairs = Json::array(), worst = Json::array();
    const size_t step = (points.size() + most_points - 1) / most_points;
    for (size_t i = 0; i < points.size(); i += step) pairs.push_back({points[i]->truth, points[i]->predicted});
    const size_t shown = std::min(points.size(), most_worst);
    std::partial_sort(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(shown), points.end(),
                      [](auto* a, auto* b) { return off(a) > off(b); });
    for (size_t i = 0; i < shown; ++i)
      worst.push_back({{"row", points[i]->row}, {"measured_j", points[i]->truth}, {"predicted_j", points[i]->predicted}});
    const auto& [dataset, hardware, engine, scope, setup, split] = key;
    list.push_back({{"dataset", dataset},
                    {"hardware", hardware},
                    {"engine", engine},
                    {"scope", scope},
                    {"setup", setup},
                    {"split", split},
                    {"measured_and_predicted_j", pairs},
                    {"worst", worst}});
  }
  return list;
}

std::string per_cent(double value) { return value < 99.95 ? fmt::format("{:.1f}", value) : fmt::format("{:.0f}", value); }

std::vector<std::string> figures(const EvaluationRow& row) {
  if (!row.score) return {"0", "–", "–", "–", "–", "–", "–", "–", "–", "–"};
  const Score& s = *row.score;
  std::vector<std::string> cells = {std::to_string(s.n)};
  for (double value : {s.medape, s.mape, s.p90, s.max, s.min}) cells.push_back(per_cent(value));
  cells.push_back(fmt::format("{}{}", s.bias < 0 ? "-" : "+", per_cent(std::abs(s.bias))));
  cells.push_back(s.r2 ? fmt::format("{:.4f}", *s.r2) : "–");
  cells.push_back(s.coverage90 ? per_cent(*s.coverage90) : "–");
  cells.push_back(s.width90 ? fmt::format("{:.2f}", *s.width90) : "–");
  return cells;
}

std::vector<TextTable::Column> with_figures(std::vector<TextTable::Column> columns) {
  for (const char* name : {"N", "MedAPE %", "MAPE %", "P90", "MAX", "MIN", "BIAS", "R2", "COV90", "×/÷"})
    columns.push_back({name, Align::right});
  return columns;
}

/// Rows that one table of methods by epochs seen does not show (projected_series.h).
std::vector<EvaluationRow> without_projections(const Evaluation& evaluation) {
  std::vector<EvaluationRow> rows;
  std::copy_if(evaluation.rows.begin(), evaluation.rows.end(), std::back_inserter(rows),
               [](const EvaluationRow& row) { return !row.epochs_seen; });
  return rows;
}

}  // namespace

std::string target_text(const EvaluationRow& row, const AccuracyTargets& targets) {
  std::string out;
  for (const AccuracyTarget* t : targets_of(row, targets)) {
    if (!t->must_reach) continue;
    const auto reached = figure_of(row, t->figure);
    const std::string_view verdict = !reached ? "no figure" : is_met(*reached, *t) ? "met" : "missed";
    const std::string_view note = t->figure.starts_with("time_") && reached ? " of time" : "";
    const std::string found = note.empty() ? "" : fmt::format(" ({:.1f})", *reached);
    out += fmt::format("{}{}{} {:g}{}: {}", out.empty() ? "" : "; ", t->figure, note, *t->must_reach, found, verdict);
    const auto floor = floor_of(row, t->figure);
    if (floor && verdict == "missed") out += fmt::format(" (noise floor {} of {} rows)", per_cent(*floor), row.noise_floor->n);
  }
  return out;
}

std::string evaluation_json(const Evaluation& evaluation, const AccuracyTargets& targets,
                            const std::vector<NotScored>& not_scored, bool whole) {
  Json rows = Json::array(), missing = Json::array();
  for (const EvaluationRow& row : evaluation.rows) rows.push_back(as_json(row, targets));
  for (const NotScored& n : not_scored)
    missing.push_back({{"dataset", n.dataset},
                       {"hardware", n.hardware},
                       {"engine", n.engine},
                       {"dtype", n.dtype},
                       {"rows", n.rows},
                       {"reason", n.reason}});
  return Json{{"schema", 1}, {"whole", whole}, {"rows", rows}, {"points", points_as_json(evaluation)}, {"not_scored", missing}}
             .dump(1) +
         "\n";
}

std::string evaluation_tables(const Evaluation& evaluation, bool all_units) {
  const std::vector<EvaluationRow> all = without_projections(evaluation);
  std::string out;
  for (size_t start = 0; start < all.size();) {
    const EvaluationRow& first = all[start];
    const auto same = [&](const EvaluationRow& row) {
      return std::tie(row.split, row.hardware, row.engine, row.scope, row.setup) ==
             std::tie(first.split, first.hardware, first.engine, first.scope, first.setup);
    };
    size_t end = start;
    while (end < all.size() && same(all[end])) ++end;
    std::vector<const EvaluationRow*> rows;
    for (size_t i = start; i < end; ++i) rows.push_back(&all[i]);
    std::stable_sort(rows.begin(), rows.end(), [](const EvaluationRow* a, const EvaluationRow* b) {
      return std::tuple(a->unit_left_out != "all", a->unit_left_out, a->level) <
             std::tuple(b->unit_left_out != "all", b->unit_left_out, b->level);
    });
    out += fmt::format("{}{}: {} ({}, {}{}{})\n\n", start ? "\n" : "", first.dataset, first.split, first.hardware, first.engine,
                       first.setup.empty() ? "" : ", ", first.setup);
    TextTable table(with_figures({{"LEFT OUT"}, {"LEVEL"}, {"METHOD"}}));
    std::set<std::string> units;
    for (const EvaluationRow* row : rows) units.insert(row->unit_left_out);
    for (const EvaluationRow* row : rows) {
      if (!all_units && units.size() > 24 && !row->pooled) continue;
      std::vector<std::string> cells = {row->unit_left_out, row->level, row->method};
      for (std::string& cell : figures(*row)) cells.push_back(std::move(cell));
      table.row(std::move(cells));
    }
    out += table.print(terminal().colour);
    start = end;
  }
  return out;
}

std::string suite_table(const Evaluation& evaluation, const AccuracyTargets& targets, const std::vector<NotScored>& not_scored,
                        bool all_units) {
  const std::vector<EvaluationRow> all = without_projections(evaluation);
  std::vector<TextTable::Column> columns = {
      {"DATA SET"}, {"DEVICE/ENGINE", Align::left, 44}, {"SPLIT", Align::left, 30}, {"LEFT OUT", Align::left, 36}, {"METHOD"}};
  columns = with_figures(std::move(columns));
  columns.push_back({"MUST REACH"});
  TextTable table(std::move(columns));
  for (const EvaluationRow& row : all) {
    const std::string target = target_text(row, targets);
    if (!all_units && !row.pooled && targets_of(row, targets).empty()) continue;
    const std::string device = fmt::format("{}/{}{}{}{}", row.hardware, row.engine, row.setup.empty() ? "" : " ", row.setup,
                                           row.scope == "wall" ? " (wall)" : "");
    std::vector<std::string> cells = {row.dataset, device, row.split, fmt::format("{} ({})", row.unit_left_out, row.level),
                                      row.method};
    for (std::string& cell : figures(row)) cells.push_back(std::move(cell));
    cells.push_back(target);
    table.row(std::move(cells), is_ours(row.method) ? Style::bold : Style::plain);
  }
  std::string out = table.print(terminal().colour);
  for (const NotScored& n : not_scored)
    out += fmt::format("not scored: {} rows of {} on {}/{}/{}: {}\n", n.rows, n.dataset, n.hardware, n.engine, n.dtype, n.reason);
  return out;
}

}  // namespace wattlayer::cli

#include "cli/projected_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "cli/program.h"
#include "wattlayer/core/error.h"
#include "wattlayer/datasets/series.h"
#include "wattlayer/report/text_table.h"
#include "wattlayer/training/projection_evaluation.h"

namespace wattlayer::cli {
namespace {

constexpr std::string_view ours = "ours";

using Key = std::tuple<std::string, std::string, std::string>;  // data set, hardware, split

/// Rows of one data set, device and split by method and epochs seen.
struct Projected {
  std::vector<std::string> methods;
  std::set<size_t> counts;
  std::map<std::pair<std::string, size_t>, const EvaluationRow*> rows;
};

std::string cell(const EvaluationRow* row) {
  if (!row || !row->score) return "–";
  return fmt::format("{:.1f} / {:.1f}", row->score->mape, row->score->medape);
}

void add_line(TextTable& table, const std::string& title, const Projected& of, const std::string& method, const auto& text) {
  std::vector<std::string> cells = {title};
  for (const size_t count : of.counts) {
    const auto found = of.rows.find({method, count});
    cells.push_back(text(found == of.rows.end() ? nullptr : found->second));
  }
  table.row(std::move(cells), method == ours && title == ours ? Style::bold : Style::plain);
}

std::string table_of(const Key& key, const Projected& of, const AccuracyTargets& targets) {
  std::vector<TextTable::Column> columns = {{"EPOCHS SEEN"}};
  for (const size_t count : of.counts) columns.push_back({std::to_string(count), Align::right});
  TextTable table(std::move(columns));
  add_line(table, "runs", of, std::string(ours),
           [](const EvaluationRow* row) { return row && row->score ? std::to_string(row->score->n) : std::string("–"); });
  for (const std::string& method : of.methods) add_line(table, method, of, method, cell);
  add_line(table, "ours: coverage %", of, std::string(ours), [](const EvaluationRow* row) {
    return row && row->score && row->score->coverage90 ? fmt::format("{:.0f}", *row->score->coverage90) : std::string("–");
  });
  add_line(table, "ours: interval ×/÷", of, std::string(ours), [](const EvaluationRow* row) {
    return row && row->score && row->score->width90 ? fmt::format("{:.3f}", *row->score->width90) : std::string("–");
  });
  const auto& [dataset, hardware, split] = key;
  std::string out = fmt::format("{} on {}, {}: error of the projected energy of the whole run, mean / median %\n\n{}", dataset,
                                hardware, split, table.print(terminal().colour));
  for (const auto& [place, row] : of.rows)
    if (const std::string target = target_text(*row, targets); !target.empty())
      out += fmt::format("after {} epochs: {}\n", place.second, target);
  return out;
}

/// HARDWARE/BLOCK of the runs that took part in the learning, by its card.
std::set<std::string> known_blocks(const LearnedProjection& learned) {
  const auto card = nlohmann::json::parse(learned.card, nullptr, false);
  if (!card.is_object() || !card.contains("blocks")) return {};
  return card["blocks"].get<std::set<std::string>>();
}

void remark_on_known_blocks(const std::vector<EpochSeries>& runs, const std::string& hardware,
                            const std::set<std::string>& blocks) {
  const auto known = std::count_if(runs.begin(), runs.end(),
                                   [&](const EpochSeries& run) { return blocks.contains(hardware + "/" + run.block); });
  if (known > 0)
    write_remark(
        fmt::format("{} of {} runs are of blocks that the projection was learned from; only others tell how well it does", known,
                    runs.size()));
}

}  // namespace

LearnedProjection shipped_projection(const DataFiles& files) {
  const auto text = files.read("energy_models", "training-epochs.json");
  if (!text) throw Error(ErrorKind::internal, "energy_models/training-epochs.json is missing");
  return parse_projection(*text);
}

Evaluation evaluate_series(const DatasetDescription& description, const std::filesystem::path& folder,
                           const LearnedProjection& ships, bool shipped) {
  Evaluation all;
  for (const RunsRead& read : read_series(description, folder)) {
    if (read.too_short > 0)
      write_remark(fmt::format("{}: {} runs have too few epochs to take part", description.id, read.too_short));
    if (!read.refused.empty())
      write_remark(fmt::format("{}: {} runs refused, first {}", description.id, read.refused.size(), read.refused.front()));
    if (read.runs.empty()) continue;
    if (shipped) remark_on_known_blocks(read.runs, read.hardware, known_blocks(ships));
    ProjectionTrial trial{
        .dataset = description.id, .hardware = read.hardware, .engine = description.engine, .scope = description.scope};
    trial.split = shipped ? "finished energy model" : description.splits.front().name;
    trial.duration_known = read.equal_epochs;
    if (shipped) trial.learned = &ships;
    else trial.elsewhere = &ships, trial.elsewhere_blocks = known_blocks(ships);
    Evaluation part = evaluate_projections(read.runs, trial);
    std::move(part.rows.begin(), part.rows.end(), std::back_inserter(all.rows));
    std::move(part.points.begin(), part.points.end(), std::back_inserter(all.points));
  }
  return all;
}

std::string projection_tables(const Evaluation& evaluation, const AccuracyTargets& targets) {
  std::map<Key, Projected> found;
  for (const EvaluationRow& row : evaluation.rows) {
    if (!row.epochs_seen) continue;
    Projected& of = found[{row.dataset, row.hardware, row.split}];
    if (std::find(of.methods.begin(), of.methods.end(), row.method) == of.methods.end()) of.methods.push_back(row.method);
    of.counts.insert(*row.epochs_seen);
    of.rows[{row.method, *row.epochs_seen}] = &row;
  }
  std::string out;
  for (const auto& [key, of] : found) out += (out.empty() ? "" : "\n") + table_of(key, of, targets);
  return out;
}

}  // namespace wattlayer::cli

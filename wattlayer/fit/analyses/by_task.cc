#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "wattlayer/core/error.h"
#include "wattlayer/fit/analysis.h"
#include "wattlayer/fit/evaluation.h"

namespace wattlayer {
namespace {

/// Slides of the paper: its data, task by task. HJ and MAC-linear fitted on a balanced mix of tasks.
struct PublishedErrors {
  std::string_view task, method;
  double mape, medape, max, min;
};
constexpr PublishedErrors slides[] = {
    {"vision", "wattlayer", 40.1, 33.6, 168.9, 0.4},      {"vision", "hj", 99.8, 86.8, 870.1, 0.02},
    {"vision", "mac-linear", 833.7, 229.0, 18784.3, 8.2}, {"language", "wattlayer", 45.6, 46.2, 175.8, 4.7},
    {"language", "hj", 152.9, 68.1, 1510.5, 26.2},        {"language", "mac-linear", 3091.2, 2526.3, 5713.4, 518.6},
    {"audio", "wattlayer", 26.6, 22.2, 61.1, 15.6},       {"audio", "hj", 67.7, 67.5, 75.1, 63.4},
    {"audio", "mac-linear", 58.3, 53.8, 93.6, 1.72},
};

/// Absolute errors in per cent of one method, by the task of the test row.
using ErrorsByTask = std::map<std::string, std::vector<double>>;

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (double v : values) sum += v / static_cast<double>(values.size());
  return sum;
}

/// Median where every task weighs the same, however many rows it has: the least error that half the weight lies at or below; with
/// a single task or an even split the mean of the two errors around it.
double balanced_median(const ErrorsByTask& tasks) {
  std::vector<std::pair<double, double>> weighted;
  for (const auto& [task, errors] : tasks)
    for (double e : errors) weighted.emplace_back(e, 1 / static_cast<double>(errors.size() * tasks.size()));
  std::sort(weighted.begin(), weighted.end());
  double weight = 0;
  for (size_t i = 0; i < weighted.size(); ++i) {
    weight += weighted[i].second;
    if (std::abs(weight - 0.5) < 1e-9 && i + 1 < weighted.size()) return (weighted[i].first + weighted[i + 1].first) / 2;
    if (weight > 0.5) return weighted[i].first;
  }
  return weighted.back().first;
}

struct Line {
  std::string hardware, engine, dtype, scope, split, method;
};

/// A row for each task, and `balanced`: the mean over tasks, so that a task with many rows does not decide.
void add_lines(AnalysisTable& table, const Line& line, const ErrorsByTask& tasks) {
  const auto add = [&](const std::string& task, const ErrorsByTask& some) {
    double mape = 0, most = 0, least = INFINITY;
    size_t n = 0;
    for (const auto& [name, errors] : some) {
      mape += mean_of(errors) / static_cast<double>(some.size());
      most = std::max(most, *std::max_element(errors.begin(), errors.end()));
      least = std::min(least, *std::min_element(errors.begin(), errors.end()));
      n += errors.size();
    }
    table.rows.push_back(
        {fmt::format("{}/{}/{}{}", line.hardware, line.engine, line.dtype, line.scope == "wall" ? " (wall)" : ""), line.split,
         task, line.method, static_cast<double>(n), mape, balanced_median(some), most, least});
  };
  for (const auto& [task, errors] : tasks) add(task, {{task, errors}});
  if (tasks.size() > 1) add("balanced", tasks);
}

/// Task of each row that states one, by the row's name.
std::map<std::string, std::string> tasks_of(const std::vector<Measurement>& rows) {
  std::map<std::string, std::string> tasks;
  for (const Measurement& m : rows)
    if (const auto task = m.conditions.find("task"); task != m.conditions.end()) tasks[m.row] = task->second;
  return tasks;
}

/// All methods on the rows of one device, engine and data type. Returns what could not be told.
void add_group(AnalysisTable& table, const std::vector<Measurement>& rows, const AnalysisInput& input, double from, double to,
               std::set<std::string>& remarks) {
  const Measurement& first = rows[0];
  const std::map<std::string, std::string> tasks = tasks_of(rows);
  const double each = (to - from) / static_cast<double>(input.methods.size());
  for (size_t i = 0; i < input.methods.size(); ++i) {
    const Method& method = input.methods[i];
    const Evaluation evaluation =
        evaluate(rows, input.splits, {&method, 1}, input.catalogue.hardware(first.hardware), input.catalogue.engine(first.engine),
                 [&](const std::string& split, const std::string& unit, std::string_view name, size_t) {
                   input.report(from + each * static_cast<double>(i),
                                fmt::format("{}: {} without {}, {}", first.hardware, name, unit, split));
                 });
    std::map<std::string, ErrorsByTask> splits;
    for (const EvaluationPoint& point : evaluation.points)
      if (const auto task = tasks.find(point.row); task != tasks.end())
        splits[point.split][task->second].push_back(100 * std::abs(point.predicted / point.truth - 1));
    for (const auto& [split, errors] : splits)
      add_lines(table,
                {first.hardware, first.engine, std::string(name(first.dtype)), first.scope, split, std::string(method.name)},
                errors);
    if (splits.empty())
      for (const EvaluationRow& row : evaluation.rows)
        if (!row.note.empty()) remarks.insert(fmt::format("{} has no figure on {}: {}.", method.name, first.hardware, row.note));
  }
}

AnalysisTable published_table() {
  AnalysisTable table{.title = "Published by WattLayer, of its own measurements (not these rows)",
                      .columns = {{"task", "TASK"},
                                  {"method", "METHOD"},
                                  {"mape", "MAPE %", Notation::per_cent},
                                  {"medape", "MedAPE %", Notation::per_cent},
                                  {"max", "MAX", Notation::per_cent},
                                  {"min", "MIN", Notation::per_cent}}};
  for (const PublishedErrors& p : slides)
    table.rows.push_back({std::string(p.task), std::string(p.method), p.mape, p.medape, p.max, p.min});
  return table;
}

AnalysisResult run(const AnalysisInput& input) {
  std::map<std::tuple<std::string, std::string, DataType, std::string>, std::vector<Measurement>> groups;  // scopes do not mix
  std::set<std::string> stated;
  for (const Measurement& m : input.rows) {
    if (const auto task = m.conditions.find("task"); task != m.conditions.end()) stated.insert(task->second);
    groups[{m.hardware, m.engine, m.dtype, m.scope}].push_back(m);
  }
  if (stated.empty())
    throw Error(ErrorKind::invalid_input,
                "by-task needs rows that state their task (condition `task`: vision, language, audio); none of these does");
  AnalysisTable table{.title = "Errors of whole workloads by task, methods refitted on each part of each split",
                      .columns = {{"device", "DEVICE"},
                                  {"split", "SPLIT"},
                                  {"task", "TASK"},
                                  {"method", "METHOD"},
                                  {"n", "N", Notation::count},
                                  {"mape", "MAPE %", Notation::per_cent},
                                  {"medape", "MedAPE %", Notation::per_cent},
                                  {"max", "MAX", Notation::per_cent},
                                  {"min", "MIN", Notation::per_cent}}};
  std::set<std::string> remarks;
  double done = 0;
  for (const auto& [key, rows] : groups) {
    const double size = static_cast<double>(groups.size());
    add_group(table, rows, input, done / size, (done + 1) / size, remarks);
    ++done;
  }
  if (table.rows.empty())
    throw Error(ErrorKind::invalid_input,
                remarks.empty() ? "no habitual split of this data set can use these rows" : *remarks.begin());
  std::stable_sort(table.rows.begin(), table.rows.end(), [](const auto& a, const auto& b) {
    const auto order = [](const auto& row) {
      const auto& task = std::get<std::string>(row[2]);
      return std::tuple(std::get<std::string>(row[0]), std::get<std::string>(row[1]), task == "balanced", task);
    };
    return order(a) < order(b);
  });
  return {.tables = {std::move(table), published_table()}, .remarks = {remarks.begin(), remarks.end()}};
}

}  // namespace

Analysis by_task_analysis() {
  return {
      .name = "by-task",
      .summary = "MAPE, MedAPE, MaxAPE and MinAPE by task and balanced over tasks, every method (WattLayer, Sardi et al. 2026)",
      .run = run};
}

}  // namespace wattlayer

#include "wattlayer/datasets/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"
#include "wattlayer/datasets/row_columns.h"
#include "wattlayer/datasets/row_text.h"
#include "wattlayer/store/csv.h"
#include "wattlayer/store/text_file.h"

namespace wattlayer {
namespace {

constexpr double same_duration = 0.05;  // of a trace and the run that it is of

std::string filled(const std::string& pattern, const ColumnLookup& column) {
  if (auto text = fill_template(pattern, column)) return *text;
  throw Error(ErrorKind::invalid_input, fmt::format("a column of '{}' is empty", pattern));
}

double number(const std::string& pattern, std::string_view field, const ColumnLookup& column, bool zero_too = false) {
  const std::string text = filled(pattern, column);
  const std::optional<double> value = real_of(text);
  if (!value || *value < 0 || (*value == 0 && !zero_too))
    throw Error(ErrorKind::invalid_input, fmt::format("{} is '{}'; expected a number above 0", field, text));
  return *value;
}

/// Calls `row` with each row of the table's one file and where it stands; what it throws is told with that place.
template <class Row>
void for_each_row(const DatasetTable& table, const std::filesystem::path& folder, const Row& row) {
  const auto file = std::find_if(table.files.begin(), table.files.end(),
                                 [&](const std::string& name) { return std::filesystem::is_regular_file(folder / name); });
  if (file == table.files.end())
    throw Error(ErrorKind::io, fmt::format("{} holds none of {}", folder.string(), fmt::join(table.files, ", ")));
  const std::string text = read_text_file(folder / *file);
  CsvReader reader(text);
  RowColumns columns(table, reader, folder, *file);
  const ColumnLookup column = [&columns](std::string_view name) { return columns(name); };
  while (reader.next()) try {
      if (!reader.fault().empty()) throw Error(ErrorKind::invalid_input, reader.fault());
      columns.derive();
      row(column, fmt::format("{}:{}", (folder / *file).string(), reader.line()));
    } catch (const Error& e) {
      throw e.within(fmt::format("{}:{}", (folder / *file).string(), reader.line()));
    }
}

/// Runs that turned out to be bad: they are left out, with the first reason.
class Refusals {
 public:
  explicit Refusals(RunsRead& result) : result_(result) {}
  bool contains(const std::string& run) const { return names_.contains(run); }
  void add(const std::string& run, const std::string& reason) {
    if (names_.insert(run).second) result_.refused.push_back(reason);
  }

 private:
  RunsRead& result_;
  std::set<std::string> names_;
};

Epoch epoch_of(const SeriesTable& description, const EpochSeries& run, const ColumnLookup& column) {
  Epoch epoch{.number = std::llround(number(description.epoch, "epoch", column, true)),
              .energy = Joules{number(description.energy_j, "energy", column)}};
  if (!description.duration_s.empty()) epoch.duration = Seconds{number(description.duration_s, "duration", column)};
  if (!run.epochs.empty() && epoch.number != run.epochs.back().number + 1)
    throw Error(ErrorKind::invalid_input, fmt::format("epoch {} of {} follows epoch {}; expected {}", epoch.number, run.name,
                                                      run.epochs.back().number, run.epochs.back().number + 1));
  return epoch;
}

void read_epochs(const SeriesTable& description, const std::filesystem::path& folder, RunsRead& result) {
  std::map<std::string, size_t> place;
  Refusals refusals(result);
  for_each_row(description.table, folder, [&](const ColumnLookup& column, const std::string& where) {
    if (!matches(description.where, column)) return;
    const std::string name = filled(description.series, column);
    const auto [at, is_new] = place.emplace(name, result.runs.size());
    if (is_new) result.runs.push_back({.name = name, .block = filled(description.block, column)});
    if (refusals.contains(name)) return;
    EpochSeries& run = result.runs[at->second];
    try {
      run.epochs.push_back(epoch_of(description, run, column));
    } catch (const Error& e) {
      refusals.add(name, e.within(where).what());
    }
  });
  std::erase_if(result.runs, [&](const EpochSeries& run) { return refusals.contains(run.name); });
}

struct Trace {
  std::string block, group;
  std::vector<Seconds> times;
  std::vector<Watts> power;
};

struct Total {
  size_t epochs;
  Joules energy;
  Seconds duration;
};

EpochSeries cut(const std::string& name, const Trace& trace, const Total& total) {
  const Seconds length = trace.times.back() - trace.times.front();
  if (std::abs(length / total.duration - 1) > same_duration)
    throw Error(ErrorKind::invalid_input,
                fmt::format("trace {} lasts {:.0f} s, the run in its place {:.0f} s; expected runs and traces of {} in one order",
                            name, length.value, total.duration.value, trace.group));
  EpochSeries run{.name = name, .block = trace.block, .epochs = {}, .total = total.energy};
  const Seconds part = length / static_cast<double>(total.epochs);
  for (const Joules energy : energy_of_parts(trace.times, trace.power, total.epochs))
    run.epochs.push_back({static_cast<int64_t>(run.epochs.size()) + 1, energy, part});
  return run;
}

void read_samples(const SeriesTable& description, const std::filesystem::path& folder, std::map<std::string, Trace>& traces,
                  Refusals& refusals) {
  for_each_row(description.table, folder, [&](const ColumnLookup& column, const std::string& where) {
    if (!matches(description.where, column)) return;
    const std::string name = filled(description.series, column);
    Trace& trace = traces[name];
    if (trace.times.empty()) trace.block = filled(description.block, column), trace.group = filled(description.group, column);
    try {
      trace.times.push_back(Seconds{number(description.time_s, "time", column, true)});
      trace.power.push_back(Watts{number(description.power_w, "power", column, true)});
    } catch (const Error& e) {
      refusals.add(name, e.within(where).what());
    }
  });
}

std::map<std::string, std::vector<Total>> read_totals(const SeriesTable::Totals& t, const std::filesystem::path& folder) {
  std::map<std::string, std::vector<Total>> totals;
  for_each_row(t.table, folder, [&](const ColumnLookup& column, const std::string&) {
    totals[filled(t.group, column)].push_back({static_cast<size_t>(number(t.epochs, "epochs", column)),
                                               Joules{number(t.energy_j, "energy", column)},
                                               Seconds{number(t.duration_s, "duration", column)}});
  });
  return totals;
}

void read_traces(const SeriesTable& description, const std::filesystem::path& folder, RunsRead& result) {
  std::map<std::string, Trace> traces;  // by name, which orders those of a group
  Refusals refusals(result);
  read_samples(description, folder, traces, refusals);
  std::map<std::string, std::vector<Total>> totals = read_totals(*description.totals, folder);
  std::map<std::string, size_t> count, used;
  for (const auto& [name, trace] : traces) ++count[trace.group];
  for (const auto& [name, trace] : traces) try {
      const std::vector<Total>& rows = totals[trace.group];
      const size_t place = used[trace.group]++;
      if (refusals.contains(name)) continue;
      if (count[trace.group] != rows.size())
        throw Error(ErrorKind::invalid_input, fmt::format("{}: {} has {} traces and {} runs; expected one a run", name,
                                                          trace.group, count[trace.group], rows.size()));
      result.runs.push_back(cut(name, trace, rows[place]));
    } catch (const Error& e) {
      refusals.add(name, e.what());
    }
}

}  // namespace

std::vector<Joules> energy_of_parts(const std::vector<Seconds>& times, const std::vector<Watts>& power, size_t parts) {
  if (times.size() < 2 || parts == 0) throw Error(ErrorKind::invalid_input, "a trace of less than two samples has no energy");
  std::vector<Joules> energies(parts);
  const double start = times.front().value, part = (times.back().value - start) / static_cast<double>(parts);
  for (size_t i = 1; i < times.size(); ++i) {
    double from = times[i - 1].value - start;
    const double to = times[i].value - start, span = to - from, rise = power[i].value - power[i - 1].value;
    if (!(span > 0))
      throw Error(ErrorKind::invalid_input,
                  fmt::format("sample {} of the trace is at {} s, after one at {} s; expected ascending times", i + 1,
                              times[i].value, times[i - 1].value));
    const auto watts = [&](double at) { return power[i - 1].value + rise * (at - (times[i - 1].value - start)) / span; };
    for (auto p = static_cast<size_t>(from / part); from < to; ++p) {
      const double end = p + 1 >= parts ? to : std::min(to, part * static_cast<double>(p + 1));
      if (end > from) energies[std::min(p, parts - 1)] += Joules{(watts(from) + watts(end)) / 2 * (end - from)};
      from = std::max(from, end);
    }
  }
  return energies;
}

std::vector<RunsRead> read_series(const DatasetDescription& description, const std::filesystem::path& folder) {
  std::vector<RunsRead> all;
  for (const SeriesTable& table : description.series) {
    RunsRead& read = all.emplace_back(RunsRead{.hardware = table.hardware, .equal_epochs = table.totals.has_value()});
    if (table.totals) read_traces(table, folder, read);
    else read_epochs(table, folder, read);
    read.too_short = std::erase_if(read.runs, [&](const EpochSeries& run) { return run.epochs.size() < table.fewest_epochs; });
  }
  return all;
}

}  // namespace wattlayer

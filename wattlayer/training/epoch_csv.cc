#include "wattlayer/training/epoch_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/store/csv.h"

namespace wattlayer {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};
constexpr Unit energy_units[] = {{"mwh", 3.6e9}, {"kwh", 3.6e6}, {"wh", 3600}, {"mj", 1e6}, {"kj", 1e3}, {"j", 1}};

struct Known {
  std::string_view name;
  double factor;
};
/// CodeCarbon's names, in kWh and s, stand last.
constexpr Known energy_columns[] = {
    {"energy_j", 1},       {"energy_kj", 1e3},    {"energy_mj", 1e6},         {"energy_wh", 3600},
    {"energy_kwh", 3.6e6}, {"energy_mwh", 3.6e9}, {"energy_consumed", 3.6e6}, {"gpu_energy", 3.6e6}};
constexpr Known duration_columns[] = {{"duration_s", 1},    {"epoch_s", 1},       {"seconds", 1}, {"duration_ms", 1e-3},
                                      {"duration_min", 60}, {"duration_h", 3600}, {"duration", 1}};
constexpr Known end_columns[] = {{"end_s", 1}, {"elapsed_s", 1}, {"time_s", 1}};
constexpr Known power_columns[] = {{"power_w", 1}, {"mean_power_w", 1}, {"gpu_power_w", 1}};
constexpr Known epoch_columns[] = {{"epoch", 1}};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

constexpr double longest_first_s = 30 * 365.25 * 86400;

struct Column {
  size_t at = 0;
  double factor = 1;
  std::string name;
};

/// Reads one table; columns are found once.
class TableReader {
 public:
  TableReader(std::string_view csv, std::string_view file, const EpochColumns& wanted) : csv_(csv), file_(file) {
    for (const std::string& name : wanted.energy) energy_.push_back(named(name, wanted.energy_unit));
    if (energy_.empty())
      if (const auto column = known(energy_columns)) energy_.push_back(*column);
    duration_ = known(duration_columns);
    if (!duration_) end_ = known(end_columns);
    if (energy_.empty()) power_ = known(power_columns);
    epoch_ = known(epoch_columns);
    if (!wanted.monitored.empty()) monitored_ = plain(wanted.monitored);
    if (energy_.empty() && !(power_ && (duration_ || end_)))
      throw Error(
          ErrorKind::invalid_input,
          fmt::format("{}: no column tells the energy of an epoch; expected energy_j or energy_kwh, or power_w with duration_s, "
                      "found {}; name one with --energy-column",
                      file_, fmt::join(csv_.header(), ", ")));
  }

  EpochTable read();

 private:
  [[noreturn]] void wrong(const std::string& what) const {
    throw Error(ErrorKind::invalid_input, fmt::format("{}:{}: {}", file_, csv_.line(), what));
  }
  template <size_t n>
  std::optional<Column> known(const Known (&names)[n]) const {
    for (const Known& k : names)
      for (size_t i = 0; i < csv_.header().size(); ++i)
        if (lower(csv_.header()[i]) == k.name) return Column{i, k.factor, csv_.header()[i]};
    return std::nullopt;
  }
  Column plain(const std::string& name) const;
  Column named(const std::string& name, const std::string& unit) const;
  double number(const Column& column) const;
  double positive(const Column& column, std::string_view what) const;
  Epoch epoch();
  int64_t number_of_epoch();
  std::optional<Seconds> duration();
  bool starts_unknown() const;
  std::string forget_first_duration();

  CsvReader csv_;
  std::string file_;
  std::vector<Column> energy_;
  std::optional<Column> duration_, end_, power_, epoch_, monitored_;
  std::vector<Epoch> epochs_;
  std::vector<size_t> lines_;  ///< of the epochs
  double ended_ = 0;
};

Column TableReader::plain(const std::string& name) const {
  if (const auto at = csv_.column(name)) return {*at, 1, name};
  throw Error(ErrorKind::invalid_input,
              fmt::format("{}: column '{}' is not there; found {}", file_, name, fmt::join(csv_.header(), ", ")));
}

Column TableReader::named(const std::string& name, const std::string& unit) const {
  Column column = plain(name);
  const std::string text = lower(unit.empty() ? name : unit);
  for (const Unit& u : energy_units)
    if (unit.empty() ? text.ends_with("_" + std::string(u.name)) || text.find("_" + std::string(u.name) + ":") != text.npos
                     : text == u.name) {
      column.factor = u.factor;
      return column;
    }
  throw Error(ErrorKind::invalid_input,
              fmt::format("{}: the unit of column '{}' is unknown; say it with --energy-unit J, kJ, MJ, "
                          "Wh, kWh or MWh",
                          file_, name));
}

double TableReader::number(const Column& column) const {
  std::string_view text = csv_.fields()[column.at];
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || status != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    wrong(fmt::format("{} is '{}'; expected a number", column.name, text));
  return value;
}

double TableReader::positive(const Column& column, std::string_view what) const {
  const double value = number(column);
  if (!(value > 0))
    wrong(fmt::format("{} is {}; expected the {} of the epoch, above 0: a meter that stood still tells nothing", column.name,
                      value, what));
  return value * column.factor;
}

int64_t TableReader::number_of_epoch() {
  if (!epoch_) return static_cast<int64_t>(epochs_.size()) + 1;
  const double value = number(*epoch_);
  if (value < 0 || value != std::floor(value) || value > 1e9) wrong(fmt::format("epoch is {}; expected a whole number", value));
  const auto found = static_cast<int64_t>(value);
  if (epochs_.empty()) {
    if (found > 1)
      wrong(
          fmt::format("the first row is epoch {}; expected 0 or 1: add the epochs before it, or drop the column `epoch` to count "
                      "from this row",
                      found));
    return found;
  }
  for (size_t i = 0; i < epochs_.size(); ++i)
    if (epochs_[i].number == found)
      wrong(fmt::format("epoch {} is there twice, first in line {}; keep one of them", found, lines_[i]));
  const int64_t expected = epochs_.back().number + 1;
  if (found < expected) wrong(fmt::format("epoch {} stands after epoch {}; sort the rows", found, expected - 1));
  if (found > expected)
    wrong(fmt::format("epoch {} follows epoch {}; {} epoch(s) are missing", found, expected - 1, found - expected));
  return found;
}

std::optional<Seconds> TableReader::duration() {
  if (duration_) return Seconds{positive(*duration_, "duration")};
  if (!end_) return std::nullopt;
  const double end = number(*end_) * end_->factor, before = ended_;
  if (!(end > before)) wrong(fmt::format("{} is {} after {}; expected times that ascend", end_->name, end, before));
  ended_ = end;
  return Seconds{end - before};
}

Epoch TableReader::epoch() {
  Epoch epoch{.number = number_of_epoch(), .energy = {}, .duration = duration()};
  for (const Column& column : energy_) epoch.energy += Joules{positive(column, "energy")};
  if (power_) epoch.energy = Watts{positive(*power_, "mean power")} * *epoch.duration;
  return epoch;
}

/// Ends that a clock tells count from before the run.
bool TableReader::starts_unknown() const {
  const double first = epochs_.front().duration->value;
  if (epochs_.size() == 1) return first > longest_first_s;
  std::vector<double> later;
  for (size_t i = 1; i < epochs_.size(); ++i) later.push_back(epochs_[i].duration->value);
  const auto middle = later.begin() + static_cast<std::ptrdiff_t>(later.size() / 2);
  std::nth_element(later.begin(), middle, later.end());
  return first > 100 * *middle;
}

std::string TableReader::forget_first_duration() {
  const std::string found = fmt::format("{} is {:.10g} at the end of the first epoch, not seconds since the start of the run",
                                        end_->name, epochs_.front().duration->value);
  if (power_)
    throw Error(ErrorKind::invalid_input,
                fmt::format("{}:{}: {}, so the energy of that epoch is unknown; add a column duration_s or energy_j", file_,
                            lines_.front(), found));
  epochs_.front().duration.reset();
  return found + ": its duration is unknown";
}

EpochTable TableReader::read() {
  EpochTable table;
  while (csv_.next()) {
    if (!csv_.fault().empty()) wrong(csv_.fault());
    epochs_.push_back(epoch());
    lines_.push_back(csv_.line());
    if (monitored_) table.monitored.push_back(number(*monitored_));
  }
  if (epochs_.empty())
    throw Error(ErrorKind::invalid_input, fmt::format("{}: no epoch is there yet; expected one row an epoch", file_));
  if (end_ && starts_unknown()) table.remark = forget_first_duration();
  for (const Column& column : energy_) table.energy_from += (table.energy_from.empty() ? "" : " + ") + column.name;
  if (power_) table.energy_from = fmt::format("{} x duration", power_->name);
  table.epochs = std::move(epochs_);
  return table;
}

}  // namespace

EpochTable read_epoch_table(std::string_view csv, std::string_view file, const EpochColumns& columns) {
  try {
    return TableReader(csv, file, columns).read();
  } catch (const Error& e) {
    if (std::string_view(e.what()).starts_with(file)) throw;
    throw e.within(std::string(file));
  }
}

}  // namespace wattlayer

#include "wattlayer/training/epoch_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"
#include "wattlayer/store/csv.h"

namespace wattlayer {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};
constexpr Unit energy_units[] = {{"MWh", 3.6e9}, {"kWh", 3.6e6}, {"Wh", 3600}, {"mWh", 3.6},
                                 {"MJ", 1e6},    {"kJ", 1e3},    {"J", 1},     {"mJ", 1e-3}};

struct Known {
  std::string_view name;
  double factor;
};
/// CodeCarbon's names, in kWh and s, stand last. Factor 0: as the name is written, m for milli, M for mega.
constexpr Known energy_columns[] = {{"energy_j", 1},  {"energy_kj", 1e3}, {"energy_wh", 3600},        {"energy_kwh", 3.6e6},
                                    {"energy_mj", 0}, {"energy_mwh", 0},  {"energy_consumed", 3.6e6}, {"gpu_energy", 3.6e6}};
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

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_milli_or_mega(std::string_view unit) { return lower(unit) == "mj" || lower(unit) == "mwh"; }

/// Joules of a unit; only milli and mega differ by their letter's size.
std::optional<double> joules_of(std::string_view unit) {
  for (const Unit& u : energy_units)
    if (u.name == unit || (!is_milli_or_mega(u.name) && lower(u.name) == lower(unit))) return u.factor;
  return std::nullopt;
}

/// The unit that a column's name ends in, also before a meter: energy_j:nvml:0.
std::string_view unit_in(std::string_view name) {
  const std::string_view before_meter = name.substr(0, name.find(':'));
  for (const std::string_view part : {before_meter, name}) {
    const size_t at = part.rfind('_');
    const std::string_view unit = at == part.npos ? std::string_view() : part.substr(at + 1);
    if (joules_of(unit) || is_milli_or_mega(unit)) return unit;
  }
  return {};
}

struct Column {
  size_t at = 0;
  double factor = 1;
  std::string name;
};

/// Reads one table; columns are found once.
class TableReader {
 public:
  TableReader(std::string_view csv, std::string_view file, const EpochColumns& wanted) : csv_(csv), file_(file) {
    for (const std::string& name : csv_.header()) header_.emplace_back(trimmed(name));
    for (auto at = header_.begin(); at != header_.end(); ++at)
      if (std::find(header_.begin(), at, *at) != at)
        throw Error(ErrorKind::invalid_input, fmt::format("{}: column '{}' is there twice; keep one of them", file_, *at));
    for (const std::string& name : wanted.energy) energy_.push_back(named(name, wanted.energy_unit));
    if (energy_.empty())
      if (const auto column = known(energy_columns)) {
        const bool by_name = column->factor == 0 || !wanted.energy_unit.empty();
        energy_.push_back(by_name ? named(column->name, wanted.energy_unit) : *column);
      }
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
                      file_, fmt::join(header_, ", ")));
  }

  EpochTable read();

 private:
  [[noreturn]] void wrong(const std::string& what) const {
    throw Error(ErrorKind::invalid_input, fmt::format("{}:{}: {}", file_, csv_.line(), what));
  }
  template <size_t n>
  std::optional<Column> known(const Known (&names)[n]) const {
    for (const Known& k : names)
      for (size_t i = 0; i < header_.size(); ++i)
        if (lower(header_[i]) == k.name) return Column{i, k.factor, header_[i]};
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
  std::vector<std::string> header_;
  std::vector<Column> energy_;
  std::optional<Column> duration_, end_, power_, epoch_, monitored_;
  std::vector<Epoch> epochs_;
  std::vector<size_t> lines_;  ///< of the epochs
  double ended_ = 0;
};

Column TableReader::plain(const std::string& name) const {
  if (const auto at = std::find(header_.begin(), header_.end(), trimmed(name)); at != header_.end())
    return {static_cast<size_t>(at - header_.begin()), 1, *at};
  throw Error(ErrorKind::invalid_input,
              fmt::format("{}: column '{}' is not there; found {}", file_, name, fmt::join(header_, ", ")));
}

Column TableReader::named(const std::string& name, const std::string& unit) const {
  Column column = plain(name);
  const std::string_view found = unit.empty() ? unit_in(column.name) : std::string_view(unit);
  const bool capitals = unit.empty() && std::none_of(name.begin(), name.end(), [](unsigned char c) { return std::islower(c); });
  const auto factor = joules_of(found);
  if (is_milli_or_mega(found) && (!factor || capitals))
    throw Error(ErrorKind::invalid_input,
                fmt::format("{0}: '{1}' may stand for m{2} or M{2}; say which with --energy-column {3} --energy-unit m{2}|M{2}",
                            file_, unit.empty() ? name : unit, lower(found) == "mj" ? "J" : "Wh", name));
  if (factor) {
    column.factor = *factor;
    return column;
  }
  throw Error(ErrorKind::invalid_input,
              fmt::format("{}: the unit of column '{}' is unknown; say it with --energy-unit mJ, J, kJ, MJ, "
                          "mWh, Wh, kWh or MWh",
                          file_, name));
}

double TableReader::number(const Column& column) const {
  const std::string_view text = trimmed(csv_.fields()[column.at]);
  const std::optional<double> value = real_of(text);
  if (!value) wrong(fmt::format("{} is '{}'; expected a number", column.name, text));
  return *value;
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

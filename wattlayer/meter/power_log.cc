#include "wattlayer/meter/power_log.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"
#include "wattlayer/core/statistics.h"

namespace wattlayer {
namespace {

struct Column {
  std::string_view name;
  double unit;
  bool energy;
};

constexpr std::array<std::string_view, 7> time_names = {"time", "timestamp", "datetime", "date", "epoch", "time_s", "t"};
constexpr Column value_names[] = {
    {"watts", 1, false},       {"watt", 1, false},          {"power_w", 1, false}, {"power", 1, false}, {"w", 1, false},
    {"power_mw", 1e-3, false}, {"milliwatts", 1e-3, false}, {"energy_j", 1, true}, {"joules", 1, true}, {"energy_wh", 3600, true},
    {"wh", 3600, true},        {"energy_kwh", 3.6e6, true}, {"kwh", 3.6e6, true},
};

std::string_view trimmed(std::string_view text) {
  const auto drop = [](char c) { return c == ' ' || c == '"' || c == '\r'; };
  while (!text.empty() && drop(text.front())) text.remove_prefix(1);
  while (!text.empty() && drop(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> cells_of(std::string_view line, char separator) {
  std::vector<std::string_view> cells;
  for (;;) {
    const size_t at = line.find(separator);
    cells.push_back(trimmed(line.substr(0, at)));
    if (at == line.npos) return cells;
    line.remove_prefix(at + 1);
  }
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// Takes `digits` digits off the front.
std::optional<int> take(std::string_view& text, size_t digits) {
  int value = 0;
  if (text.size() < digits) return {};
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc() || end != text.data() + digits || value < 0) return {};
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text.front()) == one_of.npos) return false;
  text.remove_prefix(1);
  return true;
}

/// `Z`, `+01:00`, `+0100` or nothing, in seconds.
std::optional<double> zone_of(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return 0;
  const double sign = text.front() == '-' ? -1 : 1;
  if (!take(text, "+-")) return {};
  const auto hours = take(text, 2);
  if (!hours) return {};
  take(text, ":");
  const auto minutes = text.empty() ? std::optional(0) : take(text, 2);
  if (!minutes || !text.empty()) return {};
  return sign * (*hours * 3600 + *minutes * 60);
}

std::optional<Seconds> parse_iso(std::string_view text) {
  const auto year = take(text, 4);
  if (!year || !take(text, "-")) return {};
  const auto month = take(text, 2);
  if (!month || !take(text, "-")) return {};
  const auto day = take(text, 2);
  if (!day || !take(text, "T ")) return {};
  const auto hour = take(text, 2);
  if (!hour || !take(text, ":")) return {};
  const auto minute = take(text, 2);
  if (!minute || !take(text, ":")) return {};
  const size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto second = real_of(text.substr(0, end));
  const auto zone = zone_of(text.substr(end));
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!second || !zone || !date.ok() || *hour > 24 || *minute > 59 || *second >= 61) return {};
  const double days = static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count());
  return Seconds{days * 86400 + *hour * 3600 + *minute * 60 + *second - *zone};
}

}  // namespace

std::optional<Seconds> parse_log_time(std::string_view text) {
  const auto value = real_of(text);
  if (!value) return parse_iso(text);
  // By size: 1e11 s would be the year 5138, 1e11 ms is 1973.
  const double size = std::abs(*value);
  return Seconds{*value / (size < 1e11 ? 1 : size < 1e14 ? 1e3 : size < 1e17 ? 1e6 : 1e9)};
}

PowerLog::PowerLog(std::filesystem::path file, const std::string& column) : file_(std::move(file)), column_(lower(column)) {
  refresh();
}

void PowerLog::fail(const std::string& why) const {
  throw Error(ErrorKind::invalid_input, fmt::format("{}: line {}: {}", file_.string(), line_number_, why));
}

void PowerLog::read_header(std::string_view line) {
  header_read_ = true;
  for (const char separator : {';', '\t', ','})
    if (line.find(separator) != line.npos) separator_ = separator;
  std::vector<std::string> names;
  for (const std::string_view cell : cells_of(line, separator_)) names.push_back(lower(cell));
  if (names.size() >= 2 && parse_log_time(names[0]) && real_of(names[1])) return add_line(line);  // columns without names
  const auto is_time = [](const std::string& n) {
    return std::find(time_names.begin(), time_names.end(), n) != time_names.end();
  };
  const auto time = std::find_if(names.begin(), names.end(), is_time);
  const Column* value = nullptr;
  for (size_t i = 0; i < names.size() && !value; ++i) {
    if (!column_.empty() && names[i] != column_) continue;
    for (const Column& known : value_names)
      if (known.name == names[i]) value = &known;
    if (!value && !column_.empty()) value = &value_names[0];
    if (value) value_column_ = i;
  }
  if (time == names.end() || !value)
    fail(
        fmt::format("expected columns `time` and `watts` (or energy_j, energy_wh, energy_kwh), found {}; --meter-setting "
                    "csv.column=NAME says which holds the watts",
                    fmt::join(names, ", ")));
  time_column_ = static_cast<size_t>(time - names.begin());
  unit_ = value->unit;
  counts_energy_ = value->energy;
}

void PowerLog::add_line(std::string_view line) {
  if (trimmed(line).empty() || line.front() == '#') return;
  const std::vector<std::string_view> cells = cells_of(line, separator_);
  if (cells.size() <= std::max(time_column_, value_column_))
    fail(fmt::format("expected {} columns, found {}", std::max(time_column_, value_column_) + 1, cells.size()));
  const auto at = parse_log_time(cells[time_column_]);
  const auto value = real_of(cells[value_column_]);
  if (!at) fail(fmt::format("expected a time (seconds since 1970 or ISO 8601), found '{}'", cells[time_column_].substr(0, 60)));
  if (!value || *value < 0) fail(fmt::format("expected a number from 0, found '{}'", cells[value_column_].substr(0, 60)));
  if (!rows_.empty() && *at <= rows_.back().at) {
    if (*at == rows_.back().at) return;  // meters that log whole seconds repeat one now and then
    fail("its time lies before that of the line above");
  }
  Row row{.at = *at};
  if (counts_energy_) {
    if (!first_energy_) first_energy_ = *value;
    row.energy = {(*value - *first_energy_) * unit_};
    if (!rows_.empty() && row.energy < rows_.back().energy) fail("the energy runs backwards: the meter was reset");
  } else {
    row.power = {*value * unit_};
    if (!rows_.empty()) row.energy = rows_.back().energy + (rows_.back().power + row.power) / 2 * (*at - rows_.back().at);
  }
  rows_.push_back(row);
}

void PowerLog::refresh() {
  errno = 0;
  std::ifstream in(file_, std::ios::binary);
  if (!in || std::filesystem::is_directory(file_))
    throw Error(ErrorKind::unavailable,
                fmt::format("cannot read the power log {}: {}", file_.string(), std::strerror(errno ? errno : EISDIR)));
  in.seekg(0, std::ios::end);
  if (static_cast<uint64_t>(in.tellg()) < offset_)
    throw Error(ErrorKind::unavailable,
                fmt::format("the power log {} became shorter: it was begun anew; measure again", file_.string()));
  in.seekg(static_cast<std::streamoff>(offset_));
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (text == tail_) return;
  put_tail_back();
  std::string_view rest = text;
  for (size_t end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    offset_ += end + 1;
    ++line_number_;
    if (header_read_) add_line(line);
    else if (!trimmed(line).empty() && line.front() != '#') read_header(line);
  }
  tail_ = rest;
}

bool PowerLog::take_tail() {
  if (tail_is_row_ || !header_read_ || tail_.empty()) return tail_is_row_;
  const size_t rows = rows_.size();
  try {
    add_line(tail_);
  } catch (const Error&) {
    return false;  // half a line
  }
  tail_is_row_ = rows_.size() > rows;
  return tail_is_row_;
}

void PowerLog::put_tail_back() {
  if (tail_is_row_) rows_.pop_back();
  if (rows_.empty()) first_energy_.reset();
  tail_is_row_ = false;
}

std::optional<Seconds> PowerLog::interval() const {
  if (rows_.size() < 2) return {};
  std::vector<double> gaps;
  for (size_t i = std::max<size_t>(1, rows_.size() - std::min<size_t>(rows_.size() - 1, 1000)); i < rows_.size(); ++i)
    gaps.push_back((rows_[i].at - rows_[i - 1].at).value);
  return Seconds{median(gaps)};
}

Seconds PowerLog::longest_gap(Seconds since) const {
  Seconds longest{0};
  for (size_t i = rows_.size(); i-- > 1 && rows_[i].at > since;) longest = std::max(longest, rows_[i].at - rows_[i - 1].at);
  return longest;
}

Joules PowerLog::energy_at(Seconds time) const {
  const auto after = std::lower_bound(rows_.begin(), rows_.end(), time, [](const Row& row, Seconds t) { return row.at < t; });
  if (after == rows_.end() || (after == rows_.begin() && time < after->at))
    throw Error(ErrorKind::internal, "a power log was asked for a time that it does not hold");
  if (after->at == time) return after->energy;
  const Row& before = *(after - 1);
  const double share = (time - before.at) / (after->at - before.at);
  if (counts_energy_) return before.energy + (after->energy - before.energy) * share;
  const Watts power = before.power + (after->power - before.power) * share;
  return before.energy + (before.power + power) / 2 * (time - before.at);
}

Joules PowerLog::energy_after_end(Seconds time) const {
  const Row& last = rows_.back();
  Watts power = last.power;
  if (counts_energy_) power = {0};
  if (counts_energy_ && rows_.size() >= 2) {
    const Row& before = rows_[rows_.size() - 2];
    power = (last.energy - before.energy) / (last.at - before.at);
  }
  return last.energy + power * (time - last.at);
}

}  // namespace wattlayer

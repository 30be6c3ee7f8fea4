#include "wattlayer/training/power_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"
#include "wattlayer/core/statistics.h"
#include "wattlayer/training/csv_numbers.h"

namespace wattlayer {

double PowerSeries::usual_step_s() const {
  std::vector<double> steps;
  for (size_t i = 1; i < time_s.size(); ++i) steps.push_back(time_s[i] - time_s[i - 1]);
  return steps.empty() ? 0 : median(std::move(steps));
}

IntegratedPower integrate(const PowerSeries& series, double from_s, double to_s, double longest_gap_s) {
  const auto& t = series.time_s;
  const auto after = std::upper_bound(t.begin(), t.end(), from_s);
  const auto last = std::lower_bound(t.begin(), t.end(), to_s);
  if (after == t.begin() || last == t.end()) return {IntegratedPower::Fault::missing};
  const auto end = static_cast<size_t>(last - t.begin());
  IntegratedPower result;
  for (auto i = static_cast<size_t>(after - t.begin()) - 1; i < end; ++i) {
    if (t[i + 1] - t[i] > longest_gap_s) return {IntegratedPower::Fault::missing};
    if (!(series.power_w[i] > 0) || !(series.power_w[i + 1] > 0)) result.fault = IntegratedPower::Fault::zero;
    const auto power_at = [&](double time) {
      return std::lerp(series.power_w[i], series.power_w[i + 1], (time - t[i]) / (t[i + 1] - t[i]));
    };
    const double a = std::max(from_s, t[i]), b = std::min(to_s, t[i + 1]);
    result.energy_j += (b - a) * (power_at(a) + power_at(b)) / 2;
  }
  return result;
}

double parse_time(std::string_view text) {
  if (const auto seconds = real_of(text)) return *seconds;
  int year = 0, read = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0;
  double second = 0;
  const std::string copy(text.substr(0, text.find_last_not_of("Z ") + 1));
  const bool is_date =
      std::sscanf(copy.c_str(), "%4d-%2u-%2u%*1[T ]%2u:%2u:%lf%n", &year, &month, &day, &hour, &minute, &second, &read) == 6 &&
      static_cast<size_t>(read) == copy.size();
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!is_date || !date.ok() || hour > 23 || minute > 59 || !(second >= 0 && second < 61))
    throw Error(ErrorKind::invalid_input,
                fmt::format("expected seconds or a time such as 2021-05-01T12:30:00, found '{}'", text));
  return static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count()) * 86400 + hour * 3600 + minute * 60 + second;
}

std::map<std::string, PowerSeries> read_power(std::string_view text) {
  CsvReader csv(text);
  const CsvNumbers numbers(csv);
  const size_t node = numbers.column({"node"}), time = numbers.column({"time", "time_s"}),
               power = numbers.column({"power_w", "power"});
  std::map<std::string, PowerSeries> nodes;
  while (csv.next()) {
    numbers.require_whole_record();
    const double seconds = numbers.time(time);
    PowerSeries& series = nodes[numbers.text(node)];
    if (!series.time_s.empty() && seconds <= series.time_s.back())
      throw Error(ErrorKind::invalid_input,
                  fmt::format("line {}: node {}: expected times that rise, found {} {}; sort by time and keep one sample of each",
                              csv.line(), numbers.text(node), numbers.text(time),
                              seconds == series.time_s.back() ? "twice" : "after a later one"));
    series.time_s.push_back(seconds);
    series.power_w.push_back(numbers.number(power));
  }
  if (nodes.empty()) throw Error(ErrorKind::invalid_input, "the table has no rows; expected node,time,power_w in each");
  return nodes;
}

}  // namespace wattlayer

#include "wattlayer/bench/collect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "wattlayer/bench/adaptive.h"
#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer {
namespace {

constexpr int most_attempts = 4;      ///< of an item that others take down, before it is a failure
constexpr size_t look_ahead = 200;    ///< items that may be drawn forward to fill a group
constexpr double memory_share = 0.4;  ///< of the device that a group may take

struct Waiting {
  CampaignItem item;
  int attempts = 0;
  bool alone = false;
};

/// How far predicted times are off, learnt from the groups so far; recent ones weigh more.
class Pace {
 public:
  void add(double predicted_s, double actual_s) {
    predicted_ = 0.9 * predicted_ + predicted_s;
    actual_ = 0.9 * actual_ + actual_s;
  }
  double factor() const { return predicted_ > 0 ? std::clamp(actual_ / predicted_, 0.01, 100.0) : 1; }

 private:
  double predicted_ = 0, actual_ = 0;
};

/// One run of a campaign.
class Collection {
 public:
  Collection(const Campaign& campaign, const CampaignPlace& place, Store& store, Clock& clock, const CollectOptions& options)
      : campaign_(campaign),
        place_(place),
        store_(store),
        clock_(clock),
        options_(options),
        endings_(row_endings(options.meters)) {}

  CollectResult run(std::vector<CampaignItem> items);

 private:
  std::vector<Waiting> next_group();
  void measure(std::vector<Waiting> group);
  std::vector<Measured> measured(std::span<const Task> tasks, const std::vector<Waiting>& group);
  void finish(Waiting& waiting, const Task& task, Measured& measured, size_t group_size, std::vector<Measurement>& rows);
  void again(Waiting waiting) { queue_.push_front(std::move(waiting)); }
  std::vector<Measurement> failure_rows(const CampaignItem& item, Workload workload, const std::string& reason);
  void identify(Measurement& row, const CampaignItem& item, const std::string& ending) const;
  void count(const CampaignItem& item, bool failed);
  void add_adaptive(bool at_the_end);
  bool out_of_time(const std::vector<Waiting>& group) const;
  double expected(const CampaignItem& item) const {
    return expected_time(item, campaign_, slowest_refresh(options_.meters)).value;
  }
  void report(const std::string& item);
  bool stopping() const { return options_.stop && options_.stop(); }

  const Campaign& campaign_;
  const CampaignPlace& place_;
  Store& store_;
  Clock& clock_;
  const CollectOptions& options_;
  const std::vector<std::string> endings_;
  std::unique_ptr<Runner> runner_;
  std::deque<Waiting> queue_;
  double left_s_ = 0;  ///< predicted, of the queue
  double memory_ = 8e9;
  Pace pace_;
  Seconds started_;
  size_t total_ = 0;
  std::unordered_set<std::string> known_;  ///< ids of all items, so that no adaptive point repeats one
  AdaptiveRounds rounds_;
  CollectResult result_;
};

CollectResult Collection::run(std::vector<CampaignItem> items) {
  started_ = clock_.now();
  runner_ = options_.start_runner();
  for (const RunnerDevice& device : runner_->info().devices)
    if (device.id == options_.preparation.device && device.memory_bytes) memory_ = *device.memory_bytes;
  total_ = items.size();
  const std::vector<bool> done = present(items, store_, campaign_, place_.engine.id, options_);
  for (size_t i = 0; i < items.size(); ++i) {
    known_.insert(items[i].id());
    if (done[i]) {
      ++result_.present;
      continue;
    }
    left_s_ += expected(items[i]);
    queue_.push_back({std::move(items[i])});
  }
  rounds_ = AdaptiveRounds::read(store_, campaign_, place_.engine.id, options_.hardware);
  report("");
  while (!(result_.stopped = stopping())) {
    add_adaptive(queue_.empty());
    if (queue_.empty()) break;
    std::vector<Waiting> group = next_group();
    while (group.size() > 1 && out_of_time(group)) {
      again(std::move(group.back()));
      group.pop_back();
    }
    if (out_of_time(group)) {
      again(std::move(group.front()));
      break;
    }
    measure(std::move(group));
  }
  result_.left = queue_.size();
  result_.time = clock_.now() - started_;
  return result_;
}

/// Items of one data type that fit into the device together, the first of the queue among them.
std::vector<Waiting> Collection::next_group() {
  std::vector<Waiting> group;
  group.push_back(std::move(queue_.front()));
  queue_.pop_front();
  if (group[0].alone || !group[0].item.obstacle.empty()) return group;
  double bytes = group[0].item.bytes;
  for (size_t i = 0; i < std::min(queue_.size(), look_ahead) && group.size() < static_cast<size_t>(campaign_.group);) {
    const Waiting& next = queue_[i];
    const bool fits = next.item.dtype == group[0].item.dtype && !next.alone && next.item.obstacle.empty() &&
                      bytes + next.item.bytes <= memory_share * memory_;
    if (!fits) {
      ++i;
      continue;
    }
    bytes += next.item.bytes;
    group.push_back(std::move(queue_[i]));
    queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return group;
}

bool Collection::out_of_time(const std::vector<Waiting>& group) const {
  if (!options_.budget) return false;
  double needed = 0;
  for (const Waiting& waiting : group) needed += expected(waiting.item);
  return (clock_.now() - started_).value + needed * pace_.factor() > options_.budget->value;
}

void Collection::measure(std::vector<Waiting> group) {
  std::vector<Measurement> rows;
  std::vector<Task> tasks;
  std::vector<Waiting> ready;
  for (Waiting& waiting : group) {
    const CampaignItem& item = waiting.item;
    try {
      if (!item.obstacle.empty()) throw Error(ErrorKind::unsupported, item.obstacle);
      tasks.push_back(item.network.empty()
                          ? layer_task(parse_layer(item.layer))
                          : network_task(read_network(item.network, place_.folders, item.batch), place_.engine, item.dtype));
      tasks.back().workload.name = item.network.empty() ? item.layer : item.network;
      ready.push_back(std::move(waiting));
    } catch (const Error& e) {
      const Workload unknown{.name = item.network, .batch = item.batch, .is_network = true};
      for (Measurement& row : failure_rows(item, item.network.empty() ? Workload{} : unknown, e.what()))
        rows.push_back(std::move(row));
      left_s_ -= expected(item);
      count(item, true);
    }
  }
  const Seconds begun = clock_.now();
  double predicted = 0;
  for (const Waiting& waiting : ready) predicted += expected(waiting.item);
  std::vector<Measured> results;
  if (!tasks.empty()) results = measured(tasks, ready);
  for (size_t i = 0; i < results.size(); ++i) finish(ready[i], tasks[i], results[i], tasks.size(), rows);
  store_.add(rows);
  for (const Measured& result : results)
    if (result.meter_gone)
      throw Error(ErrorKind::unavailable, result.failure + "; what was measured is kept: call it again when the meter is back");
  if (!results.empty()) pace_.add(predicted, (clock_.now() - begun).value);
  report("");
}

std::vector<Measured> Collection::measured(std::span<const Task> tasks, const std::vector<Waiting>& group) {
  if (!runner_ || !runner_->alive()) {
    runner_.reset();  // the old process ends before the new one takes the device
    runner_ = options_.start_runner();
  }
  Preparation preparation = options_.preparation;
  preparation.dtype = group[0].item.dtype;
  return options_.measure(tasks, *runner_, preparation, [&](const Progress& progress) {
    report(progress.task < group.size() ? group[progress.task].item.key : "");
    return !stopping();
  });
}

/// Turns what became of a task into rows, or puts it back.
void Collection::finish(Waiting& waiting, const Task& task, Measured& measured, size_t group_size,
                        std::vector<Measurement>& rows) {
  const CampaignItem& item = waiting.item;
  const bool cut_short =
      stopping() && (!measured.failure.empty() || measured.windows.size() < static_cast<size_t>(campaign_.protocol.min_windows));
  if (cut_short) return again(std::move(waiting));
  if (measured.meter_gone) return again(std::move(waiting));
  std::string failure = measured.failure;
  if (measured.interrupted) {
    waiting.alone = ++waiting.attempts >= 2;
    if (waiting.attempts < most_attempts) return again(std::move(waiting));
    failure = fmt::format("the runner went away {} times while this was being measured", waiting.attempts);
  } else if (group_size > 1 && (failure.find("out of memory") != failure.npos || failure.find("signal 9") != failure.npos)) {
    waiting.alone = true;  // its neighbours held memory too
    return again(std::move(waiting));
  }
  if (failure.empty() && measured.rows.empty()) failure = "the measurement gave neither figure nor reason";
  std::vector<Measurement> own = failure.empty() ? std::move(measured.rows) : failure_rows(item, task.workload, failure);
  for (size_t i = 0; i < own.size(); ++i) {
    if (failure.empty()) identify(own[i], item, i < endings_.size() ? endings_[i] : fmt::format(" [{}]", own[i].meter));
    if (!measured.remarks.empty()) own[i].conditions["remarks"] = fmt::format("{}", fmt::join(measured.remarks, "; "));
    rows.push_back(std::move(own[i]));
  }
  left_s_ -= expected(item);
  count(item, !failure.empty());
}

void Collection::count(const CampaignItem& item, bool failed) {
  ++(failed ? result_.failed : result_.measured);
  if (!failed) rounds_.count(item);
}

std::vector<Measurement> Collection::failure_rows(const CampaignItem& item, Workload workload, const std::string& reason) {
  if (result_.first_failure.empty()) result_.first_failure = reason;
  if (!item.layer.empty() && workload.items.empty())
    workload = {.name = item.layer, .items = {{.layer = parse_layer(item.layer)}}, .batch = item.batch};
  std::vector<Measurement> rows;
  for (size_t i = 0; i < endings_.size(); ++i) {
    Measurement row{.workload = workload, .engine = place_.engine.id, .dtype = item.dtype, .repetitions = 0, .failure = reason};
    if (i < options_.meters.size()) {
      const MeterInfo& meter = options_.meters[i];
      row.scope = meter.scope, row.meter = meter.meter, row.method = meter.method;
      row.conditions["domain"] = meter.domain;
    }
    identify(row, item, endings_[i]);
    rows.push_back(std::move(row));
  }
  return rows;
}

void Collection::identify(Measurement& row, const CampaignItem& item, const std::string& ending) const {
  row.hardware = options_.hardware;
  row.engine = place_.engine.id;
  row.dtype = item.dtype;
  row.dataset = campaign_.id;
  row.kind = item.kind;
  row.row = item.key + ending;
  row.block = item.block;
  if (item.kind == "random-layer") {
    row.conditions["letters"] = item.letters;
    row.conditions["template"] = campaign_.random[item.rule].layer;
    if (item.round > 0) row.conditions["round"] = std::to_string(item.round);
  }
  if (item.networks > 0) row.conditions["networks"] = std::to_string(item.networks);
}

void Collection::add_adaptive(bool at_the_end) {
  for (const auto& [dtype, round] : rounds_.due(campaign_, at_the_end)) {
    Selection selection{.dataset = campaign_.id,
                        .hardware = options_.hardware,
                        .engine = place_.engine.id,
                        .dtype = std::string(name(dtype)),
                        .kind = "random-layer"};
    std::vector<CampaignItem> points = propose(campaign_, place_, store_.select(selection), dtype, round);
    rounds_.begin(dtype, round.number);
    std::erase_if(points, [&](const CampaignItem& point) { return !known_.insert(point.id()).second; });
    total_ += points.size();
    for (size_t i = points.size(); i-- > 0;) {
      left_s_ += expected(points[i]);
      queue_.push_front({std::move(points[i])});
    }
  }
}

void Collection::report(const std::string& item) {
  if (!options_.progress) return;
  options_.progress({.done = result_.present + result_.measured + result_.failed,
                     .failed = result_.failed,
                     .present = result_.present,
                     .total = total_,
                     .elapsed = clock_.now() - started_,
                     .left = {std::max(0.0, left_s_ * pace_.factor())},
                     .item = item});
}

}  // namespace

CollectResult collect(const Campaign& campaign, std::vector<CampaignItem> items, const CampaignPlace& place, Store& store,
                      Clock& clock, const CollectOptions& options) {
  return Collection(campaign, place, store, clock, options).run(std::move(items));
}

Seconds expected_time(const CampaignItem& item, const Campaign& campaign, Seconds refresh) {
  const Protocol& p = campaign.protocol;
  constexpr double prepare_s = 0.05, filled_bytes_per_s = 2e9, refresh_search_s = 3;
  const double prepare = prepare_s + item.bytes / filled_bytes_per_s;
  if (!item.obstacle.empty()) return {0};
  if (p.fixed_passes) return {prepare + p.warm_up.value + static_cast<double>(*p.fixed_passes) * item.pass_s};
  const double window = std::max({p.window.value, p.refreshes * refresh.value, item.pass_s});
  const double lead_in = 2 * std::max(refresh.value, 0.01) + item.pass_s;
  const double measuring = std::max(p.warm_up.value, item.pass_s) + p.min_windows * (1.05 * window + lead_in);
  const double for_the_group = p.idle.value + std::min(refresh_search_s, 30 * refresh.value);
  return {prepare + std::min(measuring, p.budget.value + window + lead_in) + for_the_group / static_cast<double>(campaign.group)};
}

Seconds slowest_refresh(std::span<const MeterInfo> meters) {
  Seconds slowest{0};
  for (const MeterInfo& meter : meters) slowest = std::max(slowest, meter.refresh_interval.value_or(Seconds{0}));
  return slowest;
}

std::vector<std::string> row_endings(std::span<const MeterInfo> meters) {
  if (meters.empty()) return {""};
  std::vector<std::string> endings;
  std::map<std::string, int> seen;
  for (const MeterInfo& meter : meters) {
    const int n = ++seen[meter.scope];
    endings.push_back(n == 1 ? fmt::format(" [{}]", meter.scope) : fmt::format(" [{} {}]", meter.scope, n));
  }
  return endings;
}

std::vector<bool> present(std::span<const CampaignItem> items, const Store& store, const Campaign& campaign,
                          const std::string& engine, const CollectOptions& options) {
  std::unordered_set<std::string> rows;
  for (const Store::Row& row : store.rows({.dataset = campaign.id, .hardware = options.hardware, .engine = engine}))
    if (!row.failed || !options.retry_failed) rows.insert(fmt::format("{} {} {}", row.kind, row.dtype, row.row));
  const std::vector<std::string> endings = row_endings(options.meters);
  std::vector<bool> result;
  for (const CampaignItem& item : items)
    result.push_back(std::all_of(endings.begin(), endings.end(),
                                 [&](const std::string& ending) { return rows.contains(item.id() + ending); }));
  return result;
}

}  // namespace wattlayer

#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wattlayer/bench/campaign_items.h"
#include "wattlayer/bench/measure.h"
#include "wattlayer/bench/runner.h"
#include "wattlayer/store/store.h"

namespace wattlayer {

/// Measures tasks by turns: wattlayer::measure with its meters, protocol and clock.
using MeasureGroup = std::function<std::vector<Measured>(std::span<const Task> tasks, Runner& runner,
                                                         const Preparation& preparation, const ProgressCallback& progress)>;

/// Where a campaign stands.
struct CollectProgress {
  size_t done = 0;     ///< items that need no further work, those of earlier runs too
  size_t failed = 0;   ///< in this run, without a figure
  size_t present = 0;  ///< done by earlier runs
  size_t total = 0;
  Seconds elapsed, left;  ///< left: predicted from the protocol and how long the items so far took
  std::string item;       ///< that is being measured
};

/// How a campaign is run.
struct CollectOptions {
  std::string hardware;           ///< id that the rows are filed under
  Preparation preparation;        ///< data type apart, which the items say
  std::vector<MeterInfo> meters;  ///< in the order of Measured::rows; none: time only
  bool retry_failed = false;      ///< failures of earlier runs are tried again
  std::optional<Seconds> budget;  ///< no group is begun that would end later
  RunnerFactory start_runner;
  MeasureGroup measure;
  std::function<bool()> stop;                            ///< true: finish the window and end
  std::function<void(const CollectProgress&)> progress;  ///< between windows
};

/// What a run of a campaign did.
struct CollectResult {
  size_t measured = 0, failed = 0;  ///< in this run
  size_t present = 0;               ///< done by earlier runs
  size_t left = 0;                  ///< still to do
  bool stopped = false;             ///< by stop
  std::string first_failure;        ///< its reason; empty when none failed
  Seconds time;
};

/// Measures the items that the store lacks, in their order, and commits each group when it is measured: a process that is killed
/// loses the running group. A task that fails is a row with the reason, a runner that goes away is started again. Throws
/// Error(io) when the store cannot be written, Error(unavailable) when a meter is gone or the runner cannot be started.
CollectResult collect(const Campaign& campaign, std::vector<CampaignItem> items, const CampaignPlace& place, Store& store,
                      Clock& clock, const CollectOptions& options);

/// Predicted time of an item under a protocol; `refresh` of the slowest meter.
Seconds expected_time(const CampaignItem& item, const Campaign& campaign, Seconds refresh);

/// The slowest refresh interval of meters; 0 where none states it.
Seconds slowest_refresh(std::span<const MeterInfo> meters);

/// Ends of the rows of an item: ` [gpu-board]` for each meter, so that the same item of two machines has the same row; empty
/// without a meter.
std::vector<std::string> row_endings(std::span<const MeterInfo> meters);

/// Items whose rows are all in the store; failures do not count with `retry_failed`.
std::vector<bool> present(std::span<const CampaignItem> items, const Store& store, const Campaign& campaign,
                          const std::string& engine, const CollectOptions& options);

}  // namespace wattlayer

#include "cli/campaign_source.h"

#include <fmt/format.h>

#include <map>

#include "cli/collect_progress.h"
#include "cli/program.h"
#include "wattlayer/bench/collect.h"
#include "wattlayer/core/error.h"
#include "wattlayer/report/text_table.h"

namespace wattlayer::cli {

CampaignSource find_campaign(const DataFiles& files, const std::string& argument, const std::filesystem::path& networks) {
  CampaignSource source;
  if (!networks.empty()) {
    if (!std::filesystem::is_directory(networks))
      throw Error(ErrorKind::io, fmt::format("--networks {}: there is no such folder", networks.string()));
    source.folders.push_back(networks);
  }
  if (argument.find('/') != argument.npos || argument.ends_with(".json")) {
    const std::filesystem::path file = argument;
    source.campaign = parse_campaign(read_text(file), file.stem().string(), argument);
    source.folders.push_back(file.has_parent_path() ? file.parent_path() : std::filesystem::path("."));
    return source;
  }
  source.campaign = parse_campaign(require_file(files, "campaigns", argument), argument);
  if (source.folders.empty()) source.folders.emplace_back(".");
  return source;
}

std::string plan_text(const CampaignItems& expanded, const Campaign& campaign, const std::vector<bool>& present, Seconds refresh,
                      bool colour) {
  struct Line {
    size_t items = 0, present = 0, obstacles = 0;
    double seconds = 0;
  };
  std::map<std::tuple<std::string, std::string, std::string>, Line> lines;
  Line total;
  std::map<std::string, std::string> obstacles;
  for (size_t i = 0; i < expanded.items.size(); ++i) {
    const CampaignItem& item = expanded.items[i];
    const double seconds = present[i] ? 0 : expected_time(item, campaign, refresh).value;
    for (Line* line : {&lines[{item.kind, item.op, std::string(name(item.dtype))}], &total}) {
      ++line->items, line->present += present[i], line->obstacles += !item.obstacle.empty(), line->seconds += seconds;
    }
    if (!item.obstacle.empty()) obstacles[fmt::format("{} at batch {}", item.network, item.batch)] = item.obstacle;
  }
  TextTable table({{"KIND"}, {"OPERATOR"}, {"DTYPE"}, {"ITEMS", Align::right}, {"DONE", Align::right}, {"TIME", Align::right}});
  for (const auto& [key, line] : lines)
    table.row({std::get<0>(key), std::get<1>(key), std::get<2>(key), fmt::format("{}", line.items),
               fmt::format("{}", line.present), duration_text({line.seconds})});
  std::string out = table.print(colour);
  out += fmt::format("\n{} items, {} done, predicted time of the rest: {}\n", total.items, total.present,
                     duration_text({total.seconds}));
  for (const std::string& remark : expanded.remarks) out += printable(remark) + "\n";
  for (const auto& [network, reason] : obstacles) out += fmt::format("cannot be measured: {}: {}\n", network, printable(reason));
  return out;
}

}  // namespace wattlayer::cli

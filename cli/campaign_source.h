#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "wattlayer/bench/campaign_items.h"
#include "wattlayer/core/data_files.h"

namespace wattlayer::cli {

/// A campaign as the user named it: a file, or a shipped one by its id.
struct CampaignSource {
  Campaign campaign;
  std::vector<std::filesystem::path> folders;  ///< where its networks are looked for: `networks`, then beside the file
};

/// Throws Error(invalid_input) that lists near ids, Error(io) for a file that cannot be read.
CampaignSource find_campaign(const DataFiles& files, const std::string& argument, const std::filesystem::path& networks);

/// What `--dry-run` prints: items by kind, operator and data type, with the predicted time.
std::string plan_text(const CampaignItems& expanded, const Campaign& campaign, const std::vector<bool>& present, Seconds refresh,
                      bool colour);

}  // namespace wattlayer::cli

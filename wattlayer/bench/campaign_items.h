#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/bench/campaign.h"
#include "wattlayer/core/engine.h"
#include "wattlayer/core/hardware.h"
#include "wattlayer/graph/graph.h"

namespace wattlayer {

/// One thing that a campaign measures.
struct CampaignItem {
  std::string key;   ///< with kind and data type it identifies the item in every database, whatever the campaign holds besides
  std::string kind;  ///< random-layer, real-layer or network
  DataType dtype = DataType::f32;
  int64_t batch = 1;
  std::string layer;     ///< text form, in the data type; empty for a network
  std::string network;   ///< name as the campaign spells it; empty for a layer
  std::string op;        ///< operator of the layer; `network`
  std::string block;     ///< as in Measurement
  size_t rule = 0;       ///< of a random layer: its place in Campaign::random
  std::string letters;   ///< of a random layer: what was drawn
  int64_t round = 0;     ///< adaptive round that added it; 0: none
  double share = 0;      ///< of a real layer: sum of its shares in the predicted time of the networks that use it
  int64_t networks = 0;  ///< that use a real layer
  double pass_s = 0;     ///< predicted time of one pass: a roofline, for planning only
  double bytes = 0;      ///< predicted memory
  std::string obstacle;  ///< why it cannot be measured at all; empty: it can

  std::string id() const;  ///< kind, data type and key
};

/// Where networks of a campaign lie, and for what they are lowered.
struct CampaignPlace {
  std::vector<std::filesystem::path> folders;  ///< searched in order for relative paths
  Engine engine;
  std::optional<Hardware> hardware;  ///< predicted times follow its peaks; without one those of a small CPU
};

/// What a campaign comes to.
struct CampaignItems {
  std::vector<CampaignItem> items;   ///< most useful first, each once
  size_t too_large = 0;              ///< left out: more memory than most_bytes
  std::vector<std::string> remarks;  ///< a sentence each: what is less than the file asks for, and why
};

/// Reads the networks, draws the random layers. A network that cannot be set to a batch is an item with an obstacle.
/// Throws Error(io) or Error(invalid_input) for a network that is not there or cannot be read at all, and for a rule that gives
/// nothing. `reading` is told the name of each network.
CampaignItems expand(const Campaign& campaign, const CampaignPlace& place,
                     const std::function<void(const std::string&)>& reading = {});

/// The network of a campaign at a batch. Throws Error(io) that names where it was looked for, Error(unsupported) for a batch that
/// cannot be set.
Graph read_network(const std::string& name, const std::vector<std::filesystem::path>& folders, int64_t batch);

/// A random layer as an item.
CampaignItem random_item(const Campaign& campaign, const CampaignPlace& place, size_t rule, const Layer& layer,
                         const std::string& letters, DataType dtype);

/// Puts the most useful first: operators and networks by turns, of each operator what takes most of the networks' time.
void put_most_useful_first(std::vector<CampaignItem>& items);

}  // namespace wattlayer

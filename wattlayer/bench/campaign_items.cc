#include "wattlayer/bench/campaign_items.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <unordered_map>

#include "wattlayer/bench/sampling.h"
#include "wattlayer/core/error.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

constexpr std::string_view generated = "net:";

/// The larger of arithmetic at half the peak and bytes at the stated bandwidth, and a launch.
double roofline_s(const Layer& layer, const CampaignPlace& place) {
  const Cost c = cost(layer);
  const bool gpu = place.hardware && place.hardware->kind != "cpu";
  const double peak = place.hardware ? place.hardware->peak(layer.dtype) : 100e9;
  const double bandwidth =
      place.hardware && place.hardware->bandwidth_bytes_per_s ? *place.hardware->bandwidth_bytes_per_s : 20e9;
  const double arithmetic = (2 * c.macs + c.flops + 8 * c.special) / (0.5 * peak);
  return std::max(arithmetic, (c.input_bytes + c.weight_bytes + c.output_bytes) / bandwidth) + c.steps * (gpu ? 8e-6 : 4e-6);
}

double tensor_bytes(const Layer& layer) {
  double bytes = 0;
  for (const auto* tensors : {&layer.inputs, &layer.outputs})
    for (const Tensor& t : *tensors) bytes += t.bytes();
  return bytes;
}

bool runnable(const Layer& layer) {
  const auto known = [](const Tensor& t) { return !t.present || t.known; };
  return std::all_of(layer.inputs.begin(), layer.inputs.end(), known) &&
         std::all_of(layer.outputs.begin(), layer.outputs.end(), known);
}

Layer in_dtype(const Layer& layer, DataType dtype) {
  return with_dtype(Workload{.items = {{.layer = layer}}}, dtype).items[0].layer;
}

/// Networks of a list stand together by kind: in the order of a hash of their names, the first ones are of every kind.
void mix(std::vector<size_t>& members, const std::vector<CampaignItem>& items) {
  const auto hash = [&](size_t i) {
    uint64_t h = 0xcbf29ce484222325;
    for (const char c : items[i].network) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return h ^ (h >> 29);
  };
  std::stable_sort(members.begin(), members.end(), [&](size_t a, size_t b) { return hash(a) < hash(b); });
}

/// Throws where a network cannot be read at any batch: that too is mended before anything is measured.
void require_network(const std::string& name, const std::vector<std::filesystem::path>& folders) try {
  if (name.starts_with(generated)) {
    network(name.substr(generated.size()));
    return;
  }
  for (const std::filesystem::path& folder : folders)
    if (std::filesystem::exists(folder / name)) return void(read_onnx(folder / name));
} catch (const Error& e) {
  if (e.kind() == ErrorKind::invalid_input) throw e.within("campaign: network '" + name + "'");
  throw;
}

/// What distinguishes measurements of the same layer or network under other rules.
std::string conditions_of(const Campaign& campaign) {
  return (campaign.warm_cache ? " warm" : "") + (campaign.threads > 0 ? fmt::format(" threads={}", campaign.threads) : "");
}

CampaignItem layer_item(const Campaign& campaign, const CampaignPlace& place, const Layer& layer, const std::string& text) {
  CampaignItem item{.key = text + conditions_of(campaign), .dtype = layer.dtype, .layer = text, .op = layer.op};
  const Tensor& first = layer.input(0);
  item.batch = first.present && first.rank() > 0 ? std::max<int64_t>(1, first.shape[0]) : 1;
  item.pass_s = roofline_s(layer, place);
  item.bytes = tensor_bytes(layer);
  return item;
}

/// Collects the items of a campaign, each once.
class Expansion {
 public:
  Expansion(const Campaign& campaign, const CampaignPlace& place, const std::function<void(const std::string&)>& reading)
      : campaign_(campaign), place_(place), reading_(reading) {}

  CampaignItems run();

 private:
  /// A network lowered at a batch, or why that cannot be.
  struct Lowered {
    std::string obstacle;
    Workload workload;
  };
  /// A layer of networks in the data type of the file.
  struct RealLayer {
    Layer layer;
    std::string block;
    double share = 0;
    int64_t networks = 0;
  };

  const Lowered& lowered(const std::string& name, int64_t batch);
  void add_networks(const NetworkRule& rule);
  void add_layers(const NetworkRule& rule);
  void add_random(size_t rule);
  void add(CampaignItem item);

  const Campaign& campaign_;
  const CampaignPlace& place_;
  const std::function<void(const std::string&)>& reading_;
  std::map<std::pair<std::string, int64_t>, Lowered> networks_;
  std::unordered_map<std::string, size_t> at_;  ///< of layers: by text, so that a random layer does not repeat a real one
  CampaignItems result_;
};

const Expansion::Lowered& Expansion::lowered(const std::string& name, int64_t batch) {
  const auto [at, fresh] = networks_.try_emplace({name, batch});
  if (!fresh) return at->second;
  if (reading_) reading_(name);
  try {
    at->second.workload = lower(read_network(name, place_.folders, batch), place_.engine);
    for (const WorkloadItem& item : at->second.workload.items)
      if (!runnable(item.layer))
        at->second.obstacle = fmt::format("the shape of an input or output of {} is not known", item.layer.op);
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::io) throw;  // a file that is not there is the user's to mend, before anything is measured
    require_network(name, place_.folders);
    at->second.obstacle = e.what();
  }
  return at->second;
}

void Expansion::add(CampaignItem item) {
  if (campaign_.most_bytes && item.bytes > *campaign_.most_bytes) {
    ++result_.too_large;
    return;
  }
  const auto [at, fresh] = at_.try_emplace(item.layer.empty() ? item.id() : item.layer, result_.items.size());
  if (fresh) {
    result_.items.push_back(std::move(item));
    return;
  }
  CampaignItem& known = result_.items[at->second];
  known.share = std::max(known.share, item.share), known.networks = std::max(known.networks, item.networks);
}

void Expansion::add_networks(const NetworkRule& rule) {
  for (const std::string& name : rule.names)
    for (const int64_t batch : rule.batches) {
      const Lowered& network = lowered(name, batch);
      CampaignItem item{.key = fmt::format("{} batch={}{}", name, batch, conditions_of(campaign_)),
                        .kind = "network",
                        .batch = batch,
                        .network = name,
                        .op = "network",
                        .block = name};
      item.obstacle = network.obstacle;
      for (const DataType dtype : rule.dtypes) {
        item.dtype = dtype, item.pass_s = item.bytes = 0;
        double largest = 0;
        for (const WorkloadItem& entry : with_dtype(network.workload, dtype).items) {
          if (!runnable(entry.layer)) continue;
          item.pass_s += entry.count * roofline_s(entry.layer, place_);
          for (const Tensor& t : entry.layer.inputs) item.bytes += t.constant ? entry.count * t.bytes() : 0;
          largest = std::max(largest, tensor_bytes(entry.layer));
        }
        item.bytes += 3 * largest;
        add(item);
      }
    }
}

void Expansion::add_layers(const NetworkRule& rule) {
  std::vector<RealLayer> layers;
  std::unordered_map<std::string, size_t> at;
  for (const std::string& name : rule.names)
    for (const int64_t batch : rule.batches) {
      const Workload& workload = lowered(name, batch).workload;
      double total = 0;
      for (const WorkloadItem& item : workload.items)
        if (runnable(item.layer)) total += item.count * roofline_s(item.layer, place_);
      for (const WorkloadItem& item : workload.items) {
        if (!runnable(item.layer) || !find_operator(item.layer.op)) continue;
        const auto [place, fresh] = at.try_emplace(print(item.layer), layers.size());
        if (fresh) layers.push_back({.layer = item.layer, .block = name});
        layers[place->second].share += item.count * roofline_s(item.layer, place_) / total;
        ++layers[place->second].networks;
      }
    }
  std::stable_sort(layers.begin(), layers.end(), [](const RealLayer& a, const RealLayer& b) { return a.share > b.share; });
  if (rule.most && layers.size() > static_cast<size_t>(*rule.most)) layers.resize(static_cast<size_t>(*rule.most));
  for (const RealLayer& real : layers)
    for (const DataType dtype : rule.dtypes) {
      const Layer layer = in_dtype(real.layer, dtype);
      CampaignItem item = layer_item(campaign_, place_, layer, print(layer));
      item.kind = "real-layer", item.block = real.block, item.share = real.share, item.networks = real.networks;
      item.dtype = dtype;
      add(std::move(item));
    }
}

void Expansion::add_random(size_t number) {
  const RandomRule& rule = campaign_.random[number];
  try {
    Sampler sampler(rule, campaign_.seed * 1000003 + number);
    for (int64_t i = 0; i < rule.count; ++i) {
      const std::optional<Sample> sample = sampler.next();
      if (!sample) {
        result_.remarks.push_back(fmt::format("random[{}]: its ranges give {} different layers of the {} asked for ({})", number,
                                              i, rule.count, rule.layer));
        break;
      }
      for (const DataType dtype : rule.dtypes)
        add(random_item(campaign_, place_, number, sample->layer, print(sample->letters), dtype));
    }
  } catch (const Error& e) {
    throw e.within(fmt::format("campaign {}: random[{}]", campaign_.id, number));
  }
}

CampaignItems Expansion::run() {
  for (const NetworkRule& rule : campaign_.networks) add_networks(rule);
  for (const NetworkRule& rule : campaign_.real) add_layers(rule);
  for (size_t i = 0; i < campaign_.random.size(); ++i) add_random(i);
  if (result_.too_large > 0)
    result_.remarks.push_back(fmt::format("{} items need more memory than most_bytes ({:g}) and are left out", result_.too_large,
                                          *campaign_.most_bytes));
  put_most_useful_first(result_.items);
  return std::move(result_);
}

}  // namespace

std::string CampaignItem::id() const { return fmt::format("{} {} {}", kind, name(dtype), key); }

CampaignItem random_item(const Campaign& campaign, const CampaignPlace& place, size_t rule, const Layer& layer,
                         const std::string& letters, DataType dtype) {
  const Layer typed = in_dtype(layer, dtype);
  CampaignItem item = layer_item(campaign, place, typed, print(typed));
  item.kind = "random-layer", item.rule = rule, item.letters = letters, item.dtype = dtype;
  item.block = item.key;
  return item;
}

CampaignItems expand(const Campaign& campaign, const CampaignPlace& place,
                     const std::function<void(const std::string&)>& reading) {
  return Expansion(campaign, place, reading).run();
}

Graph read_network(const std::string& name, const std::vector<std::filesystem::path>& folders, int64_t batch) {
  if (name.starts_with(generated))
    return network(fmt::format("{}{}batch={}", name.substr(generated.size()), name.find('?') == name.npos ? '?' : '&', batch));
  std::vector<std::string> places;
  for (const std::filesystem::path& folder : folders) {
    const std::filesystem::path file = folder / name;
    if (!std::filesystem::exists(file)) {
      places.push_back(file.string());
      continue;
    }
    if (std::filesystem::is_directory(file))
      throw Error(ErrorKind::io,
                  fmt::format("the network '{}' of the campaign is a folder; name an ONNX file in it", file.string()));
    Graph graph = read_onnx(file, {.batch = batch});
    if (graph.batch != batch)
      throw Error(
          ErrorKind::unsupported,
          fmt::format("{}: cannot set batch {}, its inputs stay at batch {}; export it at that batch", name, batch, graph.batch));
    graph.name = name;
    return graph;
  }
  throw Error(ErrorKind::io,
              fmt::format("cannot read the network {}: no such file as {}; name the folder of the networks with --networks", name,
                          fmt::join(places, " or ")));
}

void put_most_useful_first(std::vector<CampaignItem>& items) {
  struct Stratum {
    std::vector<size_t> members;
    double share = 0;
  };
  std::map<std::string, Stratum> strata;
  for (size_t i = 0; i < items.size(); ++i) {
    const CampaignItem& item = items[i];
    const bool random = item.kind == "random-layer";
    Stratum& s = strata[fmt::format("{} {} {} {}", item.kind, item.op, name(item.dtype), random ? 0 : item.batch)];
    s.members.push_back(i);
    s.share += item.share;
  }
  double largest = 0;
  for (const auto& [name, s] : strata) largest = std::max(largest, s.share);
  std::vector<double> position(items.size());
  for (auto& [name, s] : strata) {
    std::stable_sort(s.members.begin(), s.members.end(), [&](size_t a, size_t b) { return items[a].share > items[b].share; });
    const std::string& kind = items[s.members[0]].kind;
    if (kind == "network") mix(s.members, items);
    const double weight = kind == "random-layer" ? 1 : kind == "network" ? 0.5 : 0.4;  // what a budget buys first
    // An operator without weight in any network waits; of the others, what makes up most of their time comes early.
    const double wait = s.share > 0 ? std::min(0.2, -0.02 * std::log10(s.share / largest)) : 0;
    double before = 0;
    for (size_t i = 0; i < s.members.size(); ++i) {
      const double even = static_cast<double>(i) / static_cast<double>(s.members.size());
      position[s.members[i]] = wait + weight * (s.share > 0 ? (before / s.share + even) / 2 : even);
      before += items[s.members[i]].share;
    }
  }
  std::vector<size_t> order(items.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return position[a] < position[b]; });
  std::vector<CampaignItem> sorted;
  for (const size_t i : order) sorted.push_back(std::move(items[i]));
  items = std::move(sorted);
}

}  // namespace wattlayer

#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wattlayer/bench/measure.h"
#include "wattlayer/core/data_files.h"
#include "wattlayer/core/data_type.h"

namespace wattlayer {

/// Values that a letter of a layer template may take.
struct SampleRange {
  std::string name;
  std::vector<int64_t> choices;  ///< either these,
  int64_t low = 1, high = 1;     ///< or whole numbers from low to high,
  int64_t multiple = 1;          ///< multiples of this only,
  bool logarithmic = false;      ///< evenly in the logarithm
};

/// Random layers of one template: `Conv {b}x{c}x{s}x{s} {o}x{c}x{k}x{k} pads={p},{p},{p},{p}`.
struct RandomRule {
  std::string layer;
  std::vector<SampleRange> ranges;
  std::vector<std::string> where;  ///< what a draw must meet: `k <= s + 2*p`
  int64_t count = 0;
  std::optional<double> most_macs, most_bytes;  ///< of one execution; a draw beyond is drawn again
  std::vector<DataType> dtypes;
};

/// Layers of networks, or the networks themselves.
struct NetworkRule {
  std::vector<std::string> names;  ///< paths of ONNX files, or `net:NAME`
  std::vector<int64_t> batches;
  std::vector<DataType> dtypes;
  std::optional<int64_t> most;  ///< of layers: only so many, those with the largest share of their networks
};

/// More random layers where cross-validation errs most.
struct AdaptiveRule {
  int64_t rounds = 0;  ///< 0: none
  int64_t points = 0;  ///< new layers in a round
  int64_t after = 0;   ///< rows of a data type before its first round
};

/// What is to be measured, as its file says (docs/formats/campaign_v1.md).
struct Campaign {
  std::string id;  ///< name of the file without .json; data set of its rows
  std::string title;
  std::string hardware;  ///< id; empty: the machine that it runs on
  std::string device;    ///< of the runner; empty: its first
  uint64_t seed = 1;
  bool warm_cache = false;
  int threads = 0;
  int64_t group = 4;                 ///< tasks that are measured by turns
  std::optional<double> most_bytes;  ///< items that need more memory are left out
  Protocol protocol;
  std::vector<RandomRule> random;
  std::vector<NetworkRule> real, networks;
  AdaptiveRule adaptive;
};

/// Reads a campaign file. Throws Error(invalid_input) that names the file (`place`; else `campaign ID`), the field, what was
/// expected there and near names.
Campaign parse_campaign(std::string_view json, std::string_view id, std::string_view place = {});

}  // namespace wattlayer

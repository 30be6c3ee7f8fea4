#include "wattlayer/fit/division.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <random>

#include "wattlayer/core/other_blocks.h"
#include "wattlayer/fit/rows.h"
#include "wattlayer/ops/operator.h"

namespace wattlayer {
namespace {

constexpr uint32_t fold_seed = 1, calibration_seed = 7;
constexpr size_t fewest_test_rows = 5;                               // of a device that also gives calibration rows
constexpr size_t most_rows_of_others = 3000, most_test_rows = 5000;  // of a device left out

bool any_of(const std::vector<std::string>& kinds, const std::string& kind) {
  return kinds.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

/// Rows by what they share, in the order of the rows.
using Grouped = std::map<std::string, std::vector<size_t>>;

/// The rows that a split may use, and the ways to divide them.
class Division {
 public:
  Division(std::span<const Measurement> rows, const Split& split) : rows_(rows), split_(split) {}

  std::vector<SplitPart> by_kind() const;
  std::vector<SplitPart> at_random() const;
  std::vector<SplitPart> by_block() const;
  std::vector<SplitPart> by_hardware() const;

 private:
  bool takes_part(size_t i) const {
    const Measurement& m = rows_[i];
    return scorable(m) && (split_.with.empty() || m.conditions.contains(split_.with)) &&
           (split_.without.empty() || !m.conditions.contains(split_.without));
  }
  bool tests(size_t i) const { return takes_part(i) && any_of(split_.test, rows_[i].kind); }
  bool trains(size_t i) const { return takes_part(i) && any_of(split_.train, rows_[i].kind); }
  std::string block(size_t i) const {
    if (split_.by.empty()) return rows_[i].block;
    const auto at = rows_[i].conditions.find(split_.by);
    return at == rows_[i].conditions.end() ? "" : at->second;
  }
  template <class Key>
  Grouped grouped(bool (Division::*chosen)(size_t) const, Key key) const {
    Grouped result;
    for (size_t i = 0; i < rows_.size(); ++i)
      if ((this->*chosen)(i)) result[key(i)].push_back(i);
    return result;
  }
  std::map<std::string, std::string> fold_of_blocks() const;
  std::vector<size_t> rows_of_others(const std::string& device) const;
  void add_other_blocks(const std::string& device, const std::vector<size_t>& own, const std::vector<size_t>& others,
                        std::vector<SplitPart>& parts) const;

  std::span<const Measurement> rows_;
  const Split& split_;
};

std::vector<SplitPart> Division::by_kind() const {
  SplitPart part{.unit = "all"};
  for (size_t i = 0; i < rows_.size(); ++i)
    if (tests(i)) part.test.push_back(i);
  for (const auto& [op, positions] : grouped(&Division::trains, [&](size_t i) { return operator_of(rows_[i]); })) {
    std::vector<size_t> order = drawn_order(positions.size(), split_.seeds.empty() ? 0 : split_.seeds[0]);
    order.resize(static_cast<size_t>(split_.train_share * static_cast<double>(order.size())));
    for (size_t i : order)
      if (!any_of(split_.test, rows_[positions[i]].kind)) part.train.push_back(positions[i]);
  }
  std::sort(part.train.begin(), part.train.end());
  return {std::move(part)};
}

/// Shares of each operator's rows, the first and the last of a draw, so that a rare operator is in both parts.
std::vector<SplitPart> Division::at_random() const {
  std::vector<SplitPart> parts;
  for (uint32_t seed : split_.seeds) {
    SplitPart part{.unit = fmt::format("seed {}", seed)};
    part.pooled = part.unit;
    for (const auto& [op, positions] : grouped(&Division::tests, [&](size_t i) { return operator_of(rows_[i]); })) {
      const std::vector<size_t> order = drawn_order(positions.size(), seed);
      const double n = static_cast<double>(order.size());
      for (size_t i = 0; i < static_cast<size_t>(split_.train_share * n); ++i) part.train.push_back(positions[order[i]]);
      for (size_t i = static_cast<size_t>((1 - split_.test_share) * n); i < order.size(); ++i)
        part.test.push_back(positions[order[i]]);
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

/// Which unit each block of the test rows is left out with.
std::map<std::string, std::string> Division::fold_of_blocks() const {
  std::vector<std::string> names;
  for (const auto& [name, positions] : grouped(&Division::tests, [&](size_t i) { return block(i); })) names.push_back(name);
  const bool alone = split_.folds == 0 || names.size() <= split_.folds;
  const std::vector<size_t> order = drawn_order(names.size(), fold_seed);
  std::map<std::string, std::string> result;
  for (size_t i = 0; i < names.size(); ++i)
    result[names[order[i]]] = alone ? names[order[i]] : fmt::format("fold {} of {}", i % split_.folds + 1, split_.folds);
  return result;
}

std::vector<SplitPart> Division::by_block() const {
  const std::map<std::string, std::string> unit_of = fold_of_blocks();
  std::map<std::string, SplitPart> parts;
  for (const auto& [name, unit] : unit_of) parts[unit].unit = unit;
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (!takes_part(i)) continue;
    const auto own = unit_of.find(block(i));
    if (tests(i)) parts[own->second].test.push_back(i);
    if (!trains(i)) continue;
    for (auto& [unit, part] : parts)
      if (own == unit_of.end() || own->second != unit) part.train.push_back(i);
  }
  std::vector<SplitPart> result;
  for (auto& [unit, part] : parts) result.push_back(std::move(part));
  return result;
}

/// Training rows of other devices, drawn where they are more than any method gains from.
std::vector<size_t> Division::rows_of_others(const std::string& device) const {
  std::vector<size_t> others;
  for (size_t i = 0; i < rows_.size(); ++i)
    if (trains(i) && rows_[i].hardware != device) others.push_back(i);
  if (others.size() <= most_rows_of_others) return others;
  std::vector<size_t> drawn;
  const std::vector<size_t> order = drawn_order(others.size(), calibration_seed);
  for (size_t i = 0; i < most_rows_of_others; ++i) drawn.push_back(others[order[i]]);
  return drawn;
}

/// One part a block of the device: its other blocks and all other devices train.
void Division::add_other_blocks(const std::string& device, const std::vector<size_t>& own, const std::vector<size_t>& others,
                                std::vector<SplitPart>& parts) const {
  std::map<std::string, SplitPart> blocks;
  for (size_t i : own) blocks[block(i)].test.push_back(i);
  for (auto& [name, part] : blocks) {
    part.unit = fmt::format("{}, {}", device, name);
    part.train = others;
    for (size_t i : own)
      if (trains(i) && block(i) != name) part.train.push_back(i);
    std::sort(part.train.begin(), part.train.end());
    parts.push_back(std::move(part));
  }
}

/// The same rows test whatever the number of calibration rows, which are the first of one draw.
std::vector<SplitPart> Division::by_hardware() const {
  std::vector<SplitPart> parts;
  size_t most = 0;
  for (size_t k : split_.calibration_rows)
    if (k != other_blocks) most = std::max(most, k);
  for (const auto& [device, own] : grouped(&Division::tests, [&](size_t i) { return rows_[i].hardware; })) {
    const std::vector<size_t> order = drawn_order(own.size(), calibration_seed);
    const size_t kept = std::min(most, own.size() - std::min(own.size(), fewest_test_rows));
    const std::vector<size_t> others = rows_of_others(device);
    if (others.empty()) continue;
    for (size_t k : split_.calibration_rows) {
      if (k == other_blocks) add_other_blocks(device, own, others, parts);
      if (k > kept) continue;
      SplitPart part{.unit = fmt::format("{}, K={}", device, k), .train = others, .pooled = fmt::format("K={}", k)};
      for (size_t i = 0; i < k; ++i) part.train.push_back(own[order[i]]);
      for (size_t i = kept; i < std::min(own.size(), kept + most_test_rows); ++i) part.test.push_back(own[order[i]]);
      std::sort(part.train.begin(), part.train.end());
      std::sort(part.test.begin(), part.test.end());
      parts.push_back(std::move(part));
    }
  }
  return parts;
}

}  // namespace

bool scorable(const Measurement& m) { return m.failure.empty() && has_measured_energy(m); }

std::string operator_of(const Measurement& m) {
  if (m.kind == "network" || m.workload.is_network || m.workload.items.empty()) return "network";
  // Of a backward pass: the layer that multiplies most.
  const auto macs = [](const WorkloadItem& item) { return item.count * cost(item.layer).macs; };
  const auto& items = m.workload.items;
  if (items.size() == 1) return items[0].layer.op;
  return std::max_element(items.begin(), items.end(), [&](const auto& a, const auto& b) { return macs(a) < macs(b); })->layer.op;
}

std::vector<size_t> drawn_order(size_t n, uint32_t seed) {
  std::vector<size_t> order(n);
  for (size_t i = 0; i < n; ++i) order[i] = i;
  std::mt19937 random(seed);
  for (size_t last = n; last-- > 1;) {
    const auto mask = static_cast<uint32_t>(std::bit_ceil(last + 1) - 1);
    uint32_t other = random() & mask;
    while (other > last) other = random() & mask;
    std::swap(order[last], order[other]);
  }
  return order;
}

std::vector<SplitPart> divide(std::span<const Measurement> rows, const Split& split) {
  const Division division(rows, split);
  std::vector<SplitPart> parts;
  switch (split.kind) {
    case Split::Kind::kinds:
      parts = division.by_kind();
      break;
    case Split::Kind::leave_block:
      parts = division.by_block();
      break;
    case Split::Kind::random:
      parts = division.at_random();
      break;
    case Split::Kind::leave_hardware:
      parts = division.by_hardware();
      break;
  }
  std::erase_if(parts, [](const SplitPart& part) { return part.train.empty() || part.test.empty(); });
  return parts;
}

}  // namespace wattlayer

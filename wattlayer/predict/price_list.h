#pragma once
#include <memory>
#include <span>
#include <string>

#include "wattlayer/core/layer.h"
#include "wattlayer/core/operating_point.h"
#include "wattlayer/predict/energy_model.h"

namespace wattlayer {

/// Layers priced once each, for networks that share them. The energy model outlives it. One thread.
class PriceList {
 public:
  explicit PriceList(const EnergyModel& model, const OperatingPoint& point = {});
  PriceList(PriceList&&) noexcept;
  ~PriceList();

  /// Prices a layer; returns its number, counted from 0.
  size_t add(const Layer& layer);
  size_t size() const;

  struct Item {
    size_t layer;  ///< number
    double count;
  };
  /// What `predict` says of the network of these layers, without a line for each. Throws as `predict`.
  Estimate total(std::span<const Item> items, std::string network, int64_t batch) const;

 private:
  struct Prices;
  std::unique_ptr<Prices> prices_;
};

}  // namespace wattlayer

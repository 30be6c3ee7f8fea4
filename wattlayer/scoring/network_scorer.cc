#include "wattlayer/scoring/network_scorer.h"

#include "wattlayer/core/error.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/graph/sketch.h"
#include "wattlayer/networks/built_layers.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/predict/price_list.h"

namespace wattlayer {

Workload in_dtype_of(const EnergyModel& model, Workload workload) {
  if (model.dtype == DataType::f32) return workload;
  for (WorkloadItem& item : workload.items)
    if (item.layer.dtype == DataType::f32) item = with_dtype(Workload{.items = {item}}, model.dtype).items[0];
  return workload;
}

struct NetworkScorer::Tables {
  Tables(const EnergyModel& m, const OperatingPoint& point) : model(m), lowering(m.engine), prices(m, point) {}

  const EnergyModel& model;
  SketchPad pad;
  SketchLowering lowering;
  PriceList prices;
  std::vector<PriceList::Item> items;
};

NetworkScorer::NetworkScorer(const EnergyModel& model, const OperatingPoint& point)
    : tables_(std::make_unique<Tables>(model, point)) {}
NetworkScorer::~NetworkScorer() = default;

Estimate NetworkScorer::score(std::string_view spec) {
  Tables& t = *tables_;
  const std::string name = sketch_network(spec, t.pad);
  t.items.clear();
  for (const SketchLowering::Item& item : t.lowering.lower(t.pad.sketch)) t.items.push_back({item.layer, item.count});
  // Both number executed layers in the order in which they are met.
  while (t.prices.size() < t.lowering.layers()) {
    Workload one{.items = {{t.lowering.layer(t.prices.size())}}};
    t.prices.add(in_dtype_of(t.model, std::move(one)).items[0].layer);
  }
  return t.prices.total(t.items, name, t.pad.sketch.batch);
}

std::vector<ScoredNetwork> score(std::span<const std::string> specs, const EnergyModel& model, const OperatingPoint& point) {
  NetworkScorer scorer(model, point);
  std::vector<ScoredNetwork> scored(specs.size());
  for (size_t i = 0; i < specs.size(); ++i) try {
      scored[i].estimate = scorer.score(specs[i]);
    } catch (const Error& e) {
      scored[i].error = e.what();
    }
  return scored;
}

}  // namespace wattlayer

#include "wattlayer/pages/estimate_rows.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "wattlayer/pages/layer_work.h"
#include "wattlayer/predict/physics.h"

namespace wattlayer {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return page_number(value); }
Json number(const std::optional<double>& value) { return value ? number(*value) : Json(nullptr); }
Json interval(const Interval& i) { return {number(i.value), number(i.low), number(i.high)}; }

/// Texts that many layers share, each written once.
class Texts {
 public:
  size_t place(const std::string& text) {
    const auto [at, added] = places_.try_emplace(text, list_.size());
    if (added) list_.push_back(text);
    return at->second;
  }
  Json take() { return std::move(list_); }

 private:
  std::unordered_map<std::string, size_t> places_;
  Json list_ = Json::array();
};

/// Sums over the layers of an estimate, for the roofs and for what the joules pay for.
struct Sums {
  double product_j = 0, product_flops = 0, memory_j = 0, bytes = 0;
  double static_j = 0, launch_j = 0, arithmetic_j = 0, paid_memory_j = 0;
  std::set<DataType> arithmetic;  ///< of the matrix products

  void add(const LayerWork& work, const LayerRow& row) {
    bytes += row.count * work.bytes, memory_j += row.count * work.memory_j;
    if (work.product_flops > 0) {
      product_flops += row.count * work.flops, product_j += row.count * work.arithmetic_j;
      arithmetic.insert(work.arithmetic);
    }
    const double law_j = work.static_j + work.launch_j + work.arithmetic_j + work.memory_j;
    if (law_j <= 0) return;
    const double scale = row.energy_j.value / law_j;
    static_j += scale * work.static_j, launch_j += scale * work.launch_j;
    arithmetic_j += scale * work.arithmetic_j, paid_memory_j += scale * work.memory_j;
  }
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

Json layer_columns(const EstimateReport& r, const PagedModel* basis, Texts& texts, Sums& sums) {
  static constexpr const char* columns[] = {"name",  "nodes", "op",    "fused",    "shapes",    "text",
                                            "count", "macs",  "flops", "bytes",    "bound",     "energy",
                                            "low",   "high",  "time",  "time_low", "time_high", "label"};
  Json json;
  for (const char* column : columns) json[column] = Json::array();
  auto add = [&](const char* column, Json value) { json[column].push_back(std::move(value)); };
  for (const LayerRow& row : r.layers) {
    add("name", texts.place(row.name)), add("op", texts.place(row.op)), add("fused", texts.place(joined(row.fused)));
    add("nodes", row.names.size());
    add("shapes", texts.place(row.shapes)), add("text", texts.place(row.layer));
    add("count", number(row.count)), add("macs", number(row.macs));
    const auto work = basis ? layer_work(row.layer, *basis) : std::nullopt;
    add("flops", work ? number(row.count * work->flops) : Json(nullptr));
    add("bytes", work ? number(row.count * work->bytes) : Json(nullptr));
    add("bound", work ? Json(static_cast<int>(work->regime)) : Json(nullptr));
    add("energy", number(row.energy_j.value)), add("low", number(row.energy_j.low)), add("high", number(row.energy_j.high));
    add("time", number(row.time_s.value)), add("time_low", number(row.time_s.low)), add("time_high", number(row.time_s.high));
    add("label", static_cast<int>(row.label));
    if (work) sums.add(*work, row);
  }
  return json;
}

/// What a layer that runs at the device's peak would cost and take, by data sheet and energy model.
Json roofs(const EstimateReport& r, const PagedModel& basis, const Sums& sums) {
  const Hardware& hardware = basis.model->hardware;
  const PhysicsModel& physics = *basis.model->physics;
  std::set<DataType> types = sums.arithmetic;
  if (types.empty()) types.insert(r.estimate.dtype);
  std::vector<std::pair<double, DataType>> peaks;
  for (DataType type : types) peaks.emplace_back(hardware.peak(type) * basis.point.clock, type);
  std::sort(peaks.rbegin(), peaks.rend());
  Json json{{"peak_flops", number(peaks.front().first)},
            {"peaks", Json::array()},
            {"bandwidth", number(hardware.bandwidth_bytes_per_s)}};
  for (const auto& [flops, type] : peaks) json["peaks"].push_back({{"dtype", name(type)}, {"flops", number(flops)}});
  if (physics.stated_w || sums.product_flops <= 0 || sums.bytes <= 0) return json;
  json["joules_per_flop"] = number(sums.product_j / sums.product_flops);
  json["joules_per_byte"] = number(sums.memory_j / sums.bytes);
  json["static_w"] = number(physics.static_w * basis.point.idle);
  return json;
}

Json totals(const EstimateReport& r) {
  const Estimate& e = r.estimate;
  return {{"network", r.network},
          {"file", r.file},
          {"model", e.energy_model},
          {"hardware", e.hardware},
          {"engine", e.engine},
          {"dtype", name(e.dtype)},
          {"batch", e.batch},
          {"scope", e.scope},
          {"idle_included", e.idle_included},
          {"energy", interval(e.energy_j)},
          {"per_inference", interval(r.energy_per_inference_j)},
          {"time", interval(e.time_s)},
          {"power", interval(e.power_w)},
          {"coverage", number(e.coverage)},
          {"macs", number(e.macs)},
          {"parameters", number(e.parameters)},
          {"interval_note", e.interval_note},
          {"stated_power_w", number(e.stated_power_w)}};
}

Json estimate_json(const EstimateReport& r, const PagedModel* basis, Texts& texts) {
  Json json = totals(r);
  Sums sums;
  json["layers"] = layer_columns(r, basis, texts, sums);
  json["pass_energy"] = number(r.pass_energy_j);
  json["roofs"] = basis ? roofs(r, *basis, sums) : Json(nullptr);
  json["paid_for"] = nullptr;
  if (basis && !r.estimate.stated_power_w && sums.static_j + sums.arithmetic_j + sums.paid_memory_j > 0)
    json["paid_for"] = {{"arithmetic", number(sums.arithmetic_j)},
                        {"memory", number(sums.paid_memory_j)},
                        {"launches", number(sums.launch_j)},
                        {"static", number(sums.static_j)},
                        {"pass", number(r.pass_energy_j)}};
  json["derived"] = Json::array();
  for (const DerivedFigure& d : r.derived)
    json["derived"].push_back({{"name", d.name}, {"value", interval(d.value)}, {"unit", d.unit}, {"basis", d.basis}});
  json["unpriced"] = Json::array();
  for (const Unpriced& u : r.estimate.unpriced)
    json["unpriced"].push_back({{"op", u.op}, {"count", u.count}, {"bound", number(u.bound_j)}, {"reason", u.reason}});
  json["remarks"] = r.remarks;
  return json;
}

Json hardware_json(const Hardware& h, DataType dtype) {
  return {{"id", h.id},
          {"name", h.name},
          {"kind", h.kind},
          {"year", h.year ? Json(*h.year) : Json(nullptr)},
          {"peak_flops", number(h.peak(dtype))},
          {"bandwidth", number(h.bandwidth_bytes_per_s)},
          {"memory_type", h.memory_type},
          {"tdp_w", number(h.tdp_w)},
          {"idle_w", number(h.idle_w)},
          {"sources", h.sources}};
}

Json model_json(const PagedModel& basis) {
  const EnergyModel& m = *basis.model;
  const Json card = m.card.empty() ? Json::object() : Json::parse(m.card, nullptr, false);
  return {{"id", m.id},
          {"hardware", hardware_json(m.hardware, m.dtype)},
          {"engine", m.engine.id},
          {"dtype", name(m.dtype)},
          {"scope", m.scope},
          {"idle_included", m.idle_included},
          {"from_data_sheet", m.from_data_sheet},
          {"clock", number(basis.point.clock)},
          {"static_w", number(m.physics->static_w * basis.point.idle)},
          {"card", card.is_discarded() ? Json::object() : card}};
}

Json models_json(std::span<const PagedModel> models) {
  Json list = Json::array();
  for (const PagedModel& m : models)
    if (std::none_of(list.begin(), list.end(), [&](const Json& other) { return other["id"] == m.model->id; }))
      list.push_back(model_json(m));
  return list;
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string estimate_rows(const Report& report, std::span<const PagedModel> models, std::span<const EstimateReport> sweep) {
  Texts texts;
  Json json{{"texts", nullptr}};
  json["estimates"] = Json::array();
  for (const EstimateReport& r : report.estimates) {
    const auto basis =
        std::find_if(models.begin(), models.end(), [&](const PagedModel& m) { return m.model->id == r.estimate.energy_model; });
    json["estimates"].push_back(estimate_json(r, basis == models.end() ? nullptr : &*basis, texts));
  }
  json["models"] = models_json(models);
  json["sweep"] = Json::array();
  for (const EstimateReport& r : sweep) json["sweep"].push_back(totals(r));
  json["failures"] = Json::array();
  for (const Failure& f : report.failures)
    json["failures"].push_back({{"line", f.line}, {"network", f.network}, {"reason", f.reason}});
  json["texts"] = texts.take();
  return dump(json);
}

std::string model_rows(std::span<const PagedModel> models) { return dump(models_json(models)); }

}  // namespace wattlayer

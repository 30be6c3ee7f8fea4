#include "wattlayer/predict/energy_model.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"
#include "wattlayer/predict/device_prior.h"
#include "wattlayer/predict/physics.h"
#include "wattlayer/predict/tree_inputs.h"

namespace wattlayer {
namespace {

using Json = nlohmann::ordered_json;
constexpr int format_version = 1;
constexpr const char* prior_fields[] = {"static_w", "pass_s", "host_s", "correction", "launch_correction"};

/// Named numbers; zeros are left out.
Json print_counts(const std::array<double, count_kinds>& values, double omitted) {
  Json json = Json::object();
  for (size_t k = 0; k < count_kinds; ++k)
    if (values[k] != omitted) json[std::string(name(static_cast<Count>(k)))] = values[k];
  return json;
}

std::array<double, count_kinds> parse_counts(const Json& json, double omitted) {
  std::array<double, count_kinds> values;
  for (size_t k = 0; k < count_kinds; ++k) values[k] = json.value(std::string(name(static_cast<Count>(k))), omitted);
  return values;
}

Json print_residual(const Residual& r) { return {{"constant", r.constant}, {"weights", r.weights}}; }
Residual parse_residual(const Json& json) { return {json.at("constant"), json.at("weights")}; }

/// Null where there are none.
Json print_trees(const BoostedTrees& trees) { return trees.empty() ? Json() : Json::parse(trees.print(tree_input_names())); }
BoostedTrees parse_trees(const Json& json) {
  return json.is_null() ? BoostedTrees() : BoostedTrees::parse(json.dump(), tree_input_names());
}

Json print_group(const PhysicsGroup& g) {
  Json json = {{"family", g.family},
               {"variant", g.variant},
               {"dtype", name(g.dtype)},
               {"rows", g.rows},
               {"time_factor", print_counts(g.time_factor, 1)},
               {"mean", g.mean},
               {"spread", g.spread},
               {"low", g.low},
               {"high", g.high},
               {"time_residual", print_residual(g.time)},
               {"energy_residual", print_residual(g.energy)}};
  if (g.half_width) json["half_width"] = *g.half_width;
  for (size_t r = 0; r < regime_kinds; ++r)
    if (g.half_width_in[r]) json["half_widths"][name(static_cast<Regime>(r))] = *g.half_width_in[r];
  if (g.trees) json["trees"] = {{"time", print_trees(g.trees->time)}, {"power", print_trees(g.trees->power)}};
  return json;
}

PhysicsGroup parse_group(const Json& json) {
  PhysicsGroup g;
  g.family = json.at("family");
  g.variant = json.at("variant");
  g.dtype = require_data_type(json.value("dtype", "f32"));
  g.rows = json.at("rows");
  g.time_factor = parse_counts(json.at("time_factor"), 1);
  g.mean = json.at("mean"), g.spread = json.at("spread"), g.low = json.at("low"), g.high = json.at("high");
  g.time = parse_residual(json.at("time_residual"));
  g.energy = parse_residual(json.at("energy_residual"));
  if (json.contains("half_width")) g.half_width = json.at("half_width").get<double>();
  for (size_t r = 0; r < regime_kinds && json.contains("half_widths"); ++r)
    if (const auto width = json["half_widths"].find(name(static_cast<Regime>(r))); width != json["half_widths"].end())
      g.half_width_in[r] = width->get<double>();
  if (json.contains("trees"))
    g.trees = std::make_shared<const ResidualTrees>(
        ResidualTrees{parse_trees(json.at("trees").at("time")), parse_trees(json.at("trees").at("power"))});
  for (size_t j = 0; j < coordinate_kinds; ++j)
    if (!(g.low[j] <= g.high[j])) throw Error(ErrorKind::invalid_input, "group " + g.family + ": low is above high");
  return g;
}

Json print_calibration(const Calibration& c) {
  Json json = {{"energy", c.energy}, {"time", c.time}, {"power", c.power}, {"rows", c.rows}, {"blocks", c.blocks}};
  for (size_t r = 0; r < regime_kinds; ++r)
    if (const auto& own = c.regimes[r])
      json["regimes"][name(static_cast<Regime>(r))] = {{"energy", own->energy}, {"time", own->time}, {"power", own->power}};
  return json;
}
Calibration parse_calibration(const Json& json) {
  const auto widths = [](const Json& of) { return LogWidths{of.at("energy"), of.at("time"), of.at("power")}; };
  Calibration c{widths(json), json.at("rows"), json.at("blocks")};
  for (size_t r = 0; r < regime_kinds && json.contains("regimes"); ++r)
    if (const auto own = json["regimes"].find(name(static_cast<Regime>(r))); own != json["regimes"].end())
      c.regimes[r] = widths(*own);
  return c;
}

Json print_physics(const PhysicsModel& m) {
  Json groups = Json::array();
  for (const PhysicsGroup& g : m.groups) groups.push_back(print_group(g));
  Json json = {{"norm", m.norm},
               {"static_w", m.static_w},
               {"pass_s", m.pass_s},
               {"host_s", m.host_s},
               {"clock", {m.clock_low, m.clock_high}},
               {"time_s", print_counts(m.time_s, 0)},
               {"energy_j", print_counts(m.energy_j, 0)},
               {"correction", m.correction},
               {"launch_correction", m.launch_correction},
               {"groups", groups},
               {"calibration",
                {{"layer", print_calibration(m.layer_calibration)}, {"network", print_calibration(m.network_calibration)}}}};
  if (m.stated_w) json["stated_w"] = *m.stated_w;
  if (m.power_limit_w) json["power_limit_w"] = *m.power_limit_w;
  return json;
}

PhysicsModel parse_physics(const Json& json) {
  PhysicsModel m;
  m.norm = json.at("norm");
  if (!(m.norm >= 1 && m.norm <= 64)) throw Error(ErrorKind::invalid_input, "norm is outside 1 to 64");
  m.static_w = json.at("static_w");
  if (json.contains("stated_w")) m.stated_w = json.at("stated_w").get<double>();
  m.pass_s = json.at("pass_s");
  m.host_s = json.value("host_s", 0.0);
  if (json.contains("clock")) m.clock_low = json.at("clock").at(0), m.clock_high = json.at("clock").at(1);
  if (json.contains("power_limit_w")) m.power_limit_w = json.at("power_limit_w").get<double>();
  m.time_s = parse_counts(json.at("time_s"), 0);
  m.energy_j = parse_counts(json.at("energy_j"), 0);
  m.correction = json.at("correction");
  m.launch_correction = json.at("launch_correction");
  for (const Json& g : json.at("groups")) m.groups.push_back(parse_group(g));
  m.layer_calibration = parse_calibration(json.at("calibration").at("layer"));
  m.network_calibration = parse_calibration(json.at("calibration").at("network"));
  return m;
}

}  // namespace

EnergyModel::EnergyModel() : physics(std::make_unique<PhysicsModel>()) {}
EnergyModel::EnergyModel(EnergyModel&&) noexcept = default;
EnergyModel& EnergyModel::operator=(EnergyModel&&) noexcept = default;
EnergyModel::~EnergyModel() = default;

EnergyModel EnergyModel::parse(std::string_view text, std::string_view id) try {
  const Json json = Json::parse(text);
  const int version = json.at("wattlayer_energy_model");
  if (version != format_version)
    throw Error(ErrorKind::unsupported,
                "format version " + std::to_string(version) + "; this program reads version 1, use a newer one");
  EnergyModel m;
  m.id = id;
  m.hardware_json = json.at("hardware").at("description").dump(2);
  m.hardware = parse_hardware(m.hardware_json, json.at("hardware").at("id").get<std::string>());
  m.engine_json = json.at("engine").at("description").dump(2);
  m.engine = parse_engine(m.engine_json, json.at("engine").at("id").get<std::string>());
  m.dtype = require_data_type(json.at("dtype").get<std::string>());
  m.scope = json.at("scope");
  m.idle_included = json.at("idle_included");
  m.from_data_sheet = json.value("from_data_sheet", false);
  m.card = json.at("card").dump(2);
  *m.physics = parse_physics(json.at("physics"));
  return m;
} catch (const nlohmann::json::exception& e) {
  throw Error(ErrorKind::invalid_input, std::string(id) + ": not an energy model (.wlm): " + e.what());
} catch (const Error& e) {
  throw e.within(std::string(id));
}

std::string EnergyModel::print() const {
  Json json = {{"wattlayer_energy_model", format_version},
               {"card", Json::parse(card.empty() ? "{}" : card)},
               {"hardware", {{"id", hardware.id}, {"description", Json::parse(hardware_json)}}},
               {"engine", {{"id", engine.id}, {"description", Json::parse(engine_json)}}},
               {"dtype", name(dtype)},
               {"scope", scope},
               {"idle_included", idle_included},
               {"physics", print_physics(*physics)}};
  if (from_data_sheet) json["from_data_sheet"] = true;
  return json.dump(1) + "\n";
}

DevicePrior DevicePrior::parse(std::string_view text, std::string_view id) try {
  const Json json = Json::parse(text);
  if (json.at("wattlayer_device_prior") != 1)
    throw Error(ErrorKind::unsupported, "another format version than 1, which this program reads; use a newer one");
  DevicePrior prior;
  prior.norm = json.at("norm");
  for (auto [name, values] : {std::pair{"shift", &prior.shift}, {"spread", &prior.spread}}) {
    const Json& of = json.at(name);
    const auto times = parse_counts(of.at("time_s"), 0), energies = parse_counts(of.at("energy_j"), 0);
    std::copy(times.begin(), times.end(), values->begin());
    std::copy(energies.begin(), energies.end(), values->begin() + count_kinds);
    for (size_t j = 0; j < std::size(prior_fields); ++j) (*values)[2 * count_kinds + j] = of.at(prior_fields[j]);
  }
  for (const Json& g : json.at("groups")) prior.groups.push_back(parse_group(g));
  const Json& widths = json.at("half_widths");
  prior.energy_width = widths.at("energy"), prior.time_width = widths.at("time");
  prior.energy_within = widths.at("energy_within"), prior.time_within = widths.at("time_within");
  prior.rows = json.at("rows"), prior.devices = json.at("devices");
  prior.card = json.at("card").dump(2);
  return prior;
} catch (const nlohmann::json::exception& e) {
  throw Error(ErrorKind::invalid_input, std::string(id) + ": not a prior of devices (.prior): " + e.what());
} catch (const Error& e) {
  throw e.within(std::string(id));
}

std::string DevicePrior::print() const {
  const auto print_values = [](const std::array<double, device_parameters>& values) {
    std::array<double, count_kinds> times, energies;
    std::copy_n(values.begin(), count_kinds, times.begin());
    std::copy_n(values.begin() + count_kinds, count_kinds, energies.begin());
    Json json = {{"time_s", print_counts(times, 0)}, {"energy_j", print_counts(energies, 0)}};
    for (size_t j = 0; j < std::size(prior_fields); ++j) json[prior_fields[j]] = values[2 * count_kinds + j];
    return json;
  };
  Json all = Json::array();
  for (const PhysicsGroup& g : groups) all.push_back(print_group(g));
  Json json = {{"wattlayer_device_prior", 1},
               {"card", Json::parse(card.empty() ? "{}" : card)},
               {"norm", norm},
               {"shift", print_values(shift)},
               {"spread", print_values(spread)},
               {"groups", all},
               {"half_widths",
                {{"energy", energy_width}, {"time", time_width}, {"energy_within", energy_within}, {"time_within", time_within}}},
               {"rows", rows},
               {"devices", devices}};
  return json.dump(1) + "\n";
}

}  // namespace wattlayer

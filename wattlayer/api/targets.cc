#include "wattlayer/api/targets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "wattlayer/core/error.h"
#include "wattlayer/core/nearest.h"
#include "wattlayer/core/text_file.h"
#include "wattlayer/predict/device_prior.h"

namespace wattlayer {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find('/', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

struct Candidate {
  std::string id, hardware, engine, dtype;
};

std::vector<Candidate> candidates(const DataFiles& files, const std::string& hardware) {
  std::vector<Candidate> found;
  for (const std::string& id : energy_model_ids(files)) {
    const std::vector<std::string> parts = split(id);
    if (parts.size() == 3 && parts[0] == hardware) found.push_back({id, parts[0], parts[1], parts[2]});
  }
  return found;
}

/// The hardware that a shorter name stands for (`a100`: `a100-sxm`): the only measured one whose id begins with it; else the
/// name.
std::string measured_variant(const DataFiles& files, const std::string& name, std::vector<std::string>& remarks) {
  if (files.read("hardware", name + ".json")) return name;
  std::set<std::string> measured;
  for (const std::string& id : energy_model_ids(files))
    if (id.starts_with(name + "-")) measured.insert(id.substr(0, id.find('/')));
  if (measured.size() != 1) return name;
  std::vector<std::string> variants = ids(files, "hardware");
  std::erase_if(variants, [&](const std::string& id) { return !id.starts_with(name + "-"); });
  remarks.push_back(
      fmt::format("{} is taken for {}, the only measured one of {}", name, *measured.begin(), fmt::join(variants, ", ")));
  return *measured.begin();
}

std::string ids_of(const std::vector<Candidate>& all) {
  std::vector<std::string> texts;
  for (const Candidate& c : all) texts.push_back(c.id);
  return fmt::format("{}", fmt::join(texts, ", "));
}

/// Keeps the candidates whose field has the wanted value, or the preferred one where nothing is wanted.
void narrow(std::vector<Candidate>& all, std::string Candidate::*field, const std::string& wanted, const std::string& preferred,
            const std::string& target) {
  std::vector<std::string> values;
  for (const Candidate& c : all)
    if (std::find(values.begin(), values.end(), c.*field) == values.end()) values.push_back(c.*field);
  std::string value = wanted;
  if (value.empty() && values.size() == 1) value = values.front();
  if (value.empty() && std::find(values.begin(), values.end(), preferred) != values.end()) value = preferred;
  if (value.empty())
    throw Error(ErrorKind::invalid_input,
                fmt::format("'{}' names several energy models; choose one of: {}", target, ids_of(all)));
  if (std::find(values.begin(), values.end(), value) == values.end())
    throw Error(ErrorKind::unavailable, fmt::format("no energy model for {} with {}; there is: {}", target, value, ids_of(all)));
  std::erase_if(all, [&](const Candidate& c) { return c.*field != value; });
}

/// What networks run in unless somebody asks for another: f32, else the 16-bit type that was measured.
std::string usual_dtype(const std::vector<Candidate>& all) {
  for (const char* usual : {"f32", "bf16", "f16"})
    if (std::any_of(all.begin(), all.end(), [&](const Candidate& c) { return c.dtype == usual; })) return usual;
  return "";
}

bool has(const std::vector<Candidate>& all, std::string Candidate::*field, const std::string& value) {
  return std::any_of(all.begin(), all.end(), [&](const Candidate& c) { return c.*field == value; });
}

}  // namespace

EnergyModel energy_model_from_data_sheet(const DataFiles& files, const std::string& hardware_json, const std::string& id,
                                         const std::string& engine, DataType dtype) {
  EnergyModel model;
  model.hardware_json = hardware_json;
  model.hardware = parse_hardware(hardware_json, id);
  model.engine_json = require_file(files, "engines", engine);
  model.engine = parse_engine(model.engine_json, engine);
  model.dtype = dtype;
  model.id = fmt::format("{}/{}/{}", id, engine, name(dtype));
  model.scope = model.hardware.scope;
  model.from_data_sheet = true;
  *model.physics = device_model(device_prior(files, model.hardware), model.hardware, model.engine);
  return model;
}

DevicePrior device_prior(const DataFiles& files, const Hardware& hardware) {
  const std::string file = hardware.on_processor ? "processor.prior" : "gpu.prior";
  if (auto text = files.read("energy_models", file)) return DevicePrior::parse(*text, file);
  throw Error(ErrorKind::unavailable, fmt::format("energy_models/{} is missing: nothing says how devices of kind '{}' compare to "
                                                  "their data sheets; learn it with `wattlayer fit --devices`",
                                                  file, hardware.kind));
}

std::vector<std::string> energy_model_ids(const DataFiles& files) {
  std::vector<std::string> result = ids(files, "energy_models", ".wlm");
  for (std::string& id : result)
    for (size_t at = 0; (at = id.find("--", at)) != id.npos; ++at) id.replace(at, 2, "/");
  return result;
}

EnergyModel load_energy_model(const DataFiles& files, const std::string& id) {
  std::string file = id;
  for (size_t at = 0; (at = file.find('/', at)) != file.npos; at += 2) file.replace(at, 1, "--");
  if (auto text = files.read("energy_models", file + ".wlm")) return EnergyModel::parse(*text, id);
  throw Error(ErrorKind::invalid_input, fmt::format("unknown energy model '{}'{}", id, nearest(id, energy_model_ids(files))));
}

FoundEnergyModel find_target(const DataFiles& files, const std::string& target, std::optional<DataType> dtype) {
  if (target.ends_with(".wlm")) {
    EnergyModel model = EnergyModel::parse(read_text(target), target);
    if (dtype && *dtype != model.dtype)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("{} is an energy model for {}, not {}", target, name(model.dtype), name(*dtype)));
    return {std::move(model), {}};
  }
  std::vector<std::string> parts = split(target);
  if (parts.size() > 3 || std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return part.empty(); }))
    throw Error(ErrorKind::invalid_input,
                fmt::format("cannot read '{}': expected HARDWARE[/ENGINE[/DTYPE]] or a .wlm file", target));
  if (parts.size() > 2) {
    const DataType named = require_data_type(parts[2]);
    if (dtype && *dtype != named)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("'{}' says {}, but --dtype says {}; leave one out", target, name(named), name(*dtype)));
    dtype = named;
  }
  std::vector<std::string> remarks;
  parts[0] = measured_variant(files, parts[0], remarks);
  std::vector<Candidate> all = candidates(files, parts[0]);
  const std::string engine = parts.size() > 1 ? parts[1] : "";
  if (!engine.empty()) require_file(files, "engines", engine);
  std::vector<Candidate> same_engine = all;
  if (!engine.empty()) std::erase_if(same_engine, [&](const Candidate& c) { return c.engine != engine; });
  if (same_engine.empty() || (dtype && !has(same_engine, &Candidate::dtype, std::string(name(*dtype))))) {
    const std::string hardware_json = require_file(files, "hardware", parts[0]);
    remarks.push_back(fmt::format("nobody has measured {}{}: estimated from its data sheet and what other devices teach", target,
                                  all.empty() ? "" : fmt::format(" ({} is measured)", ids_of(all))));
    const std::string likely = engine.empty() ? (all.empty() ? "pytorch" : all.front().engine) : engine;
    return {energy_model_from_data_sheet(files, hardware_json, parts[0], likely, dtype.value_or(DataType::f32)),
            std::move(remarks)};
  }
  narrow(all, &Candidate::engine, engine, "pytorch", target);
  const std::string usual = usual_dtype(all);
  if (!dtype && usual != "f32" && all.size() > 1)
    remarks.push_back(fmt::format("{} is taken in {}; measured are {}", target, usual, ids_of(all)));
  narrow(all, &Candidate::dtype, dtype ? std::string(name(*dtype)) : "", usual, target);
  return {load_energy_model(files, all.front().id), std::move(remarks)};
}

}  // namespace wattlayer

#include "wattlayer/training/butter_e.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

using Json = nlohmann::json;

constexpr double giga = 1e9, mebi = 1024.0 * 1024.0;

double not_negative(const Json& json, const char* field) {
  const double value = json.at(field).get<double>();
  if (!(value >= 0) || !std::isfinite(value))
    throw Error(ErrorKind::invalid_input, fmt::format("{}: expected a number from 0 on, found {}", field, json.at(field).dump()));
  return value;
}

constexpr std::string_view file_ending = ".butter-e.json";

/// Per level, divided by the epochs and by what one unit of the file is.
std::vector<double> by_level(const Json& json, const char* field, double divisor) {
  std::vector<double> values;
  for (const Json& level : json.at(field)) {
    values.push_back(level.get<double>() / divisor);
    if (!(values.back() >= 0) || !std::isfinite(values.back()))
      throw Error(ErrorKind::invalid_input,
                  fmt::format("{}: expected numbers from 0 on, found {}", field, json.at(field).dump()));
  }
  return values;
}

}  // namespace

ButterTerms butter_terms(const MlpTraining& t, const WorkingSets& sets, size_t levels) {
  const auto [forward, backward] = passes(t);
  ButterTerms terms;
  terms.passes = forward + backward;
  terms.operations = forward * t.forward_operations() + backward * t.backward_operations();
  terms.layer_passes = terms.passes * static_cast<double>(t.layers());
  terms.accesses.assign(levels, 0);
  terms.bytes.assign(levels, 0);
  const auto access = [&](const PlacedSet& placed, double times) {
    terms.accesses.at(placed.place.level) += times;
    terms.bytes.at(placed.place.level) += times * placed.set.bytes();
  };
  access(sets.samples, forward);
  access(sets.forward, forward);
  access(sets.backward, backward);
  for (const PlacedSet& layer : sets.inter_layer) access(layer, terms.passes);
  return terms;
}

ButterTerms butter_terms(const MlpTraining& training, const Hardware& hardware) {
  return butter_terms(training, place(working_set_sizes(training), hardware), hardware.memory.size());
}

double butter_energy_j(const ButterTerms& terms, const ButterCoefficients& k) {
  double sum =
      terms.runs * k.per_run + terms.passes * k.per_pass + terms.operations * k.per_operation + terms.layer_passes * k.per_layer;
  for (size_t c = 0; c < terms.accesses.size(); ++c)
    sum += terms.accesses[c] * k.per_access.at(c) + terms.bytes[c] * k.per_byte.at(c);
  return sum;
}

ButterModel parse_butter_model(std::string_view text, std::string_view id) try {
  const Json json = Json::parse(text);
  ButterModel model;
  model.id = id;
  model.source = json.at("source");
  model.licence = json.at("licence");
  model.scope = json.at("scope");
  const Json& k = json.at("coefficients");
  const double epochs = json.at("epochs_in_coefficients").get<double>();
  if (!(epochs >= 1))
    throw Error(ErrorKind::invalid_input, fmt::format("epochs_in_coefficients: expected 1 or more, found {}", epochs));
  model.coefficients = {.per_run = not_negative(k, "j_per_run"),
                        .per_pass = not_negative(k, "j_per_pass") / epochs,
                        .per_operation = not_negative(k, "j_per_gigaoperation") / giga / epochs,
                        .per_layer = not_negative(k, "j_per_layer") / epochs,
                        .per_access = by_level(k, "j_per_access", epochs),
                        .per_byte = by_level(k, "j_per_mebibyte", mebi * epochs)};
  if (model.coefficients.per_access.size() != model.coefficients.per_byte.size())
    throw Error(ErrorKind::invalid_input,
                fmt::format("j_per_access and j_per_mebibyte: expected a figure for each memory level in "
                            "both, found {} and {}",
                            model.coefficients.per_access.size(), model.coefficients.per_byte.size()));
  model.mean_error = not_negative(json, "published_mean_error_percent");
  const Json& check = json.at("check");
  model.checked_on = check.at("runs");
  model.ratio_low = check.at("ratio_5_percent"), model.ratio_high = check.at("ratio_95_percent");
  if (!(model.ratio_low > 0 && model.ratio_low < model.ratio_high))
    throw Error(ErrorKind::invalid_input, "check: expected 0 < ratio_5_percent < ratio_95_percent");
  return model;
} catch (const Json::exception& e) {
  throw Error(ErrorKind::invalid_input, fmt::format("energy_models/{}{}: {}", id, file_ending, e.what()));
} catch (const Error& e) {
  throw e.within(fmt::format("energy_models/{}{}", id, file_ending));
}

std::optional<ButterModel> find_butter_model(const DataFiles& files, std::string_view hardware) {
  const auto text = files.read("energy_models", fmt::format("{}{}", hardware, file_ending));
  if (!text) return std::nullopt;
  return parse_butter_model(*text, hardware);
}

std::vector<std::string> butter_model_ids(const DataFiles& files) {
  std::vector<std::string> ids;
  for (const std::string& file : files.list("energy_models"))
    if (file.ends_with(file_ending)) ids.push_back(file.substr(0, file.size() - file_ending.size()));
  return ids;
}

Interval butter_estimate(const ButterTerms& terms, const ButterModel& model) {
  const double energy = butter_energy_j(terms, model.coefficients);
  return {energy, energy / model.ratio_high, energy / model.ratio_low};
}

}  // namespace wattlayer

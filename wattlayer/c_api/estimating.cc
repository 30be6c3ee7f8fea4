#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "wattlayer/api/network_source.h"
#include "wattlayer/api/targets.h"
#include "wattlayer/c_api/handles.h"
#include "wattlayer/core/data_files.h"
#include "wattlayer/core/error.h"
#include "wattlayer/report/format.h"

using wattlayer::c_api::handed_out;
using wattlayer::c_api::require;
using wattlayer::c_api::status_of;

namespace {

const wattlayer_options& or_defaults(const wattlayer_options* options) {
  static const wattlayer_options nothing_set;
  return options ? *options : nothing_set;
}

/// What was assumed about the target stands among the remarks: nobody reads standard error here.
std::unique_ptr<wattlayer_report> report_of(wattlayer::EstimateReport rows, const std::vector<std::string>& assumed) {
  rows.remarks.insert(rows.remarks.begin(), assumed.begin(), assumed.end());
  auto report = std::make_unique<wattlayer_report>();
  report->dtype = name(rows.estimate.dtype);
  report->rows.estimates.push_back(std::move(rows));
  return report;
}

wattlayer::FoundEnergyModel target_of(const char* target, const wattlayer_options& options) {
  require(target, "target");
  return find_target(wattlayer::DataFiles(options.data_folder), target, options.dtype);
}

std::unique_ptr<wattlayer_report> estimated(const wattlayer::NetworkSource& source, const char* target,
                                            const wattlayer_options& options) {
  const wattlayer::FoundEnergyModel found = target_of(target, options);
  const wattlayer::Graph graph = source.graph(options.import);
  return report_of(estimate(source, graph, found.model, options.device), found.remarks);
}

std::string json_of(const wattlayer_report& report) { return wattlayer::require_format("json").estimates(report.rows, {}); }

}  // namespace

int wattlayer_estimate(const char* network, const char* target, const wattlayer_options* options, wattlayer_report** report) {
  return status_of([&] {
    require(network, "network");
    require(report, "report");
    *report = estimated(wattlayer::NetworkSource(network), target, or_defaults(options)).release();
  });
}

int wattlayer_estimate_onnx(const void* bytes, size_t size, const char* name, const char* target,
                            const wattlayer_options* options, wattlayer_report** report) {
  return status_of([&] {
    require(bytes, "bytes");
    require(name, "name");
    require(report, "report");
    const wattlayer_options& wanted = or_defaults(options);
    const wattlayer::FoundEnergyModel found = target_of(target, wanted);
    const wattlayer::Graph graph =
        wattlayer::read_onnx(std::string_view(static_cast<const char*>(bytes), size), name, wanted.import);
    // Never energy times batch: a batch that the reader did not set would be a silent lie.
    if (wanted.import.batch && graph.batch != *wanted.import.batch)
      throw wattlayer::Error(wattlayer::ErrorKind::unsupported,
                             std::string(name) + ": cannot set batch " + std::to_string(*wanted.import.batch) +
                                 ", its inputs stay at batch " + std::to_string(graph.batch) + "; export it at that batch");
    wattlayer::EstimateReport rows = estimate(graph, found.model, wanted.device);
    rows.file = name;
    *report = report_of(std::move(rows), found.remarks).release();
  });
}

int wattlayer_estimate_layer(const char* layer, const char* target, const wattlayer_options* options, wattlayer_report** report) {
  return status_of([&] {
    require(layer, "layer");
    require(report, "report");
    *report = estimated(wattlayer::NetworkSource::of_layer(layer), target, or_defaults(options)).release();
  });
}

int wattlayer_estimate_json(const char* network, const char* target, const wattlayer_options* options, char** json) {
  return status_of([&] {
    require(network, "network");
    require(json, "json");
    *json = handed_out(json_of(*estimated(wattlayer::NetworkSource(network), target, or_defaults(options))));
  });
}

int wattlayer_report_json(const wattlayer_report* report, char** json) {
  return status_of([&] {
    require(report, "report");
    require(json, "json");
    *json = handed_out(json_of(*report));
  });
}

int wattlayer_energy_models_json(const wattlayer_options* options, char** json) {
  return status_of([&] {
    require(json, "json");
    const wattlayer::DataFiles files(or_defaults(options).data_folder);
    *json = handed_out(nlohmann::json(energy_model_ids(files)).dump());
  });
}

int wattlayer_hardware_json(const wattlayer_options* options, char** json) {
  return status_of([&] {
    require(json, "json");
    const wattlayer::DataFiles files(or_defaults(options).data_folder);
    *json = handed_out(nlohmann::json(ids(files, "hardware")).dump());
  });
}

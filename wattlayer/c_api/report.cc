#include <limits>

#include "wattlayer/c_api/handles.h"

using wattlayer::EstimateReport;
using wattlayer::Interval;
using wattlayer::LayerRow;
using wattlayer::Unpriced;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr wattlayer_interval no_interval{not_a_number, not_a_number, not_a_number};

wattlayer_interval interval(const Interval& i) { return {i.value, i.low, i.high}; }

/// The figure or text of a report; of none, what stands for nothing.
template <typename Value, typename Choose>
Value of(const wattlayer_report* report, Value nothing, Choose choose) {
  return report ? choose(report->estimate()) : nothing;
}

/// The same of one of its rows; of an index past the end, what stands for nothing.
template <typename Row, typename Value, typename Choose>
Value of_row(const std::vector<Row>* rows, size_t index, Value nothing, Choose choose) {
  return rows && index < rows->size() ? choose((*rows)[index]) : nothing;
}

const std::vector<LayerRow>* layers(const wattlayer_report* report) { return report ? &report->estimate().layers : nullptr; }
const std::vector<Unpriced>* unpriced(const wattlayer_report* report) {
  return report ? &report->estimate().estimate.unpriced : nullptr;
}

const char* text(const std::string& value) { return value.c_str(); }
const char* no_text = nullptr;

}  // namespace

void wattlayer_report_free(wattlayer_report* report) { delete report; }

wattlayer_interval wattlayer_report_energy_j(const wattlayer_report* report) {
  return of(report, no_interval, [](const EstimateReport& r) { return interval(r.estimate.energy_j); });
}
wattlayer_interval wattlayer_report_energy_per_inference_j(const wattlayer_report* report) {
  return of(report, no_interval, [](const EstimateReport& r) { return interval(r.energy_per_inference_j); });
}
wattlayer_interval wattlayer_report_time_s(const wattlayer_report* report) {
  return of(report, no_interval, [](const EstimateReport& r) { return interval(r.estimate.time_s); });
}
wattlayer_interval wattlayer_report_power_w(const wattlayer_report* report) {
  return of(report, no_interval, [](const EstimateReport& r) { return interval(r.estimate.power_w); });
}
double wattlayer_report_coverage(const wattlayer_report* report) {
  return of(report, not_a_number, [](const EstimateReport& r) { return r.estimate.coverage; });
}
double wattlayer_report_pass_energy_j(const wattlayer_report* report) {
  return of(report, not_a_number, [](const EstimateReport& r) { return r.pass_energy_j; });
}
double wattlayer_report_macs(const wattlayer_report* report) {
  return of(report, not_a_number, [](const EstimateReport& r) { return r.estimate.macs; });
}
double wattlayer_report_parameters(const wattlayer_report* report) {
  return of(report, not_a_number, [](const EstimateReport& r) { return r.estimate.parameters; });
}
int64_t wattlayer_report_batch(const wattlayer_report* report) {
  return of(report, int64_t{0}, [](const EstimateReport& r) { return r.estimate.batch; });
}
int wattlayer_report_idle_included(const wattlayer_report* report) {
  return of(report, 0, [](const EstimateReport& r) { return r.estimate.idle_included ? 1 : 0; });
}
const char* wattlayer_report_network(const wattlayer_report* report) {
  return of(report, no_text, [](const EstimateReport& r) { return text(r.network); });
}
const char* wattlayer_report_hardware(const wattlayer_report* report) {
  return of(report, no_text, [](const EstimateReport& r) { return text(r.estimate.hardware); });
}
const char* wattlayer_report_engine(const wattlayer_report* report) {
  return of(report, no_text, [](const EstimateReport& r) { return text(r.estimate.engine); });
}
const char* wattlayer_report_dtype(const wattlayer_report* report) { return report ? text(report->dtype) : no_text; }
const char* wattlayer_report_scope(const wattlayer_report* report) {
  return of(report, no_text, [](const EstimateReport& r) { return text(r.estimate.scope); });
}
const char* wattlayer_report_energy_model(const wattlayer_report* report) {
  return of(report, no_text, [](const EstimateReport& r) { return text(r.estimate.energy_model); });
}
const char* wattlayer_report_interval_note(const wattlayer_report* report) {
  return of(report, no_text, [](const EstimateReport& r) { return text(r.estimate.interval_note); });
}
size_t wattlayer_report_remark_count(const wattlayer_report* report) {
  return of(report, size_t{0}, [](const EstimateReport& r) { return r.remarks.size(); });
}
const char* wattlayer_report_remark(const wattlayer_report* report, size_t index) {
  return of_row(report ? &report->estimate().remarks : nullptr, index, no_text, text);
}

size_t wattlayer_report_unpriced_count(const wattlayer_report* report) { return report ? unpriced(report)->size() : 0; }
const char* wattlayer_report_unpriced_operator(const wattlayer_report* report, size_t index) {
  return of_row(unpriced(report), index, no_text, [](const Unpriced& u) { return text(u.op); });
}
const char* wattlayer_report_unpriced_reason(const wattlayer_report* report, size_t index) {
  return of_row(unpriced(report), index, no_text, [](const Unpriced& u) { return text(u.reason); });
}
double wattlayer_report_unpriced_bound_j(const wattlayer_report* report, size_t index) {
  return of_row(unpriced(report), index, not_a_number, [](const Unpriced& u) { return u.bound_j.value_or(not_a_number); });
}

size_t wattlayer_report_layer_count(const wattlayer_report* report) { return report ? layers(report)->size() : 0; }
const char* wattlayer_report_layer_name(const wattlayer_report* report, size_t index) {
  return of_row(layers(report), index, no_text, [](const LayerRow& l) { return text(l.name); });
}
const char* wattlayer_report_layer_operator(const wattlayer_report* report, size_t index) {
  return of_row(layers(report), index, no_text, [](const LayerRow& l) { return text(l.op); });
}
const char* wattlayer_report_layer_text(const wattlayer_report* report, size_t index) {
  return of_row(layers(report), index, no_text, [](const LayerRow& l) { return text(l.layer); });
}
const char* wattlayer_report_layer_label(const wattlayer_report* report, size_t index) {
  // Labels are literals, so they end in a zero.
  return of_row(layers(report), index, no_text, [](const LayerRow& l) { return name(l.label).data(); });
}
double wattlayer_report_layer_executions(const wattlayer_report* report, size_t index) {
  return of_row(layers(report), index, not_a_number, [](const LayerRow& l) { return l.count; });
}
double wattlayer_report_layer_macs(const wattlayer_report* report, size_t index) {
  return of_row(layers(report), index, not_a_number, [](const LayerRow& l) { return l.macs; });
}
double wattlayer_report_layer_share(const wattlayer_report* report, size_t index) {
  return of_row(layers(report), index, not_a_number, [](const LayerRow& l) { return l.share; });
}
wattlayer_interval wattlayer_report_layer_energy_j(const wattlayer_report* report, size_t index) {
  return of_row(layers(report), index, no_interval, [](const LayerRow& l) { return interval(l.energy_j); });
}
wattlayer_interval wattlayer_report_layer_time_s(const wattlayer_report* report, size_t index) {
  return of_row(layers(report), index, no_interval, [](const LayerRow& l) { return interval(l.time_s); });
}

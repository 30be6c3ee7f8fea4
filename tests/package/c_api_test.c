#include <math.h>
#include <stdio.h>
#include <string.h>

#include "wattlayer/c_api/wattlayer.h"

static int failures = 0;

static void check(int holds, const char* what, int line) {
  if (holds) return;
  ++failures;
  fprintf(stderr, "c_api_test.c:%d: %s does not hold; last error: %s\n", line, what, wattlayer_last_error());
}
#define CHECK(condition) check((condition) != 0, #condition, __LINE__)

static int says(const char* part) { return strstr(wattlayer_last_error(), part) != NULL; }

static void check_versions(void) {
  CHECK(wattlayer_abi_version() == WATTLAYER_ABI_VERSION);
  CHECK(strchr(wattlayer_version(), '.') != NULL);
}

/* Layers and what belongs to the pass add up to the total; every figure is a figure. */
static void check_report(const wattlayer_report* report) {
  const wattlayer_interval energy = wattlayer_report_energy_j(report);
  const wattlayer_interval time = wattlayer_report_time_s(report);
  const wattlayer_interval power = wattlayer_report_power_w(report);
  CHECK(energy.low > 0 && energy.low < energy.value && energy.value < energy.high);
  CHECK(fabs(energy.value / time.value / power.value - 1) < 0.02);
  CHECK(wattlayer_report_macs(report) > 4.0e9 && wattlayer_report_macs(report) < 4.2e9);
  CHECK(wattlayer_report_parameters(report) > 25.5e6);
  CHECK(wattlayer_report_batch(report) == 1);
  CHECK(wattlayer_report_idle_included(report) == 1);
  CHECK(wattlayer_report_energy_per_inference_j(report).value == energy.value);
  CHECK(strcmp(wattlayer_report_network(report), "resnet50") == 0);
  CHECK(strcmp(wattlayer_report_hardware(report), "xeon-gold-5120") == 0);
  CHECK(strcmp(wattlayer_report_engine(report), "pytorch") == 0);
  CHECK(strcmp(wattlayer_report_dtype(report), "f32") == 0);
  CHECK(strcmp(wattlayer_report_scope(report), "cpu-package") == 0);
  CHECK(strcmp(wattlayer_report_energy_model(report), "xeon-gold-5120/pytorch/f32") == 0);
  CHECK(wattlayer_report_interval_note(report) != NULL);
  double sum = wattlayer_report_pass_energy_j(report), predicted = 0;
  const size_t count = wattlayer_report_layer_count(report);
  CHECK(count > 20);
  for (size_t i = 0; i < count; ++i) {
    sum += wattlayer_report_layer_energy_j(report, i).value;
    if (strcmp(wattlayer_report_layer_label(report, i), "predicted") == 0) predicted += wattlayer_report_layer_share(report, i);
    CHECK(wattlayer_report_layer_executions(report, i) >= 1 && wattlayer_report_layer_time_s(report, i).value > 0);
    CHECK(wattlayer_report_layer_macs(report, i) >= 0);
    CHECK(*wattlayer_report_layer_name(report, i) && *wattlayer_report_layer_text(report, i) &&
          *wattlayer_report_layer_operator(report, i));
  }
  CHECK(fabs(sum / energy.value - 1) < 1e-9);
  /* What belongs to the pass is counted where its layers are. */
  const double coverage = wattlayer_report_coverage(report), pass = wattlayer_report_pass_energy_j(report) / energy.value;
  CHECK(coverage >= predicted - 1e-9 && coverage <= predicted + pass + 1e-9);
  CHECK(wattlayer_report_layer_name(report, count) == NULL);
  CHECK(isnan(wattlayer_report_layer_energy_j(report, count).value));
  CHECK(wattlayer_report_remark(report, wattlayer_report_remark_count(report)) == NULL);
  CHECK(wattlayer_report_unpriced_operator(report, wattlayer_report_unpriced_count(report)) == NULL);
}

static void check_options(const char* network) {
  wattlayer_options* options = wattlayer_options_new();
  wattlayer_report* report = NULL;
  CHECK(wattlayer_options_set_batch(options, 0) == WATTLAYER_INVALID_INPUT && says("batch is 0, expected at least 1"));
  CHECK(wattlayer_options_set_dtype(options, "f17") == WATTLAYER_INVALID_INPUT && says("f17"));
  CHECK(wattlayer_options_set_clock_mhz(options, -1) == WATTLAYER_INVALID_INPUT);
  CHECK(wattlayer_options_set_power_limit_w(options, NAN) == WATTLAYER_INVALID_INPUT);
  CHECK(wattlayer_options_set_data_folder(options, "/nowhere") == WATTLAYER_IO && says("/nowhere"));
  CHECK(wattlayer_options_set_batch(options, 8) == WATTLAYER_OK);
  CHECK(wattlayer_estimate(network, "xeon-gold-5120", options, &report) == WATTLAYER_OK);
  CHECK(wattlayer_report_batch(report) == 8);
  CHECK(fabs(wattlayer_report_energy_j(report).value / 8 / wattlayer_report_energy_per_inference_j(report).value - 1) < 1e-9);
  wattlayer_report_free(report);
  wattlayer_options_free(options);
}

/* Shapes by name: a network whose input is symbolic stays unknown until it is told. */
static void check_shapes(const char* network) {
  const int64_t shape[] = {2, 3, 64, 64};
  wattlayer_options* options = wattlayer_options_new();
  wattlayer_report *small = NULL, *large = NULL;
  CHECK(wattlayer_options_set_input_shape(options, "input", shape, 4) == WATTLAYER_OK);
  CHECK(wattlayer_options_set_input_shape(options, "input", shape, (size_t)1 << 61) == WATTLAYER_INVALID_INPUT);
  CHECK(wattlayer_options_set_trip_count(options, 3) == WATTLAYER_OK);
  CHECK(wattlayer_estimate(network, "xeon-gold-5120", options, &small) == WATTLAYER_OK);
  CHECK(wattlayer_estimate(network, "xeon-gold-5120", NULL, &large) == WATTLAYER_OK);
  CHECK(wattlayer_report_batch(small) == 2);
  CHECK(wattlayer_report_macs(small) < wattlayer_report_macs(large));
  CHECK(wattlayer_options_set_dimension(options, "seq", 0) == WATTLAYER_INVALID_INPUT && says("seq is 0"));
  wattlayer_report_free(small);
  wattlayer_report_free(large);
  wattlayer_options_free(options);
}

static void check_memory(const char* network) {
  static char bytes[4 << 20];
  FILE* file = fopen(network, "rb");
  if (!file) {
    CHECK(file != NULL);
    return;
  }
  const size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  wattlayer_report *of_memory = NULL, *of_file = NULL;
  CHECK(wattlayer_estimate_onnx(bytes, size, "in_memory", "jetson-nano", NULL, &of_memory) == WATTLAYER_OK);
  CHECK(wattlayer_estimate(network, "jetson-nano", NULL, &of_file) == WATTLAYER_OK);
  CHECK(wattlayer_report_energy_j(of_memory).value == wattlayer_report_energy_j(of_file).value);
  wattlayer_report_free(of_memory);
  wattlayer_report_free(of_file);
  CHECK(wattlayer_estimate_onnx("no network", 10, "junk", "jetson-nano", NULL, &of_memory) == WATTLAYER_INVALID_INPUT &&
        says("junk"));
}

static void check_errors(void) {
  wattlayer_report* report = NULL;
  char* json = NULL;
  CHECK(wattlayer_estimate("no.onnx", "jetson-nano", NULL, &report) == WATTLAYER_IO && says("cannot read no.onnx: no such file"));
  CHECK(wattlayer_estimate("net:vgg16", "jetsn-nano", NULL, &report) == WATTLAYER_INVALID_INPUT && says("jetson-nano"));
  CHECK(wattlayer_estimate(NULL, "jetson-nano", NULL, &report) == WATTLAYER_INVALID_INPUT && says("network is NULL"));
  CHECK(wattlayer_estimate("net:vgg16", NULL, NULL, &report) == WATTLAYER_INVALID_INPUT && says("target is NULL"));
  CHECK(wattlayer_estimate("net:vgg16", "jetson-nano", NULL, NULL) == WATTLAYER_INVALID_INPUT && says("report is NULL"));
  CHECK(wattlayer_estimate_json("net:vgg16", "jetson-nano/vllm/f99", NULL, &json) == WATTLAYER_INVALID_INPUT);
  CHECK(report == NULL && json == NULL);
  CHECK(isnan(wattlayer_report_energy_j(NULL).value) && wattlayer_report_layer_count(NULL) == 0 &&
        wattlayer_report_network(NULL) == NULL);
  CHECK(wattlayer_report_unpriced_count(NULL) == 0);
  wattlayer_report_free(NULL);
  wattlayer_options_free(NULL);
  wattlayer_free_text(NULL);
}

static void check_others(void) {
  wattlayer_report* report = NULL;
  char* json = NULL;
  CHECK(wattlayer_estimate_layer("Conv 1x64x56x56 64x64x3x3 pads=1,1,1,1", "rtx-4090", NULL, &report) == WATTLAYER_OK);
  CHECK(wattlayer_report_layer_count(report) == 1 && wattlayer_report_remark_count(report) >= 1);
  CHECK(strstr(wattlayer_report_remark(report, 0), "nobody has measured") != NULL);
  CHECK(wattlayer_report_json(report, &json) == WATTLAYER_OK && strstr(json, "\"schema\": 1") != NULL);
  wattlayer_free_text(json);
  wattlayer_report_free(report);
  CHECK(wattlayer_energy_models_json(NULL, &json) == WATTLAYER_OK && strstr(json, "\"xeon-gold-5120/pytorch/f32\"") != NULL);
  wattlayer_free_text(json);
  CHECK(wattlayer_hardware_json(NULL, &json) == WATTLAYER_OK && strstr(json, "\"jetson-nano\"") != NULL);
  wattlayer_free_text(json);
  CHECK(wattlayer_estimate_json("net:vgg16", "jetson-nano", NULL, &json) == WATTLAYER_OK && strstr(json, "\"vgg16\"") != NULL);
  wattlayer_free_text(json);
  /* An operator outside the catalogue is bounded and named, never 0. */
  CHECK(wattlayer_estimate_layer("Mystery 1x8 -> 1x8", "xeon-gold-5120", NULL, &report) == WATTLAYER_OK);
  CHECK(wattlayer_report_unpriced_count(report) == 1 && strcmp(wattlayer_report_unpriced_operator(report, 0), "Mystery") == 0);
  CHECK(wattlayer_report_unpriced_bound_j(report, 0) > 0 && *wattlayer_report_unpriced_reason(report, 0));
  wattlayer_report_free(report);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  wattlayer_report* report = NULL;
  check_versions();
  CHECK(strcmp(wattlayer_last_error(), "") == 0);
  CHECK(wattlayer_estimate(argv[1], "xeon-gold-5120", NULL, &report) == WATTLAYER_OK);
  check_report(report);
  wattlayer_report_free(report);
  check_options(argv[1]);
  check_shapes(argv[1]);
  check_memory(argv[1]);
  check_errors();
  check_others();
  if (failures == 0) printf("c_api_test: every check holds\n");
  return failures == 0 ? 0 : 1;
}

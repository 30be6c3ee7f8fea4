/* WattLayer for every language that can call C: estimates of the energy of neural networks.
 *
 * Handles are opaque; who makes one frees it with the function of its name. Functions that can fail return a status and leave
 * their result untouched when it is not 0; wattlayer_last_error() then says what was expected, what was found and what to do.
 * Texts handed in and out are UTF-8 and end in a zero. Texts of a report live as long as the report.
 * Different threads may call at the same time; a handle of options must not change while another thread reads it.
 * Energies are joules, times seconds, powers watts, all of one pass of the whole batch unless the name says otherwise. */
#ifndef WATTLAYER_C_API_WATTLAYER_H
#define WATTLAYER_C_API_WATTLAYER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when a function or a meaning is removed or changed; a function added leaves it as it is. */
#define WATTLAYER_ABI_VERSION 1

/* What the caller can do about a failure. */
#define WATTLAYER_OK 0
#define WATTLAYER_INVALID_INPUT 1 /* the input is wrong: correct it */
#define WATTLAYER_UNSUPPORTED 2   /* the input is fine, this version cannot handle it */
#define WATTLAYER_UNAVAILABLE 3   /* an energy model or a device is missing here */
#define WATTLAYER_IO 4            /* a file could not be read */
#define WATTLAYER_INTERNAL 5      /* a fault of the library */
#define WATTLAYER_OUT_OF_MEMORY 6

typedef struct wattlayer_options wattlayer_options;
typedef struct wattlayer_report wattlayer_report;

/* A value with its 90 % prediction interval. */
typedef struct wattlayer_interval {
  double value, low, high;
} wattlayer_interval;

/* WATTLAYER_ABI_VERSION of the library that is loaded; compare it with that of this header. */
int wattlayer_abi_version(void);
/* "0.1.0" */
const char* wattlayer_version(void);
/* One sentence about the last call of this thread that failed; "" before the first. Valid until the next one fails. */
const char* wattlayer_last_error(void);
/* Frees a text that was handed out through a char**; NULL is allowed. */
void wattlayer_free_text(char* text);

/* What an estimate leaves open is taken from the network and the energy model; NULL stands for options nobody has set. */
wattlayer_options* wattlayer_options_new(void); /* NULL when memory is out */
void wattlayer_options_free(wattlayer_options* options);
/* Leading dimension of every input, at least 1; the network's own without it. */
int wattlayer_options_set_batch(wattlayer_options* options, int64_t batch);
/* Data type of the arithmetic: "f32", "f16", "bf16", "int8", ... */
int wattlayer_options_set_dtype(wattlayer_options* options, const char* dtype);
/* Clock of the compute units and limit of the board's power; those of the measurements without them. */
int wattlayer_options_set_clock_mhz(wattlayer_options* options, double clock_mhz);
int wattlayer_options_set_power_limit_w(wattlayer_options* options, double power_limit_w);
/* Value of a symbolic dimension, and shape of an input, of an ONNX file. */
int wattlayer_options_set_dimension(wattlayer_options* options, const char* name, int64_t value);
int wattlayer_options_set_input_shape(wattlayer_options* options, const char* name, const int64_t* dimensions, size_t rank);
/* Passes through loops whose number the network does not say; 1 without it. */
int wattlayer_options_set_trip_count(wattlayer_options* options, int64_t trip_count);
/* Folder with hardware/, engines/, energy_models/ that add to the built-in ones or replace them. */
int wattlayer_options_set_data_folder(wattlayer_options* options, const char* folder);

/* Estimates a network: an ONNX file, a text list of layers, or "net:NAME?batch=1". target: "HARDWARE[/ENGINE[/DTYPE]]" or an
 * energy model file (.wlm). */
int wattlayer_estimate(const char* network, const char* target, const wattlayer_options* options, wattlayer_report** report);
/* The same of an ONNX file in memory, and of a single layer in text form ("Conv 1x3x224x224 64x3x7x7 strides=2,2"). */
int wattlayer_estimate_onnx(const void* bytes, size_t size, const char* name, const char* target,
                            const wattlayer_options* options, wattlayer_report** report);
int wattlayer_estimate_layer(const char* layer, const char* target, const wattlayer_options* options, wattlayer_report** report);
/* wattlayer_estimate() as the JSON of docs/formats/estimate_v1.md. */
int wattlayer_estimate_json(const char* network, const char* target, const wattlayer_options* options, char** json);
/* Ids of the energy models, "HARDWARE/ENGINE/DTYPE", and of the hardware, as a JSON array of texts. */
int wattlayer_energy_models_json(const wattlayer_options* options, char** json);
int wattlayer_hardware_json(const wattlayer_options* options, char** json);

void wattlayer_report_free(wattlayer_report* report);
/* The JSON of docs/formats/estimate_v1.md. */
int wattlayer_report_json(const wattlayer_report* report, char** json);
wattlayer_interval wattlayer_report_energy_j(const wattlayer_report* report);
wattlayer_interval wattlayer_report_energy_per_inference_j(const wattlayer_report* report);
wattlayer_interval wattlayer_report_time_s(const wattlayer_report* report);
wattlayer_interval wattlayer_report_power_w(const wattlayer_report* report);
/* Share of the energy from layers inside the fitted range, 0 to 1. */
double wattlayer_report_coverage(const wattlayer_report* report);
/* Part of the energy that belongs to the pass as a whole and to no layer. */
double wattlayer_report_pass_energy_j(const wattlayer_report* report);
double wattlayer_report_macs(const wattlayer_report* report);
double wattlayer_report_parameters(const wattlayer_report* report);
int64_t wattlayer_report_batch(const wattlayer_report* report);
/* 1 when idle power is inside the figures, else 0. */
int wattlayer_report_idle_included(const wattlayer_report* report);
const char* wattlayer_report_network(const wattlayer_report* report);
const char* wattlayer_report_hardware(const wattlayer_report* report);
const char* wattlayer_report_engine(const wattlayer_report* report);
const char* wattlayer_report_dtype(const wattlayer_report* report);
/* What the energy covers: "cpu-package", "gpu-board", "board", "core-rail", "wall", ... */
const char* wattlayer_report_scope(const wattlayer_report* report);
const char* wattlayer_report_energy_model(const wattlayer_report* report);
/* "few blocks", "uncalibrated" or "incomplete" where the intervals rest on too little; else "". */
const char* wattlayer_report_interval_note(const wattlayer_report* report);
/* Assumptions made on the way. An index past the end gives NULL, here and below. */
size_t wattlayer_report_remark_count(const wattlayer_report* report);
const char* wattlayer_report_remark(const wattlayer_report* report, size_t index);

/* What no predictor covers: the total holds its bound; NaN where its shape is unknown, and then it is in no total. */
size_t wattlayer_report_unpriced_count(const wattlayer_report* report);
const char* wattlayer_report_unpriced_operator(const wattlayer_report* report, size_t index);
const char* wattlayer_report_unpriced_reason(const wattlayer_report* report, size_t index);
double wattlayer_report_unpriced_bound_j(const wattlayer_report* report, size_t index);

/* Layers in execution order, equal ones once; figures include their number of executions. An index past the end gives NaN. */
size_t wattlayer_report_layer_count(const wattlayer_report* report);
/* Of the first node that it stands for. */
const char* wattlayer_report_layer_name(const wattlayer_report* report, size_t index);
const char* wattlayer_report_layer_operator(const wattlayer_report* report, size_t index);
/* Complete enough for wattlayer_estimate_layer(). */
const char* wattlayer_report_layer_text(const wattlayer_report* report, size_t index);
/* "predicted", "extrapolated", "bounded" or "modelled". */
const char* wattlayer_report_layer_label(const wattlayer_report* report, size_t index);
double wattlayer_report_layer_executions(const wattlayer_report* report, size_t index);
double wattlayer_report_layer_macs(const wattlayer_report* report, size_t index);
double wattlayer_report_layer_share(const wattlayer_report* report, size_t index);
/* Intervals of layers do not add up to that of the total. */
wattlayer_interval wattlayer_report_layer_energy_j(const wattlayer_report* report, size_t index);
wattlayer_interval wattlayer_report_layer_time_s(const wattlayer_report* report, size_t index);

#ifdef __cplusplus
}
#endif
#endif

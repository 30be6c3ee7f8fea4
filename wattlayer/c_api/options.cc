#include <cmath>
#include <new>
#include <string>

#include "wattlayer/c_api/handles.h"
#include "wattlayer/core/error.h"

using wattlayer::Error;
using wattlayer::ErrorKind;
using wattlayer::c_api::require;
using wattlayer::c_api::status_of;

namespace {

constexpr size_t most_dimensions = 64;

void require_count(int64_t value, const char* name) {
  if (value < 1)
    throw Error(ErrorKind::invalid_input, std::string(name) + " is " + std::to_string(value) + ", expected at least 1");
}

void require_positive(double value, const char* name) {
  if (!(value > 0) || !std::isfinite(value))
    throw Error(ErrorKind::invalid_input, std::string(name) + " is " + std::to_string(value) + ", expected more than 0");
}

}  // namespace

wattlayer_options* wattlayer_options_new(void) { return new (std::nothrow) wattlayer_options; }

void wattlayer_options_free(wattlayer_options* options) { delete options; }

int wattlayer_options_set_batch(wattlayer_options* options, int64_t batch) {
  return status_of([&] {
    require(options, "options");
    require_count(batch, "batch");
    options->import.batch = batch;
  });
}

int wattlayer_options_set_dtype(wattlayer_options* options, const char* dtype) {
  return status_of([&] {
    require(options, "options");
    require(dtype, "dtype");
    options->dtype = wattlayer::require_data_type(dtype);
  });
}

int wattlayer_options_set_clock_mhz(wattlayer_options* options, double clock_mhz) {
  return status_of([&] {
    require(options, "options");
    require_positive(clock_mhz, "clock_mhz");
    options->device.clock_mhz = clock_mhz;
  });
}

int wattlayer_options_set_power_limit_w(wattlayer_options* options, double power_limit_w) {
  return status_of([&] {
    require(options, "options");
    require_positive(power_limit_w, "power_limit_w");
    options->device.power_limit_w = power_limit_w;
  });
}

int wattlayer_options_set_dimension(wattlayer_options* options, const char* name, int64_t value) {
  return status_of([&] {
    require(options, "options");
    require(name, "name");
    require_count(value, name);
    options->import.dimensions[name] = value;
  });
}

int wattlayer_options_set_input_shape(wattlayer_options* options, const char* name, const int64_t* dimensions, size_t rank) {
  return status_of([&] {
    require(options, "options");
    require(name, "name");
    if (rank > 0) require(dimensions, "dimensions");
    if (rank > most_dimensions)
      throw Error(ErrorKind::invalid_input,
                  "rank is " + std::to_string(rank) + ", expected at most " + std::to_string(most_dimensions));
    wattlayer::Shape shape(dimensions, dimensions + rank);
    for (const int64_t dimension : shape) require_count(dimension, name);
    options->import.inputs[name] = std::move(shape);
  });
}

int wattlayer_options_set_trip_count(wattlayer_options* options, int64_t trip_count) {
  return status_of([&] {
    require(options, "options");
    require_count(trip_count, "trip_count");
    options->import.trip_count = trip_count;
  });
}

int wattlayer_options_set_data_folder(wattlayer_options* options, const char* folder) {
  return status_of([&] {
    require(options, "options");
    require(folder, "folder");
    if (!std::filesystem::is_directory(folder))
      throw Error(ErrorKind::io,
                  std::string("cannot read ") + folder + ": expected a folder with hardware/, engines/ or energy_models/");
    options->data_folder = folder;
  });
}

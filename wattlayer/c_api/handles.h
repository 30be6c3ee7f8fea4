#pragma once
#include <exception>
#include <filesystem>
#include <functional>
#include <optional>

#include "wattlayer/api/estimating.h"
#include "wattlayer/c_api/wattlayer.h"
#include "wattlayer/core/data_type.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/report/report.h"

struct wattlayer_options {
  wattlayer::ImportOptions import;
  wattlayer::DeviceSettings device;
  std::optional<wattlayer::DataType> dtype;
  std::filesystem::path data_folder;
};

/// One estimate, and its data type and labels as texts that end in a zero.
struct wattlayer_report {
  wattlayer::Report rows;  ///< of exactly one estimate
  std::string dtype;

  const wattlayer::EstimateReport& estimate() const { return rows.estimates.front(); }
};

namespace wattlayer::c_api {

/// Does the work of a call; an exception becomes its status, and its sentence what wattlayer_last_error() says.
int status_of(const std::function<void()>& work) noexcept;

/// Throws Error(invalid_input) that names the argument.
void require(const void* argument, const char* name);

/// A copy that wattlayer_free_text() frees.
char* handed_out(const std::string& text);

}  // namespace wattlayer::c_api

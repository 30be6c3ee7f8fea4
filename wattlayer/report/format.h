#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace wattlayer {

struct Report;
struct Inspection;
struct Comparison;

/// What a reader wants to see of a report.
struct Rendering {
  size_t top = 10;          ///< dearest layers in a table
  bool all_layers = false;  ///< every layer, in workload order
  bool details = true;      ///< operators and layers of each estimate; else one line each
  bool totals = false;      ///< of a list of networks: estimates have no layers
  bool colour = false;
  int columns = 100;  ///< of the terminal
};

/// A way to print reports: one file in report/formats.
struct Format {
  std::string_view name;
  std::string (*estimates)(const Report& report, const Rendering& rendering);
  std::string (*inspection)(const Inspection& inspection, const Rendering& rendering);
  std::string (*comparison)(const Comparison& comparison, const Rendering& rendering);
};

/// The format of that name. Throws Error(invalid_input) that lists the known ones.
const Format& require_format(std::string_view name);

}  // namespace wattlayer

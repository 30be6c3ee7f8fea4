#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "wattlayer/meter/meter.h"
#include "wattlayer/report/grids.h"

namespace wattlayer::cli {

/// What one meter says of a command.
struct CommandEnergy {
  MeterInfo info;
  std::optional<Joules> energy;   ///< idle included
  std::optional<Watts> idle;      ///< before the command
  std::vector<Watts> idle_parts;  ///< of equal parts of that time: how steady it was
  Seconds idle_part;              ///< length of each
  std::string failure;            ///< why there is no energy

  /// Energy beyond what the machine draws at rest anyway; may be negative.
  std::optional<Joules> above_idle(Seconds time) const;
  /// Half width of its 95 % interval: idle power varied as in its parts, and a refresh may lie on either side of an edge. Absent
  /// where the parts are not known.
  std::optional<Joules> above_idle_half_width(Seconds time) const;
  /// Energy above idle that its interval cannot tell from none.
  bool is_within_noise(Seconds time) const;
};

/// A command, running or ended. Figures of several meters stand beside each other and are never added across scopes.
struct CommandFigures {
  std::string command;
  Seconds time;
  std::vector<CommandEnergy> meters;
  std::optional<int> status;  ///< of its end
  std::vector<std::string> remarks;
};

std::string command_table(const CommandFigures& figures);
/// docs/formats/measure_v1.md
std::string command_json(const CommandFigures& figures);
/// Text format of Prometheus, for the textfile collector of node_exporter.
std::string command_prometheus(const CommandFigures& figures);
/// Replaces a file in one step: a reader sees the old or the new text. Throws Error(io).
void replace_file(const std::filesystem::path& file, const std::string& text);

/// What CodeCarbon's emissions.csv asks for besides the figures.
struct CarbonContext {
  std::string project;
  std::optional<GridIntensity> grid;  ///< emissions only where it is stated
  std::filesystem::path root = "/";
};

/// Appends to an emissions.csv of CodeCarbon 3.3.0: a line for each scope, since scopes are not added. Throws Error(io).
void append_emissions(const std::filesystem::path& file, const CommandFigures& figures, const CarbonContext& context);
/// Throws Error(invalid_input) for a file that is there and has another header, so that a long run does not end in an error.
void check_emissions_file(const std::filesystem::path& file);

}  // namespace wattlayer::cli

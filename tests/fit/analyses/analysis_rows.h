#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/shared_folder.h"
#include "wattlayer/core/error.h"
#include "wattlayer/datasets/import.h"
#include "wattlayer/fit/analysis.h"
#include "wattlayer/ops/layer_text.h"

namespace wattlayer::test {

/// A row of a made-up device that the program knows the description of.
inline Measurement measured(const std::string& name, const std::string& kind, const std::vector<std::string>& layers,
                            double energy) {
  Measurement m{.hardware = "xeon-gold-5120", .engine = "pytorch", .energy_j = energy, .time_s = energy / 75};
  for (const std::string& layer : layers) m.workload.items.push_back({.layer = parse_layer(layer)});
  m.workload.name = m.row = m.block = name;
  m.workload.is_network = kind == "network";
  m.dataset = "d";
  m.kind = kind;
  return m;
}

/// Runs an analysis on rows, with the splits, methods and seeds given.
inline AnalysisResult analyse(std::string_view name, const std::vector<Measurement>& rows,
                              const std::vector<uint32_t>& seeds = {}, const std::vector<Split>& splits = {},
                              const std::vector<Method>& methods = {},
                              std::function<bool(double, std::string_view)> progress = {}) {
  static const DataFiles files;
  static const Catalogue catalogue(files);
  return require_analysis(name).run({rows, splits, methods, catalogue, seeds, std::move(progress)});
}

/// The rows of a public data set; nothing where it is not there and the test is to be skipped.
inline std::optional<std::vector<Measurement>> public_rows(const std::string& dataset) {
  const auto shared = shared_folder();
  if (!shared || !std::filesystem::exists(*shared / "data" / dataset)) return std::nullopt;
  const DataFiles files;
  return import_dataset(require_dataset(files, dataset), *shared / "data" / dataset, files).measurements;
}

/// The cell of a column in the first row whose first cells are `keys`. Throws Error where there is none.
inline const Cell& at(const AnalysisTable& table, const std::vector<std::string>& keys, std::string_view field) {
  for (const auto& row : table.rows) {
    bool same = true;
    for (size_t i = 0; i < keys.size(); ++i) same = same && row.at(i) == Cell(keys[i]);
    if (!same) continue;
    for (size_t c = 0; c < table.columns.size(); ++c)
      if (table.columns[c].field == field) return row.at(c);
  }
  throw Error(ErrorKind::internal, "the table has no such cell");
}

inline double number(const AnalysisTable& table, const std::vector<std::string>& keys, std::string_view field) {
  return std::get<double>(at(table, keys, field));
}

}  // namespace wattlayer::test

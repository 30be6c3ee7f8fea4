#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wattlayer/core/catalogue.h"
#include "wattlayer/core/measurement.h"
#include "wattlayer/core/split.h"
#include "wattlayer/fit/method.h"

namespace wattlayer {

/// How the numbers of a column are printed.
enum class Notation { count, ratio, scientific, per_cent, joules, seconds };

struct AnalysisColumn {
  std::string field;   ///< in JSON
  std::string header;  ///< in the printed table
  Notation notation = Notation::ratio;
};

/// A text, a number, or nothing: not published, or it does not apply.
using Cell = std::variant<std::monostate, std::string, double>;

/// Optional figures as cells.
inline Cell cell(const std::optional<double>& value) { return value ? Cell(*value) : Cell(); }

struct AnalysisTable {
  std::string title;
  std::vector<AnalysisColumn> columns;
  std::vector<std::vector<Cell>> rows;  ///< a cell for each column
};

struct AnalysisResult {
  std::vector<AnalysisTable> tables;
  std::vector<std::string> remarks;  ///< sentences: what a published figure differs by, what took no part
};

/// What an analysis works on.
struct AnalysisInput {
  std::span<const Measurement> rows;  ///< of one data set
  std::span<const Split> splits;      ///< habitual ones of the data set
  std::span<const Method> methods;    ///< to compare
  const Catalogue& catalogue;         ///< of the rows' devices
  std::span<const uint32_t> seeds;    ///< of further draws, for the spread of what depends on the draw
  std::function<bool(double done, std::string_view what)> progress;  ///< `done` from 0 to 1; false: stop

  /// Tells how far it has come. Throws Error(unavailable) when the user wants to stop.
  void report(double done, std::string_view what) const;
};

/// An analysis of a publication that can be repeated on measured rows, by name. One file in fit/analyses.
struct Analysis {
  std::string_view name;
  std::string_view summary;  ///< one line with its source
  /// Throws Error(invalid_input) when the rows do not have what it needs.
  AnalysisResult (*run)(const AnalysisInput& input);
};

/// The files of fit/analyses, in the order of their names.
std::vector<Analysis> analyses();

/// Throws Error(invalid_input) that names near ones.
Analysis require_analysis(std::string_view name);

}  // namespace wattlayer

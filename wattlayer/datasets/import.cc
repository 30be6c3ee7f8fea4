#include "wattlayer/datasets/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "wattlayer/core/error.h"
#include "wattlayer/datasets/row_text.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/store/csv.h"
#include "wattlayer/store/text_file.h"

namespace wattlayer {
namespace {

/// A network that the rows name, lowered; rows of one network share it.
struct LoweredNetwork {
  Workload workload;
  double parameters = 0;
};

class Importer {
 public:
  Importer(const DatasetDescription& description, const DataFiles& files, ImportedRows& result)
      : description_(description), result_(result) {
    const auto text = files.read("engines", description.engine + ".json");
    if (!text)
      throw Error(ErrorKind::invalid_input, fmt::format("engine '{}' has no description file in engines/", description.engine));
    engine_ = parse_engine(*text, description.engine);
  }

  void read_table(const DatasetTable& table, const std::string& file, const std::string& text, const ImportProgress& progress);
  void read_measurements(const std::string& file, const std::string& text);

 private:
  bool dropped(const DatasetTable& table, const ColumnLookup& column);
  Measurement measurement(const RowRule& rule, const ColumnLookup& column);
  const LoweredNetwork& lowered(const std::string& spec);

  const DatasetDescription& description_;
  ImportedRows& result_;
  Engine engine_;
  std::unordered_map<std::string, LoweredNetwork> networks_;
};

/// Case does not matter: data sets spell the names of networks in several ways.
bool same_text(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool matches(const RowCondition& condition, const ColumnLookup& column) {
  for (const auto& [name, wanted] : condition) {
    const auto value = column(name);
    if (!value) return false;
    bool any = false;
    for (const std::string& text : wanted)
      any = any ||
            (text.ends_with('*') ? same_text(value->substr(0, text.size() - 1), std::string_view(text).substr(0, text.size() - 1))
                                 : same_text(*value, text));
    if (!any) return false;
  }
  return true;
}

double as_number(const std::string& text, std::string_view field) {
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    throw Error(ErrorKind::invalid_input, fmt::format("{} is '{}'; expected a number", field, text));
  return value;
}

/// A quantity by a template; nothing when the template or one of its columns is empty.
std::optional<double> quantity(const std::string& pattern, std::string_view field, const ColumnLookup& column) {
  if (pattern.empty()) return std::nullopt;
  const auto text = fill_template(pattern, column);
  if (!text) return std::nullopt;
  return as_number(*text, field);
}

std::string filled(const std::string& pattern, std::string_view field, const ColumnLookup& column) {
  if (auto text = fill_template(pattern, column)) return *text;
  throw Error(ErrorKind::invalid_input, fmt::format("{} cannot be told: a column of '{}' is empty", field, pattern));
}

std::optional<double> positive(const std::string& pattern, std::string_view field, const ColumnLookup& column) {
  const auto value = quantity(pattern, field, column);
  if (value && !(*value > 0))
    throw Error(ErrorKind::invalid_input, fmt::format("{} is {}; expected a number above 0", field, *value));
  return value;
}

int64_t whole(const std::string& pattern, std::string_view field, const ColumnLookup& column) {
  const double value = as_number(filled(pattern, field, column), field);
  if (value < 1 || value != std::floor(value) || value > 1e9)
    throw Error(ErrorKind::invalid_input, fmt::format("{} is {}; expected a whole number of 1 or more", field, value));
  return static_cast<int64_t>(value);
}

bool Importer::dropped(const DatasetTable& table, const ColumnLookup& column) {
  for (const DropRule& rule : table.drop) {
    if (!matches(rule.where, column)) continue;
    const auto value = rule.value.empty() ? std::nullopt : quantity(rule.value, "value", column);
    if (!rule.value.empty() && (!value || (*value >= rule.from && *value <= rule.to))) continue;
    ++result_.dropped[rule.reason];
    return true;
  }
  return false;
}

const LoweredNetwork& Importer::lowered(const std::string& spec) {
  const auto known = networks_.find(spec);
  if (known != networks_.end()) return known->second;
  const Graph graph = network(spec);
  LoweredNetwork entry{.workload = lower(graph, engine_), .parameters = parameters(graph)};
  for (WorkloadItem& item : entry.workload.items) item.names.clear();
  return networks_.emplace(spec, std::move(entry)).first->second;
}

Measurement Importer::measurement(const RowRule& rule, const ColumnLookup& column) {
  Measurement m{.hardware = description_.hardware, .engine = description_.engine, .dtype = description_.dtype};
  m.scope = description_.scope;
  m.idle_included = description_.idle_included;
  m.meter = description_.meter;
  m.method = description_.method;
  m.dataset = description_.id;
  m.kind = rule.kind;
  m.energy_j = positive(rule.energy_j, "energy", column);
  m.time_s = positive(rule.time_s, "time", column);
  m.energy_sd_j = quantity(rule.energy_sd_j, "spread of the energy", column);
  if (!m.energy_j && !m.time_s) throw Error(ErrorKind::invalid_input, "neither energy nor time was measured");
  if (quantity(rule.repetitions, "repetitions", column)) m.repetitions = whole(rule.repetitions, "repetitions", column);
  const int64_t batch = whole(rule.batch, "batch", column);
  if (!rule.network.empty()) {
    const std::string name = filled(rule.network, "network", column);
    const LoweredNetwork& network = lowered(fmt::format("{}{}batch={}", name, name.find('?') == name.npos ? '?' : '&', batch));
    const auto published = quantity(rule.parameters, "parameters", column);
    if (published && std::abs(network.parameters / *published - 1) > 0.01)
      throw Error(ErrorKind::invalid_input,
                  fmt::format("{} is generated with {} parameters, the row says {}", name, network.parameters, *published));
    m.workload = network.workload;
  } else {
    m.workload.items.push_back(
        {.layer = parse_layer(filled(rule.layer, "layer", column) + fmt::format(" dtype={}", name(description_.dtype)))});
  }
  m.workload.batch = batch;
  m.workload.is_network = rule.kind == "network";
  const std::string layer = rule.layer.empty() ? "" : print(m.workload.items[0].layer);
  const ColumnLookup with_layer = [&](std::string_view name) {
    return name == "layer" ? std::optional<std::string_view>(layer) : column(name);
  };
  m.row = filled(rule.row, "row", with_layer);
  if (!m.workload.is_network) m.workload.name = m.row;
  m.block = rule.block.empty() ? m.row : filled(rule.block, "block", column);
  if (!rule.parent.empty()) m.parent = filled(rule.parent, "parent", column);
  return m;
}

void Importer::read_table(const DatasetTable& table, const std::string& file, const std::string& text,
                          const ImportProgress& progress) {
  CsvReader reader(text);
  const ColumnLookup column = [&](std::string_view name) -> std::optional<std::string_view> {
    const auto at = reader.column(name);
    if (!at) return std::nullopt;
    return reader.fields()[*at];
  };
  for (size_t rows = 0; reader.next(); ++rows) {
    if (progress && rows % 1000 == 0) progress(file, rows);
    try {
      if (!reader.fault().empty()) throw Error(ErrorKind::invalid_input, reader.fault());
      const RowRule* rule = nullptr;
      for (const RowRule& candidate : table.rows)
        if (!rule && matches(candidate.where, column)) rule = &candidate;
      if (!rule) throw Error(ErrorKind::invalid_input, "no rule of the description fits this row");
      if (dropped(table, column)) continue;
      result_.measurements.push_back(measurement(*rule, column));
    } catch (const Error& e) {
      result_.refused.push_back({file, reader.line(), e.what()});
    }
  }
}

/// What `wattlayer export` has written; the description's hardware and engine must be the rows' own.
void Importer::read_measurements(const std::string& file, const std::string& text) {
  CsvMeasurements rows = parse_csv(text, file);
  for (RefusedRow& row : rows.refused) result_.refused.push_back(std::move(row));
  for (Measurement& m : rows.measurements) {
    if (m.hardware != description_.hardware || m.engine != description_.engine)
      throw Error(ErrorKind::invalid_input, fmt::format("row '{}' is of {}/{}, the data set's description says {}/{}", m.row,
                                                        m.hardware, m.engine, description_.hardware, description_.engine));
    m.dataset = description_.id;
    result_.measurements.push_back(std::move(m));
  }
}

}  // namespace

ImportedRows import_dataset(const DatasetDescription& description, const std::filesystem::path& folder, const DataFiles& files,
                            const ImportProgress& progress) {
  ImportedRows result;
  Importer importer(description, files, result);
  bool any = false;
  for (const DatasetTable& table : description.tables) {
    bool found = false;
    for (const std::string& name : table.files) {
      const std::filesystem::path file = folder / name;
      if (!std::filesystem::exists(file)) continue;
      found = any = true;
      result.files.push_back(name);
      try {
        if (table.measurements) importer.read_measurements(name, read_text_file(file));
        else importer.read_table(table, name, read_text_file(file), progress);
      } catch (const Error& e) {
        throw e.within(file.string());
      }
    }
    if (!found && !table.optional)
      throw Error(ErrorKind::io, fmt::format("{} holds none of {}, which data set {} needs", folder.string(),
                                             fmt::join(table.files, ", "), description.id));
  }
  if (!any) throw Error(ErrorKind::io, fmt::format("{} holds no file of data set {}", folder.string(), description.id));
  return result;
}

}  // namespace wattlayer

#include "wattlayer/datasets/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "wattlayer/core/catalogue.h"
#include "wattlayer/core/error.h"
#include "wattlayer/core/number_text.h"
#include "wattlayer/datasets/row_columns.h"
#include "wattlayer/datasets/row_text.h"
#include "wattlayer/graph/graph.h"
#include "wattlayer/graph/training_step.h"
#include "wattlayer/networks/network.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/ops/operator.h"
#include "wattlayer/store/csv.h"
#include "wattlayer/store/text_file.h"

namespace wattlayer {
namespace {

/// A network that the rows name, lowered; rows of one network share it.
struct LoweredNetwork {
  Workload workload;
  double parameters = 0, trainable = 0;  ///< with and without running statistics
};

/// How a row's network was trained.
struct Training {
  TrainingStep step;
  int64_t samples = 0, validation_samples = 0, epochs = 1;

  std::string text() const {
    return fmt::format("{} {} {} {} {} {} {}", name(step.optimizer), static_cast<int>(step.kernels), static_cast<int>(step.loss),
                       samples, validation_samples, epochs, step.frozen_until);
  }
  double passes(int64_t batch) const {
    return static_cast<double>(epochs * (samples + validation_samples)) / static_cast<double>(batch);
  }
};

class Importer {
 public:
  Importer(const DatasetDescription& description, const std::filesystem::path& folder, const DataFiles& files, RowsTaken taken,
           ImportedRows& result)
      : description_(description), folder_(folder), taken_(taken), catalogue_(files), result_(result) {}

  void read_table(const DatasetTable& table, const std::string& file, const ImportProgress& progress);
  void read_measurements(const std::string& file);

 private:
  bool drawn(const DatasetTable& table, size_t place, const ColumnLookup& column);
  bool dropped(const DatasetTable& table, const RowRule& row, const ColumnLookup& column);
  double macs(const RowRule& rule, const ColumnLookup& column);
  Measurement measurement(const RowRule& rule, const ColumnLookup& column);
  Measurement described(const RowRule& rule, const ColumnLookup& column);
  const LoweredNetwork& lowered(const std::string& spec, const Measurement& row, const RowRule& rule,
                                const std::optional<Training>& training);
  std::optional<Training> training(const RowRule& rule, const Measurement& row, const ColumnLookup& column);

  const DatasetDescription& description_;
  const std::filesystem::path& folder_;
  RowsTaken taken_;
  Catalogue catalogue_;
  ImportedRows& result_;
  std::unordered_map<std::string, LoweredNetwork> networks_;
  std::unordered_set<std::string> seen_;  ///< texts of the file's rows so far, of rules that drop copies
};

double as_number(const std::string& text, std::string_view field) {
  if (const auto value = real_of(text)) return *value;
  throw Error(ErrorKind::invalid_input, fmt::format("{} is '{}'; expected a number", field, text));
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

/// A fixed hash of a row's place (splitmix64), so that a draw is the same everywhere and follows no pattern of the table.
uint64_t hashed(uint64_t place) {
  place += 0x9e3779b97f4a7c15;
  place = (place ^ (place >> 30)) * 0xbf58476d1ce4e5b9;
  place = (place ^ (place >> 27)) * 0x94d049bb133111eb;
  return place ^ (place >> 31);
}

bool Importer::drawn(const DatasetTable& table, size_t place, const ColumnLookup& column) {
  if (taken_ == RowsTaken::all) return true;
  for (const DrawRule& rule : table.draw)
    if (matches(rule.where, column)) return rule.one_in > 0 && hashed(place) % rule.one_in == 0;
  return true;
}

double Importer::macs(const RowRule& rule, const ColumnLookup& column) {
  double sum = 0;
  for (const WorkloadItem& item : measurement(rule, column).workload.items) sum += item.count * cost(item.layer).macs;
  return sum;
}

bool Importer::dropped(const DatasetTable& table, const RowRule& row, const ColumnLookup& column) {
  std::string counted;
  const ColumnLookup with_macs = [&](std::string_view name) -> std::optional<std::string_view> {
    if (name != "macs") return column(name);
    if (counted.empty()) counted = fmt::format("{}", macs(row, column));
    return counted;
  };
  for (const DropRule& rule : table.drop) {
    if (!matches(rule.where, column)) continue;
    if (!rule.copies_of.empty()) {
      if (seen_.insert(filled(rule.copies_of, "copies_of", column)).second) continue;
    } else if (!rule.value.empty()) {
      const auto value = quantity(rule.value, "value", with_macs);
      if (!value || (*value >= rule.from && *value <= rule.to)) continue;
    }
    ++result_.dropped[rule.reason];
    return true;
  }
  return false;
}

std::optional<Training> Importer::training(const RowRule& rule, const Measurement& row, const ColumnLookup& column) {
  if (!rule.training) return std::nullopt;
  const TrainingRule& own = *rule.training;
  Training training;
  if (!own.samples.empty()) training.samples = whole(own.samples, "samples", column);
  if (!own.loss.empty()) training.step.loss = require_loss(filled(own.loss, "loss", column));
  training.step.optimizer = require_optimizer(filled(own.optimizer, "optimizer", column));
  training.step.kernels = own.kernels.empty()
                              ? optimizer_kernels(catalogue_.engine(row.engine), catalogue_.hardware(row.hardware))
                              : require_optimizer_kernels(filled(own.kernels, "kernels", column));
  if (!own.validation_samples.empty()) training.validation_samples = whole(own.validation_samples, "validation_samples", column);
  if (!own.epochs.empty()) training.epochs = whole(own.epochs, "epochs", column);
  if (!own.frozen_until.empty()) training.step.frozen_until = fill_template(own.frozen_until, column).value_or("");
  return training;
}

/// The mean pass of a batch: forward, backward and optimizer, and of validation the forward pass, by their share.
Workload trained(const Graph& graph, const Engine& engine, const Training& training) {
  Workload mean = training_epoch(graph, engine, training.step, training.samples, training.validation_samples);
  const double passes = training.passes(graph.batch) / static_cast<double>(training.epochs);
  for (WorkloadItem& item : mean.items) item.count /= passes;
  return mean;
}

/// Loss, backward pass and optimizer of a network of one layer.
Workload backward_of(const Layer& layer, const Engine& engine, const TrainingStep& how) {
  const Graph network = network_of(layer);
  Workload workload = lower(without_forward(training_step(network, how), network), engine);
  for (WorkloadItem& item : workload.items) item.names.clear();
  return workload;
}

const LoweredNetwork& Importer::lowered(const std::string& spec, const Measurement& row, const RowRule& rule,
                                        const std::optional<Training>& training) {
  const std::string key =
      fmt::format("{} {} {} {}", spec, row.engine, name(row.dtype), training ? training->text() : std::string());
  const auto known = networks_.find(key);
  if (known != networks_.end()) return known->second;
  Graph graph = network(spec);
  if (row.dtype != DataType::f32 && !rule.keeps_types) graph = with_dtype(std::move(graph), row.dtype);
  const Engine& engine = catalogue_.engine(row.engine);
  LoweredNetwork entry{.workload = training ? trained(graph, engine, *training) : lower(graph, engine),
                       .parameters = parameters(graph),
                       .trainable = trainable_parameters(graph)};
  for (WorkloadItem& item : entry.workload.items) item.names.clear();
  return networks_.emplace(key, std::move(entry)).first->second;
}

/// What a row says besides its workload.
Measurement Importer::described(const RowRule& rule, const ColumnLookup& column) {
  const auto own_or = [&](const std::string& pattern, std::string_view field, const std::string& habit) {
    return pattern.empty() ? habit : filled(pattern, field, column);
  };
  Measurement m{.hardware = own_or(rule.hardware, "hardware", description_.hardware),
                .engine = own_or(rule.engine, "engine", description_.engine),
                .dtype = description_.dtype};
  if (!rule.dtype.empty()) m.dtype = require_data_type(filled(rule.dtype, "dtype", column));
  catalogue_.hardware(m.hardware);
  catalogue_.engine(m.engine);
  m.scope = own_or(rule.scope, "scope", description_.scope);
  m.meter = own_or(rule.meter, "meter", description_.meter);
  for (const auto& [name, pattern] : rule.conditions)
    if (auto text = fill_template(pattern, column); text && !text->empty()) m.conditions[name] = std::move(*text);
  m.idle_included = description_.idle_included;
  m.method = description_.method;
  m.dataset = description_.id;
  m.kind = rule.kind;
  m.energy_j = positive(rule.energy_j, "energy", column);
  m.time_s = positive(rule.time_s, "time", column);
  m.energy_sd_j = quantity(rule.energy_sd_j, "spread of the energy", column);
  if (!m.energy_j && !m.time_s) throw Error(ErrorKind::invalid_input, "neither energy nor time was measured");
  if (quantity(rule.repetitions, "repetitions", column)) m.repetitions = whole(rule.repetitions, "repetitions", column);
  return m;
}

/// Energy and time of the mean pass, and what methods need to know of a training that the workload does not say.
void take_mean_pass(const Training& training, const LoweredNetwork& network, int64_t batch, Measurement& m) {
  const double passes = training.passes(batch);
  for (std::optional<double>* figure : {&m.energy_j, &m.energy_sd_j, &m.time_s})
    if (*figure) **figure /= passes;
  std::map<std::string, std::string>& conditions = m.conditions;
  conditions["optimizer"] = name(training.step.optimizer);
  conditions["passes"] = fmt::format("{}", passes);
  conditions["training_samples"] = fmt::format("{}", training.samples);
  conditions["validation_samples"] = fmt::format("{}", training.validation_samples);
  conditions["epochs"] = fmt::format("{}", training.epochs);
  conditions["parameters"] = fmt::format("{}", network.parameters);
}

Measurement Importer::measurement(const RowRule& rule, const ColumnLookup& column) {
  Measurement m = described(rule, column);
  const int64_t batch = whole(rule.batch, "batch", column);
  const std::optional<Training> how = training(rule, m, column);
  Layer only;  // where the row is of one
  if (!rule.network.empty()) {
    const std::string name = filled(rule.network, "network", column);
    const LoweredNetwork& network =
        lowered(fmt::format("{}{}batch={}", name, name.find('?') == name.npos ? '?' : '&', batch), m, rule, how);
    const auto published = quantity(rule.parameters, "parameters", column);
    const auto off = [&](double count) { return std::abs(count / *published - 1) > 0.01; };
    if (published && off(network.parameters) && off(network.trainable))
      throw Error(ErrorKind::invalid_input,
                  fmt::format("{} is generated with {} parameters, the row says {}", name, network.parameters, *published));
    m.workload = network.workload;
    if (how) take_mean_pass(*how, network, batch, m);
  } else {
    only = parse_layer(filled(rule.layer, "layer", column) + fmt::format(" dtype={}", name(m.dtype)));
    if (how) m.workload = backward_of(only, catalogue_.engine(m.engine), how->step);
    else m.workload.items.push_back({.layer = only});
  }
  m.workload.batch = batch;
  m.workload.is_network = rule.kind == "network" || (rule.training && !rule.network.empty());
  std::string layer;
  const ColumnLookup with_layer = [&](std::string_view name) -> std::optional<std::string_view> {
    if (name != "layer" || rule.layer.empty()) return column(name);
    if (layer.empty()) layer = print(only);
    return layer;
  };
  m.row = filled(rule.row, "row", with_layer);
  if (!m.workload.is_network) m.workload.name = m.row;
  m.block = rule.block.empty() ? m.row : filled(rule.block, "block", column);
  if (!rule.parent.empty()) m.parent = filled(rule.parent, "parent", column);
  return m;
}

void Importer::read_table(const DatasetTable& table, const std::string& file, const ImportProgress& progress) {
  const std::string text = read_text_file(folder_ / file);
  CsvReader reader(text);
  RowColumns columns(table, reader, folder_, file);
  const ColumnLookup column = [&columns](std::string_view name) { return columns(name); };
  seen_.clear();
  for (size_t rows = 0; reader.next(); ++rows) {
    if (progress && rows % 1000 == 0) progress(file, rows);
    try {
      if (!reader.fault().empty()) throw Error(ErrorKind::invalid_input, reader.fault());
      if (!drawn(table, rows, column)) {
        ++result_.not_drawn;
        continue;
      }
      columns.derive();
      const RowRule* rule = nullptr;
      for (const RowRule& candidate : table.rows)
        if (!rule && matches(candidate.where, column)) rule = &candidate;
      if (!rule) throw Error(ErrorKind::invalid_input, "no rule of the description fits this row");
      if (dropped(table, *rule, column)) continue;
      result_.measurements.push_back(measurement(*rule, column));
    } catch (const Error& e) {
      result_.refused.push_back({file, reader.line(), e.what()});
    }
  }
}

/// What `wattlayer export` has written; the description's hardware and engine must be the rows' own.
void Importer::read_measurements(const std::string& file) {
  CsvMeasurements rows = parse_csv(read_text_file(folder_ / file), file);
  for (RefusedRow& row : rows.refused) result_.refused.push_back(std::move(row));
  for (Measurement& m : rows.measurements) {
    if (m.hardware != description_.hardware || m.engine != description_.engine)
      throw Error(ErrorKind::invalid_input, fmt::format("row '{}' is of {}/{}, the data set's description says {}/{}", m.row,
                                                        m.hardware, m.engine, description_.hardware, description_.engine));
    m.dataset = description_.id;
    result_.measurements.push_back(std::move(m));
  }
}

/// Files of the folder that fit a name with `*`, folder by folder; in order.
void find_files(const std::filesystem::path& folder, const std::filesystem::path& within, std::string_view name,
                std::vector<std::string>& found) {
  const size_t slash = name.find('/');
  const std::string_view part = name.substr(0, slash);
  std::vector<std::filesystem::path> fitting;
  if (part.find('*') == part.npos) fitting = {within / part};
  else if (std::filesystem::is_directory(folder / within))
    for (const auto& entry : std::filesystem::directory_iterator(folder / within))
      if (fits(entry.path().filename().string(), part)) fitting.push_back(within / entry.path().filename());
  std::sort(fitting.begin(), fitting.end());
  for (const std::filesystem::path& path : fitting)
    if (slash != name.npos) find_files(folder, path, name.substr(slash + 1), found);
    else if (std::filesystem::is_regular_file(folder / path)) found.push_back(path.generic_string());
}

}  // namespace

ImportedRows import_dataset(const DatasetDescription& description, const std::filesystem::path& folder, const DataFiles& files,
                            const ImportProgress& progress, RowsTaken taken) {
  if (description.tables.empty())
    throw Error(ErrorKind::invalid_input, fmt::format("data set {} holds training runs epoch by epoch and no measurements; "
                                                      "`wattlayer evaluate --dataset {}` scores projections of them",
                                                      description.id, description.id));
  ImportedRows result;
  Importer importer(description, folder, files, taken, result);
  for (const DatasetTable& table : description.tables) {
    std::vector<std::string> found;
    for (const std::string& name : table.files) find_files(folder, {}, name, found);
    for (const std::string& name : found) {
      result.files.push_back(name);
      try {
        if (table.measurements) importer.read_measurements(name);
        else importer.read_table(table, name, progress);
      } catch (const Error& e) {
        throw e.within((folder / name).string());
      }
    }
    if (found.empty() && !table.optional)
      throw Error(ErrorKind::io, fmt::format("{} holds none of {}, which data set {} needs", folder.string(),
                                             fmt::join(table.files, ", "), description.id));
  }
  if (result.files.empty())
    throw Error(ErrorKind::io, fmt::format("{} holds no file of data set {}", folder.string(), description.id));
  return result;
}

}  // namespace wattlayer

#include "wattlayer/store/store.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "wattlayer/core/error.h"
#include "wattlayer/ops/layer_text.h"
#include "wattlayer/store/schema/all.h"
#include "wattlayer/store/sqlite.h"

namespace wattlayer {
namespace {

constexpr int64_t schema_version = 2;
constexpr int64_t application = 0x57617474;  // "Watt", so that other people's SQLite files are told apart

int64_t pragma(sqlite::Database& database, const std::string& name) {
  sqlite::Statement query(database, "pragma " + name);
  const int64_t value = query.step() ? query.integer(0) : 0;
  return value;
}

void prepare(sqlite::Database& database, const std::string& file) {
  const int64_t version = pragma(database, "user_version");
  const int64_t owner = pragma(database, "application_id");
  const bool fresh = pragma(database, "schema_version") == 0;
  if (!fresh && owner != application)
    throw Error(ErrorKind::io,
                fmt::format("{} is an SQLite file of another program, not a wattlayer store; name another file", file));
  if (version > schema_version)
    throw Error(ErrorKind::unsupported, fmt::format("{} has store schema {}, this program knows up to {}; use a newer wattlayer",
                                                    file, version, schema_version));
  if (database.read_only() && version == schema_version) return;
  database.execute("pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on");
  if (version == schema_version) return;
  sqlite::Transaction transaction(database);  // another process may have got here first: what is done is asked again
  const int64_t done = pragma(database, "user_version");
  if (done < 1) database.execute(std::string(store_schema_001) + fmt::format("pragma application_id = {};", application));
  if (done < 2) database.execute(std::string(store_schema_002));
  database.execute(fmt::format("pragma user_version = {}", schema_version));
  transaction.commit();
}

/// The rows of a selection as SQL over `measurement m`, and its parameters.
std::pair<std::string, std::vector<std::string>> condition(const Selection& selection) {
  std::string sql = "true";
  std::vector<std::string> wanted;
  auto filter = [&](const char* column, const std::string& value) {
    if (value.empty()) return;
    sql += fmt::format(" and m.{} = ?", column);
    wanted.push_back(value);
  };
  filter("dataset", selection.dataset);
  filter("hardware", selection.hardware);
  filter("engine", selection.engine);
  filter("dtype", selection.dtype);
  filter("kind", selection.kind);
  return {sql, wanted};
}

}  // namespace

/// The open file and what has been read from it: each layer text is parsed once.
struct Store::Connection {
  explicit Connection(const std::filesystem::path& file) : database(file) { prepare(database, file.string()); }

  sqlite::Database database;
  std::unordered_map<int64_t, Layer> layers;
  std::unordered_map<std::string, int64_t> layer_ids;

  int64_t layer_id(const std::string& text);
  int64_t workload_id(const Workload& workload);
  const Layer& layer(int64_t id);
  Workload workload(sqlite::Statement& row, int first_column);
};

int64_t Store::Connection::layer_id(const std::string& text) {
  const auto known = layer_ids.find(text);
  if (known != layer_ids.end()) return known->second;
  sqlite::Statement(database, "insert or ignore into layer (text) values (?)").bind(1, text).step();
  sqlite::Statement query(database, "select id from layer where text = ?");
  query.bind(1, text).step();
  return layer_ids[text] = query.integer(0);
}

int64_t Store::Connection::workload_id(const Workload& workload) {
  nlohmann::json items = nlohmann::json::array();
  for (const WorkloadItem& item : workload.items) {
    nlohmann::json entry = {layer_id(print(item.layer)), item.count};
    if (!item.names.empty()) entry.push_back(item.names);
    items.push_back(std::move(entry));
  }
  const std::string text = items.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  auto with_key = [&](sqlite::Statement& statement) -> sqlite::Statement& {
    return statement.bind(1, workload.name).bind(2, workload.batch).bind(3, int64_t{workload.is_network}).bind(4, text);
  };
  sqlite::Statement insert(database, "insert or ignore into workload (name, batch, is_network, items) values (?, ?, ?, ?)");
  with_key(insert).step();
  sqlite::Statement query(database, "select id from workload where name = ? and batch = ? and is_network = ? and items = ?");
  with_key(query).step();
  return query.integer(0);
}

const Layer& Store::Connection::layer(int64_t id) {
  const auto known = layers.find(id);
  if (known != layers.end()) return known->second;
  sqlite::Statement query(database, "select text from layer where id = ?");
  if (!query.bind(1, id).step())
    throw Error(ErrorKind::io, fmt::format("the store names layer {}, which it does not hold; it is damaged", id));
  return layers.emplace(id, parse_layer(query.text(0))).first->second;
}

Workload Store::Connection::workload(sqlite::Statement& row, int first_column) {
  Workload workload{
      .name = row.text(first_column), .batch = row.integer(first_column + 1), .is_network = row.integer(first_column + 2) != 0};
  for (const auto& entry : nlohmann::json::parse(row.text(first_column + 3))) {
    WorkloadItem item{.layer = layer(entry.at(0).get<int64_t>()), .count = entry.at(1).get<double>()};
    if (entry.size() > 2) item.names = entry.at(2).get<std::vector<std::string>>();
    workload.items.push_back(std::move(item));
  }
  return workload;
}

Store::Store(const std::filesystem::path& file) : connection_(std::make_unique<Connection>(file)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;

Store::Added Store::add(std::span<const Measurement> measurements) {
  Added added;
  sqlite::Transaction transaction(connection_->database);
  sqlite::Statement insert(connection_->database,
                           "insert into measurement (dataset, hardware, engine, dtype, kind, row, workload, block, parent, "
                           "energy_j, energy_sd_j, time_s, idle_power_w, repetitions, scope, idle_included, meter, method, "
                           "conditions, failure, energy_ci95_j, windows) "
                           "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                           "on conflict (dataset, hardware, engine, dtype, kind, row) do nothing");
  sqlite::Statement before(connection_->database,
                           "select id, energy_j, time_s, failure from measurement where dataset = ? and hardware = ? and "
                           "engine = ? and dtype = ? and kind = ? and row = ?");
  sqlite::Statement remove(connection_->database, "delete from measurement where id = ?");
  for (const Measurement& m : measurements) {
    before.bind(1, m.dataset).bind(2, m.hardware).bind(3, m.engine).bind(4, name(m.dtype)).bind(5, m.kind).bind(6, m.row);
    if (before.step()) {
      ++added.present;
      const bool mended = !before.text(3).empty() && m.failure.empty();
      const bool other = before.real(1) != m.energy_j || before.real(2) != m.time_s;
      const int64_t id = before.integer(0);
      before.reset();
      if (!mended) {
        if (m.failure.empty() && other) ++added.differing;
        continue;
      }
      ++added.replaced;
      remove.bind(1, id).step();
    }
    const std::string conditions = nlohmann::json(m.conditions).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    insert.bind(1, m.dataset).bind(2, m.hardware).bind(3, m.engine).bind(4, name(m.dtype)).bind(5, m.kind).bind(6, m.row);
    insert.bind(7, connection_->workload_id(m.workload)).bind(8, m.block).bind(9, m.parent);
    insert.bind(10, m.energy_j).bind(11, m.energy_sd_j).bind(12, m.time_s).bind(13, m.idle_power_w).bind(14, m.repetitions);
    insert.bind(15, m.scope)
        .bind(16, int64_t{m.idle_included})
        .bind(17, m.meter)
        .bind(18, m.method)
        .bind(19, conditions)
        .bind(20, m.failure)
        .bind(21, m.energy_ci95_j)
        .bind(22, m.windows);
    insert.step();
  }
  added.added = measurements.size() - added.present;
  transaction.commit();
  return added;
}

std::vector<Store::Row> Store::rows(const Selection& selection) const {
  const auto [where, wanted] = condition(selection);
  sqlite::Statement query(connection_->database,
                          "select m.dtype, m.kind, m.row, m.failure <> '' from measurement m where " + where);
  for (size_t i = 0; i < wanted.size(); ++i) query.bind(static_cast<int>(i) + 1, wanted[i]);
  std::vector<Row> found;
  while (query.step()) found.push_back({query.text(0), query.text(1), query.text(2), query.integer(3) != 0});
  return found;
}

void Store::require_writable() {
  sqlite::Transaction transaction(connection_->database);
  connection_->database.execute("create table writing_test (filling blob); insert into writing_test values (zeroblob(65536))");
  connection_->database.execute("drop table writing_test");
  transaction.commit();
}

void Store::describe(const std::string& folder, const std::string& id, const std::string& text) {
  sqlite::Statement insert(connection_->database, "insert or replace into description (folder, id, text) values (?, ?, ?)");
  insert.bind(1, folder).bind(2, id).bind(3, text).step();
}

std::optional<std::string> Store::description(const std::string& folder, const std::string& id) const {
  for (Description& d : descriptions())
    if (d.folder == folder && d.id == id) return std::move(d.text);
  return std::nullopt;
}

std::vector<Store::Description> Store::descriptions() const {
  sqlite::Statement query(connection_->database, "select folder, id, text from description order by folder, id");
  std::vector<Description> found;
  while (query.step()) found.push_back({query.text(0), query.text(1), query.text(2)});
  return found;
}

std::vector<Measurement> Store::select(const Selection& selection) const {
  std::string sql =
      "select m.dataset, m.hardware, m.engine, m.dtype, m.kind, m.row, m.block, m.parent, m.energy_j, m.energy_sd_j, m.time_s, "
      "m.idle_power_w, "
      "m.repetitions, m.scope, m.idle_included, m.meter, m.method, m.conditions, m.failure, w.name, w.batch, w.is_network, "
      "w.items, m.energy_ci95_j, m.windows "
      "from measurement m join workload w on w.id = m.workload where ";
  const auto [where, wanted] = condition(selection);
  sqlite::Statement query(connection_->database, sql + where + " order by m.id");
  for (size_t i = 0; i < wanted.size(); ++i) query.bind(static_cast<int>(i) + 1, wanted[i]);

  std::vector<Measurement> found;
  while (query.step()) {
    Measurement m{.workload = connection_->workload(query, 19), .hardware = query.text(1), .engine = query.text(2)};
    m.dtype = require_data_type(query.text(3));
    m.dataset = query.text(0), m.kind = query.text(4), m.row = query.text(5), m.block = query.text(6), m.parent = query.text(7);
    m.energy_j = query.real(8), m.energy_sd_j = query.real(9), m.time_s = query.real(10), m.idle_power_w = query.real(11);
    m.repetitions = query.integer(12), m.scope = query.text(13), m.idle_included = query.integer(14) != 0;
    m.meter = query.text(15), m.method = query.text(16), m.failure = query.text(18);
    m.energy_ci95_j = query.real(23), m.windows = query.integer(24);
    m.conditions = nlohmann::json::parse(query.text(17)).get<std::map<std::string, std::string>>();
    found.push_back(std::move(m));
  }
  return found;
}

size_t Store::size() const {
  sqlite::Statement query(connection_->database, "select count(*) from measurement");
  query.step();
  return static_cast<size_t>(query.integer(0));
}

}  // namespace wattlayer

#include "wattlayer/store/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cctype>

#include "wattlayer/core/error.h"

namespace wattlayer::sqlite {

namespace {

/// As SQLite wants names in a URI: with all that could mean something there in hexadecimal.
std::string uri_of(const std::filesystem::path& file) {
  std::string uri = "file:";
  for (const unsigned char c : std::filesystem::absolute(file).string())
    uri += std::isalnum(c) || c == '/' || c == '.' || c == '-' || c == '_' ? std::string(1, static_cast<char>(c))
                                                                           : fmt::format("%{:02x}", c);
  return uri + "?mode=ro&immutable=1";
}

/// Whether nobody has left changes beside the file that a plain look at it would miss.
bool is_settled_and_not_ours(const std::filesystem::path& file) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(file, none) || faccessat(AT_FDCWD, file.c_str(), W_OK, AT_EACCESS) == 0) return false;
  return !std::filesystem::exists(file.string() + "-wal", none);
}

}  // namespace

Database::Database(const std::filesystem::path& file) : file_(file.string()) {
  const int status = is_settled_and_not_ours(file)
                         ? sqlite3_open_v2(uri_of(file).c_str(), &handle_, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr)
                         : sqlite3_open(file.c_str(), &handle_);
  if (status == SQLITE_OK) {
    sqlite3_busy_timeout(handle_, 10000);
    return;
  }
  const std::string reason = handle_ ? sqlite3_errmsg(handle_) : "out of memory";
  sqlite3_close(handle_);
  throw Error(ErrorKind::io, fmt::format("cannot open the store {}: {}", file_, reason));
}

Database::~Database() { sqlite3_close(handle_); }

bool Database::read_only() const { return sqlite3_db_readonly(handle_, "main") == 1; }

void Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail("use");
}

int64_t Database::last_id() const { return sqlite3_last_insert_rowid(handle_); }

int64_t Database::changes() const { return sqlite3_changes(handle_); }

void Database::fail(std::string_view doing) const {
  if (sqlite3_errcode(handle_) == SQLITE_NOTADB)
    throw Error(ErrorKind::io,
                fmt::format("{} is not a wattlayer store; name a new file or one that `wattlayer import` made", file_));
  const int code = sqlite3_errcode(handle_);
  const char* advice = code == SQLITE_READONLY || code == SQLITE_CANTOPEN
                           ? "; the file or its folder cannot be written: name another one, or change their permissions"
                       : code == SQLITE_FULL ? "; make room, what is in it is safe"
                                             : "";
  throw Error(ErrorKind::io, fmt::format("cannot {} the store {}: {}{}", doing, file_, sqlite3_errmsg(handle_), advice));
}

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  if (sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()), &statement_, nullptr) != SQLITE_OK)
    database_.fail("query");
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(int i, std::string_view text) {
  if (sqlite3_bind_text64(statement_, i, text.data() ? text.data() : "", text.size(), SQLITE_TRANSIENT, SQLITE_UTF8) != SQLITE_OK)
    database_.fail("query");
  return *this;
}

Statement& Statement::bind(int i, int64_t value) {
  if (sqlite3_bind_int64(statement_, i, value) != SQLITE_OK) database_.fail("query");
  return *this;
}

Statement& Statement::bind(int i, const std::optional<double>& value) {
  const int status = value ? sqlite3_bind_double(statement_, i, *value) : sqlite3_bind_null(statement_, i);
  if (status != SQLITE_OK) database_.fail("query");
  return *this;
}

bool Statement::step() {
  const int status = sqlite3_step(statement_);
  if (status == SQLITE_ROW) return true;
  if (status != SQLITE_DONE) database_.fail("query");
  sqlite3_reset(statement_);
  return false;
}

void Statement::reset() { sqlite3_reset(statement_); }

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return bytes ? std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
}

int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::optional<double> Statement::real(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
  return sqlite3_column_double(statement_, column);
}

Transaction::~Transaction() {
  if (open_) sqlite3_exec(database_.handle(), "rollback", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.execute("commit");
  open_ = false;
}

}  // namespace wattlayer::sqlite

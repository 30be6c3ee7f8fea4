#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace wattlayer::sqlite {

/// One SQLite file. Every failure throws Error(io) with the file's name.
class Database {
 public:
  /// A file that this user cannot write is opened to be read: SQLite would leave files beside it that lock out its owner.
  explicit Database(const std::filesystem::path& file);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const std::string& sql);
  int64_t last_id() const;
  int64_t changes() const;
  sqlite3* handle() const { return handle_; }
  bool read_only() const;
  [[noreturn]] void fail(std::string_view doing) const;

 private:
  sqlite3* handle_ = nullptr;
  std::string file_;
};

/// A prepared statement. Parameters are numbered from 1, columns from 0.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int i, std::string_view text);
  Statement& bind(int i, int64_t value);
  Statement& bind(int i, const std::optional<double>& value);
  bool step();   ///< true while there is a row; at the end the statement is reset for the next use
  void reset();  ///< gives up rows that are left
  std::string text(int column) const;
  int64_t integer(int column) const;
  std::optional<double> real(int column) const;

 private:
  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

/// Rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) { database_.execute("begin immediate"); }
  ~Transaction();
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace wattlayer::sqlite

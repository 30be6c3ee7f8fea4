#include "wattlayer/store/store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <fstream>

#include "tests/store/example_measurements.h"
#include "tests/temporary_folder.h"
#include "wattlayer/core/error.h"

namespace wattlayer {
namespace {

/// First column of the first row of a query, by SQLite itself.
std::string ask(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* db = nullptr;
  sqlite3_open(file.c_str(), &db);
  std::string answer;
  sqlite3_exec(
      db, sql.c_str(),
      [](void* out, int, char** values, char**) {
        *static_cast<std::string*>(out) = values[0] ? values[0] : "";
        return 0;
      },
      &answer, nullptr);
  sqlite3_close(db);
  return answer;
}

TEST(Store, ReadByAnotherUserLeavesNothingBesideIt) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  const auto rows = example_measurements();
  Store(folder / "a b?.db").add(rows);
  ASSERT_EQ(seteuid(65534), 0);
  const size_t found = Store(folder / "a b?.db").select().size();
  std::string fault;
  try {
    Store(folder / "a b?.db").require_writable();
  } catch (const Error& e) {
    fault = e.what();
  }
  ASSERT_EQ(seteuid(0), 0);
  EXPECT_EQ(found, rows.size());
  EXPECT_NE(fault.find("cannot be written"), std::string::npos) << fault;
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "the owner would be locked out";
}

TEST(Store, GivesBackWhatWasAdded) {
  TemporaryFolder folder;
  const auto rows = example_measurements();
  {
    Store store(folder / "a.db");
    EXPECT_EQ(store.add(rows).added, rows.size());
  }
  const auto found = Store(folder / "a.db").select();
  ASSERT_EQ(found.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(describe(found[i]), describe(rows[i]));
}

TEST(Store, BringsASchema1FileUpToDateAndKeepsItsRows) {
  TemporaryFolder folder;
  std::filesystem::copy_file(WATTLAYER_SOURCE_DIR "/tests/data/store/schema_1.db", folder / "old.db");
  Store store(folder / "old.db");
  const auto rows = store.select();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].energy_j, 1.5);
  EXPECT_EQ(rows[0].energy_ci95_j, std::nullopt);
  EXPECT_EQ(rows[0].windows, 0);
  EXPECT_EQ(rows[1].failure, "out of memory");
  EXPECT_EQ(store.add(example_measurements()).added, example_measurements().size());
  EXPECT_EQ(ask(folder / "old.db", "pragma user_version"), "2");
}

TEST(Store, AddingAgainChangesNothing) {
  TemporaryFolder folder;
  auto rows = example_measurements();
  Store store(folder / "a.db");
  store.add(rows);
  const std::string before = describe(store.select()[0]);
  rows[0].energy_j = 99;
  const Store::Added again = store.add(rows);
  EXPECT_EQ(again.added, 0u);
  EXPECT_EQ(again.present, rows.size());
  EXPECT_EQ(store.size(), rows.size());
  EXPECT_EQ(describe(store.select()[0]), before);
}

TEST(Store, AFigureReplacesAFailureAndTheFirstFigureStays) {
  TemporaryFolder folder;
  Measurement good = example_measurements()[0], failed = good, other = good;
  failed.energy_j = failed.time_s = failed.energy_sd_j = std::nullopt, failed.failure = "out of memory";
  other.energy_j = 7;
  Store store(folder / "a.db");
  EXPECT_EQ(store.add(std::vector{failed}).added, 1u);
  const Store::Added mended = store.add(std::vector{good});
  EXPECT_EQ(mended.added, 0u);
  EXPECT_EQ(mended.present, 1u);
  EXPECT_EQ(mended.replaced, 1u);
  EXPECT_EQ(describe(store.select()[0]), describe(good));
  EXPECT_EQ(store.add(std::vector{failed}).replaced, 0u) << "a failure never replaces a figure";
  const Store::Added differing = store.add(std::vector{other, good});
  EXPECT_EQ(differing.differing, 1u);
  EXPECT_EQ(differing.present, 2u);
  ASSERT_EQ(store.size(), 1u);
  EXPECT_EQ(describe(store.select()[0]), describe(good));
}

TEST(Store, ListsRowsAndKeepsDescriptions) {
  TemporaryFolder folder;
  Store store(folder / "a.db");
  store.add(example_measurements());
  const auto rows = store.rows({.kind = "random-layer"});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_FALSE(rows[0].failed);
  EXPECT_TRUE(rows[1].failed);
  EXPECT_EQ(rows[1].row, "failed");
  EXPECT_EQ(store.description("hardware", "x"), std::nullopt);
  store.describe("hardware", "x", "{}");
  store.describe("hardware", "x", "{\"name\": 1}");
  EXPECT_EQ(store.description("hardware", "x"), "{\"name\": 1}");
  store.require_writable();
  EXPECT_EQ(ask(folder / "a.db", "select count(*) from sqlite_master where name = 'writing_test'"), "0");
}

TEST(Store, HoldsEachWorkloadAndEachLayerOnce) {
  TemporaryFolder folder;
  auto rows = example_measurements();
  rows.push_back(rows[0]);
  rows.back().row = "measured again";
  Store(folder / "a.db").add(rows);
  EXPECT_EQ(ask(folder / "a.db", "select count(*) from workload"), "2");
  EXPECT_EQ(ask(folder / "a.db", "select count(*) from layer"), "2");
  EXPECT_EQ(ask(folder / "a.db", "pragma journal_mode"), "wal");
  EXPECT_EQ(ask(folder / "a.db", "pragma user_version"), "2");
}

TEST(Store, SelectsByEachField) {
  TemporaryFolder folder;
  Store store(folder / "a.db");
  store.add(example_measurements());
  EXPECT_EQ(store.select({.kind = "network"}).size(), 1u);
  EXPECT_EQ(store.select({.dataset = "example", .hardware = "xeon-gold-5120", .engine = "pytorch", .dtype = "f32"}).size(), 3u);
  EXPECT_EQ(store.select({.hardware = "other"}).size(), 0u);
}

TEST(Store, AddsAllOrNothing) {
  TemporaryFolder folder;
  auto rows = example_measurements();
  rows[2].conditions = {};
  Store store(folder / "a.db");
  rows[1].workload.batch = 0;  // the schema refuses it
  EXPECT_THROW(store.add(rows), Error);
  EXPECT_EQ(store.size(), 0u);
}

ErrorKind kind_of_opening(const std::filesystem::path& file) {
  try {
    Store store(file);
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find(file.filename().string()), std::string::npos) << e.what();
    return e.kind();
  }
  ADD_FAILURE() << "opened " << file;
  return ErrorKind::internal;
}

TEST(Store, RefusesFilesThatAreNoStore) {
  TemporaryFolder folder;
  std::ofstream(folder / "text.db") << std::string(5000, 'x');
  EXPECT_EQ(kind_of_opening(folder / "text.db"), ErrorKind::io);
  ask(folder / "other.db", "create table t (x); insert into t values (1)");
  EXPECT_EQ(kind_of_opening(folder / "other.db"), ErrorKind::io);
  EXPECT_EQ(kind_of_opening(folder / "no/such/folder.db"), ErrorKind::io);
}

TEST(Store, RefusesANewerSchema) {
  TemporaryFolder folder;
  { Store store(folder / "new.db"); }
  ask(folder / "new.db", "pragma user_version = 3");
  EXPECT_EQ(kind_of_opening(folder / "new.db"), ErrorKind::unsupported);
}

}  // namespace
}  // namespace wattlayer

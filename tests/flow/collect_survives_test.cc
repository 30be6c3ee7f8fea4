#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/mount.h>

#include <chrono>
#include <map>
#include <random>
#include <thread>

#include "tests/flow/running_program.h"
#include "tests/temporary_folder.h"

namespace wattlayer {
namespace {

using test::RunningProgram;
using Words = std::vector<std::string>;
using Rows = std::map<std::string, std::string>;  ///< row -> everything else

void wait(std::chrono::microseconds time) { std::this_thread::sleep_for(time); }

/// Answers of a query, columns joined by `|`; the answer is the fault when there is one.
std::vector<std::string> ask(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* db = nullptr;
  std::vector<std::string> answers;
  char* fault = nullptr;
  sqlite3_open(file.c_str(), &db);
  sqlite3_busy_timeout(db, 5000);
  const auto take = [](void* out, int n, char** values, char**) {
    std::string line;
    for (int i = 0; i < n; ++i) line += std::string(i ? "|" : "") + (values[i] ? values[i] : "null");
    static_cast<std::vector<std::string>*>(out)->push_back(line);
    return 0;
  };
  if (sqlite3_exec(db, sql.c_str(), take, &answers, &fault) != SQLITE_OK) answers = {fault ? fault : "cannot open"};
  sqlite3_free(fault);
  sqlite3_close(db);
  return answers;
}

/// All rows of a store, after SQLite itself has checked the file.
Rows sound_rows(const std::filesystem::path& file) {
  Rows rows;
  if (!std::filesystem::exists(file)) return rows;
  EXPECT_EQ(ask(file, "pragma integrity_check"), Words{"ok"});
  EXPECT_EQ(ask(file, "pragma foreign_key_check"), Words{});
  if (ask(file, "select count(*) from sqlite_master where name = 'measurement'") != Words{"1"}) return rows;
  for (const std::string& line : ask(file,
                                     "select dtype || kind || row || char(9) || id || '|' || ifnull(energy_j, '') || '|' || "
                                     "ifnull(time_s, '') || '|' || failure || '|' || conditions from measurement")) {
    const size_t tab = line.find('\t');
    EXPECT_TRUE(rows.emplace(line.substr(0, tab), line.substr(tab)).second) << "twice: " << line;
  }
  return rows;
}

/// Every row of `before` is in `after` as it was.
void expect_kept(const Rows& before, const Rows& after) {
  for (const auto& [row, rest] : before) {
    const auto found = after.find(row);
    ASSERT_NE(found, after.end()) << "lost: " << row;
    ASSERT_EQ(found->second, rest) << "changed: " << row;
  }
}

/// Rows there are now, without a look at the whole file.
size_t row_count(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return 0;
  const auto answer = ask(file, "select count(*) from measurement");
  return answer.size() == 1 ? std::strtoul(answer[0].c_str(), nullptr, 10) : 0;
}

struct CollectSurvives : testing::Test {
  TemporaryFolder folder;
  int items = 0;

  std::string campaign(int count, const std::string& more = "") {
    items = count;
    const auto file = folder / "small.json";
    std::ofstream(file)
        << R"({"schema": 1, "title": "t", "protocol": {"group": 3, "min_windows": 3, "window_s": 0.1, "idle_s": 0.1},
      "random": [{"layer": "Relu {n}", "ranges": {"n": [1000, 100000000]}, "count": )"
        << count << "}" << more << "]}";
    return file.string();
  }
  Words command(const std::string& campaign, const std::filesystem::path& db, Words more = {}) const {
    Words words = {"collect", campaign, "--runner", "fake", "--meter", "fake", "--db", db.string()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
};

TEST_F(CollectSurvives, TwoHundredKillsAtRandomMoments) {
  const auto db = folder / "a.db";
  const Words collect = command(campaign(2000), db, {"--runner-option", "delay=0.0002"});
  std::mt19937 random(20261121);
  Rows before;
  for (int kills = 0, with_progress = 0; kills < 200;) {
    RunningProgram program(collect, folder.path());
    // Every other kill waits for rows, so that many hit a campaign that measures, however slow the machine is.
    while (kills % 2 == 1 && row_count(db) <= before.size() && !program.ended()) wait(std::chrono::milliseconds(1));
    wait(std::chrono::microseconds(std::uniform_int_distribution(0, kills % 2 == 1 ? 20000 : 120000)(random)));
    const bool complete = program.ended();
    program.signal(SIGKILL);
    ASSERT_EQ(program.wait(), complete ? 0 : 128 + SIGKILL) << program.err();
    const Rows after = sound_rows(db);
    ASSERT_NO_FATAL_FAILURE(expect_kept(before, after));
    with_progress += !complete && after.size() > before.size();
    before = after;
    if (++kills == 200) EXPECT_GE(with_progress, 100) << "many kills hit a campaign that measures";
    if (!complete) continue;
    --kills;  // a quick machine: on with a campaign from its beginning
    EXPECT_EQ(after.size(), static_cast<size_t>(items));
    for (const char* ending : {"", "-wal", "-shm"}) std::filesystem::remove(db.string() + ending);
    before.clear();
  }
  RunningProgram last(command(folder / "small.json", db), folder.path());
  EXPECT_EQ(last.wait(), 0) << last.err();
  const Rows all = sound_rows(db);
  expect_kept(before, all);
  EXPECT_EQ(all.size(), static_cast<size_t>(items));
}

TEST_F(CollectSurvives, CtrlCFinishesTheWindowAndTheNextCallGoesOn) {
  const auto db = folder / "a.db";
  const Words collect = command(campaign(200), db, {"--runner-option", "delay=0.002"});
  {
    RunningProgram program(collect, folder.path());
    while (sound_rows(db).size() < 3 && !program.ended()) wait(std::chrono::milliseconds(5));
    program.signal(SIGINT);
    EXPECT_EQ(program.wait(), 0) << program.err();
    EXPECT_NE(program.out().find("stopped on request; call it again to go on"), std::string::npos) << program.out();
  }
  const Rows before = sound_rows(db);
  EXPECT_GE(before.size(), 3u);
  EXPECT_LT(before.size(), 200u);
  RunningProgram again(command(folder / "small.json", db), folder.path());
  EXPECT_EQ(again.wait(), 0) << again.err();
  expect_kept(before, sound_rows(db));
  EXPECT_EQ(sound_rows(db).size(), 200u);
}

TEST_F(CollectSurvives, CrashHangAndOutOfMemoryAreRowsAndTheCampaignGoesOn) {
  const auto db = folder / "a.db";
  const std::string file = campaign(10, R"(, {"layer": "Sigmoid {n}", "ranges": {"n": [1000, 100000]}, "count": 2},
      {"layer": "Tanh {n}", "ranges": {"n": [1000, 100000]}, "count": 1}, {"layer": "Exp {n}", "ranges": {"n": [1000, 100000]}, "count": 2},
      {"layer": "Erf {n}", "ranges": {"n": [1000, 100000]}, "count": 2})");
  const Words faults = {
      "--runner-option",         "fault=crash=Sigmoid", "--runner-option",   "fault=hang=Tanh",  "--runner-option",
      "fault=out-of-memory=Exp", "--runner-option",     "fault=garbage=Erf", "--runner-timeout", "1"};
  RunningProgram program(command(file, db, faults), folder.path());
  EXPECT_EQ(program.wait(), 0) << program.err();
  const Rows rows = sound_rows(db);
  EXPECT_EQ(rows.size(), 17u);
  const auto reason = [&](const std::string& op) {
    return ask(
        db, "select group_concat(distinct substr(failure, 1, 80)) || count(*) from measurement where row like '" + op + "%'")[0];
  };
  EXPECT_NE(reason("Sigmoid").find("ended with signal 6"), std::string::npos) << reason("Sigmoid");
  EXPECT_NE(reason("Tanh").find("hung: no answer within 1 s"), std::string::npos) << reason("Tanh");
  EXPECT_NE(reason("Exp").find("out of memory"), std::string::npos) << reason("Exp");
  EXPECT_NE(reason("Erf").find("answered with something that is not a JSON object"), std::string::npos) << reason("Erf");
  EXPECT_EQ(ask(db, "select count(*) from measurement where row like 'Relu%' and failure = '' and energy_j > 0"), Words{"10"});
  // Mended, the failures are tried again and replaced.
  RunningProgram again(command(file, db, {"--retry-failed"}), folder.path());
  EXPECT_EQ(again.wait(), 0) << again.err();
  EXPECT_EQ(ask(db, "select count(*) from measurement where failure = '' and energy_j > 0"), Words{"17"});
}

TEST_F(CollectSurvives, ASecondCampaignOnTheSameCounterIsRefusedAndToldByWhom) {
  Words words = command(campaign(200), folder / "a.db", {"--runner-option", "delay=0.01"});
  words[5] = "fake:board+device=" + folder.path().filename().string();  // a counter of this test alone
  RunningProgram first(words, folder.path());
  while (sound_rows(folder / "a.db").empty() && !first.ended()) wait(std::chrono::milliseconds(5));
  words[7] = folder / "b.db";
  std::filesystem::create_directories(folder / "second");
  RunningProgram second(words, folder / "second");
  EXPECT_EQ(second.wait(), 1);
  EXPECT_FALSE(first.ended());
  EXPECT_NE(second.err().find(folder.path().filename().string()), std::string::npos) << second.err();
  EXPECT_NE(second.err().find("process"), std::string::npos) << second.err();
  EXPECT_TRUE(sound_rows(folder / "b.db").empty());
  first.signal(SIGKILL);  // a lock never outlives its process
  first.wait();
  RunningProgram third(words, folder / "second");
  while (sound_rows(folder / "b.db").empty() && !third.ended()) wait(std::chrono::milliseconds(5));
  EXPECT_FALSE(third.ended()) << third.err();
}

TEST_F(CollectSurvives, AMeterThatGoesAwayEndsTheCampaignWithOneErrorAndLosesNothing) {
  const auto db = folder / "a.db";
  Words words = command(campaign(60), db);
  words[5] = "fake:board+gone_after_s=20";
  RunningProgram program(words, folder.path());
  EXPECT_EQ(program.wait(), 1);
  EXPECT_EQ(program.out(), "");
  EXPECT_NE(program.err().find("fake:board+gone_after_s=20: the counter is gone"), std::string::npos) << program.err();
  const Rows before = sound_rows(db);
  EXPECT_GT(before.size(), 5u);
  EXPECT_LT(before.size(), 60u);
  RunningProgram again(command(folder / "small.json", db), folder.path());
  EXPECT_EQ(again.wait(), 0) << again.err();
  expect_kept(before, sound_rows(db));
  EXPECT_EQ(sound_rows(db).size(), 60u);
}

/// A small file system of its own; absent where this user may not mount.
class SmallDisk {
 public:
  SmallDisk(const std::filesystem::path& place, const char* size) : place_(place) {
    std::filesystem::create_directories(place);
    mounted_ = mount("tmpfs", place.c_str(), "tmpfs", 0, size) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(place_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  bool make_read_only() const { return mount("tmpfs", place_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0; }

 private:
  std::filesystem::path place_;
  bool mounted_ = false;
};

TEST_F(CollectSurvives, AFullDiskIsOneErrorAndLosesNothing) {
  const SmallDisk disk(folder / "disk", "size=20m");
  if (!disk.mounted()) GTEST_SKIP() << "a small file system cannot be mounted here: this needs root";
  const auto db = folder / "disk" / "a.db";
  {
    RunningProgram program(command(campaign(3000), db, {"--runner-option", "delay=0.001"}), folder.path());
    while (sound_rows(db).size() < 10 && !program.ended()) wait(std::chrono::milliseconds(5));
    std::ofstream filler(folder / "disk" / "filler");
    const std::string block(1 << 16, 'x');
    while (filler << block << std::flush) continue;
    EXPECT_EQ(program.wait(), 1);
    EXPECT_NE(program.err().find("disk is full"), std::string::npos) << program.err();
    EXPECT_EQ(program.err().find("wattlayer:"), program.err().rfind("wattlayer:")) << "one error: " << program.err();
  }
  {
    RunningProgram program(command(folder / "small.json", db), folder.path());
    EXPECT_EQ(program.wait(), 1);
    EXPECT_NE(program.err().find("make room first"), std::string::npos) << program.err();
  }
  std::filesystem::remove(folder / "disk" / "filler");
  const Rows before = sound_rows(db);
  EXPECT_GE(before.size(), 10u);
  RunningProgram again(command(campaign(3000), db, {"--budget", "20m"}), folder.path());
  EXPECT_EQ(again.wait(), 0) << again.err();
  expect_kept(before, sound_rows(db));
  EXPECT_GT(sound_rows(db).size(), before.size());
}

TEST_F(CollectSurvives, AReadOnlyDatabaseIsRefusedBeforeAnythingIsMeasured) {
  const auto db = folder / "disk" / "a.db";
  const SmallDisk disk(folder / "disk", "size=20m");
  RunningProgram(command(campaign(5), db), folder.path()).wait();
  const Rows before = sound_rows(db);
  ASSERT_EQ(before.size(), 5u);
  const bool read_only = disk.mounted() ? disk.make_read_only()
                                        : (std::filesystem::permissions(db, std::filesystem::perms::owner_read), geteuid() != 0);
  if (!read_only) GTEST_SKIP() << "nothing is read-only for this user and a file system cannot be mounted";
  RunningProgram program(command(campaign(9), db), folder.path());
  EXPECT_EQ(program.wait(), 1);
  EXPECT_NE(program.err().find("cannot be written"), std::string::npos) << program.err();
  EXPECT_NE(program.err().find(db.string()), std::string::npos) << program.err();
}

}  // namespace
}  // namespace wattlayer

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "tests/temporary_folder.h"
#include "wattlayer/core/error.h"
#include "wattlayer/meter/meter_lock.h"

namespace wattlayer {
namespace {

std::string refusal(const std::string& device, const std::filesystem::path& folder) {
  try {
    const MeterLock lock(device, folder);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::unavailable);
    return e.what();
  }
  return "";
}

/// A process that holds a lock until it is killed; returns when it has it.
pid_t start_holder(const std::string& device, const std::filesystem::path& folder) {
  int ready[2];
  EXPECT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const MeterLock lock(device, folder);
    if (write(ready[1], "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  char byte;
  EXPECT_EQ(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  close(ready[1]);
  return child;
}

TEST(MeterLock, SecondProcessIsRefusedWithTheNumberOfTheFirst) {
  const TemporaryFolder folder;
  const pid_t holder = start_holder("nvml:GPU-1/2 3", folder.path());
  const std::string why = refusal("nvml:GPU-1/2 3", folder.path());
  EXPECT_NE(why.find("process " + std::to_string(holder)), why.npos) << why;
  EXPECT_EQ(refusal("nvml:GPU-2", folder.path()), "") << "another device is free";
  kill(holder, SIGKILL);
  waitpid(holder, nullptr, 0);
  EXPECT_EQ(refusal("nvml:GPU-1/2 3", folder.path()), "") << "a killed holder leaves no stale lock";
}

TEST(MeterLock, IsFreeAfterwardsAndMovable) {
  const TemporaryFolder folder;
  {
    MeterLock first("rapl:package-0", folder.path());
    const MeterLock second = std::move(first);
    EXPECT_NE(refusal("rapl:package-0", folder.path()), "");
  }
  EXPECT_EQ(refusal("rapl:package-0", folder.path()), "");
}

TEST(MeterLock, FolderThatIsNotThereIsNamed) {
  const std::string why = refusal("rapl:package-0", "/no/such/folder");
  EXPECT_NE(why.find("/no/such/folder"), why.npos) << why;
}

class NamedMeter final : public Meter {
 public:
  explicit NamedMeter(std::string device) { info_.device = std::move(device); }
  const MeterInfo& info() const override { return info_; }
  Joules read() override { return {0}; }

 private:
  MeterInfo info_;
};

TEST(MeterLock, MetersThatShareACounterLockItOnce) {
  const TemporaryFolder folder;
  NamedMeter both("rapl:package-0,rapl:package-1"), one("rapl:package-1"), modelled("");
  const std::vector<Meter*> meters = {&both, &one, &modelled};
  const auto locks = lock_meters(meters, folder.path());
  EXPECT_EQ(locks.size(), 2u);
  EXPECT_NE(refusal("rapl:package-1", folder.path()), "");
}

TEST(MeterLock, FolderIsTheSameForAllUsers) { EXPECT_TRUE(std::filesystem::is_directory(meter_lock_folder())); }

}  // namespace
}  // namespace wattlayer

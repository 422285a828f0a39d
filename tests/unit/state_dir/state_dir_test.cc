// Tests of engine/state_dir/state_dir.h: the directory's mode and the one daemon per directory.
#include "engine/state_dir/state_dir.h"

#include <array>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/config/support.h"

namespace spine::state_dir {
namespace {

using namespace config;

using ::testing::HasSubstr;

class StateDir : public ConfigTest {};

TEST_F(StateDir, IsMadeWithItsParentsForTheOwnerAlone) {
  ASSERT_TRUE(ensure_state_dir(dir_ / "a" / "spine"));
  EXPECT_EQ(mode_of(dir_ / "a"), 0700U);
  EXPECT_EQ(mode_of(dir_ / "a" / "spine"), 0700U);
  EXPECT_TRUE(ensure_state_dir(dir_ / "a" / "spine"));
}

TEST_F(StateDir, WhatOthersMayDoIsTakenAway) {
  std::filesystem::create_directory(dir_ / "open");
  ::chmod((dir_ / "open").c_str(), 0755);
  ASSERT_TRUE(ensure_state_dir(dir_ / "open"));
  EXPECT_EQ(mode_of(dir_ / "open"), 0700U);
}

TEST_F(StateDir, FileInItsPlaceIsRefused) {
  const std::filesystem::path file = write("file", "x");
  EXPECT_FALSE(ensure_state_dir(file));
  EXPECT_FALSE(ensure_state_dir(file / "below"));
}

TEST_F(StateDir, DirectoryOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  std::filesystem::create_directory(dir_ / "theirs");
  ASSERT_EQ(::chown((dir_ / "theirs").c_str(), 12345, 12345), 0);
  const Status status = ensure_state_dir(dir_ / "theirs");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Errc::refused);
  EXPECT_THAT(status.error().message, HasSubstr("belongs to another user (uid 12345)"));
}

TEST_F(StateDir, SecondDaemonIsRefusedNamingTheFirst) {
  Result<StateLock> first = StateLock::acquire(dir_);
  ASSERT_TRUE(first);
  const Result<StateLock> second = StateLock::acquire(dir_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::in_use);
  EXPECT_EQ(second.error().message,
            "another Spine (pid " + std::to_string(::getpid()) + ") is using " + dir_.string());
}

TEST_F(StateDir, LockTellsPidAndPort) {
  Result<StateLock> lock = StateLock::acquire(dir_);
  ASSERT_TRUE(lock);
  ASSERT_TRUE(lock->set_port(18789));
  ASSERT_TRUE(lock->set_port(80));
  const Result<LockInfo> info = read_lock(dir_);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->pid, ::getpid());
  EXPECT_EQ(info->port, 80);
  EXPECT_TRUE(info->running);
  EXPECT_EQ(mode_of(dir_ / "spine.lock"), 0600U);
}

TEST_F(StateDir, NobodyRunsWhereThereIsNoLock) {
  const Result<LockInfo> info = read_lock(dir_ / "never-made");
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->running);
  EXPECT_EQ(info->pid, 0);
}

TEST_F(StateDir, LockIsFreeAgainAfterItsHolder) {
  {
    const Result<StateLock> lock = StateLock::acquire(dir_);
    ASSERT_TRUE(lock);
  }
  EXPECT_FALSE(read_lock(dir_)->running);
  EXPECT_TRUE(StateLock::acquire(dir_));
}

TEST_F(StateDir, LockOfAKilledProcessIsFree) {
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const Result<StateLock> lock = StateLock::acquire(dir_);
    const char byte = lock ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  char byte{};
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  Result<LockInfo> info = read_lock(dir_);
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->running);
  EXPECT_EQ(info->pid, child);
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  info = read_lock(dir_);
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->running);
  EXPECT_TRUE(StateLock::acquire(dir_));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(StateDir, GarbageInTheLockFileIsNobody) {
  write("spine.lock", "not a pid\n");
  const Result<LockInfo> info = read_lock(dir_);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->pid, 0);
  EXPECT_FALSE(info->running);
  EXPECT_TRUE(StateLock::acquire(dir_));
}

TEST_F(StateDir, MovedLockStaysHeld) {
  Result<StateLock> lock = StateLock::acquire(dir_);
  ASSERT_TRUE(lock);
  const StateLock moved = std::move(*lock);
  EXPECT_TRUE(read_lock(dir_)->running);
}

}  // namespace
}  // namespace spine::state_dir

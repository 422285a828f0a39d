// Tests of journal/space.h: allocating ahead, refusing in time, recovering.
#include "journal/space.h"

#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/vocab/limits.h"
#include "tests/unit/journal/support.h"

namespace spine::journal {
namespace {

using limits::kMiB;
using limits::kSpaceAheadBytes;
using limits::kSpaceReservedBytes;

// A disk of a size the test sets; one per process, as Allocate is a plain function.
struct Disk {
  std::uint64_t size{};
  int calls{};
  int failure{ENOSPC};
  std::uint64_t zeroed_from{~0ULL};  // of the last write
  std::uint64_t zeroed_to{};
  int writes{};
};
Disk disk;

ssize_t write_to_disk(int /*fd*/, const iovec* parts, int count, off_t offset) {
  ++disk.writes;
  disk.zeroed_from = disk.zeroed_to = static_cast<std::uint64_t>(offset);
  for (int i = 0; i < count; ++i)
    disk.zeroed_to += parts[i].iov_len;
  return static_cast<ssize_t>(disk.zeroed_to - disk.zeroed_from);
}

int allocate_on_disk(int /*fd*/, off_t offset, off_t bytes) {
  ++disk.calls;
  const auto end = static_cast<std::uint64_t>(offset) + static_cast<std::uint64_t>(bytes);
  return end <= disk.size ? 0 : disk.failure;
}

class SpaceTest : public testing::Test {
 protected:
  SpaceTest() { disk = Disk{.size = 1'000 * kMiB}; }

  Status ask(std::uint64_t used, std::size_t bytes, SpaceClass space_class = SpaceClass::intake) {
    return space_.ensure(
        {.fd = -1, .used_bytes = used, .commit_bytes = bytes, .space_class = space_class});
  }

  SpaceAhead space_{&allocate_on_disk, &write_to_disk};
};

TEST_F(SpaceTest, AtLeastTheAgreedSpaceIsAheadAfterEveryYes) {
  for (std::uint64_t used = 8192; used < 600 * kMiB; used += kMiB + 4096) {
    ASSERT_TRUE(ask(used, 300'000));
    ASSERT_GE(space_.allocated_bytes(), used + 300'000 + kSpaceAheadBytes);
  }
}

TEST_F(SpaceTest, ZerosAreWrittenAheadOfCommitsButNeverBelowWhatIsUsed) {
  for (std::uint64_t used = 8192; used < 600 * kMiB; used += 4096 * (used / 4096 % 40)) {
    ASSERT_TRUE(ask(used, 100'000));
    ASSERT_GE(disk.zeroed_to, used + 100'000);
    ASSERT_LE(disk.zeroed_to, space_.allocated_bytes());
    if (disk.writes != 0) {
      ASSERT_GE(disk.zeroed_from, used);
    }
    disk.writes = 0;
    used += 4096;
  }
}

TEST_F(SpaceTest, ZerosStartWhereTheUsedPagesEndAfterALargeCommit) {
  ASSERT_TRUE(ask(8192, 1'000));
  EXPECT_EQ(disk.zeroed_from, 8192U);
  ASSERT_TRUE(ask(8192, 20 * kMiB));  // too large for zeros
  EXPECT_EQ(disk.writes, 1);
  ASSERT_TRUE(ask(8192 + 20 * kMiB, 1'000));
  EXPECT_EQ(disk.writes, 2);
  EXPECT_EQ(disk.zeroed_from, 8192 + 20 * kMiB);
}

TEST_F(SpaceTest, WithoutAWayToWriteZerosThereAreNone) {
  SpaceAhead space(&allocate_on_disk, nullptr);
  ASSERT_TRUE(space.ensure({.fd = -1, .used_bytes = 8192, .commit_bytes = 1}));
  EXPECT_EQ(disk.writes, 0);
}

TEST_F(SpaceTest, ItCostsNoSystemCallWhileEnoughIsThere) {
  ASSERT_TRUE(ask(8192, 300'000));
  EXPECT_EQ(disk.calls, 1);
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(ask(8192, 300'000));
  EXPECT_EQ(disk.writes, 1);
  for (std::uint64_t used = 8192; used < 30 * kMiB; used += 300'000) {
    ASSERT_TRUE(ask(used, 300'000));
  }
  EXPECT_EQ(disk.calls, 1);
}

TEST_F(SpaceTest, IntakeIsRefusedWhileTheReserveIsStillThereForClosing) {
  disk.size = 40 * kMiB;
  std::uint64_t used = 8192;
  while (ask(used, kMiB))
    used += kMiB;
  // What was refused is what would have eaten into the reserve.
  EXPECT_GE(disk.size - used, kSpaceReservedBytes);
  EXPECT_LE(disk.size - used, kSpaceReservedBytes + 3 * kMiB);
  const Status refused = ask(used, kMiB);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::no_space);
  EXPECT_NE(refused.error().message.find("service resumes by itself"), std::string::npos);
  // Closing goes on through the reserve, to its end and not beyond.
  int closed = 0;
  for (; ask(used, kMiB, SpaceClass::closing); ++closed)
    used += kMiB;
  EXPECT_GE(closed, 15);
  EXPECT_LE(used, disk.size);
  EXPECT_EQ(ask(used, kMiB, SpaceClass::closing).error().code, Errc::no_space);
}

TEST_F(SpaceTest, ServiceResumesWhenThereIsRoomAgain) {
  disk.size = 40 * kMiB;
  std::uint64_t used = 8192;
  while (ask(used, kMiB))
    used += kMiB;
  disk.size = 500 * kMiB;
  EXPECT_TRUE(ask(used, kMiB));
  EXPECT_GE(space_.allocated_bytes(), used + kSpaceAheadBytes);
}

TEST_F(SpaceTest, ANearlyFullDiskIsNotAskedForEveryCommit) {
  disk.size = 50 * kMiB;
  ASSERT_TRUE(ask(8192, kMiB));
  ASSERT_TRUE(ask(8192, kMiB));
  const int calls = disk.calls;
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(ask(8192, kMiB));
  EXPECT_EQ(disk.calls, calls);
}

TEST_F(SpaceTest, AFileSizeLimitAndAQuotaAreFullDisksToo) {
  disk.size = 0;
  for (const int code : {ENOSPC, EDQUOT, EFBIG}) {
    disk.failure = code;
    EXPECT_EQ(ask(8192, 1).error().code, Errc::no_space);
  }
  disk.failure = EIO;
  EXPECT_EQ(ask(8192, 1).error().code, Errc::io);
}

TEST_F(SpaceTest, TheWorstCaseOfARealCommitIsCovered) {
  TempDir temp;
  auto journal = open_journal(temp.path() / "journal");
  const auto file = temp.path() / "journal" / "data.mdb";
  Batch batch;
  for (const std::size_t body : {10U, 2'000U, 20'000U, 33'000U, 66'000U, 1'000'000U}) {
    batch.begin(next(journal->last()));
    for (int i = 0; i < 60; ++i) {
      batch.append(message_header(), message_body(std::string(body, 'x')));
    }
    ASSERT_TRUE(journal->ensure_space(batch.bytes(), SpaceClass::intake));
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat before {};
    struct stat after {};
    ::fstat(fd, &before);
    ASSERT_TRUE(journal->commit(batch));
    ::fstat(fd, &after);
    ::close(fd);
    // Nothing was written behind what had been allocated, nor into a hole.
    EXPECT_EQ(before.st_size, after.st_size);
    EXPECT_EQ(before.st_blocks, after.st_blocks);
  }
}

}  // namespace
}  // namespace spine::journal

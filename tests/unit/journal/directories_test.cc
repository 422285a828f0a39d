// Tests of schemas/vocab/files.h, whose first user the journal is: modes, and durable names.
#include <algorithm>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

#include "schemas/vocab/files.h"
#include "tests/unit/journal/support.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

// Paths given to fsync while it is not null.
std::vector<std::string>* synced_paths = nullptr;

}  // namespace
}  // namespace spine::journal

// Takes the place of libc's in this program.
extern "C" int fsync(int fd) {
  if (spine::journal::synced_paths != nullptr) {
    std::error_code error;
    const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), error);
    spine::journal::synced_paths->push_back(path.string());
  }
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace spine::journal {
namespace {

TEST(Directories, TheNameOfEveryNewDirectoryIsMadeDurable) {
  const TempDir temp;
  std::vector<std::string> synced;
  synced_paths = &synced;
  const Status made = make_private_directories(temp.path() / "a" / "b" / "c");
  synced_paths = nullptr;
  ASSERT_TRUE(made) << made.error().message;
  const std::vector<std::string> parents{temp.path().string(), (temp.path() / "a").string(),
                                         (temp.path() / "a" / "b").string()};
  EXPECT_EQ(synced, parents);
}

TEST(Directories, ANewJournalIsFoundAfterPowerLossWithAllItsParents) {
  const TempDir temp;
  std::vector<std::string> synced;
  synced_paths = &synced;
  const auto journal = open_journal(temp.path() / "state" / "journal");
  synced_paths = nullptr;
  for (const fs::path& parent : {temp.path(), temp.path() / "state"}) {
    EXPECT_NE(std::find(synced.begin(), synced.end(), parent.string()), synced.end()) << parent;
  }
}

TEST(Directories, TheUmaskDoesNotCount) {
  const TempDir temp;
  const mode_t before = ::umask(0777);
  const Status done = make_private_directories(temp.path() / "state" / "journal");
  ::umask(before);
  ASSERT_TRUE(done) << done.error().message;
  for (const fs::path& made : {temp.path() / "state", temp.path() / "state" / "journal"})
    EXPECT_EQ(fs::status(made).permissions(), fs::perms::owner_all) << made;
}

TEST(Directories, AFileInTheWayIsNamed) {
  const TempDir temp;
  const fs::path file = temp.path() / "file";
  ::close(::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  const Status made = make_private_directories(file / "below");
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find(file.string()), std::string::npos);
}

}  // namespace
}  // namespace spine::journal

// Files that decide: refused where others could change them, and never waited for.
#include "engine/config/source/deciding_file.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/state_dir/state_dir.h"
#include "engine/state_dir/token.h"
#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class DecidingFile : public ConfigTest {
 protected:
  fs::path with_mode(const std::string& name, mode_t mode, std::string_view text = "{}") const {
    fs::path path = write(name, text);
    ::chmod(path.c_str(), mode);
    return path;
  }
  fs::path folder(const std::string& name, mode_t mode) const {
    const fs::path path = dir_ / name;
    fs::create_directory(path);
    ::chmod(path.c_str(), mode);
    return path;
  }
  static std::string refusal_of(const fs::path& path) {
    const Result<Config> config = load(path, test_getenv);
    return config ? "" : config.error().message;
  }
};

TEST_F(DecidingFile, IsTakenWhenOnlyItsOwnerChangesIt) {
  for (const mode_t mode : {0600U, 0644U, 0444U, 0700U})
    EXPECT_EQ(refusal_of(with_mode("o.json", mode)), "") << mode;
}

TEST_F(DecidingFile, ThatOthersCanChangeIsRefusedSayingHowToMendIt) {
  for (const mode_t mode : {0666U, 0620U, 0602U}) {
    const fs::path path = with_mode("o.json", mode);
    EXPECT_THAT(refusal_of(path),
                AllOf(HasSubstr("The file " + path.string() + " can be changed by others (mode 0"),
                      HasSubstr("Run `chmod go-w " + path.string() + "`")));
    ::unlink(path.c_str());
  }
}

TEST_F(DecidingFile, InAFolderThatOthersCanChangeIsRefused) {
  write("open/o.json", "{}");
  folder("open", 0777);
  EXPECT_THAT(
      refusal_of(dir_ / "open" / "o.json"),
      AllOf(HasSubstr("The folder " + (dir_ / "open").string() + " can be changed by others"),
            HasSubstr("chmod go-w")));
  folder("open", 01777);
  EXPECT_EQ(refusal_of(dir_ / "open" / "o.json"), "") << "as /tmp is";
}

TEST_F(DecidingFile, IsJudgedByWhereLinksLeadAndWhereTheyLie) {
  const fs::path good = with_mode("good.json", 0600);
  fs::create_symlink("good.json", dir_ / "link.json");
  EXPECT_EQ(refusal_of(dir_ / "link.json"), "");
  const fs::path bad = with_mode("bad.json", 0666);
  fs::create_symlink(bad, dir_ / "to_bad.json");
  EXPECT_THAT(refusal_of(dir_ / "to_bad.json"), HasSubstr("can be changed by others"));
  fs::create_symlink(good, folder("open", 0700) / "o.json");
  folder("open", 0777);
  EXPECT_THAT(refusal_of(dir_ / "open" / "o.json"), HasSubstr("could put another o.json into it"));
  write("there/target.json", "{}");
  folder("there", 0777);
  fs::create_symlink("there/target.json", dir_ / "hop.json");
  EXPECT_THAT(refusal_of(dir_ / "hop.json"), HasSubstr("could put another target.json into it"));
}

TEST_F(DecidingFile, OfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const fs::path path = with_mode("o.json", 0600);
  ASSERT_EQ(::chown(path.c_str(), 12345, 12345), 0);
  EXPECT_THAT(refusal_of(path), HasSubstr("belongs to another user (uid 12345)"));
  const fs::path link = dir_ / "link.json";
  fs::create_symlink(with_mode("ours.json", 0600), link);
  ASSERT_EQ(::lchown(link.c_str(), 12345, 12345), 0);
  EXPECT_THAT(refusal_of(link), HasSubstr("The link "));
}

TEST_F(DecidingFile, ThatIsIncludedIsJudgedTheSameNamingTheLine) {
  with_mode("more.json5", 0666);
  EXPECT_THAT(refusal_of(write("o.json", "{\n $include: 'more.json5'}")),
              AllOf(HasSubstr("o.json:2:12: "), HasSubstr("can be changed by others (mode 0666)")));
}

TEST_F(DecidingFile, WhatIsNoFileIsRefusedAndNotWaitedFor) {
  const fs::path fifo = dir_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(refusal_of(fifo), HasSubstr("is not a regular file"));
  EXPECT_THAT(refusal_of(write("o.json", "{$include: 'fifo'}")), HasSubstr("is not a file"));
  EXPECT_THAT(state_dir::read_token_file(fifo).error().message, HasSubstr("is not a regular file"));
  EXPECT_THAT(refusal_of("/dev/null"), HasSubstr("is not a regular file"));
  EXPECT_THAT(refusal_of(folder("folder", 0700)), HasSubstr("is not a regular file"));
  fs::remove(dir_ / "o.json");
  ASSERT_EQ(::mkfifo((dir_ / ".env").c_str(), 0600), 0);
  const Result<Config> config = load(write("o.json", "{}"), test_getenv);
  ASSERT_TRUE(config);
  ASSERT_EQ(config->warnings.size(), 1U);
  EXPECT_THAT(config->warnings[0], HasSubstr(".env is not a regular file; it is not read"));
}

TEST_F(DecidingFile, StateDirectoryThatOthersCouldChangeIsRefused) {
  write("state/journal", "x");
  folder("state", 0777);
  const Status open = state_dir::ensure_state_dir(dir_ / "state");
  ASSERT_FALSE(open);
  EXPECT_THAT(open.error().message,
              AllOf(HasSubstr("can be changed by others (mode 0777)"), HasSubstr("chmod 700")));
  ASSERT_TRUE(state_dir::ensure_state_dir(folder("empty", 0777)))
      << "nothing in it could be anybody else's";
  EXPECT_EQ(mode_of(dir_ / "empty"), 0700U);
  fs::create_directory(folder("around", 0700) / "state");
  folder("around", 0777);
  const Status around = state_dir::ensure_state_dir(dir_ / "around" / "state");
  ASSERT_FALSE(around);
  EXPECT_THAT(around.error().message, HasSubstr("could put another state into it"));
}

TEST_F(DecidingFile, HasItsBound) {
  const fs::path path = with_mode("o.json", 0600, "12345");
  EXPECT_EQ(*read_text_file(path, 5), "12345");
  const Result<std::string> text = read_text_file(path, 4);
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, HasSubstr("o.json has more than 4 bytes"));
}

TEST_F(DecidingFile, DraftIsForItsOwnerAloneWhateverWasThere) {
  const fs::path draft = with_mode("o.json.new", 0666, "old");
  ASSERT_TRUE(write_draft(draft, "new"));
  EXPECT_EQ(*read_text_file(draft), "new");
  EXPECT_EQ(mode_of(draft), 0600U);
}

TEST_F(DecidingFile, LockThatIsAFifoIsNotWaitedFor) {
  ASSERT_EQ(::mkfifo((dir_ / "spine.lock").c_str(), 0600), 0);
  const Result<state_dir::LockInfo> info = state_dir::read_lock(dir_);
  EXPECT_TRUE(!info || !info->running);
}

}  // namespace
}  // namespace spine::config

// WorkspaceFiles: what is below the workspace, and nothing else.
#include "adapters/agents/protocols/workspace_files.h"

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/vocab/limits.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

class WorkspaceFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "spine-files-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root = name;
    fs::create_directories(root / "work/sub");
    put("work/a.txt", "one\ntwo\nthree");
    put("outside.txt", "secret");
    if (::geteuid() == 0) {
      fs::permissions(root, fs::perms{0755});
      for (const std::string given : {"work", "work/sub", "work/a.txt"})
        ASSERT_EQ(::chown(path(given).c_str(), kUser, kUser), 0);
    }
    files = make_workspace_files(root / "work");
  }
  void TearDown() override { fs::remove_all(root); }

  void put(const std::string& name, const std::string& content) {
    std::ofstream(root / name) << content;
  }
  std::string content_of(const std::string& name) {
    std::ifstream file(root / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string path(const std::string& name) { return (root / name).string(); }
  std::string read(const std::string& name, std::uint64_t line = 0, std::uint64_t limit = 0) {
    const Result<std::string> content = files->read(name, line, limit);
    return content ? *content : "error: " + content.error().message;
  }

  static constexpr uid_t kUser = 12'345;
  fs::path root{};
  std::unique_ptr<FileAccess> files{};
};

TEST_F(WorkspaceFilesTest, ReadsLines) {
  EXPECT_EQ(read(path("work/a.txt")), "one\ntwo\nthree");
  EXPECT_EQ(read("a.txt"), "one\ntwo\nthree");
  EXPECT_EQ(read("sub/../a.txt", 1, 1), "one\n");
  EXPECT_EQ(read("a.txt", 2), "two\nthree");
  EXPECT_EQ(read("a.txt", 2, 1), "two\n");
  EXPECT_EQ(read("a.txt", 3, 9), "three");
  EXPECT_EQ(read("a.txt", 9, 9), "");
}

TEST_F(WorkspaceFilesTest, NothingOutsideIsReadOrWritten) {
  fs::create_symlink(root / "outside.txt", root / "work/link");
  fs::create_symlink("../outside.txt", root / "work/relative");
  fs::create_directory_symlink(root, root / "work/up");
  fs::create_symlink("/proc/self/root", root / "work/magic");
  const std::string names[] = {path("outside.txt"),
                               path("work/../outside.txt"),
                               "../outside.txt",
                               "link",
                               "relative",
                               "up/outside.txt",
                               "magic/etc/passwd",
                               path("workshop/x"),
                               path("work"),
                               "/etc/passwd",
                               "",
                               std::string("a.txt\0x", 7)};
  for (const std::string& name : names) {
    EXPECT_TRUE(read(name).starts_with("error: ")) << name;
    EXPECT_FALSE(files->write(name, "changed").has_value()) << name;
  }
  EXPECT_EQ(content_of("outside.txt"), "secret");
  EXPECT_EQ(files->read("up/outside.txt", 0, 0).error().code, Errc::refused);
}

TEST_F(WorkspaceFilesTest, WhatIsNoRegularFileIsRefused) {
  ASSERT_EQ(::mkfifo(path("work/pipe").c_str(), 0600), 0);
  for (const std::string name : {"pipe", "sub", "sub/", ".", "..", "sub/.."}) {
    EXPECT_TRUE(read(name).starts_with("error: ")) << name;
    EXPECT_FALSE(files->write(name, "x").has_value()) << name;
  }
  EXPECT_EQ(files->read("missing", 0, 0).error().code, Errc::not_found);
  EXPECT_FALSE(files->write("no/such/folder", "x").has_value());
}

TEST_F(WorkspaceFilesTest, WritesWholeFilesAndLeavesNothingBehind) {
  fs::permissions(root / "work/a.txt", fs::perms{0640});
  EXPECT_TRUE(files->write(path("work/a.txt"), "new").has_value());
  EXPECT_TRUE(files->write("sub/b.txt", "").has_value());
  EXPECT_EQ(content_of("work/a.txt"), "new");
  EXPECT_EQ(fs::status(root / "work/a.txt").permissions(), fs::perms{0640});
  EXPECT_TRUE(fs::is_regular_file(root / "work/sub/b.txt"));
  EXPECT_EQ(std::distance(fs::directory_iterator(root / "work"), {}), 2);
  EXPECT_EQ(std::distance(fs::directory_iterator(root / "work/sub"), {}), 1);
}

TEST_F(WorkspaceFilesTest, ARootGatewayHasTheRightsOfTheAgentsUserAlone) {
  if (::geteuid() != 0) GTEST_SKIP() << "SKIPPED, RIGHTS ARE NOT TESTED: needs root";
  EXPECT_TRUE(files->write("c.txt", "x").has_value());
  struct stat status {};
  ASSERT_EQ(::stat(path("work/c.txt").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, kUser);
  EXPECT_EQ(status.st_gid, kUser);
  fs::create_directories(root / "work/deploy");
  put("work/deploy/.env", "ROOT_ONLY=1");
  put("work/deploy/run.sh", "good");
  fs::permissions(root / "work/deploy/.env", fs::perms{0600});
  put("work/group", "of root's group");
  fs::permissions(root / "work/group", fs::perms{0640});
  EXPECT_TRUE(read("deploy/.env").starts_with("error: "));
  EXPECT_TRUE(read("group").starts_with("error: "));
  EXPECT_FALSE(files->write("deploy/run.sh", "evil").has_value());
  EXPECT_FALSE(files->write("deploy/new", "evil").has_value());
  EXPECT_EQ(read("deploy/run.sh"), "good");
  EXPECT_EQ(std::distance(fs::directory_iterator(root / "work/deploy"), {}), 2);
  put("mine", "still root");  // and we are root as before
  fs::permissions(root / "mine", fs::perms{0000});
  EXPECT_EQ(content_of("mine"), "still root");
}

TEST_F(WorkspaceFilesTest, ARootGatewayNeverActsAsRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "SKIPPED, RIGHTS ARE NOT TESTED: needs root";
  ASSERT_EQ(::chown(path("work").c_str(), 0, 0), 0);
  EXPECT_EQ(files->read("a.txt", 0, 0).error().code, Errc::refused);
  EXPECT_FALSE(files->write("c.txt", "x").has_value());
  files = make_workspace_files(root / "work", {.uid = kUser, .gid = kUser});
  EXPECT_EQ(read("a.txt"), "one\ntwo\nthree");
  EXPECT_FALSE(files->write("c.txt", "x").has_value());  // the folder is root's
  EXPECT_TRUE(files->write("sub/c.txt", "x").has_value());
}

TEST_F(WorkspaceFilesTest, HiddenPlacesAreRefused) {
  fs::create_directories(root / "work/keys");
  put("work/keys/key.pem", "a key");
  put("work/token", "a token");
  put("work/token2", "none");
  fs::create_symlink("token", root / "work/link");
  files = make_workspace_files(root / "work",
                               {.hidden = {path("work/keys"), path("work/token"), root, ""}});
  for (const std::string name : {"keys/key.pem", "sub/../keys/key.pem", "token", "link"}) {
    EXPECT_EQ(files->read(name, 0, 0).error().code, Errc::refused) << name;
    EXPECT_FALSE(files->write(name, "x").has_value()) << name;
  }
  EXPECT_FALSE(files->write("keys/new", "x").has_value());
  EXPECT_EQ(content_of("work/token"), "a token");
  EXPECT_EQ(read("token2"), "none");
  EXPECT_EQ(read("a.txt", 1, 1), "one\n");
}

TEST_F(WorkspaceFilesTest, LargeFilesAreRefused) {
  const std::string most(limits::kAgentFileBytesMax, 'x');
  EXPECT_TRUE(files->write("big", most).has_value());
  EXPECT_EQ(read("big").size(), most.size());
  EXPECT_FALSE(files->write("big", most + 'x').has_value());
  put("work/bigger", most + 'x');
  EXPECT_EQ(files->read("bigger", 1, 1).error().code, Errc::no_space);
}

class PutIntoWorkspace : public WorkspaceFilesTest {
 protected:
  Result<std::string> bring(const std::string& folder, const std::string& name,
                            const std::string& content) {
    put("source", content);
    const UniqueFd source{::open(path("source").c_str(), O_RDONLY | O_CLOEXEC)};
    return put_into_workspace(root / "work", {}, folder, name, source.get());
  }
};

TEST_F(PutIntoWorkspace, CopiesAFileForTheAgentsUser) {
  const std::string large(700'000, 'x');
  const auto first = bring("attachments", "a.bin", large);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(*first, path("work/attachments/a.bin"));
  EXPECT_EQ(content_of("work/attachments/a.bin"), large);
  ASSERT_TRUE(bring("attachments", "a.bin", "anew"));
  EXPECT_EQ(content_of("work/attachments/a.bin"), "anew");
  struct stat status {};
  ASSERT_EQ(::stat(path("work/attachments/a.bin").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0644U);
  if (::geteuid() == 0) {
    EXPECT_EQ(status.st_uid, kUser);
  }
  EXPECT_EQ(read("attachments/a.bin"), "anew");
}

TEST_F(PutIntoWorkspace, GoesNowhereElse) {
  fs::create_directories(root / "elsewhere");
  fs::create_directory_symlink(root / "elsewhere", root / "work/attachments");
  EXPECT_EQ(bring("attachments", "a.bin", "x").error().code, Errc::refused);
  EXPECT_TRUE(fs::is_empty(root / "elsewhere"));
  fs::remove(root / "work/attachments");
  fs::create_directories(root / "work/attachments/a.bin");
  EXPECT_FALSE(bring("attachments", "a.bin", "x"));
}

TEST_F(PutIntoWorkspace, TheOldestGoWhenTooManyLieThere) {
  ASSERT_TRUE(bring("attachments", "first", "x"));
  const auto now = fs::file_time_type::clock::now();
  for (std::size_t i = 1; i < limits::kWorkspaceMediaFilesMax; ++i)
    put("work/attachments/" + std::to_string(i), "y");
  fs::last_write_time(root / "work/attachments/7", now - std::chrono::hours(1));
  ASSERT_TRUE(bring("attachments", "last", "z"));
  EXPECT_FALSE(fs::exists(root / "work/attachments/7"));
  EXPECT_TRUE(fs::exists(root / "work/attachments/8"));
  EXPECT_EQ(content_of("work/attachments/last"), "z");
  const auto there = fs::directory_iterator(root / "work/attachments");
  EXPECT_EQ(static_cast<std::size_t>(std::distance(begin(there), end(there))),
            limits::kWorkspaceMediaFilesMax);
}

}  // namespace
}  // namespace spine::agents

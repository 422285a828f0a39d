// sweep_orphans: what a killed gateway leaves behind, and nothing else.
#include "adapters/agents/process/orphans.h"

#include <array>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/process/harness.h"

namespace spine::agents {
namespace {

// Starts sleepers in a process that is then killed. Returns their numbers.
std::vector<int> make_orphans(const std::string& variable, int count) {
  std::array<int, 2> fds{};
  EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
  const pid_t gateway = ::fork();
  if (gateway == 0) {
    std::vector<std::unique_ptr<test::Watched>> agents;
    for (int i = 0; i < count; ++i) {
      agents.push_back(std::make_unique<test::Watched>());
      agents.back()->start({.argv = {"/bin/sh", "-c", "echo $$; exec sleep 1000"},
                            .env = {"A=b", variable, "PATH=/usr/bin:/bin"}});
      if (!agents.back()->run_to_lines(1)) ::_exit(1);
      const int pid = std::stoi(agents.back()->lines[0]);
      if (::write(fds[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
    }
    ::pause();
  }
  std::vector<int> pids(static_cast<std::size_t>(count));
  for (int& pid : pids) {
    EXPECT_EQ(::read(fds[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  }
  ::kill(gateway, SIGKILL);
  ::waitpid(gateway, nullptr, 0);
  ::close(fds[0]);
  ::close(fds[1]);
  return pids;
}

TEST(Orphans, KillsWhatBearsTheMarkAndNothingElse) {
  const test::TestFolder folder;
  const std::string mark = owner_mark(folder.at("state"));
  const auto ours = make_orphans("SPINE_AGENT_OWNER=" + mark, 3);
  const auto others = make_orphans("SPINE_AGENT_OWNER=" + mark + "0", 1);
  test::Watched own;
  own.start({.argv = {"/bin/sh", "-c", "echo up; exec sleep 1000"},
             .env = {"SPINE_AGENT_OWNER=" + mark}});
  ASSERT_TRUE(own.run_to_lines(1));
  for (const int pid : ours)
    EXPECT_TRUE(test::is_alive(pid));
  EXPECT_EQ(sweep_orphans(mark), 3U);
  for (const int pid : ours)
    EXPECT_FALSE(test::is_alive(pid));
  EXPECT_TRUE(test::is_alive(others[0]));
  EXPECT_TRUE(test::is_alive(static_cast<int>(own.child->pid())));
  EXPECT_EQ(sweep_orphans(mark), 0U);
  ::kill(others[0], SIGKILL);
}

TEST(Orphans, TheMarkStandsForThePlaceHoweverItIsNamed) {
  const test::TestFolder folder;
  std::filesystem::create_directories(folder.at("state"));
  std::filesystem::create_symlink("state", folder.at("link"));
  EXPECT_EQ(owner_mark(folder.at("state")), owner_mark(folder.at("link")));
  EXPECT_EQ(owner_mark(folder.at("state")), owner_mark(folder.at("./x/../state")));
  EXPECT_NE(owner_mark(folder.at("state")), owner_mark(folder.at("other")));
  EXPECT_EQ(owner_mark(folder.at("state")).size(), 16U);
}

}  // namespace
}  // namespace spine::agents

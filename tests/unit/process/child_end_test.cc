// Child: how processes end, by themselves and by us; nothing is left behind.
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapters/agents/process/child.h"
#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/memory_use.h"
#include "adapters/agents/process/proc.h"
#include "tests/unit/process/harness.h"

namespace spine::agents {
namespace {

using test::Watched;

TEST(ChildEnd, ReportsEveryKindOfEnd) {
  for (const int code : {0, 1, 7, 127, 143, 255}) {
    Watched child;
    child.start_shell("exit " + std::to_string(code));
    ASSERT_TRUE(child.run_to_exit());
    EXPECT_EQ(child.exit.code, code);
    EXPECT_EQ(child.exits, 1);
  }
  for (const int number : {SIGTERM, SIGKILL, SIGHUP, SIGSEGV}) {
    Watched child;
    child.start_shell("echo ready; exec sleep 1000");
    ASSERT_TRUE(child.run_to_lines(1));
    child.child->signal(number);
    ASSERT_TRUE(child.run_to_exit());
    EXPECT_EQ(child.exit.signal, number);
    EXPECT_EQ(child.exit.code, -1);
    child.child->signal(SIGTERM);  // reaped: harmless
  }
}

TEST(ChildEnd, ADescendantOfTheGroupDiesWithItsLeader) {
  Watched child;
  child.start_shell("sleep 1000 & echo $!");
  ASSERT_TRUE(child.run_to_exit());
  ASSERT_EQ(child.lines.size(), 1U);
  EXPECT_TRUE(test::becomes_true([&] { return !test::is_alive(std::stoi(child.lines[0])); }));
}

TEST(ChildEnd, OneThatLeftTheGroupDoesNotHoldTheExitUp) {
  Watched child;
  child.start_shell("setsid sh -c 'echo $$; exec sleep 1000' & read wait");
  ASSERT_TRUE(child.run_to_lines(1));
  child.child->close_input();  // the leader ends, the pipe stays open
  ASSERT_TRUE(child.run_to_exit());
  const int left = std::stoi(child.lines.at(0));
  EXPECT_TRUE(test::is_alive(left));
  ::kill(left, SIGKILL);
}

TEST(ChildEnd, WhatIsPausedWaitsAndIsDrainedAtTheEnd) {
  Watched child;
  child.start_shell("echo ready; read go; echo one >&2; echo two; read more; echo three");
  ASSERT_TRUE(child.run_to_lines(1));
  child.child->pause_output(true);
  child.child->pause_output(true);
  child.child->write("go");
  ASSERT_TRUE(child.run_until([&] { return !child.errors.empty(); }));
  EXPECT_EQ(child.line_count, 1U);  // stderr is read on
  child.child->pause_output(false);
  ASSERT_TRUE(child.run_to_lines(2));
  child.child->pause_output(true);
  child.child->write("more");
  ASSERT_TRUE(child.run_to_exit());
  EXPECT_EQ(child.lines, (std::vector<std::string>{"ready", "two", "three"}));
  EXPECT_EQ(child.exit.code, 0);
  child.child->pause_output(true);  // harmless
  child.child->pause_output(false);
}

TEST(ChildEnd, OneThatIsPausedWaitsForItsPipe) {
  Watched child;
  child.keep_lines = false;
  child.start_shell("echo up; head -c 4000000 /dev/zero | tr '\\0' '\\n'; echo done >&2");
  ASSERT_TRUE(child.run_until([&] { return child.line_count > 0; }));
  child.child->pause_output(true);
  const std::uint64_t seen = child.line_count;
  int turns = 0;
  ASSERT_TRUE(child.run_until([&] { return ++turns > 4; }));
  EXPECT_EQ(child.line_count, seen);
  EXPECT_TRUE(child.errors.empty());
  child.child->pause_output(false);
  ASSERT_TRUE(child.run_to_exit());
  EXPECT_EQ(child.line_count, 4'000'001U);
}

TEST(ChildEnd, TheDestructorKillsTheGroup) {
  Watched child;
  child.start_shell("trap '' TERM; sleep 1000 & echo $!; wait");
  ASSERT_TRUE(child.run_to_lines(1));
  const int descendant = std::stoi(child.lines.at(0));
  const int leader = static_cast<int>(child.child->pid());
  child.child.reset();
  EXPECT_FALSE(test::is_alive(leader));
  EXPECT_EQ(::kill(leader, 0), -1);  // reaped, not a zombie
  EXPECT_TRUE(test::becomes_true([&] { return !test::is_alive(descendant); }));
  EXPECT_EQ(child.exits, 0);
}

TEST(ChildEnd, TheOwnerMayLetGoWithinEveryCallback) {
  Watched at_line;
  at_line.each_line = [&](std::string_view line) {
    at_line.child.reset();
    EXPECT_EQ(line, "first");  // the text stays valid
  };
  at_line.start_shell("printf 'first\\nsecond\\n'; exec sleep 1000");
  ASSERT_TRUE(at_line.run_until([&] { return !at_line.child; }));
  EXPECT_EQ(at_line.line_count, 1U);

  Watched at_exit;
  at_exit.at_exit = [&] { at_exit.child.reset(); };
  at_exit.start_shell("echo bye");
  ASSERT_TRUE(at_exit.run_to_exit());
  EXPECT_EQ(at_exit.exits, 1);

  Watched writes;
  writes.each_line = [&](std::string_view line) {
    if (line == "3") {
      writes.child->close_input();
    } else {
      EXPECT_TRUE(writes.child->write(std::to_string(std::stoi(std::string(line)) + 1)));
    }
  };
  writes.start({.argv = {"/bin/cat"}});
  ASSERT_TRUE(writes.child->write("1"));
  ASSERT_TRUE(writes.run_to_exit());
  EXPECT_EQ(writes.line_count, 3U);
}

TEST(ChildEnd, SparesAWrapperButReachesWhatItRuns) {
  Watched child;
  child.start({.argv = {"/bin/sh", "-c",
                        "sh -c 'trap \"echo asked; exit 5\" TERM; echo ready; read x' <&0; "
                        "echo inner=$?"},
               .spare_leader = true});
  ASSERT_TRUE(child.run_to_lines(1));
  child.child->signal(SIGTERM);
  ASSERT_TRUE(child.run_to_exit());
  EXPECT_EQ(child.lines, (std::vector<std::string>{"ready", "asked", "inner=5"}));
}

TEST(ChildEnd, TwoHundredProcessesLeaveNothing) {
  Watched events;
  events.start_shell("exit 0");  // what is made once is made
  ASSERT_TRUE(events.run_to_exit());
  events.child.reset();
  const std::size_t before = test::open_descriptors();
  for (int i = 0; i < 200; ++i) {
    events.exits = 0;
    events.start_shell(i % 2 == 0 ? "echo x; exit 1" : "exec sleep 1000");
    if (i % 2 == 0) {
      ASSERT_TRUE(events.run_to_exit());
    }
    events.child.reset();
  }
  EXPECT_EQ(test::open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // no child, no zombie
  EXPECT_EQ(errno, ECHILD);
}

// A process of its own that spawns a child and is killed: what the child's death signal is for.
TEST(ChildEnd, DiesWithTheProcessThatStartedIt) {
  const SeparationMeans means = find_separation_means();
  if (means.setpriv.empty()) GTEST_SKIP() << "setpriv is not installed";
  std::array<int, 2> fds{};
  ASSERT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
  const pid_t gateway = ::fork();
  if (gateway == 0) {
    Watched child;
    child.start({.argv = {means.setpriv, "--pdeathsig", "KILL", "--no-new-privs", "/bin/sh", "-c",
                          "echo $$; exec sleep 1000"}});
    if (!child.run_to_lines(1)) ::_exit(1);
    const int pid = std::stoi(child.lines[0]);
    if (::write(fds[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
    ::pause();
  }
  int agent = 0;
  ASSERT_EQ(::read(fds[0], &agent, sizeof agent), static_cast<ssize_t>(sizeof agent));
  EXPECT_TRUE(test::is_alive(agent));
  ::kill(gateway, SIGKILL);
  ::waitpid(gateway, nullptr, 0);
  EXPECT_TRUE(test::becomes_true([&] { return !test::is_alive(agent); }));
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST(Resident, CountsDescendantsAndForgetsTheDead) {
  Watched child;
  child.start({.argv = {"/usr/bin/python3", "-c",
                        "import subprocess,sys\n"
                        "p=subprocess.Popen([sys.executable,'-c',"
                        "'x=bytearray(50_000_000);print(1,flush=True);input()'])\n"
                        "p.wait()"}});
  ASSERT_TRUE(child.run_to_lines(1));
  const std::uint32_t pid = child.child->pid();
  const auto taken = [pid] {
    const MemoryMeter meter;
    return meter.of(with_descendants(meter.processes(), static_cast<std::int32_t>(pid))).total();
  };
  EXPECT_GT(taken(), 50'000'000U);
  EXPECT_LT(taken(), 500'000'000U);
  child.child.reset();
  EXPECT_EQ(taken(), 0U);
}

}  // namespace
}  // namespace spine::agents

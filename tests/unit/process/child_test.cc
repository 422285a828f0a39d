// Child: what goes in and out of a real process.
#include "adapters/agents/process/child.h"

#include <gtest/gtest.h>
#include <set>

#include "tests/unit/process/harness.h"

namespace spine::agents {
namespace {

using test::Watched;

TEST(Child, EchoesLinesInOrder) {
  Watched cat;
  cat.start({.argv = {"/bin/cat"}});
  EXPECT_TRUE(cat.child->write("one"));
  EXPECT_TRUE(cat.child->write(""));
  EXPECT_TRUE(cat.child->write("three"));
  cat.child->close_input();
  EXPECT_FALSE(cat.child->write("too late"));
  ASSERT_TRUE(cat.run_to_exit());
  EXPECT_EQ(cat.lines, (std::vector<std::string>{"one", "", "three"}));
  EXPECT_EQ(cat.exit.code, 0);
  EXPECT_EQ(cat.exit.signal, 0);
}

TEST(Child, GivesALastLineWithoutLineFeedWhenItEndsInPeace) {
  Watched child;
  child.start_shell("printf 'a\\nb'");
  ASSERT_TRUE(child.run_to_exit());
  EXPECT_EQ(child.lines, (std::vector<std::string>{"a", "b"}));
}

TEST(Child, DropsHalfALineOfAKilledProcess) {
  Watched child;
  child.start_shell("printf 'a\\nb'; kill -9 $$");
  ASSERT_TRUE(child.run_to_exit());
  EXPECT_EQ(child.lines, std::vector<std::string>{"a"});
  EXPECT_EQ(child.exit.code, -1);
  EXPECT_EQ(child.exit.signal, SIGKILL);
}

TEST(Child, ReadsAllThatWasWrittenBeforeTheExit) {
  Watched child;
  child.keep_lines = false;
  child.start_shell(
      "i=0; while [ $i -lt 20000 ]; do echo 0123456789012345678901234567890; "
      "i=$((i+1)); done");
  ASSERT_TRUE(child.run_to_exit());
  EXPECT_EQ(child.line_count, 20'000U);
}

TEST(Child, SaysThatALineIsTooLongOnceAndReadsNoMore) {
  Watched child;
  child.start(
      {.argv = {"/bin/sh", "-c", "echo short; exec cat /dev/zero"}, .line_bytes_max = 1'000});
  ASSERT_TRUE(child.run_until([&] { return child.too_long > 0; }));
  EXPECT_EQ(child.exits, 0);
  child.child->signal(SIGKILL);
  ASSERT_TRUE(child.run_to_exit());
  EXPECT_EQ(child.too_long, 1);
  EXPECT_EQ(child.lines, std::vector<std::string>{"short"});
}

TEST(Child, EndlessOutputLeavesRoomForOthers) {
  Watched child;
  child.keep_lines = false;
  child.start({.argv = {"/usr/bin/yes"}});
  int ticks = 0;
  event* timer = event_new(
      child.base(), -1, EV_PERSIST,
      [](evutil_socket_t, short, void* count) { *static_cast<int*>(count) += 1; }, &ticks);
  const timeval every{0, 1'000};
  event_add(timer, &every);
  EXPECT_TRUE(child.run_until([&] { return child.line_count > 1'000'000 && ticks > 5; }));
  event_free(timer);
}

TEST(Child, RefusesInputThatIsNotRead) {
  Watched child;
  child.start({.argv = {"/bin/sleep", "1000"}, .input_bytes_max = 100'000});
  const std::string line(10'000, 'x');
  int accepted = 0;
  while (accepted < 1'000 && child.child->write(line))
    accepted += 1;
  EXPECT_GE(accepted, 9);
  EXPECT_LE(accepted, 9 + 7);  // the pipe itself takes 64 KiB
  EXPECT_LE(child.child->input_waiting(), 100'000U);
  EXPECT_GT(child.child->input_waiting(), 80'000U);
}

TEST(Child, WritesWhatWaitedWhenItIsReadLater) {
  Watched child;
  child.keep_lines = false;
  child.start({.argv = {"/bin/sh", "-c", "read go; exec cat"}});
  ASSERT_TRUE(child.child->write("go"));
  const std::string line(1'000, 'x');
  for (int i = 0; i < 900; ++i)
    ASSERT_TRUE(child.child->write(line));
  child.child->close_input();
  ASSERT_TRUE(child.run_to_exit());
  EXPECT_EQ(child.line_count, 900U);
  EXPECT_EQ(child.line_bytes, 900'000U);
  EXPECT_EQ(child.child->input_waiting(), 0U);
}

TEST(Child, SurvivesAClosedStdin) {
  Watched child;
  child.start_shell("exec 0<&-; echo closed; sleep 1000");
  ASSERT_TRUE(child.run_to_lines(1));
  EXPECT_TRUE(child.child->write("to nobody"));
  EXPECT_GT(child.child->input_waiting(), 0U);
  child.child->signal(SIGTERM);
  ASSERT_TRUE(child.run_to_exit());
  EXPECT_EQ(child.exit.signal, SIGTERM);
}

TEST(Child, PassesStderrAndKeepsItsTail) {
  Watched child;
  child.start_shell("echo first >&2; echo second >&2; printf third >&2; exit 3");
  ASSERT_TRUE(child.run_to_exit());
  EXPECT_EQ(child.errors, (std::vector<std::string>{"first", "second", "third"}));
  EXPECT_EQ(child.child->stderr_tail(), "first\nsecond\nthird");
  EXPECT_EQ(child.exit.code, 3);
}

TEST(Child, GetsExactlyItsEnvironmentFolderAndDescriptors) {
  Watched child;
  child.start({.argv = {"/bin/sh", "-c", "/usr/bin/env; pwd; ls /proc/$$/fd"},
               .env = {"ONLY=this", "PWD=/usr"},
               .cwd = "/usr"});
  ASSERT_TRUE(child.run_to_exit());
  ASSERT_EQ(child.lines.size(), 6U);
  EXPECT_EQ(std::set<std::string>(child.lines.begin(), child.lines.begin() + 2),
            (std::set<std::string>{"ONLY=this", "PWD=/usr"}));
  EXPECT_EQ(child.lines[2], "/usr");
  EXPECT_EQ(std::vector<std::string>(child.lines.begin() + 3, child.lines.end()),
            (std::vector<std::string>{"0", "1", "2"}));
}

TEST(Child, HasDefaultSignalsAndASessionOfItsOwn) {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  Watched child;
  child.start_shell("cat /proc/self/status; cat /proc/$$/stat; exec sleep 1000");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  const std::string pid = std::to_string(child.child->pid());
  ASSERT_TRUE(child.run_until(
      [&] { return !child.lines.empty() && child.lines.back().starts_with(pid + " ("); }));
  const auto signals = [&](std::string_view name) {
    for (const std::string& line : child.lines) {
      if (line.starts_with(name)) return std::stoull(line.substr(name.size()), nullptr, 16);
    }
    return ~0ULL;
  };
  EXPECT_EQ(signals("SigBlk:\t"), 0U);
  // SIGPIPE, too. glibc ignores 32 and 33, which are its own, until it needs them.
  EXPECT_EQ(signals("SigIgn:\t") & 0x7fffffffU, 0U);
  // "pid (sh) S parent group session": the last two are its own.
  EXPECT_NE(child.lines.back().find(" " + pid + " " + pid + " "), std::string::npos);
}

TEST(Child, NamesWhatCannotBeStarted) {
  Watched events;
  const auto missing = Child::spawn(events.base(), {.argv = {"/nowhere/agent"}}, events);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::io);
  EXPECT_EQ(missing.error().message, "Cannot start /nowhere/agent: No such file or directory.");
}

}  // namespace
}  // namespace spine::agents

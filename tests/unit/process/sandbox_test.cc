// The sandbox, from within: a real bubblewrap around a shell that tries.
#include "adapters/agents/process/sandbox.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "adapters/agents/process/memory_use.h"
#include "adapters/agents/process/proc.h"
#include "tests/unit/process/launching.h"

namespace spine::agents {
namespace {

using Lines = std::vector<std::string>;

class Sandbox : public test::GatewayWithAgent {
 protected:
  void SetUp() override {
    if (means_.bubblewrap.empty()) {
      GTEST_SKIP() << "SKIPPED, NOTHING ABOUT THE SANDBOX IS TESTED: " << means_.why_not;
    }
    agent_.process.sandbox.separation = config::Separation::bubblewrap;
    agent_.process.env = {{"PATH", "/usr/bin:/bin"}};
    agent_.workspace = folder_.at("work");
    make();
  }
  // What `cat` of the file gives inside; "" = cannot be read.
  std::string read_inside(const std::string& file) {
    const Lines lines = look("cat '" + file + "' 2>/dev/null || true");
    return lines.empty() ? "" : lines[0];
  }
};

TEST_F(Sandbox, HasNoRightsAndNoWayToGetAny) {
  const Lines lines =
      look("id -u; grep -E '^(Cap|NoNewPrivs|Groups)' /proc/self/status | tr -s '\\t ' ' '");
  ASSERT_GE(lines.size(), 8U);
  const uid_t expected = means_.is_root ? 65'534 : ::geteuid();
  EXPECT_EQ(lines[0], std::to_string(expected));
  int checked = 0;
  for (const std::string& line : lines) {
    if (line.starts_with("CapBnd") && !means_.is_root) continue;  // of its own user name space
    if (line.starts_with("Cap")) {
      EXPECT_TRUE(line.ends_with(" 0000000000000000")) << line;
      checked += 1;
    }
    if (line.starts_with("NoNewPrivs")) {
      EXPECT_EQ(line, "NoNewPrivs: 1");
      checked += 1;
    }
  }
  EXPECT_GE(checked, 5);
}

TEST_F(Sandbox, HidesWhatIsTheGateways) {
  EXPECT_EQ(read_inside(folder_.at("gateway/state/secret")), "");
  EXPECT_EQ(read_inside(folder_.at("gateway/state/agents/other/data/secret")), "");
  EXPECT_EQ(read_inside(folder_.at("gateway/conf/openclaw.json")), "");
  EXPECT_EQ(read_inside(folder_.at("gateway/conf/included.json")), "");
  EXPECT_EQ(read_inside(folder_.at("keys/key.pem")), "");
  EXPECT_EQ(look("ls -A " + folder_.at("gateway/state/agents")), Lines{"helper"});
  EXPECT_EQ(look("ls -A /root 2>/dev/null | wc -l"), Lines{"0"});
  EXPECT_EQ(look("ls -A /run | grep -v -e systemd -e resolvconf -e NetworkManager | wc -l"),
            Lines{"0"});
  // Wherever this tree lies, below /tmp perhaps: of what others have there nothing is seen.
  const test::TestFolder beside;
  beside.write("secret", "theirs");
  const Lines seen = look("ls -A /tmp");
  EXPECT_EQ(std::ranges::count(seen, folder_.path().filename().string()), 1);
  EXPECT_EQ(std::ranges::count(seen, beside.path().filename().string()), 0);
}

TEST_F(Sandbox, OfTheGatewaysHomeOnlyProgramsAreSeen) {
  const std::string before = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
  const std::string key = folder_.write("home/me/.ssh/id", "a key");
  const std::string ring = folder_.write("home/me/.local/share/keyring", "a key");
  folder_.write("home/me/.local/bin/tool", "#!/bin/sh\necho tool\n", 0755);
  folder_.write("home/me/bin/other", "#!/bin/sh\necho other\n", 0755);
  ::setenv("HOME", folder_.at("home/me").c_str(), 1);
  agent_.process.env = {{"PATH", folder_.at("home/me/.local/bin") + ":" +
                                     folder_.at("home/me/bin") + ":/usr/bin:/bin"}};
  EXPECT_EQ(look("tool; other"), (Lines{"tool", "other"}));
  EXPECT_EQ(read_inside(key), "");
  EXPECT_EQ(read_inside(ring), "");
  ::setenv("HOME", before.c_str(), 1);
}

TEST_F(Sandbox, HidesThemEvenWhereTheirSurroundingsAreShown) {
  agent_.process.sandbox.read = {folder_.path().string()};
  folder_.write("plain", "to be seen");
  EXPECT_EQ(read_inside(folder_.at("plain")), "to be seen");
  EXPECT_EQ(read_inside(folder_.at("gateway/state/secret")), "");
  EXPECT_EQ(read_inside(folder_.at("gateway/conf/openclaw.json")), "");
  EXPECT_EQ(read_inside(folder_.at("gateway/conf/included.json")), "");
  EXPECT_EQ(read_inside(folder_.at("keys/key.pem")), "");
  EXPECT_EQ(look("touch " + places_.data_dir + "/x && echo ok"), Lines{"ok"});
}

TEST_F(Sandbox, SeesOnlyItsOwnProcesses) {
  const Lines lines = look("ls /proc | grep -c '^[0-9]'; cat /proc/1/comm");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_LE(std::stoi(lines[0]), 5);
  EXPECT_EQ(lines[1], "bwrap");
  EXPECT_EQ(look("kill -0 " + std::to_string(::getpid()) + " 2>/dev/null; echo $?"), Lines{"1"});
}

TEST_F(Sandbox, WritesWhereItMayAndNowhereElse) {
  const Lines lines = look("for d in . \"$HOME\" " + places_.data_dir +
                           " /tmp /usr /etc /var/lib /; do if touch $d/spine-wrote 2>/dev/null; "
                           "then echo yes; else echo no; fi; "
                           "done; pwd; echo $HOME");
  EXPECT_EQ(lines, (Lines{"yes", "yes", "yes", "yes", "no", "no", "no", "no", places_.workspace,
                          places_.home}));
  EXPECT_TRUE(std::filesystem::exists(folder_.at("work/spine-wrote")));
  EXPECT_TRUE(std::filesystem::exists(folder_.at("gateway/state/agents/helper/home/spine-wrote")));
  EXPECT_FALSE(std::filesystem::exists("/tmp/spine-wrote"));
}

TEST_F(Sandbox, ShowsWhatTheConfigurationNames) {
  const std::string read = folder_.write("shared/read/file", "readable");
  const std::string skill = folder_.write("skills/mail/SKILL.md", "a skill");
  std::filesystem::create_directories(folder_.at("shared/write"));
  std::filesystem::permissions(folder_.at("shared/write"), std::filesystem::perms(0777));
  folder_.write("shared/hidden", "not named");
  agent_.process.sandbox.read = {folder_.at("shared/read")};
  agent_.process.sandbox.write = {folder_.at("shared/write")};
  skill_dirs_ = {folder_.at("skills/mail")};
  EXPECT_EQ(read_inside(read), "readable");
  EXPECT_EQ(read_inside(skill), "a skill");
  EXPECT_EQ(read_inside(folder_.at("shared/hidden")), "");
  EXPECT_EQ(look("touch " + folder_.at("shared/write/x") + " && echo ok"), Lines{"ok"});
  EXPECT_EQ(look("touch " + folder_.at("shared/read/x") + " 2>/dev/null || echo no"), Lines{"no"});
}

TEST_F(Sandbox, ShowsWhatTheCommandNeeds) {
  // As npm installs it: bin/tool -> ../lib/node_modules/tool/cli, which reads its neighbour.
  folder_.write("opt/lib/node_modules/tool/cli",
                "#!/bin/sh\ncat \"$(dirname \"$(readlink -f \"$0\")\")/data\"\n", 0755);
  folder_.write("opt/lib/node_modules/tool/data", "of the tool");
  folder_.write("opt2/secret", "beside");
  std::filesystem::create_directories(folder_.at("opt/bin"));
  std::filesystem::create_directories(folder_.at("links"));
  std::filesystem::create_symlink("../lib/node_modules/tool/cli", folder_.at("opt/bin/tool"));
  std::filesystem::create_symlink(folder_.at("opt/bin/tool"), folder_.at("links/tool"));
  agent_.process.env = {{"PATH", folder_.at("links") + ":/usr/bin:/bin"}};
  const auto launch = prepare({"tool"});
  ASSERT_TRUE(launch) << launch.error().message;
  test::Watched agent;
  agent.start(launch->plan);
  ASSERT_TRUE(agent.run_to_exit());
  EXPECT_EQ(agent.lines, Lines{"of the tool"}) << testing::PrintToString(agent.errors);
  EXPECT_EQ(read_inside(folder_.at("opt2/secret")), "");
}

TEST_F(Sandbox, ShowsAScriptTheConfigurationNamesButNotOneAMessageNames) {
  const std::string script = folder_.write("scripts/agent.sh", "echo I run\n");
  agent_.process.args = {script};
  auto launch = prepare({"sh", script});
  ASSERT_TRUE(launch) << launch.error().message;
  test::Watched named;
  named.start(launch->plan);
  ASSERT_TRUE(named.run_to_exit());
  EXPECT_EQ(named.lines, Lines{"I run"});
  agent_.process.args.clear();
  launch = prepare({"sh", script});
  ASSERT_TRUE(launch) << launch.error().message;
  test::Watched unnamed;
  unnamed.start(launch->plan);
  ASSERT_TRUE(unnamed.run_to_exit());
  EXPECT_EQ(unnamed.lines, Lines{});
  EXPECT_NE(unnamed.exit.code, 0);
}

TEST_F(Sandbox, NamesAreLookedUpAsOutside) {
  EXPECT_EQ(look("test -r /etc/resolv.conf && echo readable"), Lines{"readable"});
}

TEST_F(Sandbox, PassesTheExitCodeOn) {
  look("exit 42");
  EXPECT_EQ(exit_.code, 42);
}

TEST_F(Sandbox, ATermReachesTheAgentWhichMayEndInOrder) {
  const auto launch = prepare({"sh", "-c",
                               "trap 'echo in order; exit 0' TERM; echo up; "
                               "while read x; do :; done"});
  ASSERT_TRUE(launch) << launch.error().message;
  test::Watched agent;
  agent.start(launch->plan);
  ASSERT_TRUE(agent.run_to_lines(1));
  agent.child->signal(SIGTERM);
  ASSERT_TRUE(agent.run_to_exit());
  EXPECT_EQ(agent.lines, (Lines{"up", "in order"}));
  EXPECT_EQ(agent.exit.code, 0);
}

TEST_F(Sandbox, TakesEvenThoseAlongThatLeftTheGroup) {
  const auto launch = prepare({"sh", "-c",
                               "setsid sleep 98765 & setsid sleep 98765 & echo up; "
                               "exec sleep 98765"});
  ASSERT_TRUE(launch) << launch.error().message;
  test::Watched agent;
  agent.start(launch->plan);
  ASSERT_TRUE(agent.run_to_lines(1));
  const auto pid = static_cast<std::int32_t>(agent.child->pid());
  std::vector<ProcessEntry> inside;
  ASSERT_TRUE(test::becomes_true([&] {
    inside = with_descendants(list_processes(), pid);
    return inside.size() >= 5;  // two of bwrap, three sleepers
  }));
  EXPECT_GT(MemoryMeter().of(inside).total(), 1'000'000U);
  agent.child.reset();
  for (const ProcessEntry& entry : inside) {
    EXPECT_TRUE(test::becomes_true([&] { return !test::is_alive(entry.pid); })) << entry.pid;
  }
}

TEST_F(Sandbox, EveryFileSystemInMemoryThatItCanWriteToHasASize) {
  const Lines mounts = look("cat /proc/self/mountinfo");
  int sized = 0;
  for (const std::string& line : mounts) {
    const bool in_memory = line.find(" - tmpfs ") != std::string::npos;
    const bool writable = line.find(" rw,") < line.find(" - ");
    if (!in_memory || !writable) continue;
    EXPECT_NE(line.find("size=", line.find(" - ")), std::string::npos) << line;
    sized += 1;
  }
  EXPECT_GE(sized, 3);  // /tmp, /run, /dev/shm
  EXPECT_EQ(look("echo x >/dev/shm/x && cat /dev/shm/x; echo >/dev/null && echo null"),
            (Lines{"x", "null"}));
  EXPECT_EQ(look("touch /dev/x 2>/dev/null || echo no"), Lines{"no"});
}

TEST_F(Sandbox, MakesNoUserNameSpacesUnlessItMay) {
  if (!has_seccomp()) GTEST_SKIP() << "SKIPPED, THE FILTER IS NOT TESTED: no seccomp here";
  const std::string attempts =
      "unshare --user true 2>/dev/null && echo unshared; "
      "bwrap --unshare-user --ro-bind / / true 2>/dev/null && echo nested; "
      "/usr/bin/python3 -c '\n"
      "import ctypes, os, threading\n"
      "c = ctypes.CDLL(None, use_errno=True)\n"
      "def call(*a):\n"
      "    r = c.syscall(*a)\n"
      "    return ctypes.get_errno() if r < 0 else -1\n"
      "print(call(435, 0, 0), call(308, 0, 0))\n"  // clone3, setns
      "t = threading.Thread(target=lambda: print(\"a thread\")); t.start(); t.join()\n"
      "'; echo end";
#ifdef __x86_64__
  EXPECT_EQ(look(attempts), (Lines{fmt::format("{} {}", ENOSYS, EPERM), "a thread", "end"}))
      << testing::PrintToString(errors_);
#endif
  EXPECT_EQ(look("ls /proc/self/fd | wc -l"), Lines{"4"});  // the filter's descriptor is closed
  if (::system("unshare --user true 2>/dev/null") != 0) return;  // NOLINT: not on this machine
  agent_.process.sandbox.userns = true;
  EXPECT_EQ(look("unshare --user true && echo unshared"), Lines{"unshared"})
      << testing::PrintToString(errors_);
}

TEST_F(Sandbox, TakesNoLargeSegmentsWhereMemoryIsCounted) {
  if (!has_seccomp()) GTEST_SKIP() << "SKIPPED, THE FILTER IS NOT TESTED: no seccomp here";
  agent_.process.sandbox.userns = true;  // the one does not go with the other
  EXPECT_EQ(look("ipcmk -M 65536 >/dev/null && echo small; ipcmk -M 65537 >/dev/null 2>&1 || "
                 "echo no"),
            (Lines{"small", "no"}));
  memory_is_held_ = true;
  EXPECT_EQ(look("ipcmk -M 65537 >/dev/null && echo large"), Lines{"large"});
}

TEST_F(Sandbox, SaysWhatWasDone) {
  const auto launch = prepare({"true"});
  ASSERT_TRUE(launch);
  EXPECT_EQ(launch->sandbox, "bubblewrap");
  EXPECT_TRUE(launch->plan.spare_leader);
}

}  // namespace
}  // namespace spine::agents

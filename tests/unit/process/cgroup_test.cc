// Control groups: what is written where, against a folder that stands for the kernel's; and
// cgroup.kill against a real one.
#include "adapters/agents/process/cgroup.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "adapters/agents/process/proc.h"
#include "tests/unit/process/harness.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

// A hierarchy of files that hold what was written to them last.
class MadeUp : public testing::Test {
 protected:
  CgroupTree::Where where(const std::string& own, bool is_root) const {
    return {.mounts = "30 1 0:26 / " + folder_.path().string() + " rw shared:4 - cgroup2 none rw\n",
            .own_group = "4:memory:/elsewhere\n0::" + own + "\n",
            .is_root = is_root,
            .mark = "0123"};
  }
  // A unit's group, with this process in it.
  std::string unit(std::string_view controllers) const {
    folder_.write("user/spine.service/cgroup.controllers", controllers);
    folder_.write("user/spine.service/cgroup.procs", std::to_string(::getpid()) + "\n");
    folder_.write("user/spine.service/cgroup.subtree_control", "");
    return "/user/spine.service";
  }
  std::string text(const std::string& name) const { return test::text_of(folder_.at(name)); }

  test::TestFolder folder_{};
};

TEST_F(MadeUp, AUnitThatIsDelegatedMovesItselfIntoALeafAndBoundsAgentsBesideIt) {
  const auto tree = CgroupTree::find(where(unit("cpuset cpu memory pids\n"), false));
  ASSERT_TRUE(tree->works());
  EXPECT_TRUE(tree->holds_memory());
  EXPECT_EQ(tree->folder(), folder_.at("user/spine.service/agents"));
  EXPECT_EQ(tree->summary(), "cgroup: memory, processes, processor time");
  EXPECT_EQ(text("user/spine.service/gateway/cgroup.procs"), "0");
  // The file stands for one that adds: it has the last word that was written to it.
  EXPECT_EQ(text("user/spine.service/cgroup.subtree_control"), "+memory");
  EXPECT_EQ(text("user/spine.service/agents/cgroup.subtree_control"), "+memory");
  EXPECT_EQ(text("user/spine.service/agents/cpu.weight"), "50");
  const auto group = tree->make("main", {.memory_bytes_max = 268'435'456, .tasks_max = 4'096});
  ASSERT_TRUE(group) << group.error().message;
  const std::string at = "user/spine.service/agents/main-1/";
  EXPECT_EQ(text(at + "memory.max"), "268435456");
  EXPECT_EQ(text(at + "memory.swap.max"), "0");
  EXPECT_EQ(text(at + "memory.oom.group"), "1");
  EXPECT_EQ(text(at + "pids.max"), "4096");
  EXPECT_EQ(text(at + "cpu.weight"), "100");
  const auto unbound = tree->make("main", {.tasks_max = 1});
  ASSERT_TRUE(unbound);
  EXPECT_EQ(text("user/spine.service/agents/main-2/memory.max"), "max");
}

TEST_F(MadeUp, TellsWhatTheKernelTells) {
  const auto tree = CgroupTree::find(where(unit("memory\n"), false));
  EXPECT_EQ(tree->summary(), "cgroup: memory");
  const auto group = tree->make("main", {.memory_bytes_max = 1'000});
  ASSERT_TRUE(group);
  const std::string at = "user/spine.service/agents/main-1/";
  folder_.write(at + "memory.current", "5000\n");
  folder_.write(at + "memory.stat", "anon 1\ninactive_file 2000\ninactive_filex 1\n");
  EXPECT_EQ((*group)->memory_bytes(), 3'000U);
  folder_.write(at + "memory.events", "low 0\noom 1\noom_kill 0\n");
  EXPECT_FALSE((*group)->ran_out_of_memory());
  folder_.write(at + "memory.events", "low 0\noom 1\noom_kill 2\noom_group_kill 1\n");
  EXPECT_TRUE((*group)->ran_out_of_memory());
  std::vector<std::string> argv{"/bin/true"};
  (*group)->enter(argv);
  EXPECT_EQ(argv.back(), "/bin/true");
  EXPECT_EQ(argv.at(3), folder_.at(at + "cgroup.procs"));
}

TEST_F(MadeUp, WithoutAControllerOfMemoryItIsCounted) {
  const auto tree = CgroupTree::find(where(unit("pids\n"), false));
  EXPECT_TRUE(tree->works());
  EXPECT_FALSE(tree->holds_memory());
  EXPECT_EQ(tree->summary(),
            "counted, and ended by cgroup, processes: the control groups here "
            "have no controller of memory");
  const auto group = tree->make("main", {.memory_bytes_max = 1'000});
  ASSERT_TRUE(group);
  EXPECT_FALSE(fs::exists(folder_.at("user/spine.service/agents/main-1/memory.max")));
  EXPECT_EQ((*group)->memory_bytes(), 0U);
}

TEST_F(MadeUp, AGroupWithOthersInItIsNotTakenApart) {
  const std::string own = unit("memory\n");
  folder_.write("user/spine.service/cgroup.procs", std::to_string(::getpid()) + "\n1\n");
  const auto tree = CgroupTree::find(where(own, false));
  EXPECT_FALSE(tree->works());
  EXPECT_NE(tree->summary().find("counted: the control group /user/spine.service is not delegated"),
            std::string::npos)
      << tree->summary();
  EXPECT_FALSE(fs::exists(folder_.at("user/spine.service/gateway")));
}

TEST_F(MadeUp, RootMakesAFolderOfItsOwnUnlessItIsGivenOne) {
  folder_.write("cgroup.controllers", "memory pids\n");
  {
    const auto tree = CgroupTree::find(where("/", true));
    EXPECT_EQ(tree->folder(), folder_.at("spine-0123"));
    EXPECT_EQ(tree->summary(), "cgroup: memory, processes");
    EXPECT_EQ(text("cgroup.subtree_control"), "+memory");
    EXPECT_FALSE(fs::exists(folder_.at("gateway")));
    fs::remove_all(folder_.at("spine-0123"));  // the kernel's files are no obstacle, these are
  }
  const std::string own = unit("memory\n");
  const std::string path = folder_.at("user/spine.service");
  if (::setxattr(path.c_str(), "user.delegate", "1", 1, 0) != 0) {
    GTEST_SKIP() << "SKIPPED, A DELEGATED GROUP OF ROOT IS NOT TESTED: no attributes below /tmp";
  }
  EXPECT_EQ(CgroupTree::find(where(own, true))->folder(), path + "/agents");
}

TEST_F(MadeUp, WithoutAHierarchyItSaysSo) {
  auto here = where("/", true);
  for (const std::string mounts : {"", "30 1 0:26 / /x ro - cgroup2 none rw\n",
                                   "30 1 0:26 / /x rw - cgroup none rw\n", "30 1\nx\n"}) {
    here.mounts = mounts;
    const auto tree = CgroupTree::find(here);
    EXPECT_FALSE(tree->works());
    EXPECT_NE(tree->summary().find("counted: no hierarchy"), std::string::npos);
  }
}

TEST_F(MadeUp, WhatAnEarlierLifeOfTheUnitLeftIsRemoved) {
  const std::string left = folder_.at("user/spine.service/agents/main-7");
  const auto here = where(unit(""), false);
  fs::create_directories(left);
  const auto tree = CgroupTree::find(here);
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(MadeUp, WhatAnEarlierGatewayLeftIsRemoved) {
  fs::create_directories(folder_.at("spine-0123/main-7"));
  folder_.write("cgroup.controllers", "");
  const auto tree = CgroupTree::find(where("/", true));
  EXPECT_FALSE(fs::exists(folder_.at("spine-0123/main-7")));
}

TEST(MountTable, ReadsWhatTheKernelWrites) {
  const auto mounts = parse_mounts(
      "36 35 98:0 /sub /mnt\\040x rw,noatime master:1 shared:2 - ext3 /dev/root rw\n"
      "37 35 0:41 / /dev/shm ro - tmpfs tmpfs rw,size=1k\nbroken\n1 2 3:4 / /x rw\n");
  ASSERT_EQ(mounts.size(), 2U);
  EXPECT_EQ(mounts[0].path, "/mnt x");
  EXPECT_EQ(mounts[0].root, "/sub");
  EXPECT_EQ(mounts[0].type, "ext3");
  EXPECT_FALSE(mounts[0].read_only);
  EXPECT_EQ(mounts[1].type, "tmpfs");
  EXPECT_TRUE(mounts[1].read_only);
  EXPECT_FALSE(mounts_of(0).empty());
}

// A hierarchy of the kernel's, mounted for the test: any has cgroup.kill, whatever it can hold.
class Real : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) return cannot_run("needs root");
    fs::create_directories(folder_.at("mount"));
    if (::mount("none", folder_.at("mount").c_str(), "cgroup2", 0, nullptr) != 0) {
      return cannot_run(std::string("no cgroup2 can be mounted: ") + std::strerror(errno));
    }
    mounted_ = true;
    tree_ = CgroupTree::find(
        {.mounts = "30 1 0:26 / " + folder_.at("mount") + " rw - cgroup2 none rw\n",
         .own_group = "0::/\n",
         .is_root = true,
         .mark = "test-" + std::to_string(::getpid())});
    if (!tree_->works()) cannot_run(tree_->summary());
  }
  void TearDown() override {
    const std::string folder = tree_ ? tree_->folder() : "";
    tree_.reset();
    EXPECT_FALSE(!folder.empty() && fs::exists(folder));
    if (mounted_) ::umount2(folder_.at("mount").c_str(), MNT_DETACH);
  }
  // The gate must not pass without this; elsewhere it is left out.
  static void cannot_run(const std::string& why) {
    const char* gate = std::getenv("SPINE_GATE");  // NOLINT(concurrency-mt-unsafe): one thread
    if (gate != nullptr && std::string_view(gate) == "1") FAIL() << why;
    GTEST_SKIP() << "SKIPPED, CONTROL GROUPS OF THE KERNEL ARE NOT TESTED: " << why;
  }
  std::shared_ptr<Cgroup> make(const std::string& name) {
    auto group = tree_->make(name, {.memory_bytes_max = 1 << 30, .tasks_max = 100});
    EXPECT_TRUE(group) << group.error().message;
    return *group;
  }
  // A shell in the group, which starts another that leaves its session.
  void start(test::Watched& agent, const std::shared_ptr<Cgroup>& group) {
    ChildPlan plan{.argv = {"/bin/sh", "-c", "setsid sleep 98765 & echo up; exec sleep 98765"}};
    group->enter(plan.argv);
    plan.group = group;
    agent.start(std::move(plan));
    ASSERT_TRUE(agent.run_to_lines(1));
    ASSERT_TRUE(test::becomes_true([&] { return group->members().size() == 2; }));
  }

  test::TestFolder folder_{};
  std::unique_ptr<CgroupTree> tree_{};
  bool mounted_{};
};

TEST_F(Real, AKillTakesThoseAlongThatLeftTheGroupOfProcesses) {
  const auto group = make("a");
  test::Watched agent;
  start(agent, group);
  const std::vector<std::int32_t> members = group->members();
  agent.child->signal(SIGKILL);
  ASSERT_TRUE(agent.run_to_exit());
  EXPECT_EQ(agent.exit.signal, SIGKILL);
  for (const std::int32_t pid : members)
    EXPECT_TRUE(test::becomes_true([pid] { return !test::is_alive(pid); })) << pid;
  EXPECT_TRUE(test::becomes_true([&] { return group->members().empty(); }));
}

TEST_F(Real, AnEndByItselfAndALostChildTakeThemAlong) {
  for (const bool lost : {false, true}) {
    const auto group = make("b");
    test::Watched agent;
    start(agent, group);
    const std::vector<std::int32_t> members = group->members();
    if (lost) {
      agent.child.reset();
    } else {
      ::kill(static_cast<pid_t>(agent.child->pid()), SIGTERM);
      ASSERT_TRUE(agent.run_to_exit());
    }
    for (const std::int32_t pid : members)
      EXPECT_TRUE(test::becomes_true([pid] { return !test::is_alive(pid); })) << pid;
  }
}

TEST_F(Real, WhatIsStillEndingIsRemovedLater) {
  std::string folder;
  {
    const auto group = make("c");
    folder = group->folder();
    test::Watched agent;
    start(agent, group);
  }
  EXPECT_TRUE(test::becomes_true([&] {
    tree_->tidy();
    return !fs::exists(folder);
  }));
}

TEST_F(Real, FoldersOfGatewaysThatWereKilledAreRemoved) {
  const std::string forsaken =
      folder_.at("mount/spine-test-forsaken-") + std::to_string(::getpid());
  fs::create_directories(forsaken + "/main-1");
  const auto other =
      CgroupTree::find({.mounts = "30 1 0:26 / " + folder_.at("mount") + " rw - cgroup2 none rw\n",
                        .own_group = "0::/\n",
                        .is_root = true,
                        .mark = "test-other-" + std::to_string(::getpid())});
  EXPECT_TRUE(other->works());
  EXPECT_FALSE(fs::exists(forsaken));
  EXPECT_TRUE(fs::exists(tree_->folder()));  // of one that lives
  EXPECT_TRUE(make("e"));
}

TEST_F(Real, WhoCannotEnterDoesNotRun) {
  const auto group = make("d");
  ChildPlan plan{.argv = {"/bin/echo", "ran"}};
  group->enter(plan.argv);
  fs::remove(group->folder());
  test::Watched agent;
  agent.start(std::move(plan));
  ASSERT_TRUE(agent.run_to_exit());
  EXPECT_EQ(agent.exit.code, 125);
  EXPECT_TRUE(agent.lines.empty());
}

}  // namespace
}  // namespace spine::agents

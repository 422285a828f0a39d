// Memory that is counted, and what an agent can take it by: memfds, files in memory, segments.
#include "adapters/agents/process/memory_use.h"

#include <gtest/gtest.h>

#include "adapters/agents/process/proc.h"
#include "tests/unit/process/launching.h"

namespace spine::agents {
namespace {

constexpr std::uint64_t kMebibyte = 1024 * 1024;

class Memory : public test::GatewayWithAgent {
 protected:
  static MemoryUse of(const test::Watched& agent) {
    const MemoryMeter meter;
    return meter.of(
        with_descendants(meter.processes(), static_cast<std::int32_t>(agent.child->pid())));
  }
  // Mebibytes of shared memory that a script in Python took when it says "up".
  std::uint64_t shared_by(ChildPlan plan) {
    test::Watched agent;
    agent.start(std::move(plan));
    EXPECT_TRUE(agent.run_to_lines(1));
    EXPECT_EQ(agent.lines, std::vector<std::string>{"up"}) << testing::PrintToString(agent.errors);
    return of(agent).shared / kMebibyte;
  }
  std::uint64_t shared_by(const std::string& script) {
    return shared_by(ChildPlan{.argv = {"/usr/bin/python3", "-c", whole(script)}});
  }
  // The same in a sandbox.
  std::uint64_t shared_inside(const std::string& script) {
    agent_.process.sandbox.separation = config::Separation::bubblewrap;
    agent_.process.env = {{"PATH", "/usr/bin:/bin"}};
    make();
    auto launch = prepare({"/usr/bin/python3", "-c", whole(script)});
    EXPECT_TRUE(launch) << launch.error().message;
    return launch ? shared_by(std::move(launch->plan)) : 0;
  }
  static std::string whole(const std::string& script) {
    return "import os, mmap, sys, time\nM = 1 << 20\n" + script +
           "\nprint('up', flush=True)\nsys.stdin.read()\n";
  }
};

TEST_F(Memory, AMemfdCountsOnceThoughNobodyHasItMapped) {
  const std::uint64_t taken = shared_by(
      "f = os.memfd_create('x')\nos.set_inheritable(f, True)\n"
      "for i in range(64): os.write(f, b'x' * M)\n"
      "if os.fork() == 0:\n  g = os.dup(f)\n  sys.stdin.read()\n  sys.exit()");
  EXPECT_GE(taken, 64U);
  EXPECT_LE(taken, 80U);
}

TEST_F(Memory, AMappedOneCountsOnceWithAndWithoutItsDescriptor) {
  // Python's map keeps a descriptor of its own: the highest.
  for (const std::string close : {"", "os.closerange(f, 64)\n"}) {
    const std::uint64_t taken = shared_by(
        "f = os.memfd_create('x')\nos.ftruncate(f, 64 * M)\n"
        "m = mmap.mmap(f, 64 * M)\n" +
        close +
        "for i in range(64): m[i * M:(i + 1) * M] = b'x' * M\n"
        "r, w = os.pipe()\n"
        "if os.fork() == 0:\n  s = sum(m[::4096])\n  os.write(w, b'.')\n  sys.stdin.read()\n"
        "  sys.exit()\n"
        "os.read(r, 1)");
    EXPECT_GE(taken, 64U) << close;
    EXPECT_LE(taken, 80U) << close;
  }
}

TEST_F(Memory, SharedMemoryWithoutANameCounts) {
  const std::uint64_t taken =
      shared_by("m = mmap.mmap(-1, 64 * M)\nfor i in range(64): m[i * M:(i + 1) * M] = b'x' * M");
  EXPECT_GE(taken, 64U);
  EXPECT_LE(taken, 80U);
}

TEST_F(Memory, AFileThatIsOnlyReservedDoesNotCount) {
  EXPECT_LE(shared_by("f = os.memfd_create('x')\nos.ftruncate(f, 1 << 40)\n"
                      "m = mmap.mmap(f, 1 << 30)\nm[0] = 1"),
            16U);
}

TEST_F(Memory, FilesInTheMemoryOfTheSandboxCount) {
  if (means_.bubblewrap.empty()) {
    GTEST_SKIP() << "SKIPPED, NOTHING ABOUT THE SANDBOX IS TESTED: " << means_.why_not;
  }
  for (const std::string folder : {"/tmp", "/dev/shm", "/var/tmp"}) {
    const std::uint64_t taken =
        shared_inside("f = open('" + folder + "/x', 'wb')\nf.write(b'x' * 64 * M)\nf.close()");
    EXPECT_GE(taken, 64U) << folder;
    EXPECT_LE(taken, 80U) << folder;
  }
}

TEST_F(Memory, ADeletedFileInMemoryCountsAsLongAsItIsOpen) {
  if (means_.bubblewrap.empty()) {
    GTEST_SKIP() << "SKIPPED, NOTHING ABOUT THE SANDBOX IS TESTED: " << means_.why_not;
  }
  EXPECT_GE(shared_inside("f = open('/dev/shm/x', 'wb')\nf.write(b'x' * 64 * M)\nf.flush()\n"
                          "os.unlink('/dev/shm/x')"),
            64U);
}

TEST(MemoryMeter, OfNobodyIsNothing) {
  EXPECT_EQ(MemoryMeter().of({}).total(), 0U);
  const MemoryUse gone = MemoryMeter().of({{.pid = 2'147'483'646, .resident_pages = 1}});
  EXPECT_EQ(gone.shared, 0U);
}

}  // namespace
}  // namespace spine::agents

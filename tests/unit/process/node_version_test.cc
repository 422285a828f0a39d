// check_node_version: with nodes that only say who they are.
#include "adapters/agents/process/node_version.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/agents/process/launch.h"
#include "tests/unit/process/harness.h"

namespace spine::agents {
namespace {

// A global installation: bin/pi -> lib/node_modules/@x/pi/dist/cli.js, and a node beside it.
class NodeVersion : public testing::Test {
 protected:
  NodeVersion() {
    folder_.write("lib/node_modules/@x/pi/package.json",
                  R"({"name":"@x/pi","version":"0.87.1","engines":{"node":">=22.19.0"}})");
    folder_.write("lib/node_modules/@x/pi/dist/package.json", R"({"type":"module"})");
    folder_.write("lib/node_modules/@x/pi/dist/cli.js", "#!/usr/bin/env node\n", 0755);
    std::filesystem::create_directories(folder_.at("bin"));
    std::filesystem::create_symlink("../lib/node_modules/@x/pi/dist/cli.js", folder_.at("bin/pi"));
  }
  void node_says(std::string_view text) {
    folder_.write("bin/node", "#!/bin/sh\necho " + std::string(text) + "\n", 0755);
  }
  Status check() {
    return check_node_version(folder_.at("bin/pi"), {"PATH=" + folder_.at("bin")}, rules());
  }
  ProbeRules rules() {
    const GatewayPlaces gateway{.state_dir = folder_.at("state"),
                                .other_workspaces = {folder_.at("other")}};
    const AgentPlaces places{.workspace = folder_.at("work")};
    const SeparationMeans means = find_separation_means();
    config::AgentConfig agent;
    agent.process.sandbox.write = {folder_.at("shared")};
    return probe_rules({.agent = agent, .gateway = gateway, .places = places, .means = means});
  }
  // A node that is too old, and tells that it ran.
  std::string old_node(const std::string& name, unsigned mode = 0755) {
    return folder_.write(name, "#!/bin/sh\necho ran >> " + folder_.at("ran") + "\necho v1.0.0\n",
                         mode);
  }
  bool ran() { return !test::text_of(folder_.at("ran")).empty(); }
  Status check_with(const std::string& node) {
    folder_.write("lib/node_modules/@x/pi/dist/cli.js", "#!" + node + "\n", 0755);
    return check();
  }

  test::TestFolder folder_{};
};

TEST_F(NodeVersion, AcceptsANewOne) {
  node_says("v26.10.0");
  EXPECT_TRUE(check());
}

TEST_F(NodeVersion, OneThatTheAgentDoesNotSeeIsNone) {
  node_says("v26.10.0");
  ProbeRules seen = rules();
  seen.path = "/nowhere";
  const Status status =
      check_node_version(folder_.at("bin/pi"), {"PATH=" + folder_.at("bin")}, seen);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("finds no node"), std::string::npos);
}

TEST_F(NodeVersion, NamesBothVersionsAndTheRemedy) {
  node_says("v20.20.2");
  const Status status = check();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Errc::invalid_argument);
  EXPECT_EQ(status.error().message,
            "pi (@x/pi 0.87.1) needs Node.js >=22.19.0, and the agent's PATH finds v20.20.2 at " +
                folder_.at("bin/node") +
                ". Install a newer one, e.g. `npm install -g node@26`, or put its folder first in "
                "agents.entries.<id>.spine.env.PATH.");
  node_says("v22.19.0 ");  // another file now: asked again
  EXPECT_TRUE(check());
}

TEST_F(NodeVersion, SaysThatThereIsNone) {
  const Status status = check();
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("finds no node"), std::string::npos);
}

TEST_F(NodeVersion, LeavesOtherProgramsAlone) {
  EXPECT_TRUE(check_node_version("/bin/sh", {"PATH=/nowhere"}, rules()));
  EXPECT_TRUE(check_node_version(folder_.write("bin/tool", "#!/usr/bin/env python3\n", 0755),
                                 {"PATH=/nowhere"}, rules()));
  EXPECT_TRUE(check_node_version("/nowhere/at/all", {"PATH=/nowhere"}, rules()));
}

TEST_F(NodeVersion, RunsNothingAnAgentMayHavePutThere) {
  folder_.write("ran", "", 0666);
  for (const std::string place : {"work", "shared", "other", "state/agents/x"}) {
    EXPECT_TRUE(check_with(old_node(place + "/node"))) << place;
    const std::string behind = "links-" + place.substr(0, 4) + "/node";
    std::filesystem::create_directories(
        folder_.at(behind).substr(0, folder_.at(behind).size() - 5));
    std::filesystem::create_symlink(folder_.at(place + "/node"), folder_.at(behind));
    EXPECT_TRUE(check_with(folder_.at(behind))) << place;
  }
  old_node("opt/node");
  std::filesystem::create_directory_symlink(folder_.at("opt"), folder_.at("work/opt"));
  EXPECT_TRUE(check_with(folder_.at("work/opt/node")));
  EXPECT_FALSE(ran());
  EXPECT_FALSE(check_with(folder_.at("opt/node")));  // the very same, by its own name
  EXPECT_TRUE(ran());
}

TEST_F(NodeVersion, RunsNothingOthersCanChange) {
  folder_.write("ran", "", 0666);
  EXPECT_TRUE(check_with(old_node("a/node", 0775)));
  EXPECT_TRUE(check_with(old_node("b/node", 0757)));
  old_node("c/node");
  std::filesystem::permissions(folder_.at("c"), std::filesystem::perms(0777));
  EXPECT_TRUE(check_with(folder_.at("c/node")));
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(old_node("d/node").c_str(), 65'534, 65'534), 0);
    EXPECT_TRUE(check_with(folder_.at("d/node")));
  }
  EXPECT_FALSE(ran());
}

TEST_F(NodeVersion, RunsItWithTheRightsOfTheAgent) {
  folder_.write("out", "", 0666);
  folder_.write("bin/node",
                "#!/bin/sh\n{ id -u; id -G; grep NoNewPrivs /proc/self/status; "
                "env | grep -c SECRET; } > " +
                    folder_.at("out") + "\necho v26.0.0\n",
                0755);
  if (rules().wrapper.empty()) GTEST_SKIP() << "SKIPPED, RIGHTS ARE NOT TESTED: needs setpriv";
  ASSERT_TRUE(check_node_version(
      folder_.at("bin/pi"), {"PATH=" + folder_.at("bin") + ":/usr/bin:/bin", "SECRET=1"}, rules()));
  const std::string seen = test::text_of(folder_.at("out"));
  EXPECT_NE(seen.find("NoNewPrivs:\t1\n0\n"), std::string::npos) << seen;
  EXPECT_TRUE(::geteuid() != 0 || seen.starts_with("65534\n65534\n")) << seen;
}

TEST_F(NodeVersion, OneThatHangsIsGoneOnWithout) {
  const std::string name = folder_.write("ran", "", 0666);
  folder_.write("bin/node", "#!/bin/sh\necho ran >> " + name + "\nexec sleep 1000\n", 0755);
  const auto check_here = [&] {
    return check_node_version(folder_.at("bin/pi"),
                              {"PATH=" + folder_.at("bin") + ":/usr/bin:/bin"}, rules());
  };
  EXPECT_TRUE(check_here());
  EXPECT_TRUE(check_here());
  EXPECT_EQ(test::text_of(name), "ran\n");  // known by now
}

}  // namespace
}  // namespace spine::agents

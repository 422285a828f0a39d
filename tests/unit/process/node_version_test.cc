// check_node_version: with nodes that only say who they are.
#include <filesystem>
#include <gtest/gtest.h>

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
  Status check() { return check_node_version(folder_.at("bin/pi"), {"PATH=" + folder_.at("bin")}); }

  test::TestFolder folder_{};
};

TEST_F(NodeVersion, AcceptsANewOne) {
  node_says("v26.10.0");
  EXPECT_TRUE(check());
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
  EXPECT_TRUE(check_node_version("/bin/sh", {"PATH=/nowhere"}));
  EXPECT_TRUE(check_node_version(folder_.write("bin/tool", "#!/usr/bin/env python3\n", 0755),
                                 {"PATH=/nowhere"}));
  EXPECT_TRUE(check_node_version("/nowhere/at/all", {"PATH=/nowhere"}));
}

}  // namespace
}  // namespace spine::agents

// The sandbox against an agent that bends paths, and against what its host does meanwhile.
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "adapters/agents/process/agent_view.h"
#include "adapters/agents/process/trusted.h"
#include "tests/unit/process/launching.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;
using Seen = std::vector<std::string>;

class BentPaths : public test::GatewayWithAgent {
 protected:
  void SetUp() override {
    if (means_.bubblewrap.empty()) {
      GTEST_SKIP() << "SKIPPED, NOTHING ABOUT THE SANDBOX IS TESTED: " << means_.why_not;
    }
    agent_.process.sandbox.separation = config::Separation::bubblewrap;
    agent_.process.env = {{"PATH", "/usr/bin:/bin"}};
    agent_.workspace = folder_.at("work");
    key_ = folder_.write("person/.ssh/id", "a key");
    make();
  }
  std::string see(const std::string& file) {
    const Seen lines = look("cat '" + file + "' 2>/dev/null || true");
    return lines.empty() ? "" : lines[0];
  }
  // A link in the agent's workspace.
  std::string bend(const std::string& name, const std::string& target) {
    const fs::path link = folder_.at("work/" + name);
    fs::create_directories(link.parent_path());
    fs::create_symlink(target, link);
    return link.string();
  }

  std::string key_{};
};

TEST_F(BentPaths, AnArgumentLeadsNowhereElse) {
  agent_.process.args = {bend("conf/agent.conf", key_)};
  EXPECT_EQ(see(key_), "");
  agent_.process.args = {bend("config", gateway_.config_path)};
  EXPECT_EQ(see(gateway_.config_path), "");
  agent_.process.args = {bend("secret", folder_.at("gateway/state/secret"))};
  EXPECT_EQ(see(folder_.at("gateway/state/secret")), "");
  bend("folder", folder_.at("person"));
  agent_.process.args = {folder_.at("work/folder/.ssh/id")};
  EXPECT_EQ(see(key_), "");
  agent_.process.args = {key_};  // the operator's own words
  EXPECT_EQ(see(key_), "a key");
}

TEST_F(BentPaths, AFolderOfThePathLeadsNowhereElse) {
  const std::string bin = bend("bin", folder_.at("person/.ssh"));
  agent_.process.env = {{"PATH", bin + ":/usr/bin:/bin"}};
  EXPECT_EQ(see(key_), "");
}

TEST_F(BentPaths, AFolderOfASkillIsWhereItWasFound) {
  skill_dirs_ = {bend("skills/evil", folder_.at("person/.ssh"))};
  EXPECT_EQ(see(key_), "");
  skill_dirs_ = {folder_.at("gateway/state/agents/other/data")};
  EXPECT_EQ(see(folder_.at("gateway/state/agents/other/data/secret")), "");
  fs::create_symlink(folder_.at("person/.ssh"), folder_.at("moved"));
  skill_dirs_ = {folder_.at("moved")};
  EXPECT_EQ(see(key_), "");
}

TEST_F(BentPaths, ASocketOfTheGatewayIsNeverShown) {
  const std::string path = folder_.at("gateway/conf/control.sock");
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  skill_dirs_ = {path};
  agent_.process.args = {path};
  agent_.process.sandbox.read = {path};
  EXPECT_EQ(look("test -e " + path + " || echo none"), Seen{"none"});
  ::close(fd);
}

TEST_F(BentPaths, WhatLiesInAWritablePlaceIsNoSource) {
  folder_.write("work/lib/part", "mine");
  agent_.process.sandbox.read = {folder_.at("work/lib")};
  skill_dirs_ = {folder_.at("work/lib")};
  const auto launch = prepare({"true"});
  ASSERT_TRUE(launch) << launch.error().message;
  for (const std::string& word : launch->plan.argv)
    EXPECT_NE(word, folder_.at("work/lib"));
  EXPECT_EQ(see(folder_.at("work/lib/part")), "mine");
}

TEST_F(BentPaths, OtherAgentsWorkspacesAreNotSeen) {
  // Not below /tmp, where nothing is seen anyway.
  std::string root = "/var/lib/spine-bent-XXXXXX";
  if (::mkdtemp(root.data()) == nullptr) GTEST_SKIP() << "SKIPPED: cannot make " << root;
  fs::permissions(root, fs::perms(0755));
  const std::string other = root + "/other";
  fs::create_directories(other + "/deep");
  std::ofstream(other + "/deep/file") << "theirs";
  EXPECT_EQ(see(other + "/deep/file"), "theirs");
  gateway_.other_workspaces = {other, places_.workspace, folder_.path().string()};
  EXPECT_EQ(see(other + "/deep/file"), "");
  agent_.process.sandbox.read = {root};
  EXPECT_EQ(see(other + "/deep/file"), "");
  agent_.process.sandbox.read = {other + "/deep"};
  EXPECT_EQ(see(other + "/deep/file"), "theirs");
  agent_.process.sandbox.read = {other};
  EXPECT_EQ(see(other + "/deep/file"), "theirs");
  EXPECT_EQ(look("touch " + places_.workspace + "/x && echo ok"), Seen{"ok"});
  fs::remove_all(root);
}

TEST_F(BentPaths, AFileThatIsReplacedStaysHidden) {
  agent_.process.sandbox.read = {folder_.path().string()};
  folder_.write("gateway/conf/openclaw.json.bak", "old");
  const auto launch =
      prepare({"sh", "-c",
               "echo up; read go; cat " + gateway_.config_path + " " + gateway_.config_path +
                   ".bak " + folder_.at("keys/key.pem") + " 2>/dev/null; echo end"});
  ASSERT_TRUE(launch) << launch.error().message;
  test::Watched agent;
  agent.start(launch->plan);
  ASSERT_TRUE(agent.run_to_lines(1));
  for (const std::string name : {"gateway/conf/openclaw.json", "keys/key.pem"}) {
    folder_.write(name + ".new", "new secret");
    fs::rename(folder_.at(name + ".new"), folder_.at(name));
  }
  agent.child->write("go");
  ASSERT_TRUE(agent.run_to_exit());
  EXPECT_EQ(agent.lines, (Seen{"up", "end"}));
}

TEST(OwnPlaces, FoldersAreHiddenButWhereProgramsNeedThem) {
  const OwnPlaces shallow = own_places({.config_path = "/srv/openclaw.json"});
  EXPECT_EQ(shallow.folders, Seen{"/srv"});
  const OwnPlaces etc = own_places({.config_path = "/etc/hostname"});
  EXPECT_EQ(etc.folders, Seen{});
  EXPECT_EQ(etc.masks, Seen{"/etc/hostname"});
  if (!fs::is_directory("/etc/ssl/private")) return;
  EXPECT_EQ(own_places({.key_paths = {"/etc/ssl/openssl.cnf"}}).masks,
            (Seen{"/etc/ssl/openssl.cnf", "/etc/ssl/private"}));
  EXPECT_EQ(own_places({.key_paths = {"/etc/ssl/private/x.key"}}).folders,
            Seen{"/etc/ssl/private"});
}

TEST(TrustedPath, FollowsNoLinkOfAnAgents) {
  const test::TestFolder folder;
  folder.write("work/file", "x");
  folder.write("else/file", "x");
  fs::create_symlink("../else", folder.at("work/out"));
  fs::create_symlink("work", folder.at("in"));
  const Paths writable{folder.at("work")};
  EXPECT_EQ(trusted_path(folder.at("in/file"), writable), folder.at("work/file"));
  EXPECT_EQ(trusted_path(folder.at("work/../else/./file"), writable), folder.at("else/file"));
  EXPECT_EQ(trusted_path(folder.at("work/out/file"), {}), folder.at("else/file"));
  EXPECT_EQ(trusted_path(folder.at("work/out/file"), writable), "");
  EXPECT_EQ(trusted_path(folder.at("in/out/file"), writable), "");
  EXPECT_EQ(trusted_path(folder.at("else/none"), writable), "");
  EXPECT_EQ(trusted_path("relative", writable), "");
  fs::create_symlink("loop", folder.at("loop"));
  EXPECT_EQ(trusted_path(folder.at("loop"), writable), "");
  EXPECT_EQ(trusted_path("/", writable), "/");
}

}  // namespace
}  // namespace spine::agents

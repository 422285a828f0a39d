// make_places: what is made, whose it is, and what is only looked at.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/process/launching.h"

namespace spine::agents {
namespace {

class Places : public test::GatewayWithAgent {
 protected:
  struct stat info_of(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info;
  }
  std::string fault() {
    const auto made = make_places(gateway_, agent_);
    return made ? "" : made.error().message;
  }
  uid_t agent_uid_ = ::geteuid() == 0 ? 65'534 : ::geteuid();
};

TEST_F(Places, AreTheAgentsAlone) {
  make();
  EXPECT_EQ(places_.workspace, gateway_.state_dir + "/agents/helper/workspace");
  for (const std::string& path : {places_.workspace, places_.data_dir, places_.home}) {
    EXPECT_EQ(info_of(path).st_mode & 07777U, 0700U) << path;
    EXPECT_EQ(info_of(path).st_uid, agent_uid_) << path;
  }
  EXPECT_EQ(info_of(gateway_.state_dir + "/agents/helper").st_uid, ::geteuid());
  make();  // again at every start
}

TEST_F(Places, AConfiguredWorkspaceIsMadeButNeverTakenOver) {
  agent_.workspace = folder_.at("deep/down/work");
  make();
  EXPECT_EQ(places_.workspace, agent_.workspace);
  EXPECT_EQ(info_of(agent_.workspace).st_uid, agent_uid_);
  EXPECT_EQ(info_of(folder_.at("deep")).st_uid, ::geteuid());
  folder_.write("taken/file", "x");
  agent_.workspace = folder_.at("taken/file");
  EXPECT_NE(fault().find("is not a directory"), std::string::npos);
  if (::geteuid() != 0) return;
  agent_.workspace = folder_.at("taken");
  EXPECT_NE(fault().find("chown -R nobody " + agent_.workspace), std::string::npos) << fault();
  EXPECT_EQ(info_of(folder_.at("taken")).st_uid, 0U);
  agent_.process.sandbox.user = "no-such-user";
  EXPECT_NE(fault().find("There is no user"), std::string::npos);
}

TEST_F(Places, AnIdIsNoPath) {
  for (const std::string id : {"", "..", "../x", "a/b", ".hidden"}) {
    agent_.id = id;
    EXPECT_NE(fault().find("cannot name a directory"), std::string::npos) << id;
  }
}

TEST_F(Places, ALinkInTheWayIsNotFollowed) {
  make();
  std::filesystem::remove_all(places_.data_dir);
  std::filesystem::create_directories(folder_.at("elsewhere"));
  std::filesystem::create_symlink(folder_.at("elsewhere"), places_.data_dir);
  EXPECT_NE(fault(), "");
  EXPECT_EQ(info_of(folder_.at("elsewhere")).st_uid, ::geteuid());
}

TEST_F(Places, TheStateDirectoryStaysClosedWhereBubblewrapOpensIt) {
  if (means_.bubblewrap.empty()) GTEST_SKIP() << means_.why_not;
  make();
  EXPECT_EQ(info_of(gateway_.state_dir).st_mode & 07777U, 0700U);
}

}  // namespace
}  // namespace spine::agents

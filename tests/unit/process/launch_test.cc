// prepare_launch: what is chosen, what is refused and with which words.
#include <cstdlib>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/agents/process/orphans.h"
#include "tests/unit/process/launching.h"

namespace spine::agents {
namespace {

using testing::AssertionFailure;
using testing::AssertionSuccess;
using Launching = test::GatewayWithAgent;

testing::AssertionResult contains(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return AssertionSuccess();
  return AssertionFailure() << "\"" << text << "\" has no \"" << part << "\"";
}

// As on a machine where the gateway is no root and there is no bubblewrap.
SeparationMeans nothing_at_all() {
  return {"", "", false, "bubblewrap is not installed; as root, run: apt-get install bubblewrap"};
}

TEST_F(Launching, NamesTheCommandThePathAndTheRemedy) {
  make();
  agent_.process.env = {{"PATH", "/nowhere:/usr/bin"}};
  const auto launch = prepare({"no-such-agent"});
  ASSERT_FALSE(launch);
  EXPECT_EQ(launch.error().code, Errc::not_found);
  EXPECT_TRUE(contains(launch.error().message, "no-such-agent"));
  EXPECT_TRUE(contains(launch.error().message, "/nowhere:/usr/bin"));
  EXPECT_TRUE(contains(launch.error().message, "agents.entries.helper.spine.command"));
  EXPECT_TRUE(contains(refusal({"/nowhere/agent"}), "there is no program /nowhere/agent"));
  EXPECT_TRUE(contains(refusal({}), "has no command"));
}

TEST_F(Launching, RootNeverRunsAnAgentAsRoot) {
  make();
  means_ = {"/usr/bin/bwrap", "/usr/bin/setpriv", true, ""};
  agent_.process.sandbox.separation = config::Separation::none;
  EXPECT_TRUE(contains(refusal(), "agents never run as root"));
  agent_.process.sandbox.separation = config::Separation::automatic;
  agent_.process.sandbox.user = "root";
  EXPECT_TRUE(contains(refusal(), "spine.sandbox.user root is root"));
  agent_.process.sandbox.user = "no-such-user";
  EXPECT_TRUE(contains(refusal(), "There is no user no-such-user"));
  agent_.process.sandbox.user = "";
  means_ = {"", "", true, "bubblewrap is not installed"};
  EXPECT_TRUE(contains(refusal(), "setpriv"));
}

TEST_F(Launching, RefusesASeparationThatIsNotPossible) {
  make();
  means_ = nothing_at_all();
  agent_.process.sandbox.separation = config::Separation::bubblewrap;
  const auto launch = prepare({"true"});
  ASSERT_FALSE(launch);
  EXPECT_EQ(launch.error().code, Errc::invalid_argument);
  EXPECT_TRUE(contains(launch.error().message, "apt-get install bubblewrap"));
  agent_.process.sandbox.separation = config::Separation::user;
  EXPECT_TRUE(contains(refusal(), "only a gateway that is root"));
}

TEST_F(Launching, ClaimsNothingWhereNothingIsPossible) {
  make();
  means_ = nothing_at_all();
  const auto launch = prepare({"true", "an argument"});
  ASSERT_TRUE(launch) << launch.error().message;
  EXPECT_EQ(launch->sandbox, "none");
  ASSERT_EQ(launch->plan.argv.size(), 2U);
  EXPECT_TRUE(launch->plan.argv[0].ends_with("/true"));
  EXPECT_EQ(launch->program, launch->plan.argv[0]);
  EXPECT_EQ(launch->plan.argv[1], "an argument");
  EXPECT_EQ(launch->plan.cwd, places_.workspace);
  EXPECT_FALSE(launch->plan.spare_leader);
  EXPECT_EQ(launch->plan.line_bytes_max, 1'000'000U);
}

TEST_F(Launching, RefusesToShowOrGiveAwayTheGatewaysOwn) {
  make();
  means_ = {"/usr/bin/bwrap", "/usr/bin/setpriv", ::geteuid() == 0, ""};
  config::SandboxConfig& sandbox = agent_.process.sandbox;
  sandbox.read = {gateway_.state_dir};
  EXPECT_TRUE(contains(refusal(), "belongs to the gateway"));
  sandbox.read = {folder_.at("gateway/state/agents/other")};
  EXPECT_TRUE(contains(refusal(), "belongs to the gateway"));
  sandbox.read = {gateway_.config_path};
  EXPECT_TRUE(contains(refusal(), "belongs to the gateway"));
  sandbox.read = {"/"};
  EXPECT_TRUE(contains(refusal(), "the whole machine"));
  sandbox.read = {folder_.at("missing")};
  EXPECT_TRUE(contains(refusal(), "no such file or directory"));
  sandbox.read = {};
  sandbox.write = {folder_.at("gateway")};
  EXPECT_TRUE(contains(refusal(), "state directory " + gateway_.state_dir + " lies in it"));
  sandbox.write = {folder_.at("gateway/conf")};
  EXPECT_TRUE(contains(refusal(), "belongs to the gateway"));
  sandbox.write = {};
  std::filesystem::create_symlink(gateway_.state_dir, folder_.at("innocent"));
  sandbox.read = {folder_.at("innocent")};
  EXPECT_TRUE(contains(refusal(), "belongs to the gateway"));
  sandbox.read = {};
  places_.workspace = folder_.at("gateway");
  EXPECT_TRUE(contains(refusal(), "lies in it"));
  places_.workspace = folder_.at("gateway/state/agents/other");
  EXPECT_TRUE(contains(refusal(), "belongs to the gateway"));
}

TEST_F(Launching, RefusesAWorkspaceThatHoldsAKey) {
  agent_.workspace = folder_.at("keys");
  for (const std::string secret : {"key.pem", "inner/token"}) {
    gateway_.key_paths = {folder_.write("keys/" + secret, "secret", 0600)};
    ::chmod(agent_.workspace.c_str(), 0777);
    const auto made = make_places(gateway_, agent_);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::invalid_argument);
    EXPECT_TRUE(contains(made.error().message, "key or token " + gateway_.key_paths[0]));
    EXPECT_TRUE(contains(made.error().message, "agents.entries.helper.workspace"));
  }
  gateway_.key_paths = {};
  EXPECT_TRUE(make_places(gateway_, agent_));
}

TEST_F(Launching, RefusesPathsAnAgentCanBend) {
  agent_.workspace = folder_.at("work");
  make();
  means_ = {"/usr/bin/bwrap", "/usr/bin/setpriv", ::geteuid() == 0, ""};
  folder_.write("home/id", "a key");
  std::filesystem::create_symlink(folder_.at("home"), folder_.at("work/lib"));
  agent_.process.sandbox.read = {folder_.at("work/lib")};
  EXPECT_TRUE(contains(refusal(), "a link that an agent may have put there"));
  agent_.process.sandbox.read = {folder_.at("work/lib/id")};
  EXPECT_TRUE(contains(refusal(), "a link that an agent may have put there"));
  agent_.process.sandbox.read = {};
  folder_.write("home/tool", "#!/bin/sh\n", 0755);
  EXPECT_TRUE(contains(refusal({folder_.at("work/lib/tool")}), "is not visible in its sandbox"));
}

TEST_F(Launching, BoundsWhatItsProcessesMayBe) {
  make();
  if (means_.prlimit.empty()) GTEST_SKIP() << "SKIPPED, LIMITS ARE NOT TESTED: needs prlimit";
  const auto lines = look("grep -E '^Max (core|processes)' /proc/self/limits | tr -s ' '");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(contains(lines[0], "Max core file size 0 0"));
  const auto launch = prepare({"true"});
  ASSERT_TRUE(launch);
  const bool bounded = launch->sandbox != "none";
  EXPECT_TRUE(!bounded || contains(lines[1], "Max processes 4096 4096"));
}

TEST_F(Launching, WantsAWorkingDirectoryThatIsVisible) {
  make();
  means_ = {"/usr/bin/bwrap", "/usr/bin/setpriv", ::geteuid() == 0, ""};
  agent_.process.cwd = "/tmp";
  EXPECT_TRUE(contains(refusal(), "working directory /tmp is not visible"));
  agent_.process.cwd = "/usr";
  EXPECT_EQ(refusal(), "");
}

std::string value_of(const std::vector<std::string>& env, std::string_view name) {
  for (const std::string& entry : env) {
    if (entry.starts_with(std::string(name) + "=")) return entry.substr(name.size() + 1);
  }
  return "(none)";
}

TEST_F(Launching, TheEnvironmentIsTheAllowListAndWhatTheConfigurationAdds) {
  make();
  means_ = nothing_at_all();
  ::setenv("OPENCLAW_GATEWAY_TOKEN", "secret", 1);
  ::setenv("SOME_SECRET", "secret", 1);
  ::setenv("LC_PAPER", "de_DE", 1);
  ::setenv("MODEL_KEY", "key", 1);
  agent_.process.pass_env = {"MODEL_KEY", "NOT_SET"};
  agent_.process.env = {{"MINE", "1"}, {"LANG", "C.UTF-8"}};
  skill_env_ = {{"MINE", "2"}, {"SKILL_KEY", "3"}, {"LD_PRELOAD", "x"}, {"PATH", "x"}};
  const auto launch = prepare({"true"});
  ASSERT_TRUE(launch) << launch.error().message;
  const auto& env = launch->plan.env;
  EXPECT_EQ(env.at(0), "SPINE_AGENT_OWNER=" + owner_mark(gateway_.state_dir));
  EXPECT_EQ(value_of(env, "OPENCLAW_GATEWAY_TOKEN"), "(none)");
  EXPECT_EQ(value_of(env, "SOME_SECRET"), "(none)");
  EXPECT_EQ(value_of(env, "LC_PAPER"), "de_DE");
  EXPECT_EQ(value_of(env, "MODEL_KEY"), "key");
  EXPECT_EQ(value_of(env, "NOT_SET"), "(none)");
  EXPECT_EQ(value_of(env, "MINE"), "1");
  EXPECT_EQ(value_of(env, "LANG"), "C.UTF-8");
  EXPECT_EQ(value_of(env, "SKILL_KEY"), "3");
  EXPECT_EQ(value_of(env, "LD_PRELOAD"), "(none)");
  EXPECT_EQ(value_of(env, "TERM"), "dumb");
  EXPECT_EQ(value_of(env, "HOME"), places_.home);
  EXPECT_EQ(value_of(env, "XDG_CACHE_HOME"), places_.home + "/.cache");
  EXPECT_EQ(value_of(env, "PATH"), std::getenv("PATH"));
  agent_.process.pass_env = {"OPENCLAW_GATEWAY_TOKEN"};
  EXPECT_TRUE(contains(refusal(), "agents never get it"));
  agent_.process.pass_env = {};
  agent_.process.env = {{"A B", "1"}};
  EXPECT_TRUE(contains(refusal(), "no name of a variable"));
  ::unsetenv("OPENCLAW_GATEWAY_TOKEN");
  ::unsetenv("SOME_SECRET");
}

TEST_F(Launching, ARootGatewayDoesNotLetAnAgentLoadIntoItsOwnPrograms) {
  make();
  means_ = {"/usr/bin/bwrap", "/usr/bin/setpriv", true, ""};
  agent_.process.env = {{"LD_PRELOAD", "/tmp/x.so"}};
  EXPECT_TRUE(contains(refusal(), "wrapper script"));
}

TEST_F(Launching, AsAnotherUserItHasNoRights) {
  if (::geteuid() != 0 || means_.setpriv.empty()) {
    GTEST_SKIP() << "SKIPPED, ANOTHER UID IS NOT TESTED: needs root and setpriv";
  }
  agent_.process.sandbox.separation = config::Separation::user;
  agent_.workspace = folder_.at("work");
  make();
  const auto lines = look(
      "id -u; grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status | tr -s '\\t ' ' '; "
      "cat " +
      folder_.at("gateway/state/secret") + " 2>/dev/null; touch x \"$HOME\"/x && pwd");
  EXPECT_EQ(lines, (std::vector<std::string>{"65534", "CapEff: 0000000000000000",
                                             "CapBnd: 0000000000000000", "NoNewPrivs: 1",
                                             places_.workspace}));
  const auto launch = prepare({"true"});
  ASSERT_TRUE(launch);
  EXPECT_EQ(launch->sandbox, "user nobody");
}

TEST_F(Launching, AsAnotherUserItMustReachItsPlaces) {
  if (::geteuid() != 0 || means_.setpriv.empty()) {
    GTEST_SKIP() << "SKIPPED, ANOTHER UID IS NOT TESTED: needs root and setpriv";
  }
  agent_.process.sandbox.separation = config::Separation::user;
  make();
  ASSERT_EQ(refusal(), "");
  ::chmod(folder_.path().c_str(), 0700);
  EXPECT_TRUE(contains(refusal(), folder_.path().string() + " is closed to that user"));
  EXPECT_TRUE(contains(refusal(), "install bubblewrap"));
}

TEST(SeparationMeans, SaysWhyThereIsNone) {
  const SeparationMeans means = find_separation_means();
  EXPECT_EQ(means.is_root, ::geteuid() == 0);
  EXPECT_EQ(means.bubblewrap.empty(), !means.why_not.empty());
}

}  // namespace
}  // namespace spine::agents

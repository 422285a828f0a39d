// tools and sandbox of openclaw.json: what they come to for each kind of agent.
#include "engine/config/settings/tool_policy.h"

#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "engine/core/model/policy.h"
#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kPi = "driver: 'pi'";
constexpr std::string_view kAcp = "driver: 'acp', command: 'x'";
constexpr std::string_view kClaude = "driver: 'jsonl', preset: 'claude'";
constexpr std::string_view kLines = "driver: 'jsonl', command: 'x'";

class ToolPolicyTest : public ConfigTest {
 protected:
  // The agent "main" of that driver, where the file says `rest`, too.
  static AgentConfig agent(std::string_view driver, std::string_view rest,
                           std::string_view own = "") {
    return parsed(fmt::format("{{agents: {{entries: {{main: {{spine: {{{}}}{}}}}}}}, {}}}", driver,
                              own, rest))
        .agents.front();
  }
  static bool denies(const AgentConfig& agent, std::string_view tool) {
    return core::match_tool(agent.deny, tool).holds();
  }
};

TEST_F(ToolPolicyTest, WhereNothingIsSaidNothingIsAskedOfAnybody) {
  for (const std::string_view driver : {kPi, kAcp, kClaude, kLines}) {
    const AgentConfig main = agent(driver, "tools: {profile: 'coding', exec: {security: 'full'}}");
    EXPECT_THAT(main.deny, IsEmpty());
    EXPECT_THAT(main.allow, IsEmpty());
    EXPECT_EQ(unheld_policy(main), "");
    EXPECT_EQ(separation_wanted(main, "x"), "");
  }
  flatbuffers::FlatBufferBuilder builder;
  build_policy(parsed("{tools: {profile: 'full'}}"), builder);
  EXPECT_EQ(flatbuffers::GetRoot<fb::ConfigApplied>(builder.GetBufferPointer())->agent_policies(),
            nullptr);
}

TEST_F(ToolPolicyTest, CommandsThatAreDeniedHaveManyNames) {
  for (const char* tools : {"exec: {security: 'deny'}", "deny: ['exec']", "deny: ['group:runtime']",
                            "exec: {security: 'allowlist', ask: 'off'}", "exec: {mode: 'deny'}"}) {
    const AgentConfig main = agent(kAcp, fmt::format("tools: {{{}}}", tools));
    for (const char* name : {"bash", "Bash", "execute", "exec", "process"})
      EXPECT_TRUE(denies(main, name)) << tools << " " << name;
    EXPECT_FALSE(denies(main, "read"));
    EXPECT_EQ(unheld_policy(main), "");
  }
}

TEST_F(ToolPolicyTest, AModeIsShortForBothAndTheNearestPlaceCounts) {
  EXPECT_THAT(unheld_policy(agent(kPi, "tools: {exec: {mode: 'auto'}}")),
              HasSubstr("tools.exec.mode \"auto\""));
  EXPECT_EQ(unheld_policy(agent(kPi, "tools: {exec: {mode: 'full'}}")), "");
  const AgentConfig own =
      agent(kAcp, "tools: {exec: {mode: 'full'}}", ", tools: {exec: {security: 'deny'}}");
  EXPECT_TRUE(denies(own, "bash")) << "what the agent says itself goes before what stands for all";
  const AgentConfig freed =
      agent(kAcp, "tools: {exec: {security: 'deny'}}", ", tools: {exec: {mode: 'full'}}");
  EXPECT_FALSE(denies(freed, "bash"));
}

TEST_F(ToolPolicyTest, AListOfTheSandboxCountsWhereverItStands) {
  for (const AgentConfig& main :
       {agent(kAcp, "tools: {sandbox: {tools: {allow: ['read']}}}", ", sandbox: {mode: 'all'}"),
        agent(kAcp, "tools: {}",
              ", sandbox: {mode: 'all'}, tools: {sandbox: {tools: {allow: ['read']}}}")}) {
    EXPECT_TRUE(denies(main, "bash"));
    EXPECT_FALSE(denies(main, "read"));
  }
}

TEST_F(ToolPolicyTest, AProgramThatDoesNotAskDoesNotStart) {
  const std::string_view denied = "tools: {exec: {security: 'deny'}}";
  EXPECT_EQ(unheld_policy(agent(kPi, denied)), "") << "its command line takes the tool away";
  for (const std::string_view driver : {kClaude, kLines}) {
    EXPECT_THAT(unheld_policy(agent(driver, denied)),
                AllOf(HasSubstr("tools.exec.security \"deny\" cannot be kept"),
                      HasSubstr("agents.entries.main.spine.ownPolicy: true")));
    EXPECT_EQ(unheld_policy(agent(fmt::format("{}, ownPolicy: true", driver), denied)), "");
  }
  for (const char* ask : {"ask: 'always'", "ask: 'on-miss'", "security: 'allowlist'"}) {
    const std::string asked = fmt::format("tools: {{exec: {{{}}}}}", ask);
    EXPECT_THAT(unheld_policy(agent(kPi, asked)), HasSubstr("runs commands without asking")) << ask;
    EXPECT_EQ(unheld_policy(agent(kAcp, asked)), "");
  }
  EXPECT_THAT(warnings("{tools: {exec: {ask: 'always'}}, agents: {list: [{id: 'a', spine: {driver: "
                       "'pi'}}]}}"),
              HasSubstr("the agent a does not start: tools.exec.ask \"always\" cannot be kept"));
  EXPECT_EQ(unheld_policy(parsed("{tools: {exec: {ask: 'always'}}}").agents[0]), "")
      << "echo uses no tools";
}

TEST_F(ToolPolicyTest, WhatOnlyOpenClawsOwnAgentHasKeepsNobodyFromStarting) {
  const std::string_view tools = "tools: {deny: ['browser', 'canvas', 'group:sessions']}";
  EXPECT_EQ(unheld_policy(agent(kClaude, tools)), "");
  EXPECT_NE(unheld_policy(agent(kLines, tools)), "") << "nobody knows what that program has";
  EXPECT_TRUE(denies(agent(kAcp, tools), "sessions_send"));
  EXPECT_THAT(
      unheld_policy(agent(kClaude, "tools: {deny: ['browser'], web: {search: {enabled: false}}}")),
      HasSubstr("tools.web.search.enabled cannot be kept"));
}

TEST_F(ToolPolicyTest, CommandsThatAreAskedAboutAreTakenBackFromWhatIsAllowed) {
  const AgentConfig listed =
      agent(kAcp, "tools: {exec: {ask: 'on-miss'}}", ", tools: {allow: ['*']}");
  EXPECT_EQ(core::match_tool(listed.allow, "execute").marks, 1);
  EXPECT_TRUE(core::match_tool(listed.allow, "read").holds());
  const AgentConfig always =
      agent(kAcp, "tools: {exec: {security: 'full', ask: 'always'}}", ", tools: {allow: ['*']}");
  EXPECT_EQ(core::match_tool(always.allow, "bash").marks, 2);
}

TEST_F(ToolPolicyTest, OneAgentMaySayOtherwise) {
  const AgentConfig main = agent(kPi, "tools: {exec: {security: 'deny'}, deny: ['write']}",
                                 ", tools: {exec: {security: 'full'}, deny: ['ls']}");
  EXPECT_FALSE(denies(main, "bash"));
  EXPECT_TRUE(denies(main, "write")) << "what is taken away in one place is not given back";
  EXPECT_TRUE(denies(main, "edit"));
  EXPECT_TRUE(denies(main, "ls"));
}

TEST_F(ToolPolicyTest, ListsOfTheWholeFileLetNothingElseBeUsed) {
  const AgentConfig main = agent(kAcp, "tools: {allow: ['read', 'web_fetch'], deny: ['grep']}");
  EXPECT_FALSE(denies(main, "read"));
  EXPECT_FALSE(denies(main, "fetch"));
  EXPECT_FALSE(denies(main, "think"));
  EXPECT_TRUE(denies(main, "execute"));
  EXPECT_TRUE(denies(main, "other"));
  EXPECT_TRUE(denies(main, "grep"));
  EXPECT_THAT(agent(kAcp, "tools: {allow: ['*']}").deny, IsEmpty());
  const AgentConfig minimal = agent(kAcp, "tools: {profile: 'minimal', alsoAllow: ['read']}");
  EXPECT_FALSE(denies(minimal, "read"));
  EXPECT_TRUE(denies(minimal, "edit"));
  const AgentConfig both = agent(kAcp, "tools: {profile: 'messaging', allow: ['message', 'read']}");
  EXPECT_FALSE(denies(both, "message"));
  EXPECT_TRUE(denies(both, "read"));
}

TEST_F(ToolPolicyTest, FilesAreKeptApartByBubblewrapOrTheAgentDoesNotStart) {
  for (const char* rest : {"tools: {fs: {workspaceOnly: true}}", "tools: {exec: {host: 'sandbox'}}",
                           "tools: {exec: {applyPatch: {workspaceOnly: true}}}"}) {
    const AgentConfig main = agent(kLines, rest);
    EXPECT_EQ(unheld_policy(main), "");
    EXPECT_THAT(separation_wanted(main, "bwrap is missing"),
                AllOf(HasSubstr("tools."), HasSubstr("bwrap is missing")));
  }
  for (const char* mode : {"all", "non-main"}) {
    const std::string sandbox = fmt::format(", sandbox: {{mode: '{}'}}", mode);
    EXPECT_THAT(separation_wanted(agent(kPi, "", sandbox), "x"), HasSubstr("sandbox.mode"));
    EXPECT_THAT(unheld_policy(agent("driver: 'pi', sandbox: {mode: 'none'}", "", sandbox)),
                HasSubstr("asks for less than bubblewrap"));
  }
  EXPECT_EQ(separation_wanted(agent(kPi, "", ", sandbox: {mode: 'off'}"), "x"), "");
  EXPECT_EQ(separation_wanted(
                agent("driver: 'pi', ownPolicy: true", "tools: {fs: {workspaceOnly: true}}"), "x"),
            "");
}

TEST_F(ToolPolicyTest, WhatNothingHereCanKeepStopsTheAgent) {
  for (const Case& one : {
           Case{"tools: {byProvider: {x: {deny: ['read']}}}", "tools.byProvider"},
           Case{"tools: {deny: ['group:unheard-of']}", "tools.deny \"group:unheard-of\""},
           Case{"tools: {exec: {host: 'node'}}", "tools.exec.host \"node\""},
       }) {
    EXPECT_THAT(unheld_policy(agent(kAcp, one.text)), HasSubstr(std::string{one.wanted}));
  }
  EXPECT_THAT(unheld_policy(agent(kAcp, "", ", sandbox: {mode: 'all', workspaceAccess: 'ro'}")),
              HasSubstr("sandbox.workspaceAccess \"ro\""));
  EXPECT_THAT(unheld_policy(agent(kAcp, "", ", sandbox: {mode: 'all', docker: {network: 'none'}}")),
              HasSubstr("sandbox.docker.network \"none\""));
}

TEST_F(ToolPolicyTest, NoSettingThatNarrowsIsSaidToHaveNoEffect) {
  EXPECT_EQ(warnings("{tools: {profile: 'coding', exec: {security: 'deny', ask: 'always'}, "
                     "fs: {workspaceOnly: true}, deny: ['exec']}, agents: {defaults: {sandbox: "
                     "{mode: 'all'}}}, gateway: {nodes: {denyCommands: ['camera.snap']}, "
                     "tools: {deny: ['exec']}}}"),
            "");
  EXPECT_THAT(refusal("{tools: {exec: {security: 'Deny'}}}"), HasSubstr("deny, allowlist or full"));
  EXPECT_THAT(refusal("{tools: {fs: {workspaceonly: true}}}"), HasSubstr("workspaceOnly"));
  EXPECT_THAT(refusal("{tools: {deny: ['!read']}}"), HasSubstr("is no name of a tool"));
}

}  // namespace
}  // namespace spine::config

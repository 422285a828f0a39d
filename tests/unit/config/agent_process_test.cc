// agents.*.spine: how an agent's process is run, and what is refused.
#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

constexpr const char* kAgents = R"({
  messages: {queue: {mode: "collect", byChannel: {telegram: "steer+backlog"}}},
  channels: {telegram: {dmPolicy: "open"}},
  agents: {
    defaults: {workspace: "~/work", timeoutSeconds: 60,
               spine: {idleMs: 1000, silenceMs: 90000, env: {A: "1", B: "2"},
                       sandbox: {write: ["~/pi"], userns: true}}},
    entries: {
      main: {spine: {driver: "pi", args: ["--verbose"], env: {B: "3"}, memoryMb: 10},
             tools: {allow: ["read*"], deny: ["rm"]}, skills: []},
      coder: {workspace: "coder", spine: {driver: "jsonl", preset: "codex", onCrash: "leave",
              attemptsMax: 5, untrustedTools: ["read"], queueMode: "interrupt"}},
    },
  },
})";

class AgentProcessTest : public ConfigTest {
 protected:
  Config read(std::string_view text) const {
    auto config = parse(text, dir_ / "openclaw.json", &test_getenv);
    EXPECT_TRUE(config) << (config ? "" : config.error().message);
    return config ? *config : Config{};
  }
};

TEST_F(AgentProcessTest, AnAgentHasWhatIsItsOwnAndTheRestOfTheDefaults) {
  const Config config = read(kAgents);
  ASSERT_EQ(config.agents.size(), 2U);
  const AgentConfig& main = config.agents[0];
  EXPECT_EQ(main.process.driver, Driver::pi);
  EXPECT_EQ(main.process.args, std::vector<std::string>{"--verbose"});
  EXPECT_EQ(main.process.idle_ms, 1'000U);
  EXPECT_EQ(main.process.run_ms, 60'000U);
  EXPECT_EQ(main.process.silence_ms, 90'000U);
  EXPECT_EQ(AgentProcess{}.silence_ms, 600'000U);
  EXPECT_EQ(main.process.memory_bytes_max, 10U * 1024 * 1024);
  EXPECT_EQ(main.process.env,
            (std::vector<std::pair<std::string, std::string>>{{"A", "1"}, {"B", "3"}}));
  EXPECT_EQ(main.process.sandbox.write, std::vector<std::string>{"/home/someone/pi"});
  EXPECT_TRUE(main.process.sandbox.userns);
  EXPECT_EQ(main.workspace, "/home/someone/work");
  EXPECT_EQ(main.allow, std::vector<std::string>{"read*"});
  EXPECT_EQ(main.deny, std::vector<std::string>{"rm"});
  ASSERT_TRUE(main.skills.has_value());
  EXPECT_TRUE(main.skills->empty());
  const AgentConfig& coder = config.agents[1];
  EXPECT_EQ(coder.process.preset, "codex");
  EXPECT_EQ(coder.workspace, (dir_ / "coder").string());
  EXPECT_EQ(coder.on_crash, fb::OnCrash::leave);
  EXPECT_EQ(coder.attempts_max, 5U);
  EXPECT_EQ(coder.untrusted_allow, std::vector<std::string>{"read"});
  EXPECT_EQ(coder.queue_mode, fb::QueueMode::interrupt);
  EXPECT_FALSE(coder.skills.has_value());
}

TEST_F(AgentProcessTest, QueueModesOfChannelsAndOfAll) {
  const Config config = read(kAgents);
  EXPECT_EQ(config.queue_mode, fb::QueueMode::collect);
  ASSERT_EQ(config.channels.size(), 1U);
  EXPECT_EQ(config.channels[0].queue_mode, fb::QueueMode::steer);
}

TEST_F(AgentProcessTest, WhatADriverNeedsIsAskedFor) {
  const Case cases[] = {
      {R"({agents: {entries: {a: {spine: {driver: "acp"}}}}})", "say which program to start"},
      {R"({agents: {entries: {a: {spine: {driver: "jsonl"}}}}})", "spine.preset"},
      {R"({agents: {entries: {a: {spine: {command: "pi"}}}}})", "no spine.driver"},
      {R"({agents: {defaults: {spine: {driver: "acp"}}}})", "say which program to start"},
      {R"({agents: {entries: {a: {spine: {driver: "pie"}}}}})", "echo, pi, acp or jsonl"},
      {R"({gateway: {auth: {mode: "none"}}, agents: {entries: {a: {spine: {driver: "pi"}}}}})",
       "could connect as you"},
      {R"({agents: {entries: {a: {spine: {instances: 0}}}}})", "from 1 to 64"},
      {R"({agents: {entries: {a: {spine: {sandbox: {mode: "off"}}}}}})", "auto, bubblewrap"},
      {R"({agents: {entries: {a: {spine: {sandbox: {userns: "yes"}}}}}})", "true or false"},
  };
  for (const Case& bad : cases)
    EXPECT_NE(refusal(bad.text).find(bad.wanted), std::string::npos) << bad.text << "\n"
                                                                     << refusal(bad.text);
}

TEST_F(AgentProcessTest, VariablesOfAgentsAreNotShown) {
  const Config config =
      read(R"({agents: {entries: {a: {spine: {driver: "pi", env: {KEY: "very-secret"}}}}}})");
  EXPECT_EQ(config.redacted_json.find("very-secret"), std::string::npos);
}

}  // namespace
}  // namespace spine::config

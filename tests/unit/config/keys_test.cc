// Tests of engine/config/settings/schema.h: keys that are unknown, and keys without effect.
#include <array>
#include <gmock/gmock.h>

#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

using ::testing::HasSubstr;

class Keys : public ConfigTest {};

TEST_F(Keys, UnknownOnesGetOneWarningEach) {
  EXPECT_EQ(
      warnings("{\n  gateway: {\n    prot: 1,\n    wholly_new: {a: 1, b: 2}},\n  sesion: {}}"),
      "c.json:3:5: unknown key gateway.prot; did you mean port? It is ignored.\n"
      "c.json:4:5: unknown key gateway.wholly_new; it is ignored.\n"
      "c.json:5:3: unknown key sesion; did you mean session? It is ignored.\n");
}

TEST_F(Keys, SuggestionsSeeCaseSwapsAndSlips) {
  constexpr std::array kCases{
      Case{"{gateway: {Port: 1}}", "did you mean port?"},
      Case{"{session: {dmscope: 1}}", "did you mean dmScope?"},
      Case{"{session: {mainKye: 1}}", "did you mean mainKey?"},
      Case{"{logging: {levle: 1}}", "did you mean level?"},
      Case{"{agents: {list: [{id: 'a', worksapce: 1}]}}", "did you mean workspace?"},
  };
  for (const Case& c : kCases)
    EXPECT_THAT(warnings(c.text), HasSubstr(c.wanted)) << c.text;
}

TEST_F(Keys, UnknownOnesThatDecideAreRefused) {
  constexpr std::array kCases{
      Case{"{gateway: {auth: {tokn: 'x'}}}",
           "c.json:1:19: unknown key gateway.auth.tokn; did you mean token? A setting that decides "
           "who may do what is not guessed: correct it or take it out."},
      Case{"{gateway: {auth: {colour: 'x'}}}",
           "c.json:1:19: unknown key gateway.auth.colour; A setting that"},
      Case{"{gateway: {auth: {rateLimit: {maxAttempt: 3}}}}", "did you mean maxAttempts?"},
      Case{"{gateway: {tls: {cert: 'x'}}}", "unknown key gateway.tls.cert"},
      Case{"{gateway: {auht: {mode: 'none'}}}", "unknown key gateway.auht; did you mean auth?"},
      Case{"{channels: {telegram: {dmPolcy: 'disabled'}}}", "did you mean dmPolicy?"},
      Case{"{channels: {telegram: {alowFrom: []}}}", "did you mean allowFrom?"},
      Case{"{channels: {telegram: {threadPolicy: 'x'}}}", "unknown key channels.telegram.thread"},
      Case{"{channels: {discord: {dm: {polcy: 'x'}}}}", "unknown key channels.discord.dm.polcy"},
      Case{"{channels: {telegram: {accounts: {a: {dmPolcy: 'x'}}}}}", "did you mean dmPolicy?"},
      Case{"{session: {sendPolicy: {defaults: 'deny'}}}", "did you mean default?"},
      Case{"{session: {sendPolcy: {}}}", "did you mean sendPolicy?"},
      Case{"{bindings: [{agentId: 'main', match: {chanel: 'x'}}]}", "did you mean channel?"},
  };
  for (const Case& c : kCases)
    EXPECT_THAT(refusal(c.text), HasSubstr(c.wanted)) << c.text;
}

TEST_F(Keys, AWholeRealFileIsAcceptedSayingWhatHasNoEffect) {
  EXPECT_EQ(warnings(R"({
    "$schema": "https://example.org/schema.json",
    meta: {lastTouchedVersion: "2026.9.6"}, wizard: {lastRunAt: "x"},
    env: {vars: {A: "b"}}, secrets: {providers: {}},
    gateway: {mode: "local", auth: {mode: "token", token: "t",
      rateLimit: {maxAttempts: 10, windowMs: 60000, lockoutMs: 300000, exemptLoopback: true}},
      trustedProxies: [], nodes: {pairing: {}}, tools: {}, publicOrigin: "http://x"},
    session: {scope: "per-sender", dmScope: "per-peer", reset: {mode: "daily", atHour: 4},
      maintenance: {mode: "enforce", pruneAfter: "30d", maxEntries: 5000, maxDiskBytes: "10gb"}},
    cron: {enabled: true, skipMissedJobs: false, sessionRetention: "24h"},
    hooks: {enabled: true, token: "h", path: "/hooks", mappings: []},
    channels: {defaults: {groupPolicy: "open"},
      telegram: {enabled: true, botToken: "b", dmPolicy: "allowlist", allowFrom: [123, "456"],
                 groups: {"*": {requireMention: true}}}},
    agents: {defaults: {model: {primary: "anthropic/x"}, workspace: "~/w", heartbeat: {every: "30m"}},
      entries: {main: {name: "Clawd", identity: {emoji: "x", theme: "y"}}}},
    bindings: [{agentId: "main", match: {channel: "telegram", accountId: "*"}}],
    models: {providers: {openai: {baseUrl: "u", apiKey: "k", models: [{id: "a", name: "A"}]}}},
    commands: {ownerAllowFrom: ["telegram:1"]}, messages: {}, tools: {}, skills: {}, plugins: {},
    logging: {level: "info", consoleStyle: "pretty"},
  })"),
            "c.json:4:5: env has no effect in this version.\n"
            "c.json:4:28: secrets has no effect in this version.\n"
            "c.json:9:57: session.maintenance.maxEntries has no effect in this version.\n"
            "c.json:9:75: session.maintenance.maxDiskBytes has no effect in this version.\n"
            "c.json:10:5: cron has no effect in this version.\n"
            "c.json:11:5: hooks has no effect in this version.\n"
            "c.json:15:76: agents.defaults.heartbeat has no effect in this version.\n"
            "c.json:18:5: models has no effect in this version.\n"
            "c.json:20:30: logging.consoleStyle has no effect in this version.\n");
}

TEST_F(Keys, ThoseWithoutEffectSaySoOnce) {
  constexpr std::array kCases{
      Case{"{session: {identityLinks: {bob: ['telegram:1']}}}",
           "c.json:1:12: session.identityLinks has no effect in this version.\n"},
      Case{"{gateway: {\n auth: {allowTailscale: true}}}",
           "c.json:2:9: gateway.auth.allowTailscale has no effect in this version.\n"},
      Case{"{gateway: {controlUi: {enabled: true, basePath: '/x', other: 1}}}",
           "c.json:1:55: gateway.controlUi.other has no effect in this version.\n"},
      Case{"{gateway: {handshakeTimeoutMs: 1000}}",
           "c.json:1:12: gateway.handshakeTimeoutMs has no effect in this version.\n"},
      Case{"{gateway: {mode: 'remote'}}",
           "c.json:1:18: gateway.mode \"remote\" has no effect in this version.\n"},
      Case{"{crons: {a: {schedule: '0 9 * * *', action: 'x'}, b: {schedule: 's', action: 'y'}}}",
           "c.json:1:2: crons has no effect in this version.\n"},
      Case{
          "{channels: {telegram: {botToken: 'b', accounts: {a: {botToken: 'c'}}, retry: {}},\n"
          " discord: {token: 'd', guilds: {g: {}}}}}",
          "c.json:2:11: discord: not served here: this version has no adapter for it, so nobody is "
          "heard on it unless a bridge hands its messages in. All else goes on.\n"},
  };
  for (const Case& c : kCases)
    EXPECT_EQ(warnings(c.text), c.wanted) << c.text;
}

TEST_F(Keys, ThoseThatAskForNothingOrAreOffAreAcceptedInSilence) {
  EXPECT_EQ(warnings("{crons: {}, hooks: {enabled: false, token: 'x'}, messages: {}, meta: {a: 1},"
                     " gateway: {trustedProxies: [], auth: {allowTailscale: false}, mode: 'local'},"
                     " session: {resetByChannel: {}},"
                     " channels: {telegram: {enabled: false, botToken: 'b'},"
                     "            test: {dmPolicy: 'disabled'}}}"),
            "");
}

TEST_F(Keys, FindingsAreBounded) {
  std::string text = "{";
  for (int i = 0; i < 300; ++i)
    text += "unknown_key_" + std::to_string(i) + ": 1,";
  const Config config = parsed(text + "}");
  ASSERT_EQ(config.warnings.size(), 101U);
  EXPECT_EQ(config.warnings.back(), "... and 200 more warnings about the configuration.");
}

}  // namespace
}  // namespace spine::config

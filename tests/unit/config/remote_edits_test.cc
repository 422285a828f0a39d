// Tests of what may be changed from elsewhere, and of patches made from a path.
#include <gmock/gmock.h>

#include "engine/config/edit/changes.h"
#include "engine/config/edit/edit.h"
#include "schemas/vocab/show.h"
#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kFile = R"({
  gateway: {auth: {token: 's-1'}, rate_limit: {requests_per_minute: 60}},
  session: {mainKey: 'main', typingMode: '${MODE}'},
  agents: {entries: {main: {name: 'Main', workspace: '/w'}}, defaults: {model: 'a/b'}},
  channels: {telegram: {enabled: true, botToken: 's-2', dmPolicy: 'allowlist', allowFrom: [1]}},
  bindings: [{agentId: 'main', match: {channel: 'telegram'}}],
})";

class Remote : public ConfigTest {
 protected:
  void SetUp() override {
    ConfigTest::SetUp();
    test_env()["MODE"] = "never";
    path_ = write("o.json", kFile);
  }

  // "" when the patch is accepted, else why not.
  std::string said(std::string_view patch, bool local = false,
                   EditRefusal::Why why = EditRefusal::Why::not_allowed) const {
    EditOutcome outcome = prepare_edit(
        path_, {EditKind::patch, patch, show_hex(text_hash(kFile)), local}, test_getenv);
    const auto* refusal = std::get_if<EditRefusal>(&outcome);
    if (refusal == nullptr) return {};
    EXPECT_EQ(refusal->why, why) << refusal->message;
    return refusal->message;
  }

  std::filesystem::path path_{};
};

class Patches : public ConfigTest {};

TEST_F(Remote, WhatDoesNotWeakenAnythingMayBeChanged) {
  for (const std::string_view patch :
       {"{session: {mainKey: 'home', reset: {mode: 'idle', idleMinutes: 5}}}",
        "{logging: {level: 'debug'}}",
        "{gateway: {rate_limit: {requests_per_minute: 5, burst: 2}}}",
        "{channels: {telegram: {enabled: false}}}",
        "{agents: {entries: {main: {name: 'X', identity: {emoji: 'x'}, model: 'c/d'}}}}",
        "{agents: {defaults: {model: {primary: 'x/y', fallbacks: ['z/z']}}}}",
        "{bindings: [{agentId: 'main', match: {channel: 'discord', peer: {kind: 'dm', id: '7'}}}]}",
        "{bindings: null}", "{crons: {brief: {schedule: '0 9 * * *', action: 'brief me'}}}",
        "{messages: {responsePrefix: 'x'}}", "{ui: {seamColor: '#fff'}}",
        "{gateway: {auth: {token: '__OPENCLAW_REDACTED__'}}}"}) {
    EXPECT_EQ(said(patch), "") << patch;
  }
}

// A name that is listed at one place is not listed deeper in a section that is not.
TEST_F(Remote, NamesOfSettingsMeanNothingElsewhereInTheirSections) {
  for (const std::string_view patch :
       {"{cron: {foo: {enabled: true}}}", "{talk: {providers: {x: {modelId: 'y'}}}}",
        "{talk: {x: {voiceAliases: {a: 'b'}}}}"}) {
    EXPECT_NE(said(patch), "") << patch;
  }
  EXPECT_EQ(said("{cron: {enabled: true}}"), "");
  EXPECT_EQ(said("{talk: {voiceAliases: {a: 'b'}}}"), "");
}

// Also where a section that is left alone holds it, whose values are not checked otherwise.
TEST_F(Remote, NothingWholeIsTakenForAScalar) {
  for (const std::string_view patch :
       {"{channels: {telegram: {name: {a: 'b'}}}}",
        "{agents: {entries: {main: {thinkingDefault: {a: 1}}}}}",
        "{agents: {entries: {main: {identity: {theme: {a: 1}}}}}}",
        "{session: {maintenance: {maxDiskBytes: {a: 1}}}}", "{cron: {enabled: {}}}",
        "{cron: {sessionRetention: [1]}}", "{talk: {voiceId: {a: 'b'}}}",
        "{talk: {interruptOnSpeech: 'x'}}", "{talk: {voiceAliases: {a: {b: 'c'}}}}"}) {
    EXPECT_NE(said(patch), "") << patch;
  }
  for (const std::string_view patch :
       {"{channels: {telegram: {name: 'Home'}}}",
        "{agents: {entries: {main: {thinkingDefault: 'low', identity: {theme: 'y'}}}}}",
        "{session: {maintenance: {maxDiskBytes: '10gb'}}}", "{cron: {sessionRetention: false}}",
        "{talk: {silenceTimeoutMs: 500, interruptOnSpeech: true}}"}) {
    EXPECT_EQ(said(patch), "") << patch;
  }
}

// What may be set from elsewhere and is of the wrong type is refused for that, as it is here.
TEST_F(Remote, AValueOfTheWrongTypeIsNamedAsSuch) {
  for (const std::string_view patch :
       {"{logging: {level: 5}}", "{gateway: {rate_limit: {burst: 'many'}}}",
        "{channels: {telegram: {name: []}}}",
        "{bindings: [{agentId: 'main', match: {channel: 'x', peer: {kind: 'dm', id: {}}}}]}"}) {
    EXPECT_THAT(said(patch, false, EditRefusal::Why::invalid), HasSubstr("must be")) << patch;
  }
}

TEST_F(Remote, EverythingElseIsRefused) {
  for (const std::string_view patch :
       {"{gateway: {bind: 'lan'}}",
        "{gateway: {auth: {mode: 'none'}}}",
        "{gateway: {auth: {token: 'mine'}}}",
        "{gateway: {auth: null}}",
        "{gateway: {auth: {admin_channels: ['x:1']}}}",
        "{gateway: {tls: {enabled: false}}}",
        "{gateway: {trustedProxies: ['10.0.0.1']}}",
        "{gateway: {controlUi: {allowedOrigins: ['https://x']}}}",
        "{gateway: {port: 1}}",
        "{gateway: {rate_limit: {requests_per_minute: 0}}}",
        "{channels: {telegram: {dmPolicy: 'open'}}}",
        "{channels: {telegram: {allowFrom: [2]}}}",
        "{channels: {telegram: {botToken: 'x'}}}",
        "{channels: {telegram: null}}",
        "{channels: {defaults: {dmPolicy: 'open'}}}",
        "{channels: {x: {}}}",
        "{agents: {entries: {main: {workspace: '/'}}}}",
        "{agents: {entries: {main: {cliBackends: {a: {command: 'sh'}}}}}}",
        "{agents: {entries: {identity: {agentDir: '/x', skills: ['y']}}}}",
        "{agents: {entries: {main: null}}}",
        "{agents: {list: [{id: 'b'}]}}",
        "{agents: {entries: {main: {identity: {avatar: 'http://x'}}}}}",
        "{session: {dmScope: 'main'}}",
        "{session: {identityLinks: {a: ['x:1']}}}",
        "{session: {store: '/x'}}",
        "{session: {sendPolicy: {default: 'allow'}}}",
        "{session: {mainKey: '${SECRET}'}}",
        "{session: {$include: 'x.json'}}",
        "{$include: 'x.json'}",
        "{messages: {tts: {baseUrl: 'http://x'}}}",
        "{messages: {tts: {apiKey: 'x'}}}",
        "{messages: {tts: {Command: 'x'}}}",
        "{messages: {env: {A: 'b'}}}",
        "{messages: {a: [{b: {script_path: 'x'}}]}}",
        "{hooks: {enabled: true}}",
        "{models: {providers: {}}}",
        "{tools: {exec: {}}}",
        "{commands: {ownerAllowFrom: ['1']}}",
        "{logging: {file: '/x'}}",
        "{plugins: {a: 1}}",
        "{cron: {webhookToken: 'x'}}",
        "{something_new: 1}"}) {
    EXPECT_THAT(said(patch), HasSubstr("spine config set")) << patch;
    EXPECT_EQ(said(patch).find("s-"), std::string::npos) << patch;
  }
  EXPECT_THAT(said("{gateway: {port: 1, bind: 'lan'}, ui: {a: 1}}"),
              HasSubstr("from elsewhere: gateway.port, gateway.bind. Change it"));
}

TEST_F(Remote, VariableThatIsThereAlreadyMayStay) {
  EXPECT_EQ(said("{session: {typingMode: '${MODE}', mainKey: 'x'}}"), "");
  EXPECT_NE(said("{session: {mainKey: 'x ${MODE}'}}"), "");
}

TEST_F(Remote, OnTheMachineItselfEverythingMayBeChanged) {
  EXPECT_EQ(said("{gateway: {auth: {mode: 'none'}}, logging: {file: '/x'}}", true), "");
}

TEST_F(Remote, WholeFileIsJudgedBySettingsToo) {
  const auto set = [&](std::string_view raw) {
    return prepare_edit(path_, {EditKind::set, raw, show_hex(text_hash(kFile)), false},
                        test_getenv);
  };
  EXPECT_TRUE(std::holds_alternative<PreparedEdit>(set(std::string(kFile) + "// note")));
  const EditOutcome outcome = set("{}");
  ASSERT_TRUE(std::holds_alternative<EditRefusal>(outcome));
  EXPECT_THAT(std::get<EditRefusal>(outcome).message, HasSubstr("channels.telegram.dmPolicy"));
}

TEST_F(Patches, AreMadeFromAPathAndAValue) {
  EXPECT_EQ(*build_patch("session.mainKey", "'home'"), R"({"session":{"mainKey":"home"}})");
  EXPECT_EQ(*build_patch("gateway.bind", "lan"), R"({"gateway":{"bind":"lan"}})");
  EXPECT_EQ(*build_patch("gateway.port", "0x10"), R"({"gateway":{"port":16}})");
  EXPECT_EQ(*build_patch("gateway.tls", "null"), R"({"gateway":{"tls":null}})");
  EXPECT_EQ(*build_patch("a", "{b: [1, true]}"), R"({"a":{"b":[1,true]}})");
  EXPECT_EQ(*build_patch("a[\"b.c\"].d", "10.0.0.1"), R"({"a":{"b.c":{"d":"10.0.0.1"}}})");
  EXPECT_EQ(*build_patch("guilds.123456789012345678", "1"),
            R"({"guilds":{"123456789012345678":1}})");
}

TEST_F(Patches, PathsAndValuesThatCannotBeMeantAreRefused) {
  for (const char* path :
       {"", "a..b", ".a", "a.", "bindings[0].agentId", "bindings.0.agentId", "a[\"b", "[]"}) {
    const Result<std::string> patch = build_patch(path, "1");
    ASSERT_FALSE(patch) << path;
    EXPECT_EQ(patch.error().code, Errc::invalid_argument);
  }
  EXPECT_THAT(build_patch("bindings.0", "1").error().message, HasSubstr("replaces lists whole"));
  for (const char* value : {"", "{a:", "[1", "'x", "\x01"})
    EXPECT_FALSE(build_patch("a", value)) << value;
}

}  // namespace
}  // namespace spine::config

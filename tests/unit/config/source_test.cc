// Tests of $include, ${VAR} and redaction.
#include <gmock/gmock.h>

#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class Include : public ConfigTest {
 protected:
  Result<Config> loaded(std::string_view text) const {
    return load(write("openclaw.json", text), test_getenv);
  }
  std::string json(std::string_view text) const {
    const Result<Config> config = loaded(text);
    return config ? config->redacted_json : config.error().message;
  }
  std::string failure(std::string_view text) const {
    const Result<Config> config = loaded(text);
    EXPECT_FALSE(config) << "accepted: " << text;
    return config ? "" : config.error().message;
  }
};

TEST_F(Include, OneFileStandsForItsValue) {
  write("gw.json5", "{port: 1234}");
  EXPECT_EQ(json("{gateway: {$include: './gw.json5'}}"), R"({"gateway":{"port":1234}})");
  write("ids.json5", "['a', 'b']");
  EXPECT_EQ(json("{channels: {x: {allowFrom: {$include: 'ids.json5'}, dmPolicy: 'allowlist'}}}"),
            R"({"channels":{"x":{"allowFrom":["a","b"],"dmPolicy":"allowlist"}}})");
}

TEST_F(Include, KeysBesideItWinAndObjectsMerge) {
  write("base.json5", "{gateway: {port: 1, auth: {mode: 'token'}}, session: {mainKey: 'm'}}");
  EXPECT_EQ(json("{$include: 'base.json5', gateway: {port: 2}}"),
            R"({"gateway":{"port":2,"auth":{"mode":"token"}},"session":{"mainKey":"m"}})");
}

TEST_F(Include, LaterFilesWinAndListsAreJoined) {
  write("a.json5", "{gateway: {port: 1}, session: {resetTriggers: ['/a']}}");
  write("b.json5", "{gateway: {port: 2}, session: {resetTriggers: ['/b']}}");
  EXPECT_EQ(json("{$include: ['a.json5', 'b.json5'], session: {resetTriggers: ['/c']}}"),
            R"({"gateway":{"port":2},"session":{"resetTriggers":["/a","/b","/c"]}})");
}

TEST_F(Include, NamesAreRelativeToTheIncludingFile) {
  write("sub/one.json5", "{$include: 'two.json5'}");
  write("sub/two.json5", "{port: 7}");
  EXPECT_EQ(json("{gateway: {$include: 'sub/one.json5'}}"), R"({"gateway":{"port":7}})");
}

TEST_F(Include, ErrorsInsideNameTheIncludedFile) {
  const std::filesystem::path file = write("sub/gw.json5", "{\n  port: 'x'\n}");
  EXPECT_THAT(failure("{gateway: {$include: 'sub/gw.json5'}}"),
              StartsWith(file.string() + ":2:9: gateway.port is the string \"x\";"));
  write("sub/gw.json5", "{\n  port: \n}");
  EXPECT_THAT(failure("{gateway: {$include: 'sub/gw.json5'}}"),
              StartsWith(file.string() + ":3:1: expected a value, found '}'."));
}

TEST_F(Include, MissingFileIsNamed) {
  EXPECT_THAT(failure("{\n $include: 'none.json5'}"),
              AllOf(HasSubstr("openclaw.json:2:12: the included file "),
                    HasSubstr("none.json5 does not exist or is not a file.")));
}

TEST_F(Include, CyclesAreRefused) {
  write("a.json5", "{$include: 'b.json5'}");
  write("b.json5", "{$include: 'a.json5'}");
  EXPECT_THAT(failure("{$include: 'a.json5'}"), HasSubstr("a.json5 includes itself"));
  EXPECT_THAT(failure("{$include: 'openclaw.json'}"), HasSubstr("openclaw.json includes itself"));
}

TEST_F(Include, SameFileTwiceIsNoCycle) {
  write("a.json5", "{enabled: false}");
  EXPECT_EQ(json("{channels: {x: {$include: 'a.json5'}, y: {$include: 'a.json5'}}}"),
            R"({"channels":{"x":{"enabled":false},"y":{"enabled":false}}})");
}

TEST_F(Include, DepthIsBounded) {
  for (int i = 1; i <= 11; ++i) {
    write("f" + std::to_string(i) + ".json5", "{$include: 'f" + std::to_string(i + 1) + ".json5'}");
  }
  write("f11.json5", "{}");
  EXPECT_THAT(failure("{$include: 'f1.json5'}"),
              HasSubstr("files include each other more than 10 deep"));
  write("f10.json5", "{}");
  EXPECT_EQ(json("{$include: 'f1.json5'}"), "{}");
}

TEST_F(Include, FileOutsideTheDirectoryIsRefused) {
  const std::filesystem::path outside = write("outside.json5", "{}");
  write("etc/openclaw.json", "{$include: '../outside.json5'}");
  Result<Config> config = load(dir_ / "etc" / "openclaw.json", test_getenv);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("is outside of " + (dir_ / "etc").string()));
  std::filesystem::create_symlink(outside, dir_ / "etc" / "link.json5");
  write("etc/openclaw.json", "{$include: 'link.json5'}");
  config = load(dir_ / "etc" / "openclaw.json", test_getenv);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("is outside of"));
}

TEST_F(Include, OnlyNamesAreAccepted) {
  EXPECT_THAT(failure("{$include: 7}"), HasSubstr("$include must be a file name or a list"));
  EXPECT_THAT(failure("{$include: []}"), HasSubstr("$include must be a file name or a list"));
  EXPECT_THAT(failure("{$include: [7]}"), HasSubstr("$include must be a file name or a list"));
}

TEST_F(Include, KeysBesideAListAreRefused) {
  write("list.json5", "[1]");
  EXPECT_THAT(failure("{$include: 'list.json5', gateway: {}}"), HasSubstr("must hold an object"));
}

TEST_F(Include, FilesTogetherAreBounded) {
  write("big.json5", "{env: {A: '" + std::string(1'500'000, 'x') + "'}}");
  EXPECT_THAT(failure("{$include: ['big.json5', 'big.json5', 'big.json5']}"),
              HasSubstr("the configuration has more than 4194304 bytes"));
}

class Variables : public ConfigTest {};

TEST_F(Variables, AreFilledInWhereverStringsAre) {
  test_env()["MY_KEY"] = "main2";
  test_env()["_X9"] = "/go";
  const Config config =
      parsed("{session: {mainKey: '${MY_KEY}', resetTriggers: ['a${_X9}b${_X9}']}}");
  EXPECT_EQ(config.main_key, "main2");
  EXPECT_THAT(config.reset_triggers, ElementsAre("a/gob/go"));
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST_F(Variables, DoubledDollarKeepsTheText) {
  EXPECT_THAT(parsed("{session: {resetTriggers: ['$${HOME}']}}").reset_triggers,
              ElementsAre("${HOME}"));
}

TEST_F(Variables, OtherFormsAreText) {
  const Config config =
      parsed("{session: {resetTriggers: ['$HOME', '${home}', '${9A}', '${A', '${}', '$$']}}");
  EXPECT_THAT(config.reset_triggers, ElementsAre("$HOME", "${home}", "${9A}", "${A", "${}", "$$"));
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST_F(Variables, UnsetOneStaysWithAWarning) {
  const Config config = parsed("{session:\n {resetTriggers: ['${NOT_SET}']}}");
  EXPECT_THAT(config.reset_triggers, ElementsAre("${NOT_SET}"));
  EXPECT_THAT(config.warnings,
              ElementsAre("c.json:2:19: the environment has no NOT_SET; \"${NOT_SET}\" stays as it "
                          "is."));
}

TEST_F(Variables, UnsetSecretOfTheGatewayIsRefused) {
  EXPECT_EQ(
      refusal("{gateway: {auth: {token: '${NOT_SET}'}}}"),
      "c.json:1:26: gateway.auth.token: the environment has no NOT_SET, and a secret cannot stay "
      "\"${NOT_SET}\"; set the variable.");
  test_env()["NOT_SET"] = "";
  EXPECT_THAT(refusal("{gateway: {auth: {password: '${NOT_SET}'}}}"),
              HasSubstr("a secret cannot stay"));
}

TEST_F(Variables, UnsetPathOfTheGatewayIsRefused) {
  EXPECT_THAT(
      refusal("{gateway: {controlUi: {root: '${NOT_SET}/ui'}}}"),
      HasSubstr("gateway.controlUi.root: the environment has no NOT_SET, and a path cannot"));
  EXPECT_THAT(refusal("{hooks: {token: '${NOT_SET}'}}"), HasSubstr("a secret cannot stay"));
}

TEST_F(Variables, UnsetSecretThatIsGivenElsewhereIsNotMissed) {
  const std::string_view text = "{gateway: {auth: {token: '${NOT_SET}', password: 'p'}}}";
  const Result<Config> given = parse(text, "c.json", test_getenv, {.token = true});
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(given->token, "") << "the text of the variable is no token";
  EXPECT_EQ(given->auth_mode, AuthMode::pairing)
      << "whoever gives a token does not mean the password";
  EXPECT_EQ(given->warnings.size(), 1U);
  test_env()["OPENCLAW_GATEWAY_TOKEN"] = "t0";
  EXPECT_EQ(parsed(text).token, "t0");
  EXPECT_THAT(refusal("{gateway: {auth: {password: '${NOT_SET}'}}}"),
              HasSubstr("a secret cannot stay"))
      << "it is the token that is given";
  test_env()["OPENCLAW_GATEWAY_PASSWORD"] = "p0";
  EXPECT_EQ(parsed("{gateway: {auth: {password: '${NOT_SET}'}}}").password, "p0");
}

TEST_F(Variables, ValueThatIsNotUtf8IsNotTaken) {
  test_env()["BAD"] = "\xff";
  EXPECT_THAT(warnings("{session: {resetTriggers: ['${BAD}']}}"), HasSubstr("has no BAD"));
}

TEST_F(Variables, TextTheyMakeIsBounded) {
  test_env()["BIG"] = std::string(1'000'000, 'x');
  std::string text = "{env: {A: '";
  for (int i = 0; i < 20; ++i)
    text += "${BIG}";
  EXPECT_THAT(refusal(text + "'}}"), HasSubstr("holds too much text once ${...} is filled in"));
}

class Redaction : public ConfigTest {};

constexpr std::string_view kWithSecrets = R"({
  // keep me
  gateway: {port: 1, auth: {token: 's-1', password: "s-2"}, remote: {token: 's-3'}},
  hooks: {token: 's-4', path: '/hooks'},
  channels: {telegram: {botToken: 's-5', allowFrom: ['7'], dmPolicy: 'allowlist'}},
  models: {providers: {x: {apiKey: 's-6', headers: {'X-Any': 's-7'}, maxTokens: 4096}}},
  env: {vars: {OPENAI_API_KEY: 's-8'}, NUMBER: 1234567},
})";

TEST_F(Redaction, ParsedFormHasNoSecret) {
  const Config config = parsed(kWithSecrets);
  EXPECT_THAT(config.redacted_json, Not(HasSubstr("s-")));
  EXPECT_THAT(config.redacted_json, Not(HasSubstr("1234567")));
  EXPECT_THAT(config.redacted_json, HasSubstr(R"("token":"__OPENCLAW_REDACTED__")"));
  EXPECT_THAT(config.redacted_json, HasSubstr(R"("maxTokens":4096)"));
  EXPECT_THAT(config.redacted_json, HasSubstr(R"("path":"/hooks")"));
  EXPECT_EQ(config.token, "s-1");
}

TEST_F(Redaction, RawTextHasNoSecretAndNoComment) {
  const std::string raw = parsed(kWithSecrets).raw;
  EXPECT_THAT(raw, Not(HasSubstr("s-")));
  EXPECT_THAT(raw, Not(HasSubstr("keep me")));
  EXPECT_THAT(raw, HasSubstr("{\n  \"gateway\": {\n    \"port\": 1,\n    \"auth\": {\n"
                             "      \"token\": \"__OPENCLAW_REDACTED__\",\n"));
  EXPECT_EQ(parsed(raw).raw, raw);
  EXPECT_EQ(parsed("{a: [], b: {}, c: [1, {}]} // s-1").raw,
            "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {}\n  ]\n}\n");
}

TEST_F(Redaction, RawTextIsOfTheFileItself) {
  const std::filesystem::path file = write("o.json", "{$include: 'more.json'}");
  write("more.json", "{session: {mainKey: 'home'}}");
  const Result<Config> config = load(file, test_getenv);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->raw, "{\n  \"$include\": \"more.json\"\n}\n");
  EXPECT_EQ(config->main_key, "home");
}

// What stands under each path must be hidden, or shown.
constexpr std::string_view kManyNames = R"({
  hooks: {tokens: ['s-1', 's-2'], mappings: [{key: 's-3', pass: 's-4'}]},
  channels: {telegram: {webhookUrl: 's-5', botTokens: {a: 's-6'}},
             slack: {apiKeys: ['s-7'], slack_webhook_url: 's-8', Passwords: ['s-9']}},
  models: {providers: {x: {secretKey: 's-10', API_KEYS: {a: {b: 's-11'}}, pwd: 's-12'}}},
  secrets: {providers: {vault: {path: 's-13', kind: ['s-14']}}, plain: 's-15'},
  session: {mainKey: 'main'},
  agents: {defaults: {contextTokens: 200000, params: {maxTokens: 4096, bypass: 'yes'}}},
  gateway: {tls: {keyPath: '/k'}},
})";

TEST_F(Redaction, PluralsShortNamesAndTheSectionOfSecretsAreHidden) {
  const Config config = parsed(kManyNames);
  for (const std::string& shown : {config.redacted_json, config.raw})
    EXPECT_THAT(shown, Not(HasSubstr("s-"))) << shown;
  EXPECT_THAT(config.redacted_json,
              AllOf(HasSubstr(R"("mainKey":"main")"), HasSubstr(R"("contextTokens":200000)"),
                    HasSubstr(R"("maxTokens":4096)"), HasSubstr(R"("bypass":"yes")"),
                    HasSubstr(R"("keyPath":"/k")")));
}

TEST_F(Redaction, WhatTheEnvironmentGaveIsShownAsItsVariable) {
  test_env()["LOG_HOME"] = "/s-1";
  test_env()["WORD"] = "s-2";
  const Config config = parsed(
      "{logging: {file: '${LOG_HOME}/x.log'}, session: {resetTriggers: ['a ${WORD}', 'b']}}");
  EXPECT_EQ(config.log_file, "/s-1/x.log");
  EXPECT_THAT(config.reset_triggers, ElementsAre("a s-2", "b"));
  EXPECT_EQ(config.redacted_json, R"({"logging":{"file":"${LOG_HOME}/x.log"},)"
                                  R"("session":{"resetTriggers":["a ${WORD}","b"]}})");
  const Result<std::string> one = get_path(config, "logging.file");
  ASSERT_TRUE(one);
  EXPECT_EQ(*one, "\"${LOG_HOME}/x.log\"");
}

TEST_F(Redaction, WhatTheEnvironmentGaveIsNotShownInAnError) {
  test_env()["MODE"] = "s-1";
  const std::string said = refusal("{session: {dmScope: '${MODE}'}}");
  EXPECT_THAT(said, AllOf(HasSubstr("the string \"${MODE}\""), Not(HasSubstr("s-1"))));
}

TEST_F(Redaction, UserAndPasswordOfAUrlAreHidden) {
  const Config config = parsed(R"({
    // see http://example.org
    models: {a: 'https://me:s-1@host:80/p?q=a@b', b: ['x postgres://s-2@h, http://h/u@v'],
             c: 'http://s-3:p@q@h', d: "http:\/\/s-4@h", e: 'me@host'},
  })");
  EXPECT_EQ(config.redacted_json,
            R"({"models":{"a":"https://__OPENCLAW_REDACTED__@host:80/p?q=a@b",)"
            R"("b":["x postgres://__OPENCLAW_REDACTED__@h, http://h/u@v"],)"
            R"("c":"http://__OPENCLAW_REDACTED__@h","d":"http://__OPENCLAW_REDACTED__@h",)"
            R"("e":"me@host"}})");
  EXPECT_THAT(config.raw, AllOf(Not(HasSubstr("s-")), HasSubstr("\"e\": \"me@host\"")));
}

TEST_F(Redaction, SecretsInTheQueryOfAUrlAreHidden) {
  EXPECT_EQ(
      parsed("{models: {a: 'see https://h/p?x=1&api_key=s-1&y=?2#f, http://h?token=s-2 ok',"
             " b: 'https://u:p@h?access_token=s-3#token=f', c: 'http://h?token', d: '?token=v',"
             " e: 'http://h/http://u:s-4@i'}}")
          .redacted_json,
      R"({"models":{"a":"see https://h/p?x=1&api_key=__OPENCLAW_REDACTED__&y=?2#f, )"
      R"(http://h?token=__OPENCLAW_REDACTED__ ok",)"
      R"("b":"https://__OPENCLAW_REDACTED__@h?access_token=__OPENCLAW_REDACTED__#token=f",)"
      R"("c":"http://h?token","d":"?token=v",)"
      R"("e":"http://h/http://__OPENCLAW_REDACTED__@i"}})");
}

TEST_F(Redaction, SecretOfTheWrongTypeIsNotShownInTheError) {
  EXPECT_EQ(refusal("{gateway: {auth: {token: 12345678}}}"),
            "c.json:1:26: gateway.auth.token is a number; it must be a string.");
}

}  // namespace
}  // namespace spine::config

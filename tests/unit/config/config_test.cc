// Tests of engine/config/config.h: defaults, both spellings, the environment, files.
#include "engine/config/config.h"

#include <array>
#include <gmock/gmock.h>

#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Gateway : public ConfigTest {};
class Files : public ConfigTest {};

TEST_F(Gateway, DefaultsAreLoopbackAndTheKnownPort) {
  const Config config = parsed("{}");
  EXPECT_THAT(config.bind_addresses, ElementsAre("127.0.0.1", "::1"));
  EXPECT_EQ(config.port, 18789);
  EXPECT_EQ(config.auth_mode, AuthMode::pairing);
  EXPECT_EQ(config.messages_per_minute, 60U);
  EXPECT_EQ(config.messages_burst, 10U);
  EXPECT_EQ(config.redacted_json, "{}");
  EXPECT_TRUE(config.exists);
}

TEST_F(Gateway, DocumentedShortFormIsUnderstood) {
  const Config config = parsed(R"({
    gateway: {
      host: "127.0.0.1", port: 18790,
      auth: {type: "token", admin_channels: ["telegram"]},
      rate_limit: {requests_per_minute: 120, burst: 20},
    },
    crons: {
      brief: {schedule: "0 9 * * 1-5", action: "brief me"},
      week: {schedule: "0 18 * * 5", action: "week"},
    },
  })");
  EXPECT_THAT(config.bind_addresses, ElementsAre("127.0.0.1", "::1"));
  EXPECT_EQ(config.port, 18790);
  EXPECT_EQ(config.auth_mode, AuthMode::token);
  EXPECT_THAT(config.admin_channels, ElementsAre("telegram"));
  EXPECT_EQ(config.messages_per_minute, 120U);
  EXPECT_EQ(config.messages_burst, 20U);
  ASSERT_EQ(config.crons.size(), 2U);
  EXPECT_EQ(config.crons[0].name, "brief");
  EXPECT_EQ(config.crons[0].schedule, "0 9 * * 1-5");
  EXPECT_EQ(config.crons[1].action, "week");
  EXPECT_THAT(config.warnings,
              ElementsAre("c.json:7:5: crons has no effect in this version.",
                          HasSubstr("gateway.auth.admin_channels names telegram alone")));
}

TEST_F(Gateway, RealFormIsUnderstood) {
  const Config config = parsed(R"({
    gateway: {mode: "local", port: 19001, bind: "loopback",
              auth: {mode: "password", password: "pw"},
              controlUi: {enabled: true, allowedOrigins: ["http://localhost"]},
              remote: {url: "ws://127.0.0.1:18789", token: "x"},
              http: {endpoints: {chatCompletions: {enabled: true}}}, reload: {mode: "hybrid"}},
  })");
  EXPECT_EQ(config.port, 19001);
  EXPECT_EQ(config.auth_mode, AuthMode::password);
  EXPECT_EQ(config.password, "pw");
  EXPECT_EQ(config.warnings.size(), 3U);
}

TEST_F(Gateway, SpellingsThatAgreeAreAccepted) {
  EXPECT_TRUE(parsed("{gateway: {host: 'localhost', bind: 'loopback'}}").exists);
  EXPECT_TRUE(
      parsed("{gateway: {host: '::1', bind: 'custom', customBindHost: '127.0.0.1'}}").exists);
  EXPECT_EQ(parsed("{gateway: {auth: {type: 'none', mode: 'none'}}}").auth_mode, AuthMode::none);
}

TEST_F(Gateway, OtherLoopbackAddressIsTakenAsItIs) {
  EXPECT_THAT(parsed("{gateway: {host: '127.0.0.2'}}").bind_addresses, ElementsAre("127.0.0.2"));
}

TEST_F(Gateway, SpellingsThatDisagreeAreRefusedNamingBoth) {
  EXPECT_EQ(refusal("{gateway: {\n host: '0.0.0.0',\n bind: 'loopback'}}"),
            "c.json:2:8: gateway.host is the string \"0.0.0.0\", but gateway.bind is the string "
            "\"loopback\" (c.json:3:8); both mean the same setting: keep one.");
  EXPECT_EQ(refusal("{gateway: {\n host: 'localhost',\n bind: 'lan'}}"),
            "c.json:2:8: gateway.host is the string \"localhost\", but gateway.bind is the string "
            "\"lan\" (c.json:3:8); both mean the same setting: keep one.");
  EXPECT_THAT(refusal("{gateway: {host: '127.0.0.2', bind: 'custom', customBindHost: '::1'}}"),
              HasSubstr("but gateway.customBindHost is the string \"::1\""));
  EXPECT_EQ(refusal("{gateway: {auth: {type: 'token', mode: 'none'}}}"),
            "c.json:1:25: gateway.auth.type is the string \"token\", but gateway.auth.mode is the "
            "string \"none\" (c.json:1:40); both mean the same setting: keep one.");
}

TEST_F(Gateway, CustomHostWithoutCustomBindIsSaidToBeIgnored) {
  EXPECT_THAT(warnings("{gateway: {customBindHost: '10.0.0.1', bind: 'loopback'}}"),
              HasSubstr("is used only with gateway.bind \"custom\""));
}

TEST_F(Gateway, WrongTypesAndValuesNameWhatWasFoundAndWhatIsAccepted) {
  constexpr std::array kCases{
      Case{"{gateway: {port: '18789'}}",
           "c.json:1:18: gateway.port is the string \"18789\"; it must be a whole number from 0 to "
           "65535."},
      Case{"{gateway: {port: 65536}}",
           "c.json:1:18: gateway.port is the number 65536; it must be a whole number from 0 to "
           "65535."},
      Case{
          "{gateway: {port: -1}}",
          "c.json:1:18: gateway.port is the number -1; it must be a whole number from 0 to 65535."},
      Case{"{gateway: {port: 1.5}}",
           "c.json:1:18: gateway.port is the number 1.5; it must be a whole number from 0 to "
           "65535."},
      Case{"{gateway: {port: null}}",
           "c.json:1:18: gateway.port is null; it must be a whole number from 0 to 65535."},
      Case{"{gateway: 7}", "c.json:1:11: gateway is the number 7; it must be an object."},
      Case{"{gateway: []}", "c.json:1:11: gateway is a list; it must be an object."},
      Case{"[]", "c.json:1:1: the configuration is a list; it must be an object."},
      Case{"7", "c.json:1:1: the configuration is the number 7; it must be an object."},
      Case{"{gateway: {bind: 'world'}}",
           "c.json:1:18: gateway.bind is the string \"world\"; it must be loopback, lan, auto, "
           "tailnet or custom."},
      Case{"{gateway: {auth: {mode: 'trusted-proxy'}}}",
           "c.json:1:25: gateway.auth.mode is the string \"trusted-proxy\"; it must be token, "
           "password, pairing or none."},
      Case{"{gateway: {auth: true}}", "c.json:1:18: gateway.auth is true; it must be an object."},
      Case{
          "{gateway: {rate_limit: {burst: 0}}}",
          "c.json:1:32: gateway.rate_limit.burst is the number 0; it must be a whole number from 1 "
          "to 1000000."},
      Case{"{session: {resetTriggers: ['/new', 7]}}",
           "c.json:1:27: session.resetTriggers is a list; it must be a list of strings."},
      Case{"{session: {maintenance: {pruneAfter: 'soon'}}}",
           "c.json:1:38: session.maintenance.pruneAfter is the string \"soon\"; it must be a time "
           "such as \"30d\", \"12h\" or \"90m\", from 1 to 36500 days."},
      Case{
          "{channels: {x: {allowFrom: [{}]}}}",
          "c.json:1:28: channels.x.allowFrom is a list; it must be a list of ids (strings or whole "
          "numbers)."},
      Case{"{channels: {x: {enabled: 'yes'}}}",
           "c.json:1:26: channels.x.enabled is the string \"yes\"; it must be true or false."},
      Case{"{bindings: [{agentId: 7}]}",
           "c.json:1:23: bindings[0].agentId is the number 7; it must be a string."},
      Case{"{bindings: [7]}", "c.json:1:13: bindings[0] is the number 7; it must be an object."},
  };
  for (const Case& c : kCases)
    EXPECT_EQ(refusal(c.text), c.wanted) << c.text;
}

TEST_F(Gateway, EveryErrorIsListedAtOnce) {
  const std::string message = refusal("{gateway: {port: 'x', auth: {mode: 'y'}},\n session: 7}");
  EXPECT_EQ(std::ranges::count(message, '\n'), 2);
  EXPECT_THAT(message, HasSubstr("c.json:2:11: session is the number 7"));
}

TEST_F(Gateway, AnyFreePortCanBeAskedFor) {
  EXPECT_EQ(parsed("{gateway: {port: 0}}").port, 0);
}

TEST_F(Gateway, NumbersMayBeWrittenInAnyForm) {
  EXPECT_EQ(parsed("{gateway: {port: 0x4965}}").port, 18789);
  EXPECT_EQ(parsed("{gateway: {port: 1e4}}").port, 10000);
  EXPECT_EQ(parsed("{gateway: {port: +80.}}").port, 80);
}

TEST_F(Gateway, EnvironmentWinsOverTheFile) {
  test_env()["OPENCLAW_GATEWAY_PORT"] = "4321";
  test_env()["OPENCLAW_GATEWAY_TOKEN"] = "from-env";
  const Config config = parsed("{gateway: {port: 1, auth: {token: 'from-file'}}}");
  EXPECT_EQ(config.port, 4321);
  EXPECT_EQ(config.token, "from-env");
  test_env()["OPENCLAW_GATEWAY_PASSWORD"] = "word";
  EXPECT_EQ(parsed("{gateway: {auth: {mode: 'password'}}}").password, "word");
  test_env()["OPENCLAW_GATEWAY_PORT"] = "";
  EXPECT_EQ(parsed("{gateway: {port: 1}}").port, 1);
}

TEST_F(Gateway, PortInTheEnvironmentMustBeOne) {
  for (const char* bad : {"x", "80x", "-1", "65536", "1.5", " 80"}) {
    test_env()["OPENCLAW_GATEWAY_PORT"] = bad;
    EXPECT_THAT(refusal("{}"), StartsWith("The environment variable OPENCLAW_GATEWAY_PORT is \"" +
                                          std::string(bad) + "\"; it must be"));
  }
}

TEST_F(Gateway, SecretsMustNotBeEmpty) {
  EXPECT_THAT(refusal("{gateway: {auth: {token: ''}}}"),
              HasSubstr("gateway.auth.token is empty; write the secret, or take the key out."));
}

TEST_F(Gateway, PasswordModeNeedsAPassword) {
  EXPECT_THAT(refusal("{gateway: {auth: {mode: 'password'}}}"),
              HasSubstr("there is no gateway.auth.password"));
  EXPECT_EQ(parsed("{gateway: {auth: {password: 'p'}}}").auth_mode, AuthMode::password);
  EXPECT_EQ(parsed("{gateway: {auth: {token: 't'}}}").auth_mode, AuthMode::pairing);
}

TEST_F(Files, MissingOneMeansTheDefaults) {
  const Result<Config> config = load(dir_ / "none.json", test_getenv);
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->exists);
  EXPECT_EQ(config->raw, "");
  EXPECT_FALSE(config->hash);
  EXPECT_EQ(config->port, 18789);
  EXPECT_EQ(config->agents.size(), 1U);
  EXPECT_EQ(config->path, dir_ / "none.json");
}

TEST_F(Files, HashFollowsTheText) {
  const Config a = parsed("{}");
  EXPECT_TRUE(a.hash);
  EXPECT_EQ(a.hash, parsed("{}").hash);
  EXPECT_NE(a.hash, parsed("{ }").hash);
}

TEST_F(Files, DirectoryIsAnError) {
  const Result<Config> config = load(dir_, test_getenv);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr(dir_.string()));
}

TEST_F(Files, PathsComeFromTheEnvironment) {
  EXPECT_EQ(default_config_path(test_getenv), "/home/someone/.openclaw/openclaw.json");
  EXPECT_EQ(default_state_dir(test_getenv), "/home/someone/.openclaw/spine");
  test_env()["OPENCLAW_CONFIG_PATH"] = "/etc/o.json";
  test_env()["OPENCLAW_STATE_DIR"] = "~/state";
  EXPECT_EQ(default_config_path(test_getenv), "/etc/o.json");
  EXPECT_EQ(default_state_dir(test_getenv), "/home/someone/state/spine");
}

TEST_F(Files, ValidateListsErrorsAndWarnings) {
  const std::filesystem::path file = write("o.json", "{gateway: {port: 'x', colour: 1}}");
  const std::vector<Finding> findings = validate(file, test_getenv);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].severity, Severity::error);
  EXPECT_THAT(findings[0].text, StartsWith(file.string() + ":1:18: gateway.port is"));
  EXPECT_EQ(findings[1].severity, Severity::warning);
  write("o.json", "{");
  ASSERT_EQ(validate(file, test_getenv).size(), 1U);
  write("o.json", "{}");
  EXPECT_THAT(validate(file, test_getenv), IsEmpty());
}

TEST_F(Files, SettingsAreFoundByPath) {
  const Config config = parsed(R"({gateway: {auth: {token: "secret"}},
    bindings: [{agentId: "none", match: {channel: "x"}}]})");
  const auto get = [&](std::string_view path) {
    const Result<std::string> value = get_path(config, path);
    if (value) return *value;
    return value.error().code == Errc::not_found ? std::string{"not_found"} : value.error().message;
  };
  EXPECT_EQ(get("bindings.0.agentId"), "\"none\"");
  EXPECT_EQ(get("bindings[0].match"), R"({"channel":"x"})");
  EXPECT_EQ(get("bindings.1"), "not_found");
  EXPECT_EQ(get("gateway.auth.token"), "\"__OPENCLAW_REDACTED__\"");
  EXPECT_EQ(get("gateway.port"), "18789");
  EXPECT_EQ(get("session.dmScope"), "\"per-channel-peer\"");
  EXPECT_EQ(get("session.maintenance.pruneAfter"), "\"30d\"");
  EXPECT_EQ(get("session.resetTriggers"), R"(["/new","/reset"])");
  EXPECT_EQ(get("logging.level"), "\"info\"");
  EXPECT_EQ(get("gateway.nothing"), "not_found");
  EXPECT_THAT(get(""), StartsWith("{\"gateway\""));
}

TEST_F(Files, LoggingIsRead) {
  const Config config = parsed(
      "{logging: {level: 'debug', format: 'json', file: '~/x.log', maxFileBytes: 65536, maxFiles: "
      "2}}");
  EXPECT_EQ(config.log_level, LogLevel::debug);
  EXPECT_EQ(config.log_format, LogFormat::json);
  EXPECT_EQ(config.log_file, "/home/someone/x.log");
  EXPECT_EQ(config.log_file_bytes_max, 65536U);
  EXPECT_EQ(config.log_files_kept, 2U);
  EXPECT_EQ(parsed("{logging: {level: 'silent'}}").log_level, LogLevel::error);
  EXPECT_THAT(refusal("{logging: {file: 'here.log'}}"), HasSubstr("must be an absolute path"));
}

TEST_F(Files, CronNeedsScheduleAndAction) {
  EXPECT_THAT(refusal("{crons: {a: {schedule: '* * * * *'}}}"), HasSubstr("add action."));
  EXPECT_THAT(refusal("{crons: {a: {action: 'x'}}}"), HasSubstr("add schedule."));
}

}  // namespace
}  // namespace spine::config

// Tests of the tables of settings: setting.h, key_tree.h and rendered_settings.h.
#include <array>
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>

#include "engine/config/edit/changes.h"
#include "engine/config/edit/redact.h"
#include "engine/config/json5/json5.h"
#include "engine/config/settings/schema.h"
#include "engine/config/settings/setting.h"
#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Settings : public ConfigTest {
 protected:
  static std::string got(const Config& config, std::string_view path) {
    const Result<std::string> value = get_path(config, path);
    if (value) return *value;
    return value.error().code == Errc::not_found ? std::string{"not_found"} : value.error().message;
  }
};

// One of a table for the tests of rows alone.
constexpr Setting kScaled{"x.port", whole(1, 9, 10), in<&Config::port>};

TEST_F(Settings, RowsReachTheirMembers) {
  Config config;
  kScaled.member.put(&config, std::int64_t{50});
  EXPECT_EQ(config.port, 50);
  EXPECT_EQ(kScaled.member.get(&config), Value{std::int64_t{50}});
  EXPECT_EQ(show_value(kScaled.accepts, kScaled.member.get(&config)), "5");
  constexpr Member enabled = in<&Config::tls, &TlsConfig::enabled>;
  enabled.put(&config, std::int64_t{1});
  EXPECT_TRUE(config.tls.enabled);
  constexpr Member cert = in<&Config::tls, &TlsConfig::cert_path>;
  cert.put(&config, std::string{"/x"});
  EXPECT_EQ(cert.get(&config), Value{std::string{"/x"}});
  AgentConfig agent;
  constexpr Member skills = in<&AgentConfig::skills>;
  EXPECT_EQ(skills.get(&agent), Value{});
  skills.put(&agent, std::vector<std::string>{"a"});
  EXPECT_THAT(*agent.skills, ElementsAre("a"));
}

TEST_F(Settings, WhatIsAcceptedIsSaidInWords) {
  EXPECT_EQ(accepted(whole(1, 9)), "a whole number from 1 to 9");
  EXPECT_EQ(accepted(words("a", "b", "c")), "a, b or c");
  EXPECT_EQ(accepted(Type::model), "\"provider/model\", or an object with primary");
}

TEST_F(Settings, SecretsAreNeverShown) {
  EXPECT_EQ(show_value(Type::secret, std::string{"x"}), "\"__OPENCLAW_REDACTED__\"");
  EXPECT_EQ(show_value(Type::secret, std::string{}), "");
  EXPECT_EQ(show_value(Type::text, std::string{"x"}), "\"x\"");
  test_env()["OPENCLAW_GATEWAY_TOKEN"] = "from-env";
  EXPECT_EQ(got(parsed("{}"), "gateway.auth.token"), "\"__OPENCLAW_REDACTED__\"");
}

TEST_F(Settings, ValuesInForceAreFoundUnderTheNamesThatRepeat) {
  const Config config = parsed(R"({agents: {defaults: {spine: {memoryMb: 64}},
    entries: {main: {}}}, channels: {t: {}}, skills: {entries: {s: {enabled: false}}}})");
  EXPECT_EQ(got(config, "agents.entries.main.spine.memoryMb"), "64");
  EXPECT_EQ(got(config, "agents.entries.main.spine.onCrash"), "\"retry\"");
  EXPECT_EQ(got(config, "agents.entries.other.spine.memoryMb"), "not_found");
  EXPECT_EQ(got(config, "channels.t.dmPolicy"), "\"pairing\"");
  EXPECT_EQ(got(config, "session.reset.atHour"), "4");
  EXPECT_EQ(got(config, "gateway.bind"), "\"loopback\"");
  EXPECT_EQ(got(parsed("{gateway: {host: '127.0.0.2'}}"), "gateway.bind"), "\"127.0.0.2\"");
}

TEST_F(Settings, PathsAreTakenApartAsTheyAreShown) {
  const auto keys = parse_path("a.b[0][\"c.d\"].7");
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 5U);
  EXPECT_EQ((*keys)[1].text, "b");
  EXPECT_TRUE((*keys)[2].in_list);
  EXPECT_EQ((*keys)[3].text, "c.d");
  EXPECT_TRUE((*keys)[3].quoted);
  EXPECT_FALSE((*keys)[4].in_list);
  EXPECT_THAT(*parse_path(""), IsEmpty());
  for (const std::string_view bad : {"a..b", ".a", "a.", "a[\"b", "a[", "a[]"})
    EXPECT_EQ(parse_path(bad).error().code, Errc::invalid_argument) << bad;
}

TEST_F(Settings, NamesThatRepeatAreFoundInAnyCase) {
  Config config;
  config.channels.push_back({.name = "telegram"});
  EXPECT_EQ((named<&ChannelConfig::name, &Config::channels>(config, "Telegram")),
            config.channels.data());
  EXPECT_EQ((named<&ChannelConfig::name, &Config::channels>(config, "x")), nullptr);
}

TEST_F(Settings, SecretsAreToldByTheirNamesAndByTheirRows) {
  EXPECT_EQ(folded_key("BOT_to-ken"), "bottoken");
  constexpr std::array<std::string_view, 3> kPassword{"gateway", "remote", "password"};
  EXPECT_EQ(hidden_part(kPassword), Hidden::everything);
  constexpr std::array<std::string_view, 2> kPortPath{"gateway", "port"};
  EXPECT_EQ(hidden_part(kPortPath), Hidden::nothing);
}

TEST_F(Settings, EveryRowStandsInTheTreeOnce) {
  for (const SettingTable* table : all_tables()) {
    for (const Setting& setting : table->rows) {
      EXPECT_FALSE(setting.path.empty());
      EXPECT_EQ(setting.member.put == nullptr || setting.member.get != nullptr, true);
      if (setting.accepts.type != Type::integer) continue;
      EXPECT_LT(setting.accepts.least, setting.accepts.most) << setting.path;
    }
  }
  constexpr std::array<std::string_view, 3> kPath{"gateway", "auth", "mode"};
  const KeyEntry* entry = find_entry(kPath);
  ASSERT_NE(entry, nullptr);
  EXPECT_TRUE(entry->strict);
  EXPECT_TRUE(entry->is(Type::choice));
  constexpr std::array<std::string_view, 2> kUnknown{"gateway", "nothing"};
  EXPECT_EQ(find_entry(kUnknown), nullptr);
}

// What the defaults are is what the rows accept: else nobody could write them into a file.
TEST_F(Settings, DefaultsAreAccepted) {
  const Config defaults;
  for (const SettingTable* table : all_tables()) {
    if (!table->places.front().prefix.empty()) continue;
    for (const Setting& setting : table->rows) {
      if (setting.member.get == nullptr) continue;
      const Value value = setting.member.get(&defaults);
      const auto* number = std::get_if<std::int64_t>(&value);
      if (setting.accepts.type == Type::choice) {
        EXPECT_NE(show_value(setting.accepts, value), "") << setting.path;
      } else if (number != nullptr && setting.accepts.type == Type::integer) {
        EXPECT_GE(*number, setting.accepts.least * setting.accepts.unit) << setting.path;
        EXPECT_LE(*number, setting.accepts.most * setting.accepts.unit) << setting.path;
      }
    }
  }
}

TEST_F(Settings, ThoseThatWaitForAStartAreNamed) {
  const Config before = parsed("{}");
  EXPECT_THAT(waiting_for_start(before, before), IsEmpty());
  const Config after = parsed(
      "{gateway: {port: 1, auth: {mode: 'token', rateLimit: {maxAttempts: 3}},"
      " rate_limit: {burst: 2}}, session: {mainKey: 'x'}, logging: {level: 'debug', maxFiles: 1}}");
  EXPECT_THAT(waiting_for_start(before, after),
              ElementsAre("gateway.port", "gateway.auth.mode", "gateway.auth.rateLimit.maxAttempts",
                          "logging.maxFiles"));
}

TEST_F(Settings, AValueWithTwoSpellingsWaitsOnceUnderTheOneThatIsWritten) {
  const Config before = parsed("{}");
  EXPECT_THAT(waiting_for_start(before, parsed("{gateway: {host: '127.0.0.2'}}")),
              ElementsAre("gateway.host"));
  EXPECT_THAT(waiting_for_start(parsed("{gateway: {host: '127.0.0.2'}}"), before),
              ElementsAre("gateway.host"));
  constexpr std::string_view kBoth =
      "{gateway: {bind: 'custom', customBindHost: '127.0.0.2', host: '127.0.0.2'}}";
  EXPECT_THAT(waiting_for_start(before, parsed(kBoth)), ElementsAre("gateway.bind"));
  EXPECT_THAT(waiting_for_start(before, parsed("{gateway: {auth: {type: 'token'}}}")),
              ElementsAre("gateway.auth.type"));
}

TEST_F(Settings, SecretsAreKnownToTheLog) {
  const Config config = parsed("{gateway: {auth: {token: 't-1', password: 'p-1'}}}");
  EXPECT_THAT(secrets_of(config), ElementsAre("t-1", "p-1"));
}

TEST_F(Settings, TheJsonSchemaFollowsFromTheTables) {
  const std::string schema = json_schema();
  Document document;
  const Result<NodeId> root = parse_json5(document, schema, "schema");
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_THAT(schema, HasSubstr(R"("port":{"type":"integer","minimum":0,"maximum":65535,)"
                                R"("default":18789,"description":")"));
  EXPECT_THAT(schema, HasSubstr(R"("enum":["token","password","pairing","none"])"));
  EXPECT_THAT(schema, HasSubstr(R"("attemptsMax":{"type":"integer","minimum":1,"maximum":100,)"
                                R"("default":3,)"));
}

TEST_F(Settings, OnePathOfTheSchemaIsLookedUp) {
  const Result<std::string> port = look_up_schema("gateway.port");
  ASSERT_TRUE(port);
  EXPECT_THAT(*port, HasSubstr(R"("reloadKind":"restart","hint":"the TCP port)"));
  EXPECT_THAT(*look_up_schema("agents.entries.main.spine.driver"),
              HasSubstr(R"("reloadKind":"hot")"));
  EXPECT_THAT(*look_up_schema("hooks"), HasSubstr(R"("reloadKind":"none")"));
  EXPECT_THAT(*look_up_schema("logging"), HasSubstr(R"("children":["level",)"));
  EXPECT_EQ(look_up_schema("nothing.here").error().code, Errc::not_found);
}

// The page is written by the tables: run this test with SPINE_WRITE_PAGES=1 after a change of them.
TEST_F(Settings, ThePageForPeopleIsThatOfTheTables) {
  const std::filesystem::path path =
      std::filesystem::path(SPINE_SOURCE_DIR) / "engine/config/SETTINGS.md";
  if (std::getenv("SPINE_WRITE_PAGES") != nullptr) std::ofstream(path) << settings_page();
  std::ifstream file(path);
  const std::string page{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_TRUE(page == settings_page())
      << "SETTINGS.md is not what the tables say: SPINE_WRITE_PAGES=1 writes it.";
}

}  // namespace
}  // namespace spine::config

// Tests of engine/config/settings/gateway_config.h (admins) and of
// engine/config/source/environment.h.
#include <gmock/gmock.h>

#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Admins : public ConfigTest {};
class DotEnv : public ConfigTest {
 protected:
  void SetUp() override {
    ConfigTest::SetUp();
    test_env()["HOME"] = (dir_ / "home").string();
  }

  void write_env(const std::string& name, std::string_view text, unsigned mode = 0600) {
    std::filesystem::permissions(write(name, text), std::filesystem::perms{mode});
  }

  Result<Config> read(std::string_view text) { return parse(text, dir_ / "o.json", test_getenv); }

  // What ${NAME} became in the configuration.
  std::string filled(const std::string& text) {
    const Result<Config> config = read("{session: {mainKey: '" + text + "'}}");
    return config ? config->main_key : config.error().message;
  }
};

TEST_F(Admins, AreNamedByChannelAndId) {
  const Config config = parsed(
      "{gateway: {auth: {admin_channels: ['Telegram:123', 'telegram:123', 'matrix:@me:x.org']}}}");
  EXPECT_THAT(config.admins, ElementsAre("matrix:@me:x.org", "telegram:123"));
  EXPECT_THAT(config.warnings, IsEmpty());
  EXPECT_THAT(parsed("{commands: {ownerAllowFrom: [1]}}").admins, IsEmpty());
}

TEST_F(Admins, OfAChannelAloneAreItsOwners) {
  const Config config = parsed(
      "{gateway: {auth: {admin_channels: ['telegram', 'discord']}},"
      " commands: {ownerAllowFrom: ['telegram:1', 2, 'discord:3', 'slack:4']}}");
  EXPECT_THAT(config.admins, ElementsAre("discord:2", "discord:3", "telegram:1", "telegram:2"));
  EXPECT_THAT(warnings("{gateway: {auth: {admin_channels: ['x']}}}"), HasSubstr("has no admin"));
}

TEST_F(Admins, NamesThatCanBeTakenByOthersAreRefused) {
  for (const char* bad : {"telegram:@me", "discord:me#1234", "telegram:a b"}) {
    EXPECT_THAT(refusal("{gateway: {auth: {admin_channels: ['" + std::string(bad) + "']}}}"),
                HasSubstr("names can be changed and then taken by somebody else"))
        << bad;
  }
  EXPECT_THAT(refusal("{gateway: {auth: {admin_channels: ['telegram']}},"
                      " commands: {ownerAllowFrom: ['@me']}}"),
              HasSubstr("commands.ownerAllowFrom has \"@me\""));
  EXPECT_THAT(refusal("{gateway: {auth: {admin_channels: ['telegram:*']}}}"),
              HasSubstr("everybody would be an admin"));
  for (const char* bad : {"", ":1", "telegram:", "@me"}) {
    EXPECT_THAT(refusal("{gateway: {auth: {admin_channels: ['" + std::string(bad) + "']}}}"),
                HasSubstr("gateway.auth.admin_channels has"))
        << bad;
  }
}

TEST_F(DotEnv, LinesAreRead) {
  write_env(
      ".env",
      "# comment\n\nA=plain # not this\nexport B = 'single $x \\n'  # c\nC=\"a\\\"b\\\\c\"\r\n"
      "D=x#y\nE=\n");
  EXPECT_EQ(filled("${A}"), "plain");
  EXPECT_EQ(filled("${B}"), "single $x \\n");
  EXPECT_EQ(filled("${C}"), "a\"b\\c");
  EXPECT_EQ(filled("${D}"), "x#y");
  EXPECT_EQ(filled("${E}"), "${e}");
}

TEST_F(DotEnv, ProcessComesFirstThenTheFolderThenHome) {
  write_env(".env", "A=folder\nB=folder\n");
  write_env("home/.openclaw/.env", "A=home\nB=home\nC=home\n");
  test_env()["A"] = "process";
  EXPECT_EQ(filled("${A} ${B} ${C}"), "process folder home");
}

TEST_F(DotEnv, FeedsTheSecretsOfTheGateway) {
  write_env(".env", "OPENCLAW_GATEWAY_TOKEN=t\nOPENCLAW_GATEWAY_PASSWORD=p\nHOME=/elsewhere\n");
  const Result<Config> config = read("{logging: {file: '~/x'}}");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->token, "t");
  EXPECT_EQ(config->password, "p");
  EXPECT_EQ(config->log_file, (dir_ / "home/x").string());
}

TEST_F(DotEnv, BadLinesAreNumberedAndNotShown) {
  write_env(".env", "A=1\nsecret\n1X=secret\nB='secret\nC=\"secret\" secret\n");
  const Result<Config> config = read("{}");
  ASSERT_TRUE(config);
  ASSERT_EQ(config->warnings.size(), 4U);
  for (const std::string& warning : config->warnings)
    EXPECT_THAT(warning, Not(HasSubstr("secret")));
  EXPECT_THAT(config->warnings[0], HasSubstr(".env:2: this line is not KEY=VALUE"));
}

TEST_F(DotEnv, ModeAndSizeAreChecked) {
  write_env(".env", "A=1\n", 0644);
  ASSERT_TRUE(read("{}"));
  EXPECT_THAT(read("{}")->warnings[0], HasSubstr("can be read by others"));
  write_env(".env", "A=1\n", 0620);
  ASSERT_FALSE(read("{}"));
  EXPECT_THAT(read("{}").error().message, HasSubstr("can be changed by others"));
  write_env(".env", std::string(300'000, '#'), 0600);
  ASSERT_FALSE(read("{}"));
  EXPECT_THAT(read("{}").error().message, HasSubstr("make it smaller"));
}

}  // namespace
}  // namespace spine::config

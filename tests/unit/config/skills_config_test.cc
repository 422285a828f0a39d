// Tests of the skills section.
#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

class SkillsSection : public ConfigTest {};

TEST_F(SkillsSection, WithoutItTheDefaultsHold) {
  const SkillsConfig skills = parsed("{}").skills;
  EXPECT_TRUE(skills.watch);
  EXPECT_EQ(skills.debounce_ms, 250U);
  EXPECT_TRUE(skills.extra_dirs.empty() && skills.entries.empty());
}

TEST_F(SkillsSection, FoldersBecomeAbsoluteAtHomeAndBesideTheFile) {
  const SkillsConfig skills = parsed(R"({skills: {load: {extraDirs: ["~/a", "/b/../c", "d"],
      allowSymlinkTargets: ["/repo"], watch: false, watchDebounceMs: 20}}})")
                                  .skills;
  ASSERT_EQ(skills.extra_dirs.size(), 3U);
  EXPECT_EQ(skills.extra_dirs[0], "/home/someone/a");
  EXPECT_EQ(skills.extra_dirs[1], "/c");
  EXPECT_TRUE(skills.extra_dirs[2].starts_with('/') && skills.extra_dirs[2].ends_with("/d"));
  EXPECT_EQ(skills.allow_symlinks, std::vector<std::string>{"/repo"});
  EXPECT_FALSE(skills.watch);
  EXPECT_EQ(skills.debounce_ms, 20U);
}

TEST_F(SkillsSection, EntriesHaveASwitchAKeyAndVariables) {
  test_env()["SECRET"] = "s3";
  const Config config = parsed(R"({skills: {entries: {
      weather: {enabled: false},
      mail: {apiKey: "${SECRET}", env: {MAIL_HOST: "h", MAIL_PORT: "25"}, config: {any: [1]}}}}})");
  ASSERT_EQ(config.skills.entries.size(), 2U);
  EXPECT_EQ(config.skills.entries[0].enabled, false);
  const SkillEntryConfig& mail = config.skills.entries[1];
  EXPECT_EQ(mail.name, "mail");
  EXPECT_FALSE(mail.enabled.has_value());
  EXPECT_EQ(mail.api_key, "s3");
  ASSERT_EQ(mail.env.size(), 2U);
  EXPECT_EQ(mail.env[1].second, "25");
  EXPECT_EQ(config.redacted_json.find("s3"), std::string::npos);
  EXPECT_EQ(config.redacted_json.find("\"25\""), std::string::npos) << "variables are secrets";
}

TEST_F(SkillsSection, WhatIsWrongIsRefusedWithItsKey) {
  EXPECT_NE(refusal("{skills: {load: {watch: 1}}}").find("skills.load.watch"), std::string::npos);
  EXPECT_NE(refusal("{skills: {load: {extraDirs: \"/a\"}}}").find("extraDirs"), std::string::npos);
  EXPECT_NE(refusal("{skills: {load: {extraDirs: [\"\"]}}}").find("no name"), std::string::npos);
  EXPECT_NE(refusal("{skills: {entries: {a: {env: {\"A=B\": \"c\"}}}}}").find("A=B"),
            std::string::npos);
}

TEST_F(SkillsSection, WhatOpenClawHasAndSpineDoesNotUseIsWarnedOf) {
  const std::string text = warnings(R"({skills: {install: {nodeManager: "npm"}, allowBundled: ["a"],
      entries: {a: {apiKey: {source: "env", id: "X"}}}}})");
  EXPECT_NE(text.find("skills.install"), std::string::npos) << text;
  EXPECT_NE(text.find("skills.allowBundled"), std::string::npos) << text;
  EXPECT_NE(text.find("skills.entries.a.apiKey"), std::string::npos) << text;
}

}  // namespace
}  // namespace spine::config

// channels.<name>.command and how what is sent is dealt with; channels that are not served here.
#include <gmock/gmock.h>

#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class ChannelPrograms : public ConfigTest {};

TEST_F(ChannelPrograms, AreReadWithWhatIsRecordedOfDeliveries) {
  const Config config = parsed(R"({channels: {Shell: {command: ["python3", "/a/b.py"],
    env: {A_TOKEN: "x"}, cwd: "/a", delivery: "at-least-once", deliveryTtlSeconds: 60}, y: {}}})");
  EXPECT_EQ(config.warnings, std::vector<std::string>{});
  const ChannelConfig& shell = config.channels[0];
  EXPECT_EQ(shell.name, "shell");
  EXPECT_THAT(shell.program.command, ElementsAre("python3", "/a/b.py"));
  EXPECT_THAT(shell.program.env, ElementsAre(Pair("A_TOKEN", "x")));
  EXPECT_EQ(shell.program.cwd, "/a");
  flatbuffers::FlatBufferBuilder builder;
  build_policy(config, builder);
  const auto* applied = flatbuffers::GetRoot<fb::ConfigApplied>(builder.GetBufferPointer());
  EXPECT_EQ(applied->channels()->Get(0)->delivery_ttl_ms(), 60'000U);
  EXPECT_TRUE(applied->channels()->Get(0)->at_least_once());
  EXPECT_EQ(applied->channels()->Get(1)->delivery_ttl_ms(), 3'600'000U);
  EXPECT_FALSE(applied->channels()->Get(1)->at_least_once());
  EXPECT_THAT(config.redacted_json, ::testing::Not(HasSubstr("\"x\"")));
}

TEST_F(ChannelPrograms, ThatCannotBeStartedAreRefused) {
  EXPECT_THAT(refusal("{channels: {x: {command: []}}}"), HasSubstr("names no program"));
  EXPECT_THAT(refusal("{channels: {x: {command: 'python3 a.py'}}}"), HasSubstr("list"));
  EXPECT_THAT(refusal("{channels: {'a/b': {command: ['x']}}}"), HasSubstr("letters, digits"));
  EXPECT_THAT(refusal("{channels: {'..': {command: ['x']}}}"), HasSubstr("letters, digits"));
  EXPECT_THAT(refusal("{channels: {x: {delivery: 'twice'}}}"), HasSubstr("at-most-once"));
  EXPECT_THAT(refusal("{channels: {x: {deliveryTtlSeconds: 0}}}"), HasSubstr("1 to 604800"));
}

TEST_F(ChannelPrograms, WhatIsNotServedIsSaidBeforeAllElse) {
  constexpr std::string_view kSlack =
      "c.json:2:20: slack: not served here: this version has no adapter for it, so nobody is heard "
      "on it unless a bridge hands its messages in. All else goes on.\n";
  EXPECT_EQ(warnings("{models: {a: 1},\n channels: {slack: {botToken: 'x'}, 'my-bridge': {}}}"),
            std::string(kSlack) + "c.json:1:2: models has no effect in this version.\n");
  EXPECT_EQ(warnings("{channels: {slack: {botToken: 'x', enabled: false}}}"), "");
  EXPECT_EQ(warnings("{channels: {slack: {command: ['x']}}}"), "");
}

}  // namespace
}  // namespace spine::config

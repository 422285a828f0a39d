// channels.<name>.groups and groupPolicy: who may speak in a room of many, and what is recorded of
// it.
#include <gmock/gmock.h>

#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Groups : public ConfigTest {
 protected:
  static const fb::ConfigApplied* applied(const Config& config,
                                          flatbuffers::FlatBufferBuilder& builder) {
    build_policy(config, builder);
    flatbuffers::Verifier verifier(builder.GetBufferPointer(), builder.GetSize());
    EXPECT_TRUE(verifier.VerifyBuffer<fb::ConfigApplied>(nullptr));
    return flatbuffers::GetRoot<fb::ConfigApplied>(builder.GetBufferPointer());
  }
};

TEST_F(Groups, AreForThoseOnAListWhereNothingIsSaid) {
  const Config config = parsed("{channels: {x: {}, y: {groupPolicy: 'open'}}}");
  EXPECT_EQ(config.channels[0].group_policy, fb::DmPolicy::allowlist);
  EXPECT_EQ(config.channels[1].group_policy, fb::DmPolicy::open);
  EXPECT_THAT(config.warnings, IsEmpty());
  EXPECT_EQ(parsed("{}").default_group_policy, fb::DmPolicy::allowlist);
  EXPECT_EQ(ChannelConfig{}.group_policy, fb::DmPolicy::allowlist);
}

TEST_F(Groups, EntriesAreReadAndTakeOverWhatTheStarSaysOfMentions) {
  const Config config = parsed(R"({channels: {telegram: {allowFrom: ["1"], groups: {
    "*": {requireMention: true, allowFrom: ["9"]},
    "telegram:-100": {requireMention: false, groupPolicy: "open"},
    "-200": {enabled: false}, "-300": {allow: false}, "-400": {allowFrom: [7, "telegram:8"]}}}}})");
  const auto& groups = config.channels[0].groups;
  ASSERT_EQ(groups.size(), 5U);
  EXPECT_EQ(groups[0].id, "*");
  EXPECT_TRUE(groups[0].require_mention);
  EXPECT_EQ(groups[1].id, "-100");
  EXPECT_FALSE(groups[1].require_mention);
  EXPECT_EQ(groups[1].policy, fb::DmPolicy::open);
  EXPECT_FALSE(groups[1].allow_from) << "a list of the star is for those that are not named";
  EXPECT_FALSE(groups[2].enabled);
  EXPECT_TRUE(groups[2].require_mention);
  EXPECT_FALSE(groups[3].enabled);
  ASSERT_TRUE(groups[4].allow_from);
  EXPECT_THAT(*groups[4].allow_from, ElementsAre("7", "8"));
  EXPECT_EQ(groups[4].policy, std::nullopt);
}

TEST_F(Groups, OfTheOnlyAccountCountAndDifferentOnesAreRefused) {
  const Config config =
      parsed("{channels: {t: {allowFrom: ['1'], accounts: {me: {groups: {g: {}}}}}}}");
  ASSERT_EQ(config.channels[0].groups.size(), 1U);
  EXPECT_THAT(refusal("{channels: {t: {groups: {g: {}}, accounts: {me: {groups: {h: {}}}}}}}"),
              HasSubstr("channels.t.accounts.me.groups differs from channels.t.groups"));
}

TEST_F(Groups, AChannelMaySayItOfAllOfThem) {
  const Config config = parsed(
      "{channels: {t: {groupPolicy: 'open', requireMention: true}, u: {allowFrom: ['1'], "
      "requireMention: true, groups: {g: {}, h: {requireMention: false}}}}}");
  ASSERT_EQ(config.channels[0].groups.size(), 1U);
  EXPECT_EQ(config.channels[0].groups[0].id, "*");
  EXPECT_TRUE(config.channels[0].groups[0].require_mention);
  EXPECT_TRUE(config.channels[1].groups[0].require_mention);
  EXPECT_FALSE(config.channels[1].groups[1].require_mention);
}

TEST_F(Groups, WhatCannotBeKeptIsRefused) {
  for (const Case& one : {
           Case{"{channels: {t: {groups: {g: {topics: {'5': {allowFrom: ['1']}}}}}}}",
                "channels.t.groups.g.topics.5.allowFrom cannot be kept"},
           Case{"{channels: {t: {groups: {g: {topics: {'5': {enabled: false}}}}}}}",
                "cannot be kept"},
           Case{"{channels: {t: {groups: {g: {requireMentions: true}}}}}",
                "did you mean requireMention"},
           Case{"{channels: {t: {groups: {g: {groupPolicy: 'pairing'}}}}}",
                "must be open, allowlist or disabled"},
           Case{"{channels: {t: {groups: {g: {requireMention: 'yes'}}}}}", "must be true or false"},
           Case{"{channels: {t: {groups: ['g']}}}", "must be an object"},
           Case{"{channels: {'*': {}}}", "channels.defaults speaks of every other one"},
       }) {
    EXPECT_THAT(refusal(one.text), HasSubstr(std::string{one.wanted}));
  }
}

TEST_F(Groups, ToolsOfAGroupAreKeptWhereWordsOfGroupsGetNoneOrAreRefused) {
  const std::string group =
      "channels: {t: {groupPolicy: 'open', groups: {g: {tools: {deny: ['x']}}}}}";
  EXPECT_EQ(warnings("{" + group + "}"), "");
  EXPECT_THAT(
      refusal("{agents: {list: [{id: 'a', spine: {untrustedTools: ['read']}}]}, " + group + "}"),
      HasSubstr("channels.t.groups.g.tools cannot be kept"));
}

TEST_F(Groups, AListThatLetsNobodyInIsToldOf) {
  EXPECT_THAT(warnings("{channels: {t: {groupPolicy: 'allowlist'}}}"),
              HasSubstr("every message in a group is refused"));
  EXPECT_THAT(warnings("{channels: {t: {groups: {g: {}}}}}"), HasSubstr("as nothing else is said"));
  EXPECT_EQ(warnings("{channels: {t: {groups: {g: {groupPolicy: 'open'}}}}}"), "");
  EXPECT_EQ(warnings("{channels: {t: {groupPolicy: 'allowlist', groupAllowFrom: ['1']}}}"), "");
}

TEST_F(Groups, AreRecordedButNotOfAChannelThatIsOff) {
  flatbuffers::FlatBufferBuilder builder;
  const auto* table = applied(
      parsed(
          "{channels: {t: {groups: {g: {groupPolicy: 'open', requireMention: true}, h: {enabled: "
          "false, allowFrom: ['1']}}}, off: {enabled: false, groups: {g: {groupPolicy: 'open'}}}, "
          "u: {}}}"),
      builder);
  const auto* groups = table->channels()->Get(0)->groups();
  ASSERT_NE(groups, nullptr);
  ASSERT_EQ(groups->size(), 2U);
  EXPECT_EQ(groups->Get(0)->id()->str(), "g");
  EXPECT_TRUE(groups->Get(0)->has_policy());
  EXPECT_EQ(groups->Get(0)->policy(), fb::DmPolicy::open);
  EXPECT_TRUE(groups->Get(0)->require_mention());
  EXPECT_EQ(groups->Get(0)->allow_from(), nullptr);
  EXPECT_TRUE(groups->Get(1)->disabled());
  EXPECT_FALSE(groups->Get(1)->has_policy());
  EXPECT_EQ(groups->Get(1)->allow_from()->Get(0)->str(), "1");
  EXPECT_EQ(table->channels()->Get(1)->groups(), nullptr);
  EXPECT_EQ(table->channels()->Get(1)->group_policy(), fb::DmPolicy::disabled);
  EXPECT_EQ(table->channels()->Get(2)->groups(), nullptr);
}

TEST_F(Groups, OfChannelsThatAreNotNamedAreRecordedWhereTheyDifferFromDirectMessages) {
  flatbuffers::FlatBufferBuilder builder;
  const auto* table = applied(parsed("{channels: {defaults: {dmPolicy: 'open'}}}"), builder);
  ASSERT_EQ(table->channels()->size(), 1U);
  EXPECT_EQ(table->channels()->Get(0)->name()->str(), "*");
  EXPECT_EQ(table->channels()->Get(0)->group_policy(), fb::DmPolicy::allowlist);
  builder.Clear();
  table = applied(parsed("{channels: {defaults: {groupPolicy: 'open'}}}"), builder);
  EXPECT_EQ(table->channels()->Get(0)->group_policy(), fb::DmPolicy::open);
  builder.Clear();
  EXPECT_EQ(applied(parsed("{}"), builder)->channels()->size(), 0U);
}

}  // namespace
}  // namespace spine::config

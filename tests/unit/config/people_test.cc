// Tests of sessions, agents, bindings and channel policies, and of the table that decides.
#include <gmock/gmock.h>

#include "tests/unit/config/support.h"

#include "event_generated.h"

namespace spine::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Session : public ConfigTest {};
class Agents : public ConfigTest {};
class Channels : public ConfigTest {};
class Policy : public ConfigTest {};

TEST_F(Session, DefaultsKeepPeopleApart) {
  const Config config = parsed("{}");
  EXPECT_EQ(config.dm_scope, fb::DmScope::per_channel_peer);
  EXPECT_FALSE(config.group_scope_main);
  EXPECT_FALSE(config.reset_direct.daily);
  EXPECT_EQ(config.reset_direct.idle_minutes, 0U);
  EXPECT_THAT(config.reset_triggers, ElementsAre("/new", "/reset"));
  EXPECT_EQ(config.session_idle_days, 30U);
  EXPECT_EQ(config.main_key, "main");
}

TEST_F(Session, ScopesAreRead) {
  EXPECT_EQ(parsed("{session: {dmScope: 'main'}}").dm_scope, fb::DmScope::main);
  EXPECT_EQ(parsed("{session: {dmScope: 'per-peer'}}").dm_scope, fb::DmScope::per_peer);
  EXPECT_EQ(parsed("{session: {dmScope: 'per-account-channel-peer'}}").dm_scope,
            fb::DmScope::per_account_channel_peer);
  EXPECT_TRUE(parsed("{session: {groupScope: 'main'}}").group_scope_main);
  EXPECT_THAT(warnings("{session: {scope: 'global'}}"), HasSubstr("has no effect"));
}

TEST_F(Session, ResetsAreReadPerType) {
  const Config config = parsed(R"({session: {
    reset: {mode: "daily", atHour: 5},
    resetByType: {group: {mode: "idle", idleMinutes: 90}, thread: {mode: "none"},
                  direct: {mode: "daily", idleMinutes: 30}}}})");
  EXPECT_TRUE(config.reset_direct.daily);
  EXPECT_EQ(config.reset_direct.at_hour, 5);
  EXPECT_EQ(config.reset_direct.idle_minutes, 30U);
  EXPECT_FALSE(config.reset_group.daily);
  EXPECT_EQ(config.reset_group.idle_minutes, 90U);
  EXPECT_FALSE(config.reset_thread.daily);
  EXPECT_EQ(config.reset_thread.idle_minutes, 0U);
}

TEST_F(Session, OlderSpellingsOfResetAreRead) {
  const Config config = parsed("{session: {idleMinutes: 60, resetByType: {dm: {idleMinutes: 5}}}}");
  EXPECT_EQ(config.reset_direct.idle_minutes, 5U);
  EXPECT_EQ(config.reset_group.idle_minutes, 60U);
  EXPECT_THAT(refusal("{session: {resetByType: {dm: {}, direct: {}}}}"),
              HasSubstr("which mean the same"));
  EXPECT_THAT(refusal("{session: {reset: {mode: 'idle'}}}"), HasSubstr("needs idleMinutes"));
}

TEST_F(Session, PruneAfterBecomesWholeDays) {
  const auto days = [&](std::string_view after) {
    return parsed("{session: {maintenance: {pruneAfter: " + std::string(after) + "}}}")
        .session_idle_days;
  };
  EXPECT_EQ(days("'7d'"), 7U);
  EXPECT_EQ(days("'2w'"), 14U);
  EXPECT_EQ(days("45"), 45U);
  EXPECT_EQ(days("'1d12h'"), 2U);
  EXPECT_EQ(days("'90m'"), 1U);
  EXPECT_THAT(refusal("{session: {maintenance: {pruneAfter: '0d'}}}"), HasSubstr("from 1 to"));
  EXPECT_THAT(refusal("{session: {maintenance: {pruneAfter: '3d', pruneDays: 4}}}"),
              HasSubstr("but session.maintenance.pruneDays is the number 4"));
}

TEST_F(Agents, WithoutAnyThereIsMainWithTheEcho) {
  const Config config = parsed("{}");
  ASSERT_EQ(config.agents.size(), 1U);
  EXPECT_EQ(config.agents[0].id, "main");
  EXPECT_EQ(config.agents[0].name, "Main");
  EXPECT_EQ(config.agents[0].model_primary, "spine/echo");
  EXPECT_EQ(config.default_agent, "main");
}

TEST_F(Agents, EntriesAndListAreRead) {
  const Config config = parsed(R"({agents: {
    defaults: {model: "a/b", workspace: "/w"},
    entries: {Main: {identity: {name: "Clawd", emoji: "C"}}, helper: {model: {primary: "c/d"}}},
    list: [{id: "third", default: true, name: "Third", workspace: "/t"}]}})");
  ASSERT_EQ(config.agents.size(), 3U);
  EXPECT_EQ(config.agents[0].id, "main");
  EXPECT_EQ(config.agents[0].name, "Clawd");
  EXPECT_EQ(config.agents[0].emoji, "C");
  EXPECT_EQ(config.agents[0].model_primary, "a/b");
  EXPECT_EQ(config.agents[0].workspace, "/w");
  EXPECT_EQ(config.agents[1].model_primary, "c/d");
  EXPECT_EQ(config.agents[1].name, "helper");
  EXPECT_EQ(config.agents[2].workspace, "/t");
  EXPECT_EQ(config.default_agent, "third");
}

TEST_F(Agents, TheEchoAgentsDelayIsReadAndInherited) {
  const Config config = parsed(R"({agents: {defaults: {spine: {delayMs: 20}},
    entries: {main: {}, slow: {spine: {delayMs: 3000}}}}})");
  EXPECT_EQ(config.agents[0].echo_delay_ms, 20U);
  EXPECT_EQ(config.agents[1].echo_delay_ms, 3000U);
}

TEST_F(Agents, FirstIsTheDefaultWhenNoneIsMarked) {
  EXPECT_EQ(parsed("{agents: {list: [{id: 'b'}, {id: 'a'}]}}").default_agent, "b");
  EXPECT_THAT(warnings("{agents: {list: [{id: 'b', default: true}, {id: 'a', default: true}]}}"),
              HasSubstr("a second default agent; b (c.json:1:37) stays"));
}

TEST_F(Agents, BadIdsAreRefused) {
  EXPECT_THAT(refusal("{agents: {list: [{id: 'a b'}]}}"), HasSubstr("cannot be an agent's id"));
  EXPECT_THAT(refusal("{agents: {list: [{id: 'a:b'}]}}"), HasSubstr("cannot be an agent's id"));
  EXPECT_THAT(refusal("{agents: {list: [{id: 'none'}]}}"), HasSubstr("it means no agent"));
  EXPECT_THAT(refusal("{agents: {list: [{name: 'x'}]}}"), HasSubstr("has no id"));
  EXPECT_THAT(refusal("{agents: {list: [{id: 'a'}, {id: 'A'}]}}"),
              HasSubstr("two agents with the id a"));
  EXPECT_THAT(refusal("{agents: {entries: {a: {id: 'b'}}}}"), HasSubstr("keep one"));
}

TEST_F(Agents, BindingsAreRead) {
  const Config config = parsed(R"({bindings: [
    {agentId: "none", match: {channel: "Bench"}},
    {agentId: "MAIN", match: {channel: "telegram", accountId: "work",
                              peer: {kind: "dm", id: 123456789012345678}}},
    {agentId: "main", match: {channel: "telegram", accountId: "*", peer: {kind: "group", id: "*"}}},
  ]})");
  ASSERT_EQ(config.bindings.size(), 3U);
  EXPECT_EQ(config.bindings[0].agent_id, "none");
  EXPECT_EQ(config.bindings[0].channel, "bench");
  EXPECT_FALSE(config.bindings[0].has_peer);
  EXPECT_EQ(config.bindings[1].agent_id, "main");
  EXPECT_EQ(config.bindings[1].account, "work");
  EXPECT_TRUE(config.bindings[1].has_peer);
  EXPECT_EQ(config.bindings[1].peer_kind, fb::ConversationKind::direct);
  EXPECT_EQ(config.bindings[1].peer_id, "123456789012345678");
  EXPECT_EQ(config.bindings[2].account, "");
  EXPECT_EQ(config.bindings[2].peer_kind, fb::ConversationKind::group);
  EXPECT_EQ(config.bindings[2].peer_id, "*");
}

TEST_F(Agents, BindingsThatCannotBeKeptAreNotWidened) {
  EXPECT_THAT(refusal("{bindings: [{agentId: 'x', match: {channel: 'y'}}]}"),
              HasSubstr("there is no agent x"));
  EXPECT_THAT(refusal("{bindings: [{agentId: 'main'}]}"),
              HasSubstr("needs agentId and match.channel"));
  EXPECT_THAT(refusal("{bindings: [{agentId: 'main', match: {channel: 'y', peer: {id: 1}}}]}"),
              HasSubstr("match.peer needs kind"));
  const Config config =
      parsed("{bindings: [{agentId: 'main', match: {channel: 'discord', guildId: '1'}}]}");
  EXPECT_THAT(config.bindings, IsEmpty());
  ASSERT_EQ(config.warnings.size(), 1U);
  EXPECT_THAT(config.warnings[0], HasSubstr("the whole binding is left out"));
}

TEST_F(Channels, PoliciesAreRead) {
  const Config config = parsed(R"({channels: {
    a: {dmPolicy: "allowlist", allowFrom: [12, "a:7", "x"]},
    b: {dmPolicy: "disabled", groupPolicy: "disabled", enabled: false},
    c: {dmPolicy: "open"},
    D: {}}})");
  ASSERT_EQ(config.channels.size(), 4U);
  EXPECT_EQ(config.channels[0].dm_policy, fb::DmPolicy::allowlist);
  EXPECT_THAT(config.channels[0].allow_from, ElementsAre("12", "7", "x"));
  EXPECT_EQ(config.channels[1].dm_policy, fb::DmPolicy::disabled);
  EXPECT_EQ(config.channels[1].group_policy, fb::DmPolicy::disabled);
  EXPECT_FALSE(config.channels[1].enabled);
  EXPECT_EQ(config.channels[2].dm_policy, fb::DmPolicy::open);
  EXPECT_EQ(config.channels[3].name, "d");
}

TEST_F(Channels, UnknownSendersHaveToBePairedUnlessSomethingElseIsSaid) {
  EXPECT_EQ(parsed("{}").default_dm_policy, fb::DmPolicy::pairing);
  const Config config = parsed("{channels: {telegram: {allowFrom: ['7']}, x: {}}}");
  EXPECT_EQ(config.channels[0].dm_policy, fb::DmPolicy::pairing);
  EXPECT_EQ(config.channels[1].dm_policy, fb::DmPolicy::pairing);
  EXPECT_THAT(config.warnings, IsEmpty());
  EXPECT_THAT(parsed("{channels: {x: {dmPolicy: 'pairing'}}}").warnings, IsEmpty());
}

TEST_F(Channels, OpenWithoutTheStarIsTakenWithAWarning) {
  EXPECT_THAT(warnings("{channels: {x: {dmPolicy: 'open'}}}"),
              HasSubstr("channels.x.allowFrom does not have \"*\": OpenClaw refuses this; here "
                        "everybody may write. Add"));
  EXPECT_THAT(warnings("{channels: {x: {dmPolicy: 'open', allowFrom: ['7']}}}"),
              HasSubstr("those not listed too"));
  EXPECT_EQ(warnings("{channels: {x: {dmPolicy: 'open', allowFrom: ['*']}}}"), "");
}

TEST_F(Channels, DefaultsApply) {
  const Config config = parsed(
      "{channels: {defaults: {dmPolicy: 'disabled', groupPolicy: 'allowlist'}, x: {}, "
      "y: {dmPolicy: 'open'}}}");
  EXPECT_EQ(config.default_dm_policy, fb::DmPolicy::disabled);
  ASSERT_EQ(config.channels.size(), 2U);
  EXPECT_EQ(config.channels[0].dm_policy, fb::DmPolicy::disabled);
  EXPECT_EQ(config.channels[0].group_policy, fb::DmPolicy::allowlist);
  EXPECT_EQ(config.channels[1].dm_policy, fb::DmPolicy::open);
}

TEST_F(Channels, ListWithoutPolicyMeansAllowlistWhereTheDefaultIsOpen) {
  const Config config = parsed(
      "{channels: {defaults: {dmPolicy: 'open'}, x: {allowFrom: ['7']}, y: {allowFrom: ['*']}}}");
  EXPECT_EQ(config.channels[0].dm_policy, fb::DmPolicy::allowlist);
  EXPECT_EQ(config.warnings.size(), 1U);
  EXPECT_EQ(config.channels[1].dm_policy, fb::DmPolicy::open);
}

TEST_F(Channels, OlderDmObjectIsRead) {
  const Config config =
      parsed("{channels: {discord: {dm: {policy: 'allowlist', allowFrom: ['7']}}}}");
  EXPECT_EQ(config.channels[0].dm_policy, fb::DmPolicy::allowlist);
  EXPECT_THAT(config.channels[0].allow_from, ElementsAre("7"));
  EXPECT_EQ(parsed("{channels: {discord: {dm: {enabled: false}}}}").channels[0].dm_policy,
            fb::DmPolicy::disabled);
}

TEST_F(Channels, PolicyOfTheOnlyAccountCounts) {
  const Config config = parsed(
      "{channels: {t: {accounts: {me: {dmPolicy: 'allowlist', allowFrom: ['7'], botToken: "
      "'x'}}}}}");
  EXPECT_EQ(config.channels[0].dm_policy, fb::DmPolicy::allowlist);
  EXPECT_THAT(config.channels[0].allow_from, ElementsAre("7"));
}

TEST_F(Channels, PoliciesThatDifferAreRefused) {
  EXPECT_EQ(
      refusal("{channels: {t: {dmPolicy: 'open',\n accounts: {me: {dmPolicy: 'disabled'}}}}}"),
      "c.json:2:28: channels.t.accounts.me.dmPolicy differs from channels.t.dmPolicy "
      "(c.json:1:27); this version keeps one policy per channel, so they must be equal.");
  EXPECT_THAT(refusal("{channels: {t: {dmPolicy: 'open', dm: {policy: 'disabled'}}}}"),
              HasSubstr("channels.t.dm.policy differs from channels.t.dmPolicy"));
  EXPECT_THAT(refusal("{channels: {t: {dmPolicy: 'open '}}}"),
              HasSubstr("it must be open, allowlist, disabled or pairing."));
}

TEST_F(Channels, GroupsMayHaveAListOfTheirOwn) {
  const Config config = parsed(
      "{channels: {t: {dmPolicy: 'allowlist', allowFrom: ['1'], groupPolicy: 'allowlist', "
      "groupAllowFrom: ['2']}}}");
  EXPECT_THAT(config.channels[0].allow_from, ElementsAre("1"));
  ASSERT_TRUE(config.channels[0].group_allow_from);
  EXPECT_THAT(*config.channels[0].group_allow_from, ElementsAre("2"));
}

TEST_F(Channels, NamesThatDifferInCaseAloneAreRefused) {
  EXPECT_THAT(refusal("{channels: {x: {}, X: {}}}"), HasSubstr("the channel x stands here twice"));
}

TEST_F(Channels, EmptyAllowlistIsPointedOut) {
  EXPECT_THAT(warnings("{channels: {x: {dmPolicy: 'allowlist'}}}"),
              HasSubstr("every direct message is refused"));
}

TEST_F(Policy, TableHoldsWhatDecides) {
  const Config config = parsed(R"({
    gateway: {rate_limit: {requests_per_minute: 0, burst: 3}},
    session: {dmScope: "per-peer", groupScope: "main", mainKey: "home", resetTriggers: ["/x"],
              reset: {mode: "daily", atHour: 6}, maintenance: {pruneAfter: "9d"}},
    agents: {list: [{id: "a"}, {id: "b", default: true}]},
    bindings: [{agentId: "a", match: {channel: "t", accountId: "acc",
                                      peer: {kind: "channel", id: "42"}}}],
    channels: {defaults: {dmPolicy: "disabled"}, t: {dmPolicy: "allowlist", allowFrom: ["7"]},
               off: {enabled: false, dmPolicy: "open"}}})");
  flatbuffers::FlatBufferBuilder builder;
  build_policy(config, builder);
  flatbuffers::Verifier verifier(builder.GetBufferPointer(), builder.GetSize());
  ASSERT_TRUE(verifier.VerifyBuffer<fb::ConfigApplied>(nullptr));
  const auto* table = flatbuffers::GetRoot<fb::ConfigApplied>(builder.GetBufferPointer());
  EXPECT_EQ(table->dm_scope(), fb::DmScope::per_peer);
  EXPECT_TRUE(table->group_scope_main());
  EXPECT_EQ(table->main_key()->str(), "home");
  EXPECT_EQ(table->default_agent()->str(), "b");
  ASSERT_EQ(table->agents()->size(), 2U);
  EXPECT_EQ(table->agents()->Get(1)->str(), "b");
  ASSERT_EQ(table->bindings()->size(), 1U);
  EXPECT_EQ(table->bindings()->Get(0)->agent_id()->str(), "a");
  EXPECT_EQ(table->bindings()->Get(0)->account()->str(), "acc");
  EXPECT_EQ(table->bindings()->Get(0)->peer_kind(), fb::ConversationKind::channel);
  EXPECT_EQ(table->bindings()->Get(0)->peer_id()->str(), "42");
  EXPECT_TRUE(table->bindings()->Get(0)->has_peer());
  ASSERT_EQ(table->channels()->size(), 2U);
  EXPECT_EQ(table->channels()->Get(0)->dm_policy(), fb::DmPolicy::allowlist);
  EXPECT_EQ(table->channels()->Get(0)->allow_from()->Get(0)->str(), "7");
  EXPECT_EQ(table->channels()->Get(1)->dm_policy(), fb::DmPolicy::disabled);
  EXPECT_EQ(table->channels()->Get(1)->group_policy(), fb::DmPolicy::disabled);
  EXPECT_TRUE(table->reset_direct()->daily());
  EXPECT_EQ(table->reset_thread()->at_hour(), 6);
  EXPECT_EQ(table->reset_triggers()->Get(0)->str(), "/x");
  EXPECT_EQ(table->session_idle_days(), 9U);
  EXPECT_EQ(table->messages_per_minute(), 0U);
  EXPECT_EQ(table->messages_burst(), 3U);
  EXPECT_EQ(table->default_dm_policy(), fb::DmPolicy::disabled);
  EXPECT_EQ(table->config_hash()->hi(), config.shown.hi);
  EXPECT_EQ(table->config_hash()->lo(), config.shown.lo);
  EXPECT_TRUE(table->exact_ids());
}

TEST_F(Policy, AdminsAreInTheTableWhenThereAreSome) {
  flatbuffers::FlatBufferBuilder builder;
  build_policy(parsed("{gateway: {auth: {admin_channels: ['telegram:7', 'discord:9']}}}"), builder);
  const auto* table = flatbuffers::GetRoot<fb::ConfigApplied>(builder.GetBufferPointer());
  ASSERT_EQ(table->admins()->size(), 2U);
  EXPECT_EQ(table->admins()->Get(0)->str(), "discord:9");
  EXPECT_EQ(table->admins()->Get(1)->str(), "telegram:7");
  builder.Clear();
  build_policy(parsed("{}"), builder);
  EXPECT_EQ(flatbuffers::GetRoot<fb::ConfigApplied>(builder.GetBufferPointer())->admins(), nullptr);
}

TEST_F(Policy, SameConfigGivesTheSameBytes) {
  flatbuffers::FlatBufferBuilder a;
  flatbuffers::FlatBufferBuilder b;
  build_policy(parsed("{}"), a);
  build_policy(parsed("{}"), b);
  ASSERT_EQ(a.GetSize(), b.GetSize());
  EXPECT_TRUE(
      std::equal(a.GetBufferPointer(), a.GetBufferPointer() + a.GetSize(), b.GetBufferPointer()));
}

}  // namespace
}  // namespace spine::config

// Ids are opaque bytes: what differs in the case of a letter is somebody or something else. What
// was recorded before that keeps its meaning.
#include <gtest/gtest.h>

#include "engine/core/messages/repeats.h"
#include "engine/core/model/digest.h"
#include "engine/core/sessions/session_key.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

constexpr Bits128 kExactSecret{.hi = 1, .lo = 2};

ConfigSpec exact(ConfigSpec config = {}) {
  config.exact_ids = true;
  return config;
}

MessageSpec from(const std::string& sender, const std::string& channel = "discord",
                 const std::string& account = "bot") {
  return {.channel = channel, .account = account, .sender = sender, .exact_ids = true};
}

std::string key_of(const World& world, const Reply& reply) {
  return std::string(world.view(reply.session).key);
}

TEST(ExactIds, OfAKeyOnlyAgentAndChannelFold) {
  Policy policy;
  policy.dm_scope = fb::DmScope::per_account_channel_peer;
  const Origin origin{.channel = "Matrix",
                      .account = "Bot:A",
                      .peer = "@Anna:ex.org",
                      .sender = "@Anna:ex.org",
                      .ids = IdCase::exact};
  KeyBuffer key;
  channel_session_key(policy, "Main", origin, "$Thread", kExactSecret, key);
  EXPECT_EQ(key.view(), "agent:main:matrix:Bot%3aA:direct:@Anna:ex.org:thread:$Thread");
  policy.dm_scope = fb::DmScope::per_peer;
  channel_session_key(policy, "Main", origin, "", kExactSecret, key);
  EXPECT_EQ(key.view(), "agent:main:direct:@Anna:ex.org");
  Origin group = origin;
  group.conversation = fb::ConversationKind::group;
  group.peer = "!Room:thread:A";
  channel_session_key(policy, "Main", group, "", kExactSecret, key);
  EXPECT_EQ(key.view(), "agent:main:matrix:group:!Room%3athread%3aA");
}

TEST(ExactIds, OfANamedKeyTooAndMainIsFoundInAnyCase) {
  const Policy policy;
  const auto named = [&](std::string_view name) {
    KeyBuffer key;
    named_session_key(policy, "Work", name, kExactSecret, IdCase::exact, key);
    return std::string(key.view());
  };
  EXPECT_EQ(named(""), "agent:work:main");
  EXPECT_EQ(named("MAIN"), "agent:work:main");
  EXPECT_EQ(named("AGENT:Main:MAIN"), "agent:main:main");
  EXPECT_EQ(named("Notes"), "agent:work:notes") << "as ever: the place of a channel's name";
  EXPECT_EQ(named("Telegram:direct:Anna"), "agent:work:telegram:direct:Anna");
  EXPECT_EQ(named("Agent:X:Telegram:Direct:Anna"), "agent:x:telegram:Direct:Anna");
  EXPECT_EQ(named("agent:x:Y"), "agent:x:y");
}

TEST(ExactIds, SendersThatDifferInCaseShareNoConversation) {
  World world{exact()};
  const Reply small = world.message(from("anna"));
  const Reply large = world.message(from("Anna"));
  EXPECT_EQ(key_of(world, small), "agent:main:discord:direct:anna");
  EXPECT_EQ(key_of(world, large), "agent:main:discord:direct:Anna");
  EXPECT_NE(small.principal, large.principal);
  MessageSpec group = from("anna");
  group.conversation = fb::ConversationKind::group;
  group.conversation_id = "!Room";
  group.thread = "T";
  const Reply room = world.message(group);
  EXPECT_EQ(key_of(world, room), "agent:main:discord:group:!Room:thread:T");
  group.thread = "t";
  EXPECT_NE(world.message(group).session, room.session);
  group.conversation_id = "!room";
  EXPECT_EQ(key_of(world, world.message(group)), "agent:main:discord:group:!room:thread:t");
}

TEST(ExactIds, ListsBindingsAndAdminsAreComparedByteByByte) {
  ConfigSpec config;
  config.channels = {{.name = "Discord", .dm = fb::DmPolicy::allowlist, .allow_from = {"@anna:x"}}};
  config.bindings = {{.agent = "Work",
                      .channel = "Matrix",
                      .account = "Bot",
                      .has_peer = true,
                      .peer = "@anna:x"}};
  config.admins = {"Matrix:@anna:x"};
  World world{exact(config)};
  EXPECT_EQ(world.message(from("@anna:x")).code, ReplyCode::accepted);
  EXPECT_EQ(world.message(from("@Anna:x")).reason, fb::RejectReason::not_allowed);
  EXPECT_EQ(key_of(world, world.message(from("@anna:x", "matrix", "Bot"))),
            "agent:work:matrix:direct:@anna:x");
  EXPECT_EQ(key_of(world, world.message(from("@anna:x", "matrix", "bot"))),
            "agent:main:matrix:direct:@anna:x")
      << "another account";
  EXPECT_EQ(key_of(world, world.message(from("@Anna:x", "matrix", "Bot"))),
            "agent:main:matrix:direct:@Anna:x")
      << "another peer";
}

TEST(ExactIds, OnlyTheAdminItselfAnswersPairingRequests) {
  ConfigSpec config;
  config.channels = {{.name = "discord", .dm = fb::DmPolicy::pairing}};
  config.admins = {"matrix:@anna:ex.org"};
  World world{exact(config)};
  const Reply asked = world.message(from("Bob"));
  ASSERT_TRUE(asked.pairing_new);
  PairingView request{};
  ASSERT_TRUE(view_pairing(world.state, asked.pairing, world.now.logical_ms, request));
  MessageSpec answer = from("@Anna:ex.org", "matrix");
  answer.text = "approve " + std::string(request.code);
  EXPECT_TRUE(world.message(answer).run) << "words like any others";
  EXPECT_EQ(count_state(world.state).paired_senders, 0U);
  answer.sender = "@anna:ex.org";
  world.message(answer);
  EXPECT_EQ(count_state(world.state).paired_senders, 1U);
  EXPECT_EQ(world.message(from("Bob")).code, ReplyCode::accepted);
  EXPECT_EQ(world.message(from("bob")).reason, fb::RejectReason::unpaired);
}

TEST(ExactIds, EachSenderAndAccountAsksAndIsPairedForItself) {
  ConfigSpec config;
  config.channels = {{.name = "discord", .dm = fb::DmPolicy::pairing}};
  World world{exact(config)};
  const Reply small = world.message(from("ann"));
  const Reply large = world.message(from("Ann"));
  EXPECT_TRUE(large.pairing_new);
  EXPECT_NE(small.pairing, large.pairing);
  EXPECT_EQ(world.message(from("Ann")).pairing, large.pairing) << "its own request";
  EXPECT_EQ(world.resolve_pairing(small.pairing, true).code, ReplyCode::accepted);
  EXPECT_EQ(world.message(from("Ann")).reason, fb::RejectReason::unpaired);
  EXPECT_EQ(world.resolve_pairing(large.pairing, true).code, ReplyCode::accepted);
  EXPECT_EQ(count_state(world.state).paired_senders, 2U);
  EXPECT_EQ(world.message(from("ann", "DISCORD")).code, ReplyCode::accepted) << "a channel's name";
  EXPECT_EQ(world.message(from("ann", "discord", "Bot")).reason, fb::RejectReason::unpaired);
  EXPECT_EQ(digest(fold(world.journal, world.journal.size())).total, digest(world.state).total);
}

// Those who were paired when ids were folded stay paired under the id they asked with.
TEST(ExactIds, AnOldApprovalHoldsForTheIdThatWasApproved) {
  ConfigSpec config;
  config.channels = {{.name = "discord", .dm = fb::DmPolicy::pairing}};
  World world{config};
  MessageSpec old = from("Anna");
  old.exact_ids = false;
  world.resolve_pairing(world.message(old).pairing, true);
  old.sender = "aNNa";
  EXPECT_EQ(world.message(old).code, ReplyCode::accepted) << "as it was";
  world.configure(exact(config));
  EXPECT_EQ(world.message(from("Anna")).code, ReplyCode::accepted);
  EXPECT_EQ(world.message(from("aNNa")).reason, fb::RejectReason::unpaired);
  EXPECT_EQ(world.message(from("anna")).reason, fb::RejectReason::unpaired);
  EXPECT_EQ(world.message(old).code, ReplyCode::accepted) << "an old input decides as before";
}

TEST(ExactIds, ARepeatedMessageIsThatOfItsOwnAccount) {
  World world{exact()};
  MessageSpec message = from("ann", "discord", "Bot");
  message.external_id = "m1";
  EXPECT_EQ(world.message(message).code, ReplyCode::accepted);
  EXPECT_EQ(world.message(message).code, ReplyCode::duplicate);
  message.account = "bot";
  EXPECT_EQ(world.message(message).code, ReplyCode::accepted) << "of another account";
  message.account = "BOT";
  EXPECT_EQ(world.message(message).code, ReplyCode::accepted);
  message.external_id = "M1";
  EXPECT_EQ(world.message(message).code, ReplyCode::accepted) << "ids of messages too";
}

TEST(ExactIds, WhatWasSeenBeforeTheyWereExactIsStillRecognised) {
  World world;
  MessageSpec message = from("ann", "discord", "Bot");
  message.exact_ids = false;
  message.external_id = "m1";
  const Reply first = world.message(message);
  world.configure(exact());
  message.exact_ids = true;
  const Reply again = world.message(message);
  EXPECT_EQ(again.code, ReplyCode::duplicate);
  EXPECT_EQ(again.seq, first.seq);
}

TEST(ExactIds, WithoutCapitalsNothingChanges) {
  ConfigSpec config;
  config.channels = {{.name = "discord", .dm = fb::DmPolicy::pairing}};
  config.dm_scope = fb::DmScope::per_account_channel_peer;
  World before{config};
  MessageSpec message = from("ann");
  message.exact_ids = false;
  message.external_id = "m1";
  before.resolve_pairing(before.message(message).pairing, true);
  const Reply old = before.message(message);
  before.configure(exact(config));
  message.exact_ids = true;
  EXPECT_EQ(before.message(message).code, ReplyCode::duplicate);
  message.external_id = "m2";
  const Reply now = before.message(message);
  EXPECT_EQ(now.session, old.session);
  EXPECT_EQ(now.principal, old.principal);
}

// Tools decide recorded inputs again.
TEST(ExactIds, AnInputWithoutTheFieldDecidesAsEver) {
  ConfigSpec config;
  config.channels = {{.name = "discord", .dm = fb::DmPolicy::allowlist, .allow_from = {"ANN"}}};
  config.bindings = {{.agent = "work", .channel = "discord", .has_peer = true, .peer = "Ann"}};
  for (const bool also_config : {false, true}) {
    config.exact_ids = also_config;
    World world{config};
    MessageSpec message = from("aNN");
    message.exact_ids = false;
    const Reply reply = world.message(message);
    ASSERT_EQ(reply.code, ReplyCode::accepted) << also_config;
    EXPECT_EQ(key_of(world, reply), "agent:work:discord:direct:ann");
    message.sender = "Ann";
    EXPECT_EQ(world.message(message).session, reply.session);
  }
  // A configuration without the field folds what it names.
  config.exact_ids = false;
  World world{config};
  EXPECT_EQ(key_of(world, world.message(from("aNN"))), "agent:work:discord:direct:aNN");
}

}  // namespace
}  // namespace spine::core

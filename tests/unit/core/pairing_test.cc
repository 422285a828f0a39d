// Pairing of senders: requests, codes, answers, and who may write then.
#include "engine/core/pairing/pairing.h"

#include <gtest/gtest.h>
#include <set>

#include "engine/core/model/digest.h"
#include "engine/core/model/effects.h"
#include "engine/core/model/kinds.h"
#include "engine/core/model/policy.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

ConfigSpec pairing_config() {
  ConfigSpec config;
  config.default_dm_policy = fb::DmPolicy::open;
  config.channels = {{.name = "discord",
                      .dm = fb::DmPolicy::pairing,
                      .allow_from = {},
                      .group = fb::DmPolicy::pairing},
                     {.name = "irc", .dm = fb::DmPolicy::allowlist, .allow_from = {}}};
  config.admins = {"discord:Owner", "telegram:boss", "irc:chief"};
  return config;
}

class PairingTest : public ::testing::Test {
 protected:
  Reply says(const std::string& sender, const std::string& text = "hello",
             const std::string& account = "bot") {
    return world.message(
        {.channel = "discord", .account = account, .sender = sender, .text = text});
  }
  std::vector<PairingView> live() {
    std::vector<PairingView> requests;
    list_pairing(world.state, world.now.logical_ms, requests);
    return requests;
  }
  std::string code_of(Seq request) {
    PairingView view{};
    EXPECT_TRUE(view_pairing(world.state, request, world.now.logical_ms, view));
    return std::string(view.code);
  }

  World world{pairing_config()};
};

TEST_F(PairingTest, AStrangerGetsACodeOnceAndIsNotLetIn) {
  const Reply first = says("Ann");
  EXPECT_EQ(first.code, ReplyCode::rejected);
  EXPECT_EQ(first.reason, fb::RejectReason::unpaired);
  EXPECT_TRUE(first.pairing_new);
  EXPECT_EQ(first.pairing.value, first.seq.value + 1);
  EXPECT_EQ(world.kinds(), "MessageRejected ChannelPairingRequested");
  EXPECT_EQ(world.last().header.cause, first.seq.value);
  EXPECT_EQ(world.last().header.correlation, first.seq.value);

  PairingView view{};
  ASSERT_TRUE(view_pairing(world.state, first.pairing, world.now.logical_ms, view));
  EXPECT_EQ(view.channel, "discord");
  EXPECT_EQ(view.account, "bot");
  EXPECT_EQ(view.sender_id, "Ann") << "as the platform writes it";
  EXPECT_EQ(view.created_wall_ms, world.now.wall_ms);
  EXPECT_EQ(view.expires_wall_ms, world.now.wall_ms + 3'600'000);
  EXPECT_EQ(view.code.size(), 8U);
  EXPECT_EQ(view.code.find_first_not_of(kPairingAlphabet), std::string_view::npos);

  const Reply second = says("ann");
  EXPECT_EQ(world.kinds(), "MessageRejected");
  EXPECT_EQ(second.pairing, first.pairing);
  EXPECT_FALSE(second.pairing_new);
}

TEST_F(PairingTest, CodesComeFromTheEntropyOfTheInput) {
  World same(pairing_config());
  World other(pairing_config());
  other.entropy = 1'000;
  const MessageSpec spec{.channel = "discord", .sender = "ann"};
  const Reply reply = world.message(spec);
  std::set<std::string> codes;
  for (const World* one : {&world, &same, &other}) {
    if (one != &world) const_cast<World*>(one)->message(spec);
    std::vector<PairingView> requests;
    list_pairing(one->state, one->now.logical_ms, requests);
    ASSERT_EQ(requests.size(), 1U);
    EXPECT_EQ(requests[0].request, reply.pairing);
    codes.emplace(requests[0].code);
  }
  EXPECT_EQ(codes.size(), 2U);
}

TEST_F(PairingTest, ThreeOfAnAccountMayAskAtATimeAndAnHourLaterOthers) {
  for (const char* name : {"a", "b", "c"})
    EXPECT_TRUE(says(name).pairing_new);
  const Reply fourth = says("d");
  EXPECT_FALSE(fourth.pairing);
  EXPECT_EQ(world.kinds(), "MessageRejected");
  EXPECT_TRUE(says("d", "hello", "other").pairing_new) << "another account has its own three";
  EXPECT_EQ(live().size(), 4U);

  world.advance_ms(limits::kPairingMs);
  EXPECT_TRUE(live().empty());
  EXPECT_EQ(count_state(world.state).paired_senders, 0U);
  const Reply again = says("a");
  EXPECT_TRUE(again.pairing_new) << "an expired request is none";
  ASSERT_EQ(live().size(), 1U);
  EXPECT_EQ(live()[0].request, again.pairing);
}

TEST_F(PairingTest, TheTableIsBoundedAndSweptWhenARequestIsAdded) {
  for (std::uint32_t i = 0; i < limits::kPairingRequestsMax; ++i) {
    world.advance_ms(1'000);  // within the rate of recorded rejections
    ASSERT_TRUE(says("x", "hello", "account" + std::to_string(i)).pairing_new) << i;
  }
  world.advance_ms(1'000);
  EXPECT_FALSE(says("x", "hello", "one more").pairing);
  EXPECT_EQ(world.kinds(), "MessageRejected");
  world.advance_ms(limits::kPairingMs);
  EXPECT_TRUE(says("x", "hello", "one more").pairing_new);
  const StateDigest of = digest(world.state);
  ASSERT_EQ(of.tables[7].table, "pairing_requests");
  EXPECT_EQ(of.tables[7].rows, 1U);
}

TEST_F(PairingTest, ARejectionThatIsNotRecordedMakesNoRequest) {
  for (std::uint32_t i = 0; i < limits::kRejectionsPerMinute; ++i) {
    world.message({.channel = "irc", .sender = "nobody"});
  }
  const std::size_t before = world.journal.size();
  EXPECT_FALSE(says("ann").pairing);
  EXPECT_EQ(world.journal.size(), before);
  world.advance_ms(60'000);
  const Reply asked = says("ann");
  EXPECT_TRUE(asked.pairing_new);
  // The live request is named even when the rejection is not recorded.
  for (std::uint32_t i = 0; i < 2 * limits::kRejectionsPerMinute; ++i)
    EXPECT_EQ(says("ann").pairing, asked.pairing);
}

TEST_F(PairingTest, GroupsAndSendersWithoutIdAskForNothing) {
  world.message({.channel = "discord",
                 .sender = "ann",
                 .conversation = fb::ConversationKind::group,
                 .conversation_id = "g"});
  EXPECT_EQ(world.kinds(), "MessageRejected");
  says("");
  EXPECT_EQ(world.kinds(), "MessageRejected");
  EXPECT_TRUE(live().empty());
}

TEST_F(PairingTest, AnApprovedSenderMayWriteThereAndNowhereElse) {
  const Seq request = says("Ann").pairing;
  EXPECT_EQ(world.resolve_pairing(request, true).code, ReplyCode::accepted);
  EXPECT_EQ(world.kinds(), "ChannelPairingResolved");
  EXPECT_TRUE(live().empty());
  EXPECT_EQ(count_state(world.state).paired_senders, 1U);
  EXPECT_EQ(world.resolve_pairing(request, true).code, ReplyCode::not_found);
  EXPECT_EQ(says("ann").code, ReplyCode::accepted) << "case is of no account";
  EXPECT_EQ(says("Ann", "hello", "other").reason, fb::RejectReason::unpaired);
  const Reply group = world.message({.channel = "discord",
                                     .sender = "Ann",
                                     .conversation = fb::ConversationKind::group,
                                     .conversation_id = "g"});
  EXPECT_EQ(group.reason, fb::RejectReason::not_allowed) << "groups are not opened by it";
}

TEST_F(PairingTest, ARejectedSenderMayAskAgain) {
  const Seq request = says("ann").pairing;
  EXPECT_EQ(world.resolve_pairing(request, false).code, ReplyCode::accepted);
  EXPECT_EQ(count_state(world.state).paired_senders, 0U);
  EXPECT_TRUE(says("ann").pairing_new);
}

TEST_F(PairingTest, AnExpiredRequestIsNotFound) {
  const Seq request = says("ann").pairing;
  world.advance_ms(limits::kPairingMs - 1);
  ASSERT_EQ(live().size(), 1U);
  world.advance_ms(1);
  EXPECT_EQ(world.resolve_pairing(request, true).code, ReplyCode::not_found);
  EXPECT_EQ(world.resolve_pairing(Seq{999'999}, true).code, ReplyCode::not_found);
}

TEST_F(PairingTest, AnAdminAnswersByItsCode) {
  const Seq request = says("ann").pairing;
  std::string code = code_of(request);
  const Reply reply =
      world.message({.channel = "telegram", .sender = "BOSS", .text = "  /Approve " + code + "\n"});
  EXPECT_EQ(reply.code, ReplyCode::accepted);
  EXPECT_FALSE(reply.run);
  EXPECT_EQ(world.kinds(), "MessageReceived PrincipalAdded SessionOpened ChannelPairingResolved");
  const auto& resolved =
      *flatbuffers::GetRoot<fb::ChannelPairingResolved>(world.last().body.data());
  EXPECT_EQ(resolved.request(), request.value);
  EXPECT_TRUE(resolved.approved());
  EXPECT_EQ(resolved.via(), fb::ApprovedVia::owner);
  EXPECT_EQ(world.last().header.cause, reply.seq.value);
  EXPECT_EQ(world.last().header.principal, reply.principal.value);
  EXPECT_EQ(says("ann").code, ReplyCode::accepted);

  code = code_of(says("bob").pairing);
  std::string small = code;
  for (char& c : small)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  EXPECT_EQ(says("owner", "reject " + small).code, ReplyCode::accepted)
      << "an admin passes the pairing policy";
  EXPECT_TRUE(live().empty());
  EXPECT_EQ(count_state(world.state).paired_senders, 1U);
}

TEST_F(PairingTest, ACodeNoSenderHasIsForTheDevices) {
  says("owner", "approve abcd2345");
  EXPECT_EQ(world.kinds(), "MessageReceived PrincipalAdded SessionOpened PairingCodeAnswered");
  const auto& answer = *flatbuffers::GetRoot<fb::PairingCodeAnswered>(world.last().body.data());
  EXPECT_EQ(answer.code()->str(), "ABCD2345");
  EXPECT_TRUE(answer.approved());
  EXPECT_EQ(kind_of(world.last().header.kind).told, Told::always);
}

TEST_F(PairingTest, OnlyAdminsInDirectMessagesAnswer) {
  const std::string code = code_of(says("ann").pairing);
  for (const MessageSpec& spec : {
           MessageSpec{.channel = "telegram", .sender = "mallory", .text = "approve " + code},
           MessageSpec{.channel = "telegram",
           .sender = "boss",
           .conversation = fb::ConversationKind::group,
           .conversation_id = "g",
           .text = "approve " + code},
           MessageSpec{.channel = "telegram", .sender = "boss", .text = "approve " + code + " x"},
           MessageSpec{.channel = "telegram",
           .sender = "boss",
           .text = "approve " + code,
           .vouched = false},
           MessageSpec{.channel = "telegram", .sender = "boss", .text = "approve"},
           MessageSpec{.channel = "telegram", .sender = "boss", .text = "approve ABCD1234"},
           MessageSpec{.channel = "telegram", .sender = "boss", .text = "approved " + code},
       }) {
    const Reply reply = world.message(spec);
    EXPECT_EQ(reply.code, ReplyCode::accepted);
    EXPECT_TRUE(reply.run) << spec.text << " is a message like any other";
  }
  EXPECT_EQ(world.message({.channel = "irc", .sender = "chief", .text = "approve " + code}).code,
            ReplyCode::rejected)
      << "an allowlist is not passed";
  EXPECT_EQ(live().size(), 1U);
}

TEST_F(PairingTest, AnAdminIsNamedByItsIdOnItsChannel) {
  const auto direct = [](std::string_view channel, std::string_view sender) {
    return Origin{.channel = channel, .peer = sender, .sender = sender};
  };
  Policy policy;
  const Body body = config_body(pairing_config());
  policy.apply({reinterpret_cast<const std::byte*>(body.data()), body.size() * 8});
  EXPECT_TRUE(policy.is_admin(direct("discord", "owner")));
  EXPECT_FALSE(policy.is_admin(direct("telegram", "owner")));
  EXPECT_FALSE(policy.is_admin(direct("discord:owner", "")));
  EXPECT_FALSE(policy.is_admin(direct("discord", "")));
  EXPECT_FALSE(Policy{}.is_admin(direct("discord", "owner")));
}

TEST(PairingTables, AFullTableOfSendersTakesNoMoreAndFindsAllItHas) {
  PairedSenders senders;
  senders.set_seed(9);
  for (std::uint32_t i = 0; i < limits::kPairedSendersMax; ++i) {
    senders.add(
        {.resolved = Seq{i + 1}, .channel = "c", .account = "", .sender_id = std::to_string(i)},
        IdCase::folded);
  }
  EXPECT_TRUE(senders.full());
  EXPECT_EQ(senders.count(), limits::kPairedSendersMax);
  EXPECT_TRUE(senders.has({"C", "", "16383"}));
  EXPECT_FALSE(senders.has({"c", "", "16384"}));
  EXPECT_FALSE(senders.has({"c1", "", "6383"}));
  senders.add({.resolved = Seq{99'999}, .channel = "C", .account = "", .sender_id = "5"},
              IdCase::folded);
  EXPECT_EQ(senders.count(), limits::kPairedSendersMax) << "known already";
}

TEST_F(PairingTest, WithAFullTableNobodyIsLetIn) {
  for (std::uint32_t i = 0; i < limits::kPairedSendersMax; ++i) {
    const Reply asked = says("s" + std::to_string(i));
    ASSERT_TRUE(asked.pairing_new);
    ASSERT_EQ(world.resolve_pairing(asked.pairing, true).code, ReplyCode::accepted);
    world.advance_ms(1'000);
  }
  const Seq request = says("late").pairing;
  const Reply refused = world.resolve_pairing(request, true);
  EXPECT_EQ(refused.code, ReplyCode::rejected);
  EXPECT_EQ(refused.reason, fb::RejectReason::table_full);
  EXPECT_EQ(says("owner", "approve " + code_of(request)).reason, fb::RejectReason::table_full);
  EXPECT_EQ(world.resolve_pairing(request, false).code, ReplyCode::accepted);
}

}  // namespace
}  // namespace spine::core

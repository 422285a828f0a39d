// Notices: which admins are told of what waits for them, by which account, and who is told what
// became of it.
#include "engine/core/pairing/notices.h"

#include <gtest/gtest.h>
#include <span>
#include <string>
#include <vector>

#include "engine/core/model/digest.h"
#include "engine/core/model/snapshot.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/phrases.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

ConfigSpec notices_config() {
  ConfigSpec config;
  config.channels = {{.name = "telegram", .dm = fb::DmPolicy::pairing}};
  config.admins = {"telegram:boss", "discord:Chief"};
  config.exact_ids = true;
  return config;
}

// A delivery that the last decision asked for.
struct Notice {
  std::string account{};  // "<channel>/<account>"
  std::string to{};       // empty = it answers a message
  std::string text{};
  fb::DeliveryPurpose purpose{};
  std::uint64_t cause{};
};

class NoticesTest : public ::testing::Test {
 protected:
  // Every route to the state leads to the same.
  void TearDown() override {
    const StateDigest lived = digest(world.state);
    EXPECT_EQ(lived.total, digest(fold(world.journal, world.journal.size())).total);
    flatbuffers::FlatBufferBuilder saved;
    save_snapshot(world.state, saved);
    State restored;
    ASSERT_TRUE(load_snapshot(std::as_bytes(std::span(saved.GetBufferSpan())), restored));
    EXPECT_EQ(digest(restored).total, lived.total);
  }
  Reply says(const std::string& sender, const std::string& text = "hello") {
    return world.message({.account = "bot", .sender = sender, .text = text, .exact_ids = true});
  }
  std::string code_of(Seq request) {
    PairingView view{};
    EXPECT_TRUE(view_pairing(world.state, request, world.now.logical_ms, view));
    return std::string(view.code);
  }
  std::vector<Notice> notices() {
    std::vector<Notice> out;
    for (std::size_t back = world.decision.count(); back-- != 0;) {
      const EventView event = world.last(back);
      if (!is_kind(event, fb::EventBody::DeliveryRequested)) continue;
      const auto& body = root_of<fb::DeliveryRequested>(event);
      ChannelView channel{};
      EXPECT_TRUE(view_channel(world.state, ChannelId{body.channel()}, channel));
      EXPECT_NE(body.message() == 0, body.to() == nullptr);
      out.push_back({.account = channel.name + "/" + channel.account,
                     .to = body.to() == nullptr
                               ? std::string{}
                               : std::string(text_of(body.to()->conversation_id())),
                     .text = std::string(text_of(body.text())),
                     .purpose = body.purpose(),
                     .cause = event.header.cause});
    }
    return out;
  }

  World world{notices_config()};
};

TEST_F(NoticesTest, AdminsAreToldOnceOfARequestWhereTheGatewayDelivers) {
  world.channel_state(fb::ChannelState::connected);
  const Reply asked = says("ann");
  ASSERT_TRUE(asked.pairing_new);
  const std::string code = code_of(asked.pairing);
  std::vector<Notice> told = notices();
  ASSERT_EQ(told.size(), 2U) << "the stranger and one admin: of discord there is no account";
  EXPECT_EQ(told[0].to, "");
  EXPECT_EQ(told[0].purpose, fb::DeliveryPurpose::pairing);
  EXPECT_EQ(told[1].account, "telegram/bot");
  EXPECT_EQ(told[1].to, "boss");
  EXPECT_EQ(told[1].purpose, fb::DeliveryPurpose::notice);
  EXPECT_EQ(told[1].cause, asked.pairing.value);
  EXPECT_EQ(told[1].text, "ann (ann) on telegram asks to be let in. Answer \"approve " + code +
                              "\" or \"reject " + code + "\" within 60 minutes.");
  says("ann", "again");
  EXPECT_TRUE(notices().empty()) << "once for a request, whatever else is written";
}

TEST_F(NoticesTest, OfABridgesStrangerOnlyAdminsAreTold) {
  world.channel_state(fb::ChannelState::connected, "discord", "");
  const Reply asked =
      world.message({.account = "bot", .sender = "ann", .bridge = 5, .exact_ids = true});
  ASSERT_TRUE(asked.pairing_new);
  ASSERT_EQ(notices().size(), 1U);
  EXPECT_EQ(notices()[0].account, "discord/");
  EXPECT_EQ(notices()[0].to, "Chief") << "as the platform writes it";
  world.resolve_pairing(asked.pairing, true);
  EXPECT_EQ(world.kinds(), "ChannelPairingResolved") << "the bridge tells its people itself";
}

TEST_F(NoticesTest, WhatAStrangerCallsHimselfIsNoMarkup) {
  world.channel_state(fb::ChannelState::connected);
  says("[x](http://y)\n*z*");
  ASSERT_EQ(notices().size(), 2U);
  EXPECT_TRUE(notices()[1].text.starts_with("\\[x\\](http://y) \\*z\\* (\\[x"))
      << notices()[1].text;
}

TEST_F(NoticesTest, AnAdminIsToldByTheAccountThatKnowsHim) {
  const auto by = [this] {
    world.advance_ms(limits::kPairingMs);  // of the one before nothing is left
    EXPECT_TRUE(says("ann").pairing_new);
    const std::vector<Notice> told = notices();
    return told.empty() || told.back().to.empty() ? std::string{"nobody"} : told.back().account;
  };
  EXPECT_EQ(by(), "nobody") << "there is no account";
  world.channel_state(fb::ChannelState::down, "telegram", "spare");
  EXPECT_EQ(by(), "telegram/spare") << "the only one; it waits there";
  world.channel_state(fb::ChannelState::connected, "telegram", "third");
  EXPECT_EQ(by(), "telegram/third") << "one that can be used";
  world.channel_state(fb::ChannelState::down, "telegram", "bot");
  EXPECT_EQ(by(), "telegram/bot") << "the one of the request";
  world.message({.account = "spare", .sender = "boss", .exact_ids = true});
  EXPECT_EQ(by(), "telegram/spare") << "the one that he has written to";
  world.channel_state(fb::ChannelState::stopped, "telegram", "spare");
  EXPECT_EQ(by(), "telegram/bot") << "one that is stopped tells nobody anything";
}

TEST_F(NoticesTest, NoMoreThanSoManyAreTold) {
  ConfigSpec config = notices_config();
  config.admins.clear();
  for (std::size_t i = 0; i < limits::kAdminsToldMax + 4; ++i)
    config.admins.push_back("telegram:" + std::to_string(i));
  world.configure(config);
  world.channel_state(fb::ChannelState::connected);
  says("ann");
  const std::vector<Notice> told = notices();
  ASSERT_EQ(told.size(), limits::kAdminsToldMax + 1);
  EXPECT_FALSE(told[1].text.empty());
  EXPECT_TRUE(told[2].text.empty()) << "it refers to the first";
}

TEST_F(NoticesTest, AnAnswerIsToldToTheAdminAndToThePerson) {
  world.channel_state(fb::ChannelState::connected);
  for (const bool approved : {false, true}) {
    const Reply asked = says("ann");
    const std::string verb = approved ? "approve " : "Reject ";
    const Reply answered = says("boss", verb + code_of(asked.pairing));
    EXPECT_FALSE(answered.run);
    const std::vector<Notice> told = notices();
    ASSERT_EQ(told.size(), 2U) << world.kinds();
    EXPECT_EQ(told[0].to, "ann");
    EXPECT_EQ(told[0].purpose, fb::DeliveryPurpose::pairing);
    EXPECT_EQ(told[0].text, approved ? phrase_of(Phrase::pairing_approved, Language::english)
                                     : phrase_of(Phrase::pairing_rejected, Language::english));
    EXPECT_EQ(told[1].to, "") << "it answers the admin's message";
    EXPECT_EQ(told[1].text, approved ? "ann (ann) on telegram is let in."
                                     : "ann (ann) on telegram is not let in.");
    EXPECT_EQ(told[1].cause, answered.seq.value);
    EXPECT_EQ(world.journal[told[0].cause - 1].header.kind,
              kind_number(fb::EventBody::ChannelPairingResolved));
  }
  EXPECT_EQ(says("ann").code, ReplyCode::accepted);
}

TEST_F(NoticesTest, ThePersonIsToldWhoeverAnswered) {
  world.channel_state(fb::ChannelState::connected);
  const Reply asked = says("ann");
  EXPECT_EQ(world.resolve_pairing(asked.pairing, true).code, ReplyCode::accepted);
  ASSERT_EQ(notices().size(), 1U);
  EXPECT_EQ(notices()[0].to, "ann");
  EXPECT_EQ(notices()[0].account, "telegram/bot");
}

TEST_F(NoticesTest, ThePersonIsToldInTheConversationOfTheRequest) {
  world.channel_state(fb::ChannelState::connected);
  const Reply asked =
      world.message({.sender = "ann", .conversation_id = "dm-9", .exact_ids = true});
  const auto lane = [this](std::size_t back) {
    return root_of<fb::DeliveryRequested>(world.last(back)).lane();
  };
  ASSERT_EQ(world.kinds(),
            "MessageRejected ChannelPairingRequested DeliveryRequested DeliveryAttempted "
            "DeliveryRequested DeliveryAttempted");
  const std::uint64_t first = lane(3);
  EXPECT_NE(lane(1), first) << "the admin's conversation is another";
  world.resolve_pairing(asked.pairing, true);
  EXPECT_EQ(world.kinds(), "ChannelPairingResolved DeliveryRequested")
      << "it waits behind the code";
  EXPECT_EQ(notices()[0].to, "dm-9");
  EXPECT_EQ(lane(0), first);
}

TEST_F(NoticesTest, ACodeThatNobodyHasIsSaidToBeOne) {
  world.channel_state(fb::ChannelState::connected);
  says("boss", "approve ABCD2345");
  ASSERT_EQ(notices().size(), 1U);
  EXPECT_NE(notices()[0].text.find("Nobody waits with the code ABCD2345"), std::string::npos);
  const Reply asked = says("ann");
  const std::string code = code_of(asked.pairing);
  world.advance_ms(limits::kPairingMs);
  says("boss", "approve " + code);
  ASSERT_EQ(notices().size(), 1U);
  EXPECT_NE(notices()[0].text.find("too old"), std::string::npos);
  EXPECT_EQ(count_state(world.state).paired_senders, 0U);
}

TEST_F(NoticesTest, AnAgentsQuestionIsPutToAdmins) {
  world.channel_state(fb::ChannelState::connected);
  const RunId run = world.chat("main", "work").run;
  world.ask(run, "bash");
  std::vector<ApprovalView> open;
  list_approvals(world.state, open);
  ASSERT_EQ(open.size(), 1U);
  const std::string code(open[0].code);
  ASSERT_EQ(notices().size(), 1U);
  EXPECT_EQ(notices()[0].to, "boss");
  EXPECT_EQ(
      notices()[0].text,
      "main asks for permission: run a command\n\n```\nrm -rf /tmp/x\n```\n\nAnswer \"approve " +
          code + "\" or \"reject " + code + "\" within 5 minutes.");
  says("boss", "approve " + code);
  ASSERT_EQ(notices().size(), 1U);
  EXPECT_EQ(notices()[0].text, "Allowed this once: run a command");
  open.clear();
  list_approvals(world.state, open);
  EXPECT_TRUE(open.empty());
  world.ask(run, "bash", 2);
  list_approvals(world.state, open);
  says("boss", "deny " + std::string(open.at(0).code));
  EXPECT_EQ(notices().at(0).text, "Not allowed: run a command");
}

}  // namespace
}  // namespace spine::core

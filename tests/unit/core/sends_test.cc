// Sends and switches of accounts: what people want of channels, by key, in line and across
// restarts.
#include "engine/core/sends/sends.h"

#include <gtest/gtest.h>

#include "engine/core/model/digest.h"
#include "schemas/fields.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

class SendTest : public ::testing::Test {
 protected:
  SendTest() {
    world.connect("token");
    world.channel_state(fb::ChannelState::connected);
  }
  void TearDown() override {
    EXPECT_EQ(digest(world.state).total, digest(fold(world.journal, world.journal.size())).total);
  }
  SendRow row(DeliveryId delivery) const {
    SendRow out{};
    EXPECT_TRUE(view_send(world.state, delivery, out));
    return out;
  }
  World world;
};

TEST_F(SendTest, ATextIsADeliveryOfItsOwn) {
  const Reply reply = world.send({.thread = "9", .reply_to = "m1"});
  EXPECT_EQ(reply.code, ReplyCode::accepted);
  EXPECT_EQ(world.kinds(), "SendRequested DeliveryRequested DeliveryAttempted");
  const auto& request = root_of<fb::DeliveryRequested>(world.last(1));
  EXPECT_EQ(world.last(1).seq.value, reply.delivery.value);
  EXPECT_EQ(request.purpose(), fb::DeliveryPurpose::sent);
  EXPECT_EQ(request.body(), reply.seq.value) << "the text stands in the request";
  EXPECT_EQ(text_of(request.to()->conversation_id()), "alice");
  EXPECT_EQ(text_of(request.to()->thread()), "9");
  EXPECT_EQ(text_of(request.to()->reply_to()), "m1");
  EXPECT_FALSE(row(reply.delivery).ended);
  world.confirm(reply.delivery);
  EXPECT_EQ(row(reply.delivery).ended, world.last().seq);
}

TEST_F(SendTest, ARepeatedKeyIsTheDeliveryOfThen) {
  const Reply first = world.send({});
  const Reply again = world.send({.text = "something else"});
  EXPECT_EQ(again.code, ReplyCode::in_flight);
  EXPECT_EQ(again.delivery, first.delivery);
  world.confirm(first.delivery);
  EXPECT_EQ(world.send({}).code, ReplyCode::done);
  EXPECT_EQ(world.send({.key = "other"}).code, ReplyCode::accepted);
  EXPECT_EQ(world.chat("main", "hello", "k").code, ReplyCode::accepted)
      << "a key of a message is another one";
  world.advance_ms(limits::kIdempotencyMs);
  EXPECT_EQ(world.send({}).code, ReplyCode::accepted);
}

TEST_F(SendTest, ADeadLetterEndsItAndARetryBeginsItAgain) {
  const Reply reply = world.send({});
  world.fail_delivery(reply.delivery, fb::DeliveryFailure::permanent);
  EXPECT_EQ(world.kinds(), "DeliveryFailed DeliveryDeadLettered");
  EXPECT_EQ(row(reply.delivery).ended, world.last().seq);
  EXPECT_EQ(world.send({}).code, ReplyCode::done);
  world.retry_delivery(reply.delivery);
  EXPECT_FALSE(row(reply.delivery).ended);
  EXPECT_EQ(world.send({}).code, ReplyCode::in_flight);
}

TEST_F(SendTest, ItStandsInLineWithTheAnswersOfItsConversation) {
  const RunId run = world.message({.sender = "alice", .text = "hello"}).run;
  world.finish(run);
  const Reply behind = world.send({.to = "alice"});
  EXPECT_EQ(world.kinds(), "SendRequested DeliveryRequested");
  EXPECT_EQ(world.send({.to = "bob", .key = "k2"}).code, ReplyCode::accepted);
  EXPECT_EQ(world.kinds(), "SendRequested DeliveryRequested DeliveryAttempted");
  world.confirm(world.attempted().front());
  EXPECT_EQ(root_of<fb::DeliveryAttempted>(world.last()).delivery(), behind.delivery.value);
}

TEST(Sends, CountAgainstTheRateOfWhoeverAsks) {
  World world({.per_minute = 60, .burst = 2});
  world.connect("token");
  world.channel_state(fb::ChannelState::connected);
  EXPECT_EQ(world.send({.key = "1"}).code, ReplyCode::accepted);
  EXPECT_EQ(world.send({.key = "2"}).code, ReplyCode::accepted);
  const Reply third = world.send({.key = "3"});
  EXPECT_EQ(third.code, ReplyCode::rate_limited);
  EXPECT_GT(third.retry_after_ms, 0U);
  EXPECT_EQ(world.send({.key = "1"}).code, ReplyCode::in_flight) << "a repetition costs nothing";
  world.advance_ms(third.retry_after_ms);
  EXPECT_EQ(world.send({.key = "3"}).code, ReplyCode::accepted);
}

TEST_F(SendTest, WhatNamesNothingIsRefused) {
  EXPECT_EQ(world.send({.channel = "matrix"}).code, ReplyCode::not_found);
  EXPECT_EQ(world.send({.account = "second"}).code, ReplyCode::not_found);
  EXPECT_EQ(world.send({.to = ""}).code, ReplyCode::rejected);
  EXPECT_EQ(world.send({.text = ""}).code, ReplyCode::rejected);
  EXPECT_EQ(world.send({.key = ""}).code, ReplyCode::rejected);
  EXPECT_EQ(world.send({.key = std::string(limits::kIdempotencyKeyBytesMax + 1, 'k')}).code,
            ReplyCode::rejected);
}

TEST_F(SendTest, AnAnswerToAClientIsDeliveredWhereItSays) {
  const Reply reply = world.message({.via = fb::MessageVia::agent,
                                     .channel = "webchat",
                                     .session_key = "main",
                                     .idempotency_key = "a1",
                                     .deliver_to = "alice"});
  ASSERT_EQ(reply.code, ReplyCode::accepted);
  world.finish(reply.run, "done");
  EXPECT_EQ(world.kinds(), "RunFinished DeliveryRequested DeliveryAttempted");
  const auto& request = root_of<fb::DeliveryRequested>(world.last(1));
  EXPECT_EQ(request.message(), reply.seq.value) << "which has the address";
  const std::uint64_t lane = request.lane();
  world.confirm(world.attempted().front());
  world.finish(world.message({.sender = "alice", .text = "hello"}).run);
  EXPECT_EQ(root_of<fb::DeliveryRequested>(world.last(1)).lane(), lane) << "one conversation";
  world.finish(world.chat("main", "hello").run);
  EXPECT_EQ(world.kinds(), "RunFinished");
}

TEST(Sends, TheOldestGoesAndOfOneKeyTheLaterCounts) {
  Sends sends;
  const auto add = [&](std::uint64_t print, std::uint64_t request) {
    sends.add({.request = Seq{request}, .fingerprint = {print, print}});
  };
  add(1, 10);
  add(1, 20);
  SendRow found{};
  ASSERT_TRUE(sends.find(Bits128{1, 1}, 0, found));
  EXPECT_EQ(found.request, Seq{20});
  for (std::uint64_t i = 0; i < limits::kSendsKept; ++i)
    add(100 + i, 100 + 2 * i);
  EXPECT_EQ(sends.count(), limits::kSendsKept);
  EXPECT_FALSE(sends.find(Bits128{1, 1}, 0, found));
  EXPECT_FALSE(sends.find(DeliveryId{21}, found));
  EXPECT_TRUE(sends.find(DeliveryId{101}, found));
  EXPECT_FALSE(sends.find(DeliveryId{102}, found)) << "no request stands before it";
  sends.end(DeliveryId{103}, Seq{7});
  ASSERT_TRUE(sends.find(Bits128{101, 101}, 0, found));
  EXPECT_EQ(found.ended, Seq{7});
}

TEST_F(SendTest, AnAccountIsSwitchedOffUntilItIsSwitchedOn) {
  const auto wanted = [&] {
    std::vector<ChannelView> channels;
    list_channels(world.state, channels);
    return channels.front().wanted;
  };
  EXPECT_EQ(world.switch_channel(fb::ChannelSwitch::on).code, ReplyCode::nothing_to_do);
  EXPECT_EQ(world.switch_channel(fb::ChannelSwitch::off).code, ReplyCode::accepted);
  const Effects asked = world.asked_for(world.last());
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].kind, EffectKind::switch_channel);
  EXPECT_EQ(world.switch_channel(fb::ChannelSwitch::off).code, ReplyCode::nothing_to_do);
  World after;
  world.give(fb::EventBody::EngineStarted, after.journal[1].words);
  EXPECT_EQ(wanted(), fb::ChannelSwitch::off) << "also of the next process";
  EXPECT_EQ(world.switch_channel(fb::ChannelSwitch::logged_out).code, ReplyCode::accepted);
  EXPECT_EQ(world.switch_channel(fb::ChannelSwitch::on).code, ReplyCode::accepted);
  EXPECT_EQ(wanted(), fb::ChannelSwitch::on);
  EXPECT_EQ(world.switch_channel(fb::ChannelSwitch::off, "matrix").code, ReplyCode::not_found);
}

}  // namespace
}  // namespace spine::core

// Deliveries: who gets one, in which order, when it is tried again, and what becomes of dead ones.
#include <algorithm>
#include <gtest/gtest.h>

#include "engine/core/model/digest.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

constexpr std::uint64_t kHourMs = 3'600'000;

class DeliveryTest : public ::testing::Test {
 protected:
  explicit DeliveryTest(const ConfigSpec& config = {}) : world(config) {
    world.channel_state(fb::ChannelState::connected);
  }
  // Every route to the state leads to the same.
  void TearDown() override {
    EXPECT_EQ(digest(world.state).total, digest(fold(world.journal, world.journal.size())).total);
  }
  RunId say(const std::string& text, const std::string& sender = "alice") {
    return world.message({.sender = sender, .text = text}).run;
  }
  // The only delivery that is attempted.
  DeliveryId attempted() const {
    const std::vector<DeliveryId> all = world.attempted();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? DeliveryId{} : all.front();
  }
  DeliveryView view(DeliveryId id) const {
    DeliveryView out{};
    EXPECT_TRUE(view_delivery(world.state, id, out));
    return out;
  }
  std::vector<DeliveryId> dead() const {
    std::vector<DeliveryId> out;
    list_dead_letters(world.state, 0, 10'000, out);
    return out;
  }
  World world;
};

TEST_F(DeliveryTest, AnAnswerIsAttemptedAtOnceAndConfirmedOnce) {
  const RunId run = say("hello");
  world.finish(run);
  EXPECT_EQ(world.kinds(), "RunFinished DeliveryRequested DeliveryAttempted");
  const auto& request = root_of<fb::DeliveryRequested>(world.last(1));
  EXPECT_EQ(request.body(), world.last(2).seq.value) << "the text stands in the end of the run";
  EXPECT_EQ(request.run(), run.value);
  EXPECT_EQ(request.purpose(), fb::DeliveryPurpose::answer);
  EXPECT_EQ(world.last(1).header.cause, world.last(2).seq.value);
  EXPECT_EQ(world.last(0).header.cause, world.last(1).seq.value);
  EXPECT_EQ(world.last(0).header.correlation, request.message());
  const Effects asked = world.asked_for(world.last());
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].kind, EffectKind::deliver);
  EXPECT_EQ(asked[0].id, (EffectId{.seq = world.last().seq, .ordinal = 0}));
  const DeliveryId delivery = attempted();
  EXPECT_EQ(world.confirm(delivery).code, ReplyCode::accepted);
  EXPECT_TRUE(world.attempted().empty());
  EXPECT_EQ(world.confirm(delivery).code, ReplyCode::not_found) << "it is done";
  EXPECT_EQ(count_state(world.state).deliveries_waiting, 0U);
}

TEST_F(DeliveryTest, NothingIsSentWhereTheGatewayDoesNotDeliver) {
  const Reply elsewhere = world.message({.channel = "matrix", .text = "hello"});
  world.finish(elsewhere.run);
  EXPECT_EQ(world.kinds(), "RunFinished");
  const Reply other_account = world.message({.account = "second", .text = "hello"});
  world.finish(other_account.run);
  EXPECT_EQ(world.kinds(), "RunFinished");
  world.connect("token");
  world.finish(world.chat("main", "hello").run);
  EXPECT_EQ(world.kinds(), "RunFinished");
}

TEST_F(DeliveryTest, AnAgentThatHasNothingToSaySendsNothing) {
  for (const char* silent : {"", "  \n", "NO_REPLY", " NO_REPLY\n"}) {
    world.finish(say("hello"), silent);
    EXPECT_EQ(world.kinds(), "RunFinished") << silent;
  }
}

TEST_F(DeliveryTest, FailuresAndCommandsAreTold) {
  world.fail(say("hello"));
  EXPECT_EQ(world.kinds(), "RunFailed DeliveryRequested DeliveryAttempted");
  const auto& failure = root_of<fb::DeliveryRequested>(world.last(1));
  EXPECT_EQ(failure.purpose(), fb::DeliveryPurpose::failure);
  EXPECT_EQ(text_of(failure.text()), "There is no answer: the agent failed.");
  world.confirm(attempted());
  say("/status");
  EXPECT_NE(world.kinds().find("CommandAnswered DeliveryRequested DeliveryAttempted"),
            std::string::npos)
      << world.kinds();
}

TEST_F(DeliveryTest, OneConversationIsServedInOrderAndOthersBeside) {
  const RunId a1 = say("one");
  const RunId b1 = say("one", "bob");
  world.finish(a1);
  const DeliveryId first = attempted();
  const RunId a2 = say("two");
  world.finish(a2);
  EXPECT_EQ(world.kinds(), "RunFinished DeliveryRequested") << "it waits for the first";
  world.finish(b1);
  EXPECT_EQ(world.attempted().size(), 2U) << "another conversation does not wait";
  world.confirm(first);
  EXPECT_EQ(world.kinds(), "DeliveryConfirmed DeliveryAttempted");
  EXPECT_EQ(view(world.attempted().back()).run, a2);
}

TEST_F(DeliveryTest, AFailureIsTriedAgainLaterAndLater) {
  world.finish(say("hello"));
  const DeliveryId delivery = attempted();
  std::uint64_t wait_ms = limits::kDeliveryRetryMs;
  for (int i = 1; i < 5; ++i) {
    world.fail_delivery(delivery, fb::DeliveryFailure::retryable);
    EXPECT_EQ(world.kinds(), "DeliveryFailed DeliveryRetryScheduled");
    EXPECT_EQ(view(delivery).not_before_ms, world.now.logical_ms + wait_ms);
    EXPECT_EQ(world.state.next_deadline_ms(), view(delivery).not_before_ms);
    world.advance_ms(wait_ms - 1);
    EXPECT_EQ(world.deadline().code, ReplyCode::nothing_to_do);
    world.advance_ms(1);
    world.deadline();
    EXPECT_EQ(world.kinds(), "DeadlineReached DeliveryAttempted");
    EXPECT_EQ(view(delivery).attempts, i + 1);
    wait_ms *= 2;
  }
}

TEST_F(DeliveryTest, ARateLimitIsWaitedForAsThePlatformSays) {
  world.finish(say("hello"));
  const DeliveryId delivery = attempted();
  world.fail_delivery(delivery, fb::DeliveryFailure::rate_limited, 0, 33'000);
  EXPECT_EQ(view(delivery).not_before_ms, world.now.logical_ms + 33'000);
  world.advance_ms(33'000);
  world.deadline();
  world.fail_delivery(delivery, fb::DeliveryFailure::rate_limited, 0, ~std::uint64_t{0});
  EXPECT_LT(view(delivery).not_before_ms, world.now.logical_ms + 25 * kHourMs);
}

// Case 35.
TEST_F(DeliveryTest, AChannelThatIsNotReadyChargesNoAttempt) {
  world.finish(say("hello"));
  const DeliveryId delivery = attempted();
  for (int i = 0; i < 10; ++i) {
    world.fail_delivery(delivery, fb::DeliveryFailure::not_ready);
    EXPECT_EQ(view(delivery).attempts, 0);
    const std::uint64_t wait_ms = view(delivery).not_before_ms - world.now.logical_ms;
    EXPECT_GE(wait_ms, limits::kDeliveryNotReadyMs);
    EXPECT_LE(wait_ms, limits::kDeliveryNotReadyMsMax);
    world.advance_ms(wait_ms);
    world.deadline();
    EXPECT_EQ(view(delivery).attempts, 1);
  }
}

TEST_F(DeliveryTest, WhatABridgeHandsInTheBridgeDelivers) {
  world.finish(world.message({.text = "hello", .bridge = 5}).run);
  EXPECT_EQ(world.kinds(), "RunFinished");
}

TEST_F(DeliveryTest, WhatWaitsForAChannelThatIsDownExpiresAllTheSame) {
  world.channel_state(fb::ChannelState::logged_out);
  world.finish(say("one"));
  EXPECT_EQ(world.state.next_deadline_ms(), world.now.logical_ms + kHourMs);
  world.advance_ms(kHourMs);
  world.deadline();
  EXPECT_EQ(world.kinds(), "DeadlineReached DeliveryDeadLettered");
  EXPECT_EQ(count_state(world.state).deliveries_waiting, 0U);
}

class CollectingDeliveries : public DeliveryTest {
 protected:
  CollectingDeliveries()
      : DeliveryTest(
            ConfigSpec{.dm_scope = fb::DmScope::main, .queue_mode = fb::QueueMode::collect}) {}
};

TEST_F(CollectingDeliveries, OneAnswerGoesToOneConversation) {
  const RunId at_work = say("zero", "carol");
  const RunId alice = say("one");
  const RunId bob = say("two", "bob");
  say("three");
  world.finish(at_work);
  EXPECT_NE(world.kinds().find("RunsMerged"), std::string::npos) << "alice's two";
  world.finish(alice);
  EXPECT_EQ(world.active("agent:main:main"), bob) << "is answered by a run of its own";
  world.finish(bob);
  EXPECT_EQ(world.attempted().size(), 3U) << "each is told";
}

TEST_F(DeliveryTest, WhatMayHaveArrivedIsADeadLetterAndTheNextOneGoesOn) {
  world.finish(say("one"));
  const DeliveryId delivery = attempted();
  world.finish(say("two"));
  world.fail_delivery(delivery, fb::DeliveryFailure::unknown, 1);
  EXPECT_EQ(world.kinds(), "DeliveryFailed DeliveryDeadLettered DeliveryAttempted");
  EXPECT_EQ(dead(), std::vector<DeliveryId>{delivery});
  EXPECT_EQ(view(delivery).reason, fb::DeadLetterReason::unknown);
  EXPECT_EQ(view(delivery).pieces, 1U) << "what has arrived is remembered";
}

class AtLeastOnce : public DeliveryTest {
 protected:
  AtLeastOnce()
      : DeliveryTest(ConfigSpec{.channels = {{.name = "telegram", .at_least_once = true}}}) {}
};

TEST_F(AtLeastOnce, WhatMayHaveArrivedIsSentAgain) {
  world.finish(say("one"));
  const DeliveryId delivery = attempted();
  world.fail_delivery(delivery, fb::DeliveryFailure::unknown);
  EXPECT_EQ(world.kinds(), "DeliveryFailed DeliveryRetryScheduled");
  world.fail_delivery(delivery, fb::DeliveryFailure::permanent);
  EXPECT_EQ(world.kinds(), "") << "no attempt is open";
}

TEST_F(DeliveryTest, APermanentRefusalIsADeadLetterThatCanBeSentAgain) {
  world.finish(say("one"));
  const DeliveryId delivery = attempted();
  world.fail_delivery(delivery, fb::DeliveryFailure::permanent);
  EXPECT_EQ(world.kinds(), "DeliveryFailed DeliveryDeadLettered");
  EXPECT_EQ(count_state(world.state).dead_letters, 1U);
  world.advance_ms(5 * kHourMs);
  EXPECT_EQ(world.retry_delivery(delivery).code, ReplyCode::accepted);
  EXPECT_EQ(world.kinds(), "DeliveryRetryRequested DeliveryAttempted");
  EXPECT_EQ(view(delivery).expires_ms, world.now.logical_ms + kHourMs) << "its time begins anew";
  EXPECT_EQ(world.retry_delivery(delivery).code, ReplyCode::not_found) << "it is no dead letter";
  world.confirm(delivery);
  EXPECT_TRUE(dead().empty());
}

TEST_F(DeliveryTest, ARetryGoesBehindWhatWaits) {
  world.finish(say("one"));
  const DeliveryId first = attempted();
  world.fail_delivery(first, fb::DeliveryFailure::permanent);
  world.finish(say("two"));
  const DeliveryId second = attempted();
  world.retry_delivery(first);
  EXPECT_EQ(world.kinds(), "DeliveryRetryRequested");
  world.confirm(second);
  EXPECT_EQ(world.attempted(), std::vector<DeliveryId>{first});
}

TEST_F(DeliveryTest, ADeadLetterCanBeDiscardedAndNothingElse) {
  world.finish(say("one"));
  const DeliveryId delivery = attempted();
  EXPECT_EQ(world.discard_delivery(delivery).code, ReplyCode::not_found);
  world.fail_delivery(delivery, fb::DeliveryFailure::permanent);
  EXPECT_EQ(world.discard_delivery(delivery).code, ReplyCode::accepted);
  EXPECT_TRUE(dead().empty());
  EXPECT_EQ(world.discard_delivery(delivery).code, ReplyCode::not_found);
}

TEST_F(DeliveryTest, AnswersWaitWhileTheChannelIsDownAndComeInOrder) {
  world.channel_state(fb::ChannelState::down, "telegram", "bot", "nobody there");
  std::vector<RunId> runs;
  for (int i = 0; i < 10; ++i) {
    runs.push_back(say("q" + std::to_string(i)));
    world.finish(runs.back());
    EXPECT_EQ(world.kinds(), "RunFinished DeliveryRequested");
  }
  world.advance_ms(60'000);
  EXPECT_EQ(world.deadline().code, ReplyCode::nothing_to_do);
  world.channel_state(fb::ChannelState::connected);
  EXPECT_EQ(world.kinds(), "ChannelStateChanged DeliveryAttempted");
  for (const RunId run : runs) {
    const DeliveryId delivery = attempted();
    EXPECT_EQ(view(delivery).run, run);
    world.confirm(delivery);
  }
  EXPECT_TRUE(world.attempted().empty());
}

TEST_F(DeliveryTest, WhatCannotBeSentInTimeExpiresWhenItIsItsTurn) {
  world.channel_state(fb::ChannelState::down);
  world.finish(say("one"));
  world.finish(say("two"));
  world.advance_ms(kHourMs - 1);
  world.finish(say("three"));
  world.advance_ms(1);
  world.channel_state(fb::ChannelState::connected);
  EXPECT_EQ(world.kinds(),
            "ChannelStateChanged DeliveryDeadLettered DeliveryDeadLettered DeliveryAttempted");
  EXPECT_EQ(dead().size(), 2U);
  EXPECT_EQ(view(dead().front()).reason, fb::DeadLetterReason::expired);
}

TEST_F(DeliveryTest, OneAccountIsGivenOnlySoManyAtATime) {
  const auto many = limits::kDeliveriesInFlightMax + 5;
  for (std::uint32_t i = 0; i < many; ++i)
    world.finish(say("hello", "user" + std::to_string(i)));
  EXPECT_EQ(world.attempted().size(), limits::kDeliveriesInFlightMax);
  world.confirm(world.attempted().front());
  EXPECT_EQ(world.attempted().size(), limits::kDeliveriesInFlightMax);
  while (!world.attempted().empty())
    world.confirm(world.attempted().front());
  EXPECT_EQ(count_state(world.state).deliveries_waiting, 0U) << "everybody had a turn";
}

TEST_F(DeliveryTest, OfTooManyDeadLettersTheOldestMakesRoom) {
  DeliveryId oldest{};
  for (std::uint32_t i = 0; i <= limits::kDeadLettersKept; ++i) {
    world.finish(say("hello", "user" + std::to_string(i % 100)));
    const DeliveryId delivery = attempted();
    if (i == 0) oldest = delivery;
    world.fail_delivery(delivery, fb::DeliveryFailure::permanent);
  }
  EXPECT_EQ(world.kinds(), "DeliveryFailed DeliveryDeadLettered DeliveryDiscarded");
  EXPECT_TRUE(root_of<fb::DeliveryDiscarded>(world.last()).for_room());
  EXPECT_EQ(root_of<fb::DeliveryDiscarded>(world.last()).delivery(), oldest.value);
  EXPECT_EQ(count_state(world.state).dead_letters, limits::kDeadLettersKept);
}

TEST_F(DeliveryTest, AStrangerIsToldTheCodeOfItsRequest) {
  world.configure(
      {.channels = {{.name = "telegram", .dm = fb::DmPolicy::pairing}}, .exact_ids = true});
  world.message({.sender = "stranger", .text = "hello", .exact_ids = true});
  EXPECT_EQ(world.kinds(),
            "MessageRejected ChannelPairingRequested DeliveryRequested DeliveryAttempted");
  const auto& pairing = root_of<fb::ChannelPairingRequested>(world.last(2));
  const auto& request = root_of<fb::DeliveryRequested>(world.last(1));
  EXPECT_NE(text_of(request.text()).find(text_of(pairing.code())), std::string_view::npos);
  EXPECT_EQ(request.message(), world.last(3).seq.value);
  world.message({.sender = "stranger", .text = "hello?", .exact_ids = true});
  EXPECT_EQ(world.kinds(), "MessageRejected") << "told once while the request lives";
}

TEST_F(DeliveryTest, WhoeverIsLetInIsToldThatAMessageWasNotTaken) {
  for (std::uint32_t i = 0; i <= limits::kRunsPerSessionMax; ++i)
    say("hello " + std::to_string(i));
  say("one too many");
  EXPECT_EQ(world.kinds(), "MessageRejected DeliveryRequested DeliveryAttempted");
  EXPECT_EQ(root_of<fb::DeliveryRequested>(world.last(1)).purpose(), fb::DeliveryPurpose::notice);
}

TEST_F(DeliveryTest, AGatewayThatStartsHasNoChannelConnected) {
  world.finish(say("one"));
  std::vector<ChannelView> channels;
  list_channels(world.state, channels);
  ASSERT_EQ(channels.size(), 1U);
  EXPECT_EQ(channels[0].identity, "42");
  world.channel_read("1001");
  World after;
  const EventView started = after.journal[1].view(Seq{2});
  world.give(fb::EventBody::EngineStarted, after.journal[1].words);
  EXPECT_TRUE(is_kind(started, fb::EventBody::EngineStarted));
  channels.clear();
  list_channels(world.state, channels);
  EXPECT_EQ(channels[0].state, fb::ChannelState::stopped);
  EXPECT_EQ(channels[0].position, "1001");
  EXPECT_EQ(channels[0].position_of, "42");
  EXPECT_EQ(world.attempted().size(), 1U) << "recovery says what became of it";
}

TEST_F(DeliveryTest, StatesThatSayNothingNewAreNotRecorded) {
  EXPECT_EQ(world.channel_state(fb::ChannelState::connected).code, ReplyCode::nothing_to_do);
  EXPECT_EQ(world.channel_state(fb::ChannelState::connected, "telegram", "bot", "slow").code,
            ReplyCode::accepted);
  EXPECT_EQ(world.channel_read("7").code, ReplyCode::accepted);
  // Which is told to the channel, once.
  const Effects told = world.asked_for(world.last());
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].kind, EffectKind::acknowledge);
  EXPECT_EQ(told[0].id.ordinal, 1U);
  EXPECT_EQ(world.channel_read("7").code, ReplyCode::nothing_to_do);
  EXPECT_EQ(world.channel_read("7", "matrix").code, ReplyCode::not_found);
  EXPECT_EQ(world.channel_state(fb::ChannelState::connected, "").code, ReplyCode::rejected);
}

}  // namespace
}  // namespace spine::core

// Another try at runs that ended: which may have one, and what it is about.
#include <gtest/gtest.h>

#include "engine/core/model/digest.h"
#include "schemas/fields.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

class Retries : public ::testing::Test {
 protected:
  Retries() { world.connect("token"); }
  // Every route to the state leads to the same.
  void TearDown() override {
    EXPECT_EQ(digest(world.state).total, digest(fold(world.journal, world.journal.size())).total);
  }
  RunView view(RunId run) const {
    RunView found{};
    EXPECT_TRUE(view_run(world.state, run, found));
    return found;
  }
  World world;
};

TEST_F(Retries, AFailedRunGetsANewOneForTheSameMessage) {
  const Reply sent = world.chat("main", "hello");
  const RunView old = view(sent.run);
  world.fail(sent.run);
  const Seq failed = world.last().seq;
  const Reply again = world.retry(sent.run, false, "second");
  ASSERT_EQ(again.code, ReplyCode::accepted);
  EXPECT_EQ(show_drafts(world), "RunRetryRequested RunQueued(hello) RunStarted(hello)");
  const EventView asked = world.last(2);
  EXPECT_EQ(asked.header.cause, failed.value) << "it goes on where the old run ended";
  EXPECT_EQ(asked.header.correlation, sent.seq.value);
  EXPECT_EQ(asked.header.principal, world.client.value);
  EXPECT_EQ(world.last(1).header.cause, asked.seq.value);
  EXPECT_EQ(root_of<fb::RunQueued>(world.last(1)).retry_of(), sent.run.value);
  const RunView run = view(again.run);
  EXPECT_NE(run.id, sent.run);
  EXPECT_EQ(run.key, "second");
  EXPECT_EQ(run.message, sent.seq);
  EXPECT_EQ(run.previous, old.started);
  EXPECT_EQ(run.correlation, sent.seq.value);
  EXPECT_EQ(view(sent.run).status, RunStatus::failed) << "the old one stays as it is";
  world.finish(again.run);
  EXPECT_EQ(world.view(again.session).message_count, 3U) << "message, failure, answer";
}

TEST_F(Retries, AnAbortedRunThatNeverStartedHasOnlyItsOwnMessage) {
  const Reply first = world.chat("main", "one");
  const Reply second = world.chat("main", "two");
  world.abort(SessionId{}, {second.run.value});
  const Reply again = world.retry(second.run);
  ASSERT_EQ(again.code, ReplyCode::accepted);
  EXPECT_EQ(show_drafts(world), "RunRetryRequested RunQueued(two)") << "it waits for its turn";
  world.finish(first.run);
  EXPECT_EQ(show_drafts(world), "RunFinished(one) RunStarted(two)");
  EXPECT_EQ(root_of<fb::RunStarted>(world.last()).previous(), 0U);
}

TEST_F(Retries, OneThatWaitedStartsWithTheMessagesOfTheRunBefore) {
  const Reply first = world.chat("main", "one");
  const Seq started = view(first.run).started;
  world.fail(first.run);
  const Reply second = world.chat("main", "two");
  ASSERT_EQ(world.retry(first.run).code, ReplyCode::accepted);
  world.finish(second.run);
  EXPECT_EQ(show_drafts(world), "RunFinished(two) RunStarted(one)");
  EXPECT_EQ(root_of<fb::RunStarted>(world.last()).previous(), started.value);
}

TEST_F(Retries, AnAnsweredMessageIsAnsweredAgainOnlyWhenForced) {
  const Reply sent = world.chat("main", "hello");
  world.finish(sent.run);
  EXPECT_EQ(world.retry(sent.run).code, ReplyCode::run_answered);
  EXPECT_EQ(world.kinds(), "");
  const Reply forced = world.retry(sent.run, true);
  EXPECT_EQ(forced.code, ReplyCode::accepted);
  world.fail(forced.run);
  EXPECT_EQ(world.retry(forced.run).code, ReplyCode::run_answered)
      << "that one failed, but the message has an answer";
}

TEST_F(Retries, WhatIsBeingWorkedOnIsNotTriedBeside) {
  const Reply sent = world.chat("main", "hello");
  Reply refused = world.retry(sent.run);
  EXPECT_EQ(refused.code, ReplyCode::run_open);
  EXPECT_EQ(refused.run, sent.run);
  world.fail(sent.run);
  const Reply again = world.retry(sent.run);
  refused = world.retry(sent.run, true);
  EXPECT_EQ(refused.code, ReplyCode::run_open);
  EXPECT_EQ(refused.run, again.run);
}

TEST_F(Retries, ARequestThatIsRepeatedMakesNoSecondRun) {
  const Reply sent = world.chat("main", "hello");
  world.fail(sent.run);
  const Reply again = world.retry(sent.run, false, "k");
  Reply repeated = world.retry(sent.run, false, "k");
  EXPECT_EQ(repeated.code, ReplyCode::in_flight);
  EXPECT_EQ(repeated.run, again.run);
  EXPECT_EQ(repeated.session, again.session);
  world.finish(again.run);
  repeated = world.retry(sent.run, false, "k");
  EXPECT_EQ(repeated.code, ReplyCode::done);
  EXPECT_EQ(repeated.run, again.run);
}

TEST_F(Retries, AMessageOfAnotherLifeIsLeftBehind) {
  const Reply reset = world.chat("main", "hello");
  world.fail(reset.run);
  world.reset(reset.session);
  EXPECT_EQ(world.retry(reset.run).code, ReplyCode::left_behind);
  const Reply closed = world.chat("notes", "hello");
  world.fail(closed.run);
  world.close(closed.session);
  EXPECT_EQ(world.retry(closed.run).code, ReplyCode::left_behind);
  EXPECT_EQ(world.retry(RunId{99'999}).code, ReplyCode::not_found);
}

TEST_F(Retries, AnAgentThatIsGoneGetsNoRun) {
  const Reply sent = world.chat("agent:work:x", "hello");
  world.fail(sent.run);
  world.configure({.agents = {"main"}});
  const Reply refused = world.retry(sent.run);
  EXPECT_EQ(refused.code, ReplyCode::rejected);
  EXPECT_EQ(refused.reason, fb::RejectReason::unknown_agent);
}

TEST_F(Retries, TrustIsThatOfTheMessage) {
  const Reply sent = world.message({.untrusted = true});
  ASSERT_EQ(view(sent.run).trust, fb::Trust::untrusted);
  world.fail(sent.run);
  EXPECT_EQ(view(world.retry(sent.run).run).trust, fb::Trust::untrusted);
}

// One run answers the messages of others that waited (RunsMerged).
class MergedRetries : public Retries {
 protected:
  // `one` is worked on; `two` collects `three` when that ends.
  MergedRetries() {
    one = say("one", fb::QueueMode::followup);
    two = say("two", fb::QueueMode::collect);
    three = say("three", fb::QueueMode::collect);
  }
  Reply say(const std::string& words, fb::QueueMode mode) {
    return world.message({.text = words, .queue_mode = mode});
  }
  // The refusal of another try, with the text of the message whose run it names.
  std::string refusal(const Reply& reply) {
    const Reply refused = world.retry(reply.run);
    const Seq message = view(refused.run).message;
    return show_reply(refused) + " by " +
           root_of<fb::MessageReceived>(world.journal[message.value - 1].view(message))
               .text()
               ->str();
  }
  Reply one{};
  Reply two{};
  Reply three{};
};

TEST_F(MergedRetries, AreAnsweredWhenTheRunThatTookThemIs) {
  world.finish(one.run);
  ASSERT_EQ(show_drafts(world),
            "RunFinished(one) RunStarted(two and 1) RunsMerged(three into two)");
  EXPECT_EQ(refusal(three), "run_open by two");
  EXPECT_EQ(world.retry(three.run, true).code, ReplyCode::run_open);
  world.finish(two.run);
  EXPECT_EQ(refusal(three), "run_answered by two");
  const Reply forced = world.retry(three.run, true);
  ASSERT_EQ(forced.code, ReplyCode::accepted);
  EXPECT_EQ(show_drafts(world), "RunRetryRequested RunQueued(three) RunStarted(three)");
  world.fail(forced.run);
  EXPECT_EQ(refusal(three), "run_answered by two") << "it still has an answer";
}

TEST_F(MergedRetries, AreTriedAgainWhenTheRunThatTookThemFailed) {
  world.finish(one.run);
  const Reply later = say("later", fb::QueueMode::followup);
  world.fail(two.run);
  world.finish(later.run);
  const Reply again = world.retry(three.run);
  ASSERT_EQ(again.code, ReplyCode::accepted);
  EXPECT_EQ(view(again.run).message, three.seq);
  EXPECT_EQ(view(again.run).previous, Seq{}) << "it is given its own message alone";
  world.finish(again.run);
  EXPECT_EQ(refusal(three), "run_answered by three");
  EXPECT_EQ(world.retry(two.run).code, ReplyCode::accepted) << "that one has no answer";
}

TEST_F(MergedRetries, AreAnsweredByAnotherTryAtTheRunThatTookThem) {
  world.finish(one.run);
  world.interrupt(two.run, fb::InterruptReason::agent_crash);
  world.fail(two.run);
  const Reply again = world.retry(two.run);
  ASSERT_EQ(again.code, ReplyCode::accepted);
  EXPECT_EQ(world.retry(three.run).run, again.run);
  EXPECT_EQ(refusal(three), "run_open by two");
  world.finish(again.run);
  EXPECT_EQ(world.retry(three.run).run, again.run);
  EXPECT_EQ(refusal(three), "run_answered by two");
}

TEST_F(MergedRetries, SteeredOnesAreAnsweredByTheRunWhoseEndTheyShare) {
  world.finish(one.run);
  const Reply steered = say("steered", fb::QueueMode::steer);
  world.steer(steered.run, two.run);
  world.finish(two.run);
  ASSERT_EQ(show_drafts(world), "RunFinished(two) RunsMerged(steered into two)");
  const Reply next = say("next", fb::QueueMode::followup);
  world.fail(next.run);
  EXPECT_EQ(refusal(steered), "run_answered by two");
  ASSERT_EQ(world.retry(two.run, true).code, ReplyCode::accepted);
  EXPECT_EQ(refusal(steered), "run_answered by two") << "the other try is not given its message";
  EXPECT_EQ(world.retry(steered.run, true).code, ReplyCode::accepted);
}

TEST_F(Retries, TheRunMayBeNamedBesideTheBody) {
  const Reply sent = world.chat("main", "hello");
  world.fail(sent.run);
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::CreateRunRetryRequestedDirect(builder, 0, "beside"));
  Body body((builder.GetSize() + 7) / 8);
  std::memcpy(body.data(), builder.GetBufferPointer(), builder.GetSize());
  const Reply again = world.give(Input{.kind = kind_number(fb::EventBody::RunRetryRequested),
                                       .source = Source::websocket,
                                       .principal = world.client,
                                       .run = sent.run},
                                 body, body.size() * 8);
  ASSERT_EQ(again.code, ReplyCode::accepted);
  const auto& asked = root_of<fb::RunRetryRequested>(world.last(2));
  EXPECT_EQ(asked.run(), sent.run.value) << "recorded whole";
  EXPECT_EQ(asked.run_key()->str(), "beside");
}

TEST_F(Retries, TheLastRunsThatEndedAreListedLatestFirst) {
  const Reply one = world.chat("main", "one");
  const Reply two = world.chat("notes", "two");
  const Reply three = world.chat("more", "three");
  world.fail(two.run);
  world.finish(one.run);
  std::vector<RunId> ids;
  EXPECT_EQ(list_ended_runs(world.state, 5, ids), 2U);
  EXPECT_EQ(ids, (std::vector{one.run, two.run}));
  world.abort(SessionId{}, {three.run.value});
  ids.clear();
  EXPECT_EQ(list_ended_runs(world.state, 1, ids), 3U);
  EXPECT_EQ(ids, std::vector{three.run});
}

}  // namespace
}  // namespace spine::core

// Messages that come while their session is busy: the four queue modes.
#include <gtest/gtest.h>

#include "engine/core/model/effects.h"
#include "engine/core/model/policy.h"
#include "tests/unit/core/bodies.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

constexpr const char* kBusyKey = "agent:main:telegram:direct:alice";

class Busy {
 public:
  explicit Busy(const ConfigSpec& config = {}) : world(config) {
    world.connect("token");
    first = world.message({.text = "one"}).run;
  }
  RunId say(const std::string& words, fb::QueueMode mode) {
    const Reply reply = world.message({.text = words, .queue_mode = mode});
    EXPECT_EQ(reply.code, ReplyCode::accepted);
    return reply.run;
  }
  RunStatus status(RunId run) const {
    RunView view{};
    return view_run(world.state, run, view) ? view.status : RunStatus::unknown;
  }
  // Where the last message went, by the effects of its RunQueued; 0 = nowhere.
  RunId steered_into(RunId run) const {
    for (const Effect& effect : world.asked_for(world.last())) {
      if (effect.kind != EffectKind::steer_agent) continue;
      EXPECT_EQ(effect.run, run);
      EXPECT_EQ(effect.id.ordinal, 1U);
      return effect.into;
    }
    return RunId{};
  }
  std::string after(const Reply& reply) const {
    return show_reply(reply) + ": " + show_drafts(world);
  }

  World world;
  RunId first{};
};

TEST(QueueModes, FollowupWaitsItsTurn) {
  Busy busy;
  const RunId two = busy.say("two", fb::QueueMode::followup);
  EXPECT_EQ(show_drafts(busy.world), "MessageReceived RunQueued(two)");
  EXPECT_EQ(busy.steered_into(two), RunId{});
  EXPECT_EQ(busy.after(busy.world.finish(busy.first)),
            "accepted: RunFinished(one) RunStarted(two)");
}

TEST(QueueModes, SteeredMessagesEndWithTheRunThatTookThem) {
  Busy busy;
  const RunId two = busy.say("two", fb::QueueMode::steer);
  EXPECT_EQ(busy.steered_into(two), busy.first);
  const RunId three = busy.say("three", fb::QueueMode::steer);
  EXPECT_EQ(busy.after(busy.world.steer(two, busy.first)), "accepted: RunSteered(two into one)");
  EXPECT_EQ(busy.world.steer(two, busy.first).code, ReplyCode::nothing_to_do);
  EXPECT_EQ(busy.world.steer(busy.first, two).code, ReplyCode::not_found);
  EXPECT_EQ(busy.status(two), RunStatus::queued);
  EXPECT_EQ(busy.after(busy.world.finish(busy.first)),
            "accepted: RunFinished(one) RunsMerged(two into one) RunStarted(three)");
  EXPECT_EQ(busy.status(two), RunStatus::finished);
  EXPECT_EQ(busy.status(three), RunStatus::running);
}

TEST(QueueModes, SteeredMessagesAreNotLostWithTheRunThatTookThem) {
  Busy busy;
  const RunId two = busy.say("two", fb::QueueMode::steer);
  busy.world.steer(two, busy.first);
  busy.world.interrupt(busy.first, fb::InterruptReason::agent_crash);
  EXPECT_EQ(busy.after(busy.world.finish(busy.first)),
            "accepted: RunFinished(one) RunStarted(two)");
  const RunId three = busy.say("three", fb::QueueMode::steer);
  busy.world.steer(three, two);
  EXPECT_EQ(busy.after(busy.world.fail(two)), "accepted: RunFailed RunStarted(three)");
  const RunId four = busy.say("four", fb::QueueMode::steer);
  busy.world.steer(four, three);
  EXPECT_EQ(busy.after(busy.world.abort(SessionId{}, {three.value})),
            "accepted: RunAborted(three) RunStarted(four)");
}

TEST(QueueModes, InterruptEndsWhatIsOpen) {
  Busy busy;
  const RunId two = busy.say("two", fb::QueueMode::followup);
  busy.world.ask(busy.first, "bash");
  busy.say("three", fb::QueueMode::interrupt);
  EXPECT_EQ(show_drafts(busy.world),
            "MessageReceived RunAborted(one,two) ApprovalResolved(withdrawn via run_end) "
            "RunQueued(three) RunStarted(three)");
  EXPECT_EQ(flatbuffers::GetRoot<fb::RunAborted>(busy.world.last(3).body.data())->reason(),
            fb::AbortReason::superseded);
  EXPECT_EQ(busy.status(two), RunStatus::aborted);
}

TEST(QueueModes, CollectedMessagesAreAnsweredTogether) {
  Busy busy;
  const RunId two = busy.say("two", fb::QueueMode::collect);
  busy.say("three", fb::QueueMode::followup);
  const RunId four = busy.say("four", fb::QueueMode::collect);
  EXPECT_EQ(busy.after(busy.world.finish(busy.first)),
            "accepted: RunFinished(one) RunStarted(two and 1) RunsMerged(four into two)");
  EXPECT_EQ(busy.status(two), RunStatus::running);
  EXPECT_EQ(busy.status(four), RunStatus::finished);
  EXPECT_EQ(busy.after(busy.world.finish(two)), "accepted: RunFinished(two) RunStarted(three)");
}

TEST(QueueModes, AsManyAreCollectedAsTheBoundSays) {
  Busy busy;
  for (std::uint32_t i = 0; i < limits::kRunsPerSessionMax; ++i)
    busy.say("more", fb::QueueMode::collect);
  busy.world.finish(busy.first);
  EXPECT_EQ(show_drafts(busy.world).find("RunStarted(more and 63) RunsMerged"),
            std::string("RunFinished(one) ").size());
  EXPECT_EQ(busy.world.view(busy.world.session(kBusyKey)).runs_waiting, 0U);
}

TEST(QueueModes, WordsThatAreNotTrustedStayApart) {
  const auto feed = [](Busy& busy, fb::QueueMode mode) {
    return busy.world.message({.text = "feed", .queue_mode = mode, .untrusted = true}).run;
  };
  Busy steered;
  EXPECT_EQ(steered.steered_into(feed(steered, fb::QueueMode::steer)), RunId{});
  Busy interrupted;
  feed(interrupted, fb::QueueMode::interrupt);
  EXPECT_EQ(show_drafts(interrupted.world), "MessageReceived RunQueued(feed)");
  Busy collected;
  const RunId two = collected.say("two", fb::QueueMode::collect);
  feed(collected, fb::QueueMode::collect);
  collected.world.finish(collected.first);
  EXPECT_EQ(show_drafts(collected.world), "RunFinished(one) RunStarted(two)");
  EXPECT_EQ(collected.after(collected.world.finish(two)),
            "accepted: RunFinished(two) RunStarted(feed)");
}

TEST(QueueModes, WordsThatAreNotTrustedEndNoTrustedWorkThatWaits) {
  Busy busy;
  const auto stranger = [&](const char* words) {
    return busy.world
        .message({.text = words, .queue_mode = fb::QueueMode::interrupt, .untrusted = true})
        .run;
  };
  const RunId feed = stranger("feed");
  busy.world.finish(busy.first);
  ASSERT_EQ(busy.status(feed), RunStatus::running);
  const RunId mine = busy.say("mine", fb::QueueMode::followup);
  const RunId more = stranger("more");
  EXPECT_EQ(show_drafts(busy.world), "MessageReceived RunQueued(more)");
  EXPECT_EQ(busy.status(feed), RunStatus::running);
  EXPECT_EQ(busy.after(busy.world.finish(feed)), "accepted: RunFinished(feed) RunStarted(mine)");
  busy.world.finish(mine);
  ASSERT_EQ(busy.status(more), RunStatus::running);
  // Among themselves they may.
  stranger("again");
  EXPECT_EQ(show_drafts(busy.world),
            "MessageReceived RunAborted(more) RunQueued(again) RunStarted(again)");
}

TEST(QueueModes, AreFoundFromTheMostSpecific) {
  ConfigSpec spec;
  spec.policies = {{.agent = "Work", .queue_mode = fb::QueueMode::collect}};
  spec.channels = {{.name = "Discord", .queue_mode = fb::QueueMode::steer}};
  const Body body = config_body(spec);
  Policy policy;
  EXPECT_EQ(policy.queue_mode("main", "discord"), fb::QueueMode::followup);
  policy.apply({reinterpret_cast<const std::byte*>(body.data()), body.size() * 8});
  EXPECT_EQ(policy.queue_mode("work", "discord"), fb::QueueMode::collect);
  EXPECT_EQ(policy.queue_mode("main", "discord"), fb::QueueMode::steer);
  EXPECT_EQ(policy.queue_mode("main", "telegram"), fb::QueueMode::followup);
  spec.queue_mode = fb::QueueMode::interrupt;
  const Body other = config_body(spec);
  policy.apply({reinterpret_cast<const std::byte*>(other.data()), other.size() * 8});
  EXPECT_EQ(policy.queue_mode("main", "telegram"), fb::QueueMode::interrupt);
  EXPECT_EQ(policy.rules_of("main").attempts_max, 3);
  EXPECT_EQ(policy.rules_of("work").queue_mode, fb::QueueMode::collect);
}

}  // namespace
}  // namespace spine::core

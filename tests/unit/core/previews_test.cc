// What is shown of an answer while it is written, and what takes its place.
#include <gtest/gtest.h>
#include <string>

#include "engine/core/model/effects.h"
#include "engine/core/model/views.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

class PreviewTest : public ::testing::Test {
 protected:
  PreviewTest() : world(ConfigSpec{.channels = {{.name = "telegram", .dm = fb::DmPolicy::open}}}) {
    world.channel_state(fb::ChannelState::connected);
  }
  RunId say(const std::string& text = "hello") {
    return world.message({.text = text, .exact_ids = true}).run;
  }
  // The last DeliveryRequested of the last decision.
  const fb::DeliveryRequested& requested() const {
    return root_of<fb::DeliveryRequested>(world.last(1));
  }
  World world;
};

TEST_F(PreviewTest, TheAnswerTakesThePlaceOfWhatWasShown) {
  const RunId run = say();
  ASSERT_EQ(world.previewed(run, "42:7:3").code, ReplyCode::accepted);
  const Seq previewed = world.last().seq;
  PreviewView shown{};
  ASSERT_TRUE(view_preview(world.state, run, shown));
  EXPECT_EQ(shown.platform_id, "42:7:3");
  world.finish(run);
  EXPECT_EQ(world.kinds(), "RunFinished DeliveryRequested DeliveryAttempted");
  EXPECT_EQ(requested().preview(), previewed.value);
  EXPECT_FALSE(view_preview(world.state, run, shown)) << "the run has ended";
  DeliveryView delivery{};
  ASSERT_TRUE(view_delivery(world.state, world.attempted().at(0), delivery));
  EXPECT_EQ(delivery.preview, previewed);
}

TEST_F(PreviewTest, SoDoesTheReasonWhyThereIsNone) {
  const RunId run = say();
  world.previewed(run, "42:7:3");
  const Seq previewed = world.last().seq;
  world.fail(run);
  EXPECT_EQ(requested().purpose(), fb::DeliveryPurpose::failure);
  EXPECT_EQ(requested().preview(), previewed.value);
}

TEST_F(PreviewTest, AnotherAttemptGoesOnInIt) {
  const RunId run = say();
  world.previewed(run, "42:7:3");
  world.interrupt(run, fb::InterruptReason::gateway_crash);
  ASSERT_EQ(world.kinds(), "RunInterrupted RunStarted");
  PreviewView shown{};
  EXPECT_TRUE(view_preview(world.state, run, shown));
  world.previewed(run, "42:7:9");
  world.finish(run);
  EXPECT_EQ(requested().preview(), world.last(3).seq.value) << "the last one counts";
}

TEST_F(PreviewTest, OfAnAnswerThatSaysNothingItGoes) {
  const RunId run = say();
  world.previewed(run, "42:7:3");
  const Seq previewed = world.last().seq;
  world.finish(run, "NO_REPLY");
  EXPECT_EQ(world.kinds(), "RunFinished DeliveryRequested DeliveryAttempted");
  EXPECT_EQ(requested().purpose(), fb::DeliveryPurpose::removal);
  EXPECT_EQ(requested().preview(), previewed.value);
  EXPECT_EQ(requested().body(), 0U);
}

TEST_F(PreviewTest, OneThatMayHaveArrivedIsNoMessageToRemove) {
  const RunId run = say();
  world.previewed(run, "");
  world.finish(run, "NO_REPLY");
  EXPECT_EQ(world.kinds(), "RunFinished");
}

TEST_F(PreviewTest, KnownLaterItBelongsToTheAnswerThatWaits) {
  const RunId run = say();
  world.finish(run);
  const DeliveryId answer = world.attempted().at(0);
  ASSERT_EQ(world.previewed(run, "42:7:3").code, ReplyCode::accepted);
  EXPECT_EQ(root_of<fb::DeliveryPreviewed>(world.last()).delivery(), answer.value);
  DeliveryView delivery{};
  ASSERT_TRUE(view_delivery(world.state, answer, delivery));
  EXPECT_EQ(delivery.preview, world.last().seq);
}

TEST_F(PreviewTest, KnownLaterAndWithoutAnAnswerItGoes) {
  const RunId run = say();
  world.finish(run, "NO_REPLY");
  world.previewed(run, "42:7:3");
  EXPECT_EQ(world.kinds(), "DeliveryPreviewed DeliveryRequested DeliveryAttempted");
  EXPECT_EQ(requested().purpose(), fb::DeliveryPurpose::removal);
}

TEST_F(PreviewTest, OfOtherRunsItIsRefused) {
  EXPECT_EQ(world.previewed(RunId{99}, "42:7:3").code, ReplyCode::not_found);
  const RunId elsewhere = world.message({.channel = "matrix", .exact_ids = true}).run;
  EXPECT_EQ(world.previewed(elsewhere, "42:7:3").code, ReplyCode::not_found);
  const RunId run = say();
  EXPECT_EQ(world.previewed(run, std::string(limits::kNameBytesMax + 1, 'x')).code,
            ReplyCode::rejected);
  world.abort(world.session("agent:main:telegram:direct:alice"), {run.value});
  EXPECT_EQ(world.previewed(run, "42:7:3").code, ReplyCode::not_found)
      << "what was shown of a run that was stopped stays";
}

TEST_F(PreviewTest, TheChannelIsToldWhatIsWorkedOn) {
  const auto told = [&](const EventView& event) {
    std::vector<RunId> runs;
    for (const Effect& effect : world.asked_for(event)) {
      if (effect.kind == EffectKind::show_work) runs.push_back(effect.run);
    }
    return runs;
  };
  const RunId run = say();
  EXPECT_EQ(told(world.last()), std::vector{run});
  world.finish(run);
  EXPECT_EQ(told(world.last(2)), std::vector{run});
  const RunId failed = say("two");
  world.fail(failed);
  EXPECT_EQ(told(world.last(1)), std::vector{failed});
  const RunId stopped = say("three");
  world.abort(world.session("agent:main:telegram:direct:alice"), {stopped.value});
  EXPECT_EQ(told(world.last()), std::vector{stopped});
  world.message({.channel = "matrix", .exact_ids = true});
  EXPECT_EQ(told(world.last()), std::vector<RunId>{}) << "its answer goes to no channel";
}

}  // namespace
}  // namespace spine::core

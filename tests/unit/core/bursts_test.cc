// Bursts: parts of an album, and what a person says in quick succession, are one turn.
#include <gtest/gtest.h>

#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

constexpr std::uint64_t kWaitMs = 1'500;

MessageSpec album_part(const std::string& text, const std::string& album = "album:1") {
  return {.text = text, .group = album};
}

MessageSpec group_words(const std::string& text, fb::Mention mention,
                        const std::string& album = {}) {
  return {.conversation = fb::ConversationKind::group,
          .conversation_id = "-5",
          .text = text,
          .mention = mention,
          .group = album};
}

ConfigSpec mention_only(std::uint32_t debounce_ms = 0) {
  ConfigSpec config;
  config.channels.push_back({.name = "telegram", .groups = {{.id = "*", .require_mention = true}}});
  config.debounce_ms = debounce_ms;
  return config;
}

std::string due_after(World& world, std::uint64_t ms) {
  world.advance_ms(ms);
  const std::string reply = show_reply(world.deadline());
  return reply + ": " + show_drafts(world);
}

// Case 32.
TEST(Bursts, PartsOfAnAlbumAreOneTurn) {
  World world;
  const RunId run = world.message(album_part("one")).run;
  EXPECT_EQ(show_drafts(world),
            "MessageReceived PrincipalAdded SessionOpened(agent:main:telegram:direct:alice) "
            "BurstOpened RunQueued(one)");
  world.advance_ms(kWaitMs - 1);
  EXPECT_EQ(world.message(album_part("two")).run, run);
  EXPECT_EQ(show_drafts(world), "MessageReceived BurstJoined");
  // Each part puts the end off.
  EXPECT_EQ(due_after(world, kWaitMs - 1), "nothing_to_do: ");
  EXPECT_EQ(world.message(album_part("three")).run, run);
  EXPECT_EQ(due_after(world, kWaitMs), "accepted: DeadlineReached RunStarted(one and 2)");
  // What comes when it is worked on is a turn of its own.
  EXPECT_NE(world.message(album_part("late")).run, run);
  world.finish(run);
  EXPECT_EQ(due_after(world, kWaitMs), "accepted: DeadlineReached RunStarted(late)");
}

TEST(Bursts, AreNotPutOffForEver) {
  World world;
  world.message(album_part("0"));
  std::uint64_t waited_ms = 0;
  int parts = 0;
  for (; world.state.next_deadline_ms() > world.now.logical_ms + 1'000; waited_ms += 1'000) {
    world.advance_ms(1'000);
    world.message(album_part(std::to_string(++parts)));
    ASSERT_LT(parts, 40);
  }
  EXPECT_LE(waited_ms, kWaitMs * limits::kBurstWindowsMax);
  EXPECT_EQ(due_after(world, 1'000),
            "accepted: DeadlineReached RunStarted(0 and " + std::to_string(parts) + ")");
}

TEST(Bursts, TakeALatePartWhileTheirRunWaits) {
  World world;
  const RunId busy = world.message({.text = "first"}).run;
  const RunId run = world.message(album_part("one")).run;
  world.advance_ms(kWaitMs * 2);
  EXPECT_EQ(world.message(album_part("two")).run, run);
  EXPECT_NE(world.message({.text = "words"}).run, run);
  world.finish(busy);
  EXPECT_EQ(show_drafts(world), "RunFinished(first) RunStarted(one and 1)");
}

TEST(Bursts, HaveABoundOfMessages) {
  World world;
  const RunId run = world.message(album_part("0")).run;
  for (std::size_t i = 1; i <= limits::kBurstMessagesMax; ++i)
    EXPECT_EQ(world.message(album_part("more")).run, run);
  const RunId other = world.message(album_part("beyond")).run;
  EXPECT_NE(other, run);
  EXPECT_EQ(due_after(world, kWaitMs), "accepted: DeadlineReached RunStarted(0 and 31)");
  world.finish(run);
  EXPECT_EQ(show_drafts(world), "RunFinished(0) RunStarted(beyond)");
}

// Case 31.
TEST(Bursts, WordsInQuickSuccessionAreOneTurnWhereItIsConfigured) {
  World world(ConfigSpec{.debounce_ms = 2'000});
  const RunId run = world.message({.text = "photo"}).run;
  world.message({.text = "another photo"});
  EXPECT_EQ(world.message({.text = "what is this?"}).run, run);
  EXPECT_NE(world.message({.sender = "bob", .text = "me"}).run, run);
  EXPECT_EQ(due_after(world, 2'000),
            "accepted: DeadlineReached RunStarted(photo and 2) RunStarted(me)");
  world.finish(run);
  EXPECT_EQ(world.message({.text = "/status"}).code, ReplyCode::accepted);
  EXPECT_EQ(show_drafts(world), "MessageReceived CommandAnswered") << "commands do not wait";
}

TEST(Bursts, OfChannelsHaveWaitsOfTheirOwn) {
  World world(ConfigSpec{.debounce_ms = 2'000, .debounces = {{"telegram", 0}, {"irc", 100}}});
  world.message({.text = "now"});
  EXPECT_TRUE(show_drafts(world).ends_with("RunStarted(now)"));
  world.message({.channel = "irc", .text = "later"});
  EXPECT_EQ(due_after(world, 100), "accepted: DeadlineReached RunStarted(later)");
}

TEST(Bursts, WithoutThemNothingWaits) {
  World world;
  world.message({.text = "one"});
  EXPECT_TRUE(show_drafts(world).ends_with("RunQueued(one) RunStarted(one)"));
}

TEST(Bursts, AMentionAddressesTheWholeAlbumWhicheverPartHasIt) {
  World world(mention_only());
  EXPECT_EQ(world.message(group_words("one", fb::Mention::not_mentioned, "a")).run, RunId{});
  const Reply named = world.message(group_words("two", fb::Mention::mentioned, "a"));
  EXPECT_EQ(show_drafts(world), "MessageReceived BurstJoined RunQueued(one)");
  EXPECT_EQ(world.message(group_words("three", fb::Mention::not_mentioned, "a")).run, named.run);
  EXPECT_EQ(due_after(world, kWaitMs), "accepted: DeadlineReached RunStarted(one and 2)");
}

TEST(Bursts, ThatNobodyAddressesAreOnlyRecorded) {
  World world(mention_only());
  world.message(group_words("one", fb::Mention::not_mentioned, "a"));
  EXPECT_EQ(show_drafts(world).find("RunQueued"), std::string::npos);
  world.advance_ms(kWaitMs);
  world.message(group_words("two", fb::Mention::mentioned, "a"));
  EXPECT_EQ(show_drafts(world), "MessageReceived BurstOpened RunQueued(two)");
}

TEST(Bursts, KeepWhatFollowsBehindThem) {
  World world(mention_only());
  world.message(group_words("one", fb::Mention::mentioned, "a"));
  world.advance_ms(1'000);
  MessageSpec other = group_words("me", fb::Mention::mentioned);
  other.sender = "bob";
  world.message(other);
  EXPECT_EQ(show_drafts(world), "MessageReceived PrincipalAdded RunQueued(me)");
  // And the album is not put off for those who wait for it.
  world.message(group_words("two", fb::Mention::not_mentioned, "a"));
  EXPECT_EQ(due_after(world, 500), "accepted: DeadlineReached RunStarted(one and 1)");
}

TEST(Bursts, EndWithTheirRun) {
  World world;
  const RunId run = world.message(album_part("one")).run;
  world.abort(SessionId{}, {run.value});
  const Reply next = world.message(album_part("two"));
  EXPECT_NE(next.run, run);
  world.message({.text = "/new"});
  EXPECT_EQ(show_drafts(world), "MessageReceived SessionReset(manual) RunAborted(two)");
  EXPECT_EQ(due_after(world, kWaitMs), "nothing_to_do: ");
}

TEST(Bursts, OfDifferentTrustAreNotMixed) {
  World world;
  const RunId run = world.message(album_part("one")).run;
  MessageSpec feed = album_part("feed");
  feed.untrusted = true;
  EXPECT_NE(world.message(feed).run, run);
}

TEST(Bursts, AreCollectedWhole) {
  World world(ConfigSpec{.queue_mode = fb::QueueMode::collect});
  const RunId busy = world.message({.text = "first"}).run;
  world.message({.text = "words"});
  world.message(album_part("one"));
  world.message(album_part("two"));
  world.advance_ms(kWaitMs);
  world.finish(busy);
  EXPECT_EQ(show_drafts(world),
            "RunFinished(first) RunStarted(words and 2) RunsMerged(one into words)");
}

TEST(Bursts, InterruptLikeOtherMessages) {
  World world(ConfigSpec{.queue_mode = fb::QueueMode::interrupt});
  world.message({.text = "first"});
  world.message(album_part("one"));
  EXPECT_EQ(show_drafts(world), "MessageReceived BurstOpened RunAborted(first) RunQueued(one)");
  world.message(album_part("two"));
  EXPECT_EQ(due_after(world, kWaitMs), "accepted: DeadlineReached RunStarted(one and 1)");
}

// ---- Messages of which nothing can be read

TEST(Refusals, WhatCannotBeReadIsRefusedAndTold) {
  World world;
  world.channel_state(fb::ChannelState::connected);
  world.message({.text = "hello"});
  world.message({.text = "", .unsupported = "story"});
  EXPECT_EQ(show_drafts(world), "MessageRejected(unsupported) DeliveryRequested DeliveryAttempted");
  world.message({.text = "", .too_large = 9'000'000});
  EXPECT_EQ(show_drafts(world), "MessageRejected(too_large) DeliveryRequested");
  // In a group nobody is told.
  world.message({.conversation = fb::ConversationKind::group,
                 .conversation_id = "-5",
                 .text = "",
                 .unsupported = "story"});
  EXPECT_EQ(show_drafts(world), "MessageRejected(unsupported)");
}

TEST(Refusals, AreBoundedAndTheRestIsCounted) {
  World world;
  world.channel_state(fb::ChannelState::connected);
  std::uint32_t recorded = 0;
  for (int i = 0; i < 200; ++i) {
    const Reply reply = world.message({.text = "", .unsupported = "story"});
    EXPECT_EQ(reply.code, ReplyCode::rejected);
    EXPECT_EQ(reply.reason, fb::RejectReason::unsupported);
    if (world.decision.count() != 0) ++recorded;
  }
  EXPECT_GT(recorded, 0U);
  EXPECT_LE(recorded, limits::kRejectionsPerMinute + 1);
}

// 500 messages of 8 people at once: those beyond the rate wait, then are refused, each with its
// reason.
TEST(Refusals, OfARateAreEachAccountedFor) {
  World world(ConfigSpec{.per_minute = 60, .burst = 10});
  world.channel_state(fb::ChannelState::connected);
  std::size_t accepted = 0;
  std::size_t recorded = 0;
  std::size_t counted = 0;
  std::size_t told = 0;
  for (int i = 0; i < 500; ++i) {
    const Reply reply = world.message({.sender = "p" + std::to_string(i % 8),
                                       .external_id = std::to_string(i),
                                       .text = "m" + std::to_string(i)});
    if (reply.code == ReplyCode::accepted) {
      ++accepted;
      continue;
    }
    EXPECT_EQ(reply.code, ReplyCode::rejected);
    EXPECT_EQ(reply.reason, fb::RejectReason::rate_limited);
    const std::string drafts = show_drafts(world);
    if (drafts.empty()) {
      ++counted;  // spine_inbound_rejections_uncounted_total
    } else {
      EXPECT_TRUE(drafts.starts_with("MessageRejected(rate_limited)")) << drafts;
      ++recorded;
      if (drafts.find("DeliveryRequested") != std::string::npos) ++told;
    }
  }
  EXPECT_EQ(accepted + recorded + counted, 500U);
  EXPECT_GT(recorded, 0U);
  EXPECT_EQ(told, recorded);
}

}  // namespace
}  // namespace spine::core

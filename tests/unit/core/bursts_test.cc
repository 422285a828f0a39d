// Bursts: parts of an album, and what a person says in quick succession, are one turn.
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "engine/core/model/digest.h"
#include "engine/core/model/snapshot.h"
#include "tests/unit/core/prng.h"
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

TEST(Bursts, AWordThatResetsIsNoPartOfOne) {
  World world(ConfigSpec{.debounce_ms = 2'000});
  world.message({.text = "/new"});
  world.message({.text = "hello"});
  EXPECT_EQ(due_after(world, 2'000), "accepted: DeadlineReached RunStarted(hello)");
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

TEST(Bursts, OfAlbumsAreNotSteeredApart) {
  World world(ConfigSpec{.queue_mode = fb::QueueMode::steer, .debounce_ms = 700});
  world.message({.text = "first"});
  due_after(world, 700);
  world.message({.text = "words"});
  EXPECT_EQ(show_drafts(world), "MessageReceived RunQueued(words)") << "given at once";
  const RunId run = world.message(album_part("one")).run;
  EXPECT_EQ(world.message(album_part("two")).run, run);
  RunView view{};
  ASSERT_TRUE(view_run(world.state, run, view));
  EXPECT_EQ(view.queue_mode, fb::QueueMode::unset);
}

// How often each message was given to an agent.
std::map<std::uint64_t, int> given(const World& world) {
  std::map<std::uint64_t, int> times;
  for (std::size_t i = 0; i < world.journal.size(); ++i) {
    const EventView event = world.journal[i].view(Seq{i + 1});
    if (event.header.kind != static_cast<std::uint16_t>(fb::EventBody::RunStarted)) continue;
    const auto& started = *flatbuffers::GetRoot<fb::RunStarted>(event.body.data());
    const EventView queued = world.journal[started.run() - 1].view(Seq{started.run()});
    ++times[flatbuffers::GetRoot<fb::RunQueued>(queued.body.data())->message()];
    if (started.collected() == nullptr) continue;
    for (const std::uint64_t seq : *started.collected())
      ++times[seq];
  }
  return times;
}

// As after a crash: the state is what a snapshot of it says.
void restart(World& world) {
  flatbuffers::FlatBufferBuilder builder;
  save_snapshot(world.state, builder);
  Body words((builder.GetSize() + 7) / 8);
  std::memcpy(words.data(), builder.GetBufferPointer(), builder.GetSize());
  const Bits128 before = digest(world.state).total;
  ASSERT_TRUE(load_snapshot({reinterpret_cast<const std::byte*>(words.data()), builder.GetSize()},
                            world.state));
  ASSERT_EQ(digest(world.state).total, before);
}

void end_runs(World& world) {
  Effects open;
  open_obligations(world.state, open);
  for (const Effect& effect : open)
    world.finish(effect.run);
}

TEST(Bursts, DropNothingAndAnswerNothingTwice) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Prng prng(seed);
    ConfigSpec config = mention_only(prng.chance(50) ? 700 : 0);
    if (prng.chance(40)) config.queue_mode = fb::QueueMode::collect;
    World world(config);
    std::set<std::uint64_t> addressed;
    for (int i = 0; i < 300; ++i) {
      if (prng.chance(60)) world.advance_ms(prng.below(600));
      if (prng.chance(30)) end_runs(world);
      if (prng.chance(5)) restart(world);
      if (world.state.next_deadline_ms() <= world.now.logical_ms) world.deadline();
      const std::string album = prng.chance(50) ? "a" + std::to_string(prng.below(3)) : "";
      const bool named = prng.chance(40);
      MessageSpec spec =
          prng.chance(50)
              ? album_part("words", album)
              : group_words("words", named ? fb::Mention::mentioned : fb::Mention::not_mentioned,
                            album);
      spec.sender = "p" + std::to_string(prng.below(3));
      const bool direct = spec.conversation == fb::ConversationKind::direct;
      const Reply reply = world.message(spec);
      if (reply.code != ReplyCode::accepted) continue;
      if (direct || named) {
        addressed.insert(reply.seq.value);
        EXPECT_TRUE(reply.run);
      }
    }
    for (int i = 0; i < 1'000; ++i) {
      end_runs(world);
      const std::uint64_t due = world.state.next_deadline_ms();
      if (due > world.now.logical_ms) world.advance_ms(due - world.now.logical_ms);
      world.deadline();
    }
    std::map<std::uint64_t, int> times = given(world);
    for (const std::uint64_t seq : addressed)
      EXPECT_EQ(times[seq], 1) << "message " << seq;
    for (const auto& [seq, count] : times)
      EXPECT_EQ(count, 1) << "message " << seq;
  }
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

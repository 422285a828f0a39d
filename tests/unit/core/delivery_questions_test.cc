// Questions about channels and deliveries: what is listed, with what the journal says of it.
#include <gtest/gtest.h>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/core/questions/answer_sink.h"
#include "engine/core/questions/journal_answers.h"
#include "engine/core/questions/state_answers.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

// The journal of a World.
class WorldEvents : public EventSource {
 public:
  explicit WorldEvents(const World& world) : world_(world) {}
  Result<EventView> event_at(Seq seq) override {
    if (!seq || seq.value > world_.journal.size()) return Error{Errc::not_found, "not there"};
    return world_.journal[seq.value - 1].view(seq);
  }
  Status walk_back(const SessionRange& range, const Visit& visit) override {
    for (std::uint64_t seq = range.last.value; seq >= range.first.value && seq != 0; --seq) {
      SPINE_TRY(const bool more, visit(world_.journal[seq - 1].view(Seq{seq})));
      if (!more) break;
    }
    return ok();
  }
  Status walk_on(const SessionRange&, const Visit&) override { return ok(); }
  EventView keep(const EventView& event) override { return event; }

 private:
  const World& world_;
};

// The answer to one question, with its memory.
template <class Item>
class Answer : public AnswerSink {
 public:
  Answer(const World& world, const Question& question) {
    WorldEvents events(world);
    const auto read = StateAnswers(world.state).answer(question, world.now, *this);
    if (read) {
      EXPECT_TRUE(JournalAnswers(world.state, events).answer(*read, *this));
    }
    EXPECT_EQ(kind_, StateAnswers::kind_of_answer(question.kind));
    EXPECT_TRUE(parse(std::as_bytes(std::span(words_)), item));
  }
  Item item{};

 private:
  std::byte* add(ItemKind kind, std::size_t bytes) override {
    kind_ = kind;
    words_.assign(align8(bytes) / 8, 0);
    return std::as_writable_bytes(std::span(words_)).data();
  }
  std::optional<ItemKind> kind_{};
  std::vector<std::uint64_t> words_{};
};

using DeliveriesAnswer = Answer<DeliveriesItem>;
using ChannelsAnswer = Answer<ChannelsItem>;
constexpr std::uint16_t kDeliveries = question_kind::kQueryDeliveries;

// A delivery of `text` to `sender`, that the platform refuses for good.
DeliveryId dead_letter(World& world, const std::string& sender, const std::string& text) {
  world.finish(world.message({.sender = sender, .external_id = "m-" + sender, .text = "hello"}).run,
               text);
  const DeliveryId id = world.attempted().back();
  world.fail_delivery(id, fb::DeliveryFailure::permanent, 1);
  return id;
}

TEST(DeliveryQuestions, ChannelsAreListedWithWhatWaitsForThem) {
  World world;
  world.channel_state(fb::ChannelState::connected);
  world.channel_state(fb::ChannelState::starting, "discord", "");
  dead_letter(world, "alice", "refused");
  world.channel_state(fb::ChannelState::down, "telegram", "bot", "No connection. Wait.");
  world.advance_ms(5'000);
  const std::int64_t asked = world.now.wall_ms;
  world.finish(world.message({.sender = "bob"}).run, "waits");
  world.advance_ms(60'000);
  const ChannelsAnswer answer(world, {.kind = question_kind::kQueryChannels});
  ASSERT_EQ(answer.item.channels.size(), 2U);
  const ChannelLoad& telegram = answer.item.channels[0];
  EXPECT_EQ(telegram.name, "telegram");
  EXPECT_EQ(telegram.account, "bot");
  EXPECT_EQ(telegram.state, fb::ChannelState::down);
  EXPECT_EQ(telegram.problem, "No connection. Wait.");
  EXPECT_EQ(telegram.identity, "42");
  EXPECT_EQ(telegram.waiting, 1U);
  EXPECT_EQ(telegram.dead_letters, 1U);
  EXPECT_EQ(telegram.oldest_wall_ms, asked);
  EXPECT_EQ(answer.item.channels[1].name, "discord");
  EXPECT_EQ(answer.item.channels[1].waiting, 0U);
  EXPECT_EQ(answer.item.channels[1].oldest_wall_ms, 0);
}

TEST(DeliveryQuestions, DeadLettersAreAPageTheLatestFirst) {
  World world;
  world.channel_state(fb::ChannelState::connected);
  const DeliveryId first = dead_letter(world, "alice", "first " + std::string(2'000, 'x'));
  const DeliveryId second = dead_letter(world, "bob", "second");
  const DeliveriesAnswer all(world, {.kind = kDeliveries, .b = 10});
  EXPECT_EQ(all.item.total, 2U);
  ASSERT_EQ(all.item.deliveries.size(), 2U);
  EXPECT_TRUE(all.item.history.empty());
  const ListedDelivery& listed = all.item.deliveries[0];
  EXPECT_EQ(listed.delivery.id, second);
  EXPECT_EQ(listed.delivery.reason, fb::DeadLetterReason::permanent);
  EXPECT_EQ(listed.delivery.attempts, 1U);
  EXPECT_EQ(listed.channel, "telegram");
  EXPECT_EQ(listed.account, "bot");
  EXPECT_EQ(listed.conversation_id, "bob");
  EXPECT_EQ(listed.reply_to, "m-bob");
  EXPECT_EQ(listed.text, "second");
  EXPECT_EQ(listed.failure, fb::DeliveryFailure::permanent);
  EXPECT_EQ(listed.problem, "it did not work");
  EXPECT_TRUE(listed.failed);
  EXPECT_EQ(listed.session_key, "agent:main:telegram:direct:bob");
  EXPECT_FALSE(listed.run_key.empty());
  EXPECT_EQ(all.item.deliveries[1].text_bytes, 2'006U);
  EXPECT_LT(all.item.deliveries[1].text.size(), 500U);

  const DeliveriesAnswer next_page(world, {.kind = kDeliveries, .a = 1, .b = 10});
  ASSERT_EQ(next_page.item.deliveries.size(), 1U);
  EXPECT_EQ(next_page.item.deliveries[0].delivery.id, first);
  EXPECT_EQ(next_page.item.total, 2U);
  const DeliveriesAnswer other(world, {.kind = kDeliveries, .text = "discord", .b = 10});
  EXPECT_EQ(other.item.total, 0U);
  EXPECT_TRUE(other.item.deliveries.empty());
}

TEST(DeliveryQuestions, OneIsShownWholeWithItsHistory) {
  World world;
  world.channel_state(fb::ChannelState::connected);
  const std::string text = "long " + std::string(5'000, 'y');
  world.finish(world.message({.text = "hello"}).run, text);
  const DeliveryId id = world.attempted().front();
  world.fail_delivery(id, fb::DeliveryFailure::rate_limited, 1, 30'000);
  const Question question{.kind = question_kind::kQueryDelivery, .a = id.value};
  {
    const DeliveriesAnswer waiting(world, question);
    ASSERT_EQ(waiting.item.deliveries.size(), 1U);
    EXPECT_EQ(waiting.item.deliveries[0].delivery.status, DeliveryStatus::waiting);
    EXPECT_EQ(waiting.item.deliveries[0].not_before_wall_ms, world.now.wall_ms + 30'000);
    EXPECT_EQ(waiting.item.deliveries[0].expires_wall_ms, world.now.wall_ms + 3'600'000);
  }
  world.advance_ms(3'700'000);
  world.deadline();
  const DeliveriesAnswer answer(world, question);
  EXPECT_EQ(answer.item.total, 1U);
  ASSERT_EQ(answer.item.deliveries.size(), 1U);
  const ListedDelivery& listed = answer.item.deliveries[0];
  EXPECT_EQ(listed.text, text);
  EXPECT_EQ(listed.delivery.status, DeliveryStatus::dead);
  EXPECT_EQ(listed.delivery.reason, fb::DeadLetterReason::expired);
  EXPECT_EQ(listed.failure, fb::DeliveryFailure::rate_limited)
      << "found though the dead letter does not name it";
  std::string kinds;
  for (const EventView& event : answer.item.history)
    kinds +=
        std::string(fb::EnumNameEventBody(static_cast<fb::EventBody>(event.header.kind))) + " ";
  EXPECT_EQ(kinds,
            "DeliveryRequested DeliveryAttempted DeliveryFailed DeliveryRetryScheduled "
            "DeliveryDeadLettered ");
}

TEST(DeliveryQuestions, WhatIsNotThereIsNotFound) {
  World world;
  world.channel_state(fb::ChannelState::connected);
  for (const std::uint64_t id : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    const DeliveriesAnswer answer(world, {.kind = question_kind::kQueryDelivery, .a = id});
    EXPECT_EQ(answer.item.total, 0U);
    EXPECT_TRUE(answer.item.deliveries.empty());
  }
}

TEST(DeliveryQuestions, WithoutASessionTheRowLeadsToItsEvents) {
  World world{{.channels = {{.name = "telegram", .dm = fb::DmPolicy::pairing}}}};
  world.channel_state(fb::ChannelState::connected);
  world.message({.sender = "stranger"});
  ASSERT_EQ(world.attempted().size(), 1U);
  const DeliveryId id = world.attempted().front();
  world.fail_delivery(id, fb::DeliveryFailure::permanent);
  const DeliveriesAnswer answer(world, {.kind = question_kind::kQueryDelivery, .a = id.value});
  ASSERT_EQ(answer.item.deliveries.size(), 1U);
  EXPECT_EQ(answer.item.deliveries[0].delivery.purpose, fb::DeliveryPurpose::pairing);
  EXPECT_EQ(answer.item.deliveries[0].problem, "it did not work");
  EXPECT_FALSE(answer.item.deliveries[0].text.empty());
  EXPECT_EQ(answer.item.history.size(), 4U);
}

TEST(DeliveryQuestions, SeveralWithOneTextHaveItAll) {
  ConfigSpec config;
  config.channels = {{.name = "telegram", .dm = fb::DmPolicy::pairing}};
  config.admins = {"telegram:1", "telegram:2"};
  config.exact_ids = true;
  World world{config};
  world.channel_state(fb::ChannelState::connected);
  world.message({.sender = "ann", .exact_ids = true});
  const std::vector<DeliveryId> told = world.attempted();
  ASSERT_EQ(told.size(), 3U) << "the stranger, and two admins";
  const DeliveriesAnswer first(world, {.kind = question_kind::kQueryDelivery, .a = told[1].value});
  const DeliveriesAnswer second(world, {.kind = question_kind::kQueryDelivery, .a = told[2].value});
  EXPECT_EQ(first.item.deliveries.at(0).conversation_id, "1");
  EXPECT_EQ(second.item.deliveries.at(0).conversation_id, "2");
  EXPECT_EQ(second.item.deliveries.at(0).text, first.item.deliveries.at(0).text);
  EXPECT_NE(second.item.deliveries.at(0).text.find("asks to be let in"), std::string::npos);
}

}  // namespace
}  // namespace spine::core

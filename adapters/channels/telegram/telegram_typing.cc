// TelegramTyping: the places, the timer, the calls.
#include "adapters/channels/telegram/telegram_typing.h"

#include <utility>

#include "engine/pipeline/clock.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"

namespace spine::channels {
namespace {

constexpr std::uint64_t kAgainMs = 4'000;
constexpr timeval kTurn = loop::in_ms(500);  // how exact that is
constexpr std::uint32_t kActionMs = 4'000;   // later it would be of no use

}  // namespace

TelegramTyping::TelegramTyping(event_base* base, TelegramApi& api)
    : api_(api),
      timer_(
          base, [this] { turn(); }, loop::Timer::Again::yes) {}

// The topic as it is: of chat actions the General topic is named, too.
void TelegramTyping::begin(const Work& work) {
  places_[work.run.value] = {std::string(work.conversation_id), std::string(work.thread)};
  turn();
  if (!timer_.runs()) timer_.start(kTurn);
}

void TelegramTyping::stop() {
  timer_.stop();
  places_.clear();
}

void TelegramTyping::moved(std::string_view from, std::string_view to) {
  for (auto& [run, place] : places_) {
    if (place.chat == from) place.chat = to;
  }
}

void TelegramTyping::turn() {
  const std::uint64_t now_ms = pipeline::boottime_now_ms();
  std::erase_if(shown_ms_, [&](const auto& entry) { return now_ms - entry.second >= kAgainMs; });
  if (places_.empty()) return timer_.stop();
  if (now_ms < quiet_until_ms_) return;
  for (const auto& [run, place] : places_) {
    if (calls_ == limits::kTelegramTypingCallsMax) return;
    if (!shown_ms_.contains(place)) show(place);
  }
}

void TelegramTyping::show(const Place& place) {
  shown_ms_[place] = pipeline::boottime_now_ms();
  calls_ += 1;
  api_.call(
      TelegramMethod::send_chat_action, json_object([&](JsonWriter& json) {
        json.member("chat_id", place.chat);
        json.member_if("message_thread_id", place.topic);
        json.member("action", "typing");
      }),
      [this, place](const TelegramAnswer& answer) { shown(place, answer); }, kActionMs);
}

void TelegramTyping::shown(const Place& place, const TelegramAnswer& answer) {
  calls_ -= 1;
  if (answer.outcome == TelegramOutcome::rate_limited) {
    quiet_until_ms_ = pipeline::boottime_now_ms() + answer.retry_after_ms;
  } else if (answer.refusal == TelegramRefusal::migrated) {
    const std::string from = place.chat;
    moved(from, answer.migrated_to);
  } else if (answer.outcome == TelegramOutcome::refused) {
    std::erase_if(places_, [&](const auto& entry) { return entry.second == place; });
  }
}

}  // namespace spine::channels

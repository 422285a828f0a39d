// TelegramFaults: outcomes and refusals as states.
#include "adapters/channels/telegram/telegram_faults.h"

#include <algorithm>

#include "adapters/agents/process/launch.h"
#include "engine/pipeline/clock.h"

namespace spine::channels {
namespace {

constexpr std::uint32_t kBackOffMs = 500;     // after the first fault; doubled
constexpr std::uint64_t kConflictMs = 5'000;  // at least, where another program polls
constexpr std::uint32_t kFaultsUntilDown = 3;

}  // namespace

TelegramTrouble TelegramFaults::add(const TelegramAnswer& answer, bool serves) {
  count_ += 1;
  TelegramTrouble trouble{
      .state = fb::ChannelState::down,
      .reason = answer.outcome == TelegramOutcome::done
                    ? "The answer is none of the Bot API: check channels.telegram.apiRoot."
                    : answer.reason,
      .wait_ms = agents::back_off_ms(kBackOffMs, count_, pipeline::random128().lo)};
  switch (answer.outcome) {
    case TelegramOutcome::refused:
      if (answer.refusal == TelegramRefusal::bad_token) {
        trouble.state = fb::ChannelState::logged_out;
        trouble.final = true;
      } else if (answer.refusal == TelegramRefusal::conflict ||
                 answer.refusal == TelegramRefusal::webhook_set) {
        trouble.wait_ms = std::max(trouble.wait_ms, kConflictMs);
        trouble.state = fb::ChannelState::degraded;
      }
      break;
    case TelegramOutcome::rate_limited:
      trouble.wait_ms = std::max(trouble.wait_ms, answer.retry_after_ms);
      if (serves) trouble.state = fb::ChannelState::degraded;
      break;
    case TelegramOutcome::not_sent:
      break;
    case TelegramOutcome::done:
    case TelegramOutcome::unknown:
      if (serves && count_ < kFaultsUntilDown) trouble.state = fb::ChannelState::degraded;
      break;
  }
  return trouble;
}

}  // namespace spine::channels

// TelegramPauses: until when, by the clock of the machine.
#include "adapters/channels/telegram/telegram_pauses.h"

#include <algorithm>

#include "engine/pipeline/clock.h"

namespace spine::channels {

void TelegramPauses::pause(const std::string& chat, std::uint64_t ms) {
  const std::uint64_t now_ms = pipeline::boottime_now_ms();
  std::erase_if(until_ms_, [&](const auto& entry) { return entry.second <= now_ms; });
  const bool others = !until_ms_.empty() && !until_ms_.contains(chat);
  until_ms_[chat] = now_ms + ms;
  if (others) all_until_ms_ = std::max(all_until_ms_, now_ms + ms);
}

std::uint64_t TelegramPauses::left_ms(std::string_view chat) const {
  const std::uint64_t now_ms = pipeline::boottime_now_ms();
  const auto found = until_ms_.find(chat);
  const std::uint64_t until_ms =
      std::max(all_until_ms_, found == until_ms_.end() ? 0 : found->second);
  return until_ms > now_ms ? until_ms - now_ms : 0;
}

}  // namespace spine::channels

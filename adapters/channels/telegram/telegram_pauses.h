// TelegramPauses: chats that Telegram asked to leave alone for a while.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace spine::channels {

// Thread: loop.
class TelegramPauses {
 public:
  // A call about the chat was refused: nothing before `ms` are over. Telegram does not say whether
  // it means the chat or the bot; when two chats have to wait at once it is the bot.
  void pause(const std::string& chat, std::uint64_t ms);
  // How long nothing may be asked of the chat; 0 = it may.
  std::uint64_t left_ms(std::string_view chat) const;

 private:
  std::map<std::string, std::uint64_t, std::less<>> until_ms_{};  // by chat
  std::uint64_t all_until_ms_{};
};

}  // namespace spine::channels

// channels.telegram: the accounts of Telegram, each a bot.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/config/json5/json5.h"

namespace spine::config {

struct Reading;
struct SettingTable;

enum class TelegramReplies : std::uint8_t { off, first, all };
enum class TelegramRich : std::uint8_t { off, automatic, on };
// How an answer is shown while it is written; draft: a draft in direct chats, a message elsewhere.
enum class TelegramStreaming : std::uint8_t { off, partial, draft };
// Where the whole answer stands in the end: in that message, or in a new one instead of it.
enum class TelegramFinal : std::uint8_t { edit, fresh };

// An account takes from the channel what it does not say itself.
struct TelegramAccount {
  std::string name{};  // of channels.telegram.accounts; empty = the default one
  bool enabled{true};
  std::string token{};                 // secret; empty = in the file
  std::filesystem::path token_file{};  // absolute
  std::string api_root{"https://api.telegram.org"};
  std::string webhook_url{};
  std::uint32_t chunk_units{4'000};  // UTF-16 units of one message
  TelegramReplies replies{TelegramReplies::off};
  TelegramRich rich{TelegramRich::automatic};
  bool link_preview{true};
  bool typing{true};  // session.typingMode is not "never"
  TelegramStreaming streaming{TelegramStreaming::partial};
  TelegramFinal final_as{TelegramFinal::edit};

  bool operator==(const TelegramAccount&) const = default;
};

extern const SettingTable kTelegramTable;
// The accounts that have a token; `channel` is channels.telegram.
std::vector<TelegramAccount> read_telegram(const Reading& reading, NodeId channel);

}  // namespace spine::config

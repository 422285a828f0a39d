// channels.telegram: the accounts of Telegram, each a bot.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
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

// Shown to people beside the text they write; what it does is the agent's business.
struct TelegramCommand {
  std::string name{};  // without "/"
  std::string description{};

  bool operator==(const TelegramCommand&) const = default;
};

// An account takes from the channel what it does not say itself.
struct TelegramAccount {
  std::string name{};  // of channels.telegram.accounts; empty = the default one
  bool enabled{true};
  std::string token{};                 // secret; empty = in the file
  std::filesystem::path token_file{};  // absolute
  std::string api_root{"https://api.telegram.org"};
  std::string webhook_url{};     // empty = messages are received by long polls
  std::string webhook_secret{};  // secret
  std::string webhook_path{};    // at the listener of its own, beside the usual one
  // Of a listener that serves webhooks alone; no port = they are at the gateway's own one.
  std::string webhook_host{"127.0.0.1"};
  std::optional<std::uint32_t> webhook_port{};
  std::uint32_t chunk_units{4'000};  // UTF-16 units of one message
  TelegramReplies replies{TelegramReplies::off};
  TelegramRich rich{TelegramRich::automatic};
  bool link_preview{true};
  bool topic_fallback{};       // what a closed topic does not take goes to General
  std::uint32_t timeout_ms{};  // of a call, other than a poll; 0 = as the method has it
  bool shows_commands{true};   // the gateway's commands are in the bot's menu
  std::vector<TelegramCommand> commands{};  // further ones
  std::uint32_t media_mb_max{100};          // MiB of a file that is fetched
  bool typing{true};                        // session.typingMode is not "never"
  TelegramStreaming streaming{TelegramStreaming::partial};
  TelegramFinal final_as{TelegramFinal::edit};

  bool operator==(const TelegramAccount&) const = default;
};

// Where webhooks have a listener of their own.
struct WebhookListener {
  std::string address{};
  std::uint16_t port{};
};

extern const SettingTable kTelegramTable;
// The accounts that have a token; `channel` is channels.telegram.
std::vector<TelegramAccount> read_telegram(const Reading& reading, NodeId channel);

}  // namespace spine::config

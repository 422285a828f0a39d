// TelegramUpdate: one update of the Bot API as what it means to the gateway.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/channels/interface/message.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/json_read.h"

#include "event_generated.h"

namespace spine::channels {

// Who the bot is, by getMe.
struct TelegramBot {
  std::string id{};
  std::string username{};  // without "@"
};

// "<bot>:<chat>:<message>", by which messages of Telegram are known outside of it: each bot numbers
// the messages of its direct chats itself, so that another bot's are others.
std::string telegram_message_id(std::string_view bot, std::string_view chat,
                                std::string_view message);
// The number of the message, if it is of that bot and chat, or a bare number, as people name the
// messages of a chat; else empty. Borrowed from `id`.
std::string_view telegram_message_in(std::string_view id, std::string_view bot,
                                     std::string_view chat);

// The id of a file, by the url of the attachment that it is. Borrowed.
std::string_view telegram_file_in(std::string_view url);

// What became of a file of a message, by the order of its attachments.
struct TelegramFile {
  std::optional<Digest256> sha256{};  // of the content, kept durably; else:
  fb::AttachmentProblem problem{};    // why it is not
  std::string mime_type{};            // of the content; empty = as it was claimed
  std::uint64_t bytes{};              // 0 = not known
  std::uint64_t bytes_max{};          // too_large: as much would have been fetched
};

// The topic as messages are sent to it; empty = none is named. In a group the General topic is
// meant by leaving it out. Borrowed from `thread`.
std::string_view telegram_topic(std::string_view thread, fb::ConversationKind conversation);

// Reads one update after the other; keeps its memory. Not thread-safe.
class TelegramUpdate {
 public:
  enum class Kind : std::uint8_t {
    nothing,   // it means nothing here: what happened to a chat, what other bots say
    message,   // of a person, read or not; also the press of a button: press() is its id
    migrated,  // a group has another id: moved_from(), moved_to()
    unknown,   // what is no update of the Bot API as it is known here
  };

  // Any JSON. What it gives is borrowed from `update` and from this, until the next one.
  Kind read(const JsonNode& update, const TelegramBot& bot, std::int64_t now_wall_ms);

  // REQUIRES: the last read() returned message.
  const Message& message() const { return message_; }
  // Puts into the message what became of its files. Borrowed as `update` is.
  void set_files(const std::vector<TelegramFile>& files);
  // Of what was read last; empty when it is of none.
  std::string_view chat() const { return chat_; }
  // Empty unless it is a press, which has to be answered.
  std::string_view press() const { return press_; }
  // REQUIRES: migrated.
  std::string_view moved_from() const { return moved_from_; }
  std::string_view moved_to() const { return moved_to_; }

 private:
  Kind read_message(const JsonNode& message, bool post);
  Kind read_press(const JsonNode& query, std::int64_t now_wall_ms);
  bool read_chat(const JsonNode& chat);
  bool read_sender(const JsonNode& message, bool post);
  void read_place(const JsonNode& message);
  void read_text(const JsonNode& message);
  void read_reply(const JsonNode& message);
  void read_entities(const JsonNode& entities);
  void read_command(std::string_view command, std::size_t begin);
  void read_files(const JsonNode& message);
  Kind read_rest(const JsonNode& message);
  void add_file(const JsonNode& file, fb::AttachmentKind kind, std::string_view name);

  const TelegramBot* bot_{};
  Message message_{};
  std::string chat_{};
  std::string sender_{};
  std::string name_{};
  std::string thread_{};
  std::string external_{};
  std::string text_{};
  std::string reply_to_{};
  std::string group_{};
  std::string press_{};
  std::string moved_from_{};
  std::string moved_to_{};
  std::vector<std::string> urls_{};  // of the files
};

}  // namespace spine::channels

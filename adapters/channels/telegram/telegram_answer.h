// TelegramAnswer: what became of one call of the Bot API.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/outbound/http_call.h"
#include "schemas/vocab/json_read.h"

namespace spine::channels {

enum class TelegramOutcome : std::uint8_t {
  done,          // `result` is what the method returns
  not_sent,      // the platform has not acted, and another try may help
  unknown,       // it may have acted
  rate_limited,  // it has not acted: not again before retry_after_ms
  refused,       // it has not acted, and says why
};

// Why a call was refused, as far as it makes a difference to anybody.
enum class TelegramRefusal : std::uint8_t {
  none,
  bad_token,       // no such bot
  conflict,        // somebody else polls for the same bot
  webhook_set,     // updates go to a webhook instead
  blocked,         // the person does not want to hear from the bot
  chat_gone,       // no such chat, or not for this bot
  migrated,        // the group has another id now: migrated_to
  topic_gone,      // the topic is deleted or closed
  forbidden,       // the bot has no right to do it there
  too_long,        // the text is
  file_too_large,  // for bots to fetch
  not_that_kind,   // the file cannot be shown as what it was sent as
  cannot_parse,    // the marks of the text are wrong
  not_modified,    // it is already as an edit would have it
  message_gone,    // the message to edit or to delete is not there
  method_unknown,  // a root that is older than the method
  other,
};

struct TelegramAnswer {
  TelegramOutcome outcome{};
  TelegramRefusal refusal{};
  std::string reason{};            // unless done: for people, with what to do; no token in it
  std::uint64_t retry_after_ms{};  // rate_limited
  std::string migrated_to{};       // id of the chat
  JsonNode result{};               // borrowed from the parser and the text
};

// Reads the response to a call of the method. `token` is kept out of the reason. The parser and
// `text` (which takes the body) outlive the answer's result. Any bytes; thread: that of the parser.
TelegramAnswer read_telegram_answer(const http::HttpResponse& response, std::string_view method,
                                    std::string_view token, JsonParser& parser, PaddedText& text);

}  // namespace spine::channels

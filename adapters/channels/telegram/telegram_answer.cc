// TelegramAnswer: the envelope of the Bot API, and the table of its refusals.
#include "adapters/channels/telegram/telegram_answer.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::channels {
namespace {

using enum TelegramRefusal;

// One refusal by its code and a part of its description in lower case ("" = whatever it says), and
// what to tell people. The first row that fits is taken.
struct RefusalRow {
  int code{};
  std::string_view part{};
  TelegramRefusal refusal{};
  std::string_view words{};
};

constexpr std::string_view kBadToken =
    "Telegram does not know the bot's token: get a valid one from @BotFather and put it into "
    "channels.telegram.botToken";
constexpr std::string_view kNoTopic =
    "The topic is closed or deleted: reopen it, then retry the delivery";
constexpr std::string_view kNoRight =
    "The bot may not write there: invite it again or give it the right to";
constexpr std::string_view kNoChat =
    "Telegram knows no such chat of this bot: somebody has to write to the bot first";
constexpr std::string_view kTooLong = "Telegram takes no text of that length";
constexpr std::string_view kNotThatKind = "Telegram does not show the file as that";
constexpr std::string_view kNoMessage = "The message is not there any more";

constexpr std::array kRefusals{
    RefusalRow{401, "", bad_token, kBadToken},
    RefusalRow{404, "method not found", method_unknown, "The API root does not know the method"},
    RefusalRow{404, "", bad_token, kBadToken},
    RefusalRow{409, "webhook", webhook_set, "A webhook is set for the bot"},
    RefusalRow{409, "", conflict,
               "Another program receives the messages of this bot: stop it, or use another bot"},
    RefusalRow{403, "blocked by the user", blocked, "The person has blocked the bot"},
    RefusalRow{403, "deactivated", chat_gone, "The account or the group does not exist any more"},
    RefusalRow{403, "can't initiate conversation", chat_gone, kNoChat},
    RefusalRow{403, "", forbidden, kNoRight},
    RefusalRow{413, "", too_long, kTooLong},
    RefusalRow{400, "message thread not found", topic_gone, kNoTopic},
    RefusalRow{400, "topic_closed", topic_gone, kNoTopic},
    RefusalRow{400, "topic_deleted", topic_gone, kNoTopic},
    RefusalRow{400, "topic_id_invalid", topic_gone, kNoTopic},
    RefusalRow{400, "chat not found", chat_gone, kNoChat},
    RefusalRow{400, "peer_id_invalid", chat_gone, kNoChat},
    RefusalRow{400, "user not found", chat_gone, kNoChat},
    RefusalRow{400, "group chat was deactivated", chat_gone, "The group does not exist any more"},
    RefusalRow{400, "message is too long", too_long, kTooLong},
    RefusalRow{400, "message_too_long", too_long, kTooLong},
    RefusalRow{400, "caption is too long", too_long, kTooLong},
    RefusalRow{400, "file is too big", file_too_large, "Telegram gives bots no file of that size"},
    RefusalRow{400, "photo_invalid_dimensions", not_that_kind, kNotThatKind},
    RefusalRow{400, "photo_save_file_invalid", not_that_kind, kNotThatKind},
    RefusalRow{400, "photo_ext_invalid", not_that_kind, kNotThatKind},
    RefusalRow{400, "image_process_failed", not_that_kind, kNotThatKind},
    RefusalRow{400, "too big for a photo", not_that_kind, kNotThatKind},
    RefusalRow{400, "voice_messages_forbidden", not_that_kind, kNotThatKind},
    RefusalRow{400, "can't parse entities", cannot_parse, "Telegram cannot read the marks"},
    RefusalRow{400, "message is not modified", not_modified, "The message is that already"},
    RefusalRow{400, "message to edit not found", message_gone, kNoMessage},
    RefusalRow{400, "message can't be edited", message_gone, kNoMessage},
    RefusalRow{400, "message to delete not found", message_gone, kNoMessage},
    RefusalRow{400, "message_id_invalid", message_gone, kNoMessage},
    RefusalRow{400, "not enough rights", forbidden, kNoRight},
    RefusalRow{400, "have no rights", forbidden, kNoRight},
    RefusalRow{400, "need administrator rights", forbidden, kNoRight},
    RefusalRow{400, "chat_write_forbidden", forbidden, kNoRight},
    RefusalRow{400, "chat_restricted", forbidden, kNoRight},
    RefusalRow{400, "bot is not a member", forbidden, kNoRight},
};

constexpr std::size_t kShownBytes = 300;  // of what the platform says
constexpr std::uint64_t kRetrySecondsMax = 24 * 3600;
// Without a time of its own.
constexpr std::uint64_t kRetrySeconds = 5;

std::string without(std::string_view token, std::string text) {
  for (std::size_t at = 0; !token.empty() && (at = text.find(token, at)) != std::string::npos;)
    text.replace(at, token.size(), "***");
  return text;
}

// What the platform says, fit to be shown.
std::string shown(std::string_view description, std::string_view token) {
  return printable(cut_text(without(token, std::string(description)), kShownBytes));
}

TelegramAnswer answer_of(TelegramOutcome outcome, std::string reason) {
  TelegramAnswer answer;
  answer.outcome = outcome;
  answer.reason = std::move(reason);
  return answer;
}

// No whole answer came.
TelegramAnswer read_failure(const http::HttpResponse& response, std::string_view method,
                            std::string_view token) {
  const bool left = response.outcome == http::HttpOutcome::not_sent    ? false
                    : response.outcome == http::HttpOutcome::cancelled ? response.left
                                                                       : true;
  return answer_of(left ? TelegramOutcome::unknown : TelegramOutcome::not_sent,
                   fmt::format("{}: {}", method, shown(response.error, token)));
}

TelegramAnswer read_refusal(const JsonNode& said, int code, std::string_view method,
                            std::string_view token) {
  const std::string_view description = said.text("description");
  const JsonNode parameters = said["parameters"];
  TelegramAnswer answer = answer_of(TelegramOutcome::refused, {});
  const std::string words = shown(description, token);
  if (code == 429) {
    const std::uint64_t seconds = parameters.number("retry_after");
    answer.outcome = TelegramOutcome::rate_limited;
    answer.retry_after_ms =
        std::min(seconds == 0 ? kRetrySeconds : seconds, kRetrySecondsMax) * 1'000;
    answer.reason =
        fmt::format("Telegram asks to wait {}.", show_duration_ms(answer.retry_after_ms));
    return answer;
  }
  if (code >= 500) {
    answer.outcome = TelegramOutcome::unknown;
    answer.reason = fmt::format("{}: Telegram has a fault of its own: {} {}.", method, code, words);
    return answer;
  }
  answer.migrated_to = parameters.their_id("migrate_to_chat_id");
  if (!answer.migrated_to.empty()) {
    answer.refusal = migrated;
    answer.reason = "The group has another id now.";
    return answer;
  }
  const std::string lower = lower_case(description.substr(0, kShownBytes));
  const auto* row = std::ranges::find_if(kRefusals, [&](const RefusalRow& each) {
    return each.code == code && lower.find(each.part) != std::string::npos;
  });
  answer.refusal = row == kRefusals.end() ? other : row->refusal;
  answer.reason = row == kRefusals.end() ? fmt::format("Telegram refuses it: {} {}.", code, words)
                                         : fmt::format("{} ({} {}).", row->words, code, words);
  return answer;
}

}  // namespace

TelegramAnswer read_telegram_answer(const http::HttpResponse& response, std::string_view method,
                                    std::string_view token, JsonParser& parser, PaddedText& text) {
  if (response.outcome != http::HttpOutcome::answered) return read_failure(response, method, token);
  text.assign(response.body);
  simdjson::dom::element root;
  const bool parsed = parser.parse(text, root) == JsonParser::Fault::none;
  const JsonNode said = parsed ? JsonNode{root} : JsonNode{};
  const bool success = response.status >= 200 && response.status < 300;
  if (success && said.flag("ok")) {
    TelegramAnswer answer = answer_of(TelegramOutcome::done, {});
    answer.result = said["result"];
    return answer;
  }
  const std::uint64_t code = said.number("error_code");
  if (said.is_object() && !said.flag("ok") && code >= 400 && code < 600) {
    return read_refusal(said, static_cast<int>(code), method, token);
  }
  // Some server between, or none of the Bot API. One that refuses has not passed it on.
  const bool refused = response.status >= 400 && response.status < 500;
  return answer_of(refused ? TelegramOutcome::not_sent : TelegramOutcome::unknown,
                   fmt::format("{}: the answer ({}) is none of the Bot API: check "
                               "channels.telegram.apiRoot.",
                               method, response.status));
}

}  // namespace spine::channels

// Answers of the Bot API: what they mean, and that no token is in what they say.
#include "adapters/channels/telegram/telegram_answer.h"

#include <gtest/gtest.h>
#include <string>

#include "adapters/channels/telegram/telegram_api.h"

namespace spine::channels {
namespace {

constexpr std::string_view kToken = "7100000001:AAE-secret";

struct Read {
  TelegramAnswer of(http::HttpResponse response) {
    return read_telegram_answer(response, "sendMessage", kToken, parser, text);
  }
  TelegramAnswer of(int status, std::string body) {
    return of({.outcome = http::HttpOutcome::answered, .status = status, .body = std::move(body)});
  }
  TelegramAnswer refusal(int code, const std::string& description) {
    return of(code, R"({"ok":false,"error_code":)" + std::to_string(code) + R"(,"description":")" +
                        description + "\"}");
  }
  JsonParser parser{};
  PaddedText text{};
};

TEST(TelegramAnswer, TheResultOfASuccess) {
  Read read;
  const TelegramAnswer answer = read.of(200, R"({"ok":true,"result":{"message_id":9}})");
  EXPECT_EQ(answer.outcome, TelegramOutcome::done);
  EXPECT_EQ(answer.result.their_id("message_id"), "9");
}

TEST(TelegramAnswer, EachRefusalByWhatItIs) {
  const struct {
    int code;
    const char* description;
    TelegramRefusal refusal;
  } rows[] = {
      {401, "Unauthorized", TelegramRefusal::bad_token},
      {404, "Not Found", TelegramRefusal::bad_token},
      {404, "Not Found: method not found", TelegramRefusal::method_unknown},
      {409, "Conflict: terminated by other getUpdates request", TelegramRefusal::conflict},
      {409, "Conflict: can't use getUpdates method while webhook is active",
       TelegramRefusal::webhook_set},
      {403, "Forbidden: bot was blocked by the user", TelegramRefusal::blocked},
      {403, "Forbidden: user is deactivated", TelegramRefusal::chat_gone},
      {403, "Forbidden: bot was kicked from the group chat", TelegramRefusal::forbidden},
      {400, "Bad Request: chat not found", TelegramRefusal::chat_gone},
      {400, "Bad Request: message thread not found", TelegramRefusal::topic_gone},
      {400, "Bad Request: TOPIC_CLOSED", TelegramRefusal::topic_gone},
      {400, "Bad Request: message is too long", TelegramRefusal::too_long},
      {400, "Bad Request: can't parse entities: Unsupported start tag",
       TelegramRefusal::cannot_parse},
      {400, "Bad Request: message is not modified: specified", TelegramRefusal::not_modified},
      {400, "Bad Request: message to edit not found", TelegramRefusal::message_gone},
      {400, "Bad Request: not enough rights to send text messages", TelegramRefusal::forbidden},
      {400, "Bad Request: something new", TelegramRefusal::other},
      {413, "Request Entity Too Large", TelegramRefusal::too_long},
  };
  Read read;
  for (const auto& row : rows) {
    const TelegramAnswer answer = read.refusal(row.code, row.description);
    EXPECT_EQ(answer.outcome, TelegramOutcome::refused) << row.description;
    EXPECT_EQ(answer.refusal, row.refusal) << row.description;
    EXPECT_NE(answer.reason.find(row.description), std::string::npos) << answer.reason;
  }
}

TEST(TelegramAnswer, AWaitAndAnotherIdComeAsParameters) {
  Read read;
  const TelegramAnswer flood = read.of(
      429,
      R"({"ok":false,"error_code":429,"description":"Too Many","parameters":{"retry_after":33}})");
  EXPECT_EQ(flood.outcome, TelegramOutcome::rate_limited);
  EXPECT_EQ(flood.retry_after_ms, 33'000U);
  const TelegramAnswer moved = read.of(400, R"({"ok":false,"error_code":400,"description":
      "Bad Request: group chat was upgraded","parameters":{"migrate_to_chat_id":-1001234}})");
  EXPECT_EQ(moved.refusal, TelegramRefusal::migrated);
  EXPECT_EQ(moved.migrated_to, "-1001234");
}

TEST(TelegramAnswer, WhetherItMayHaveBeenActedUpon) {
  Read read;
  EXPECT_EQ(read.refusal(500, "Internal Server Error").outcome, TelegramOutcome::unknown);
  EXPECT_EQ(read.of(200, "<html>").outcome, TelegramOutcome::unknown);
  EXPECT_EQ(read.of(200, R"({"result":true})").outcome, TelegramOutcome::unknown);
  EXPECT_EQ(read.of(502, "<html>").outcome, TelegramOutcome::unknown);
  EXPECT_EQ(read.of(403, "<html>").outcome, TelegramOutcome::not_sent);
  EXPECT_EQ(read.of({.outcome = http::HttpOutcome::not_sent}).outcome, TelegramOutcome::not_sent);
  EXPECT_EQ(read.of({.outcome = http::HttpOutcome::unknown, .left = true}).outcome,
            TelegramOutcome::unknown);
  EXPECT_EQ(read.of({.outcome = http::HttpOutcome::too_large, .left = true}).outcome,
            TelegramOutcome::unknown);
  EXPECT_EQ(read.of({.outcome = http::HttpOutcome::cancelled}).outcome, TelegramOutcome::not_sent);
  EXPECT_EQ(read.of({.outcome = http::HttpOutcome::cancelled, .left = true}).outcome,
            TelegramOutcome::unknown);
}

TEST(TelegramAnswer, NoTokenIsInAReason) {
  Read read;
  const TelegramAnswer answer =
      read.refusal(400, "Bad Request: /bot" + std::string(kToken) + "/sendMessage is wrong");
  EXPECT_EQ(answer.reason.find(kToken), std::string::npos) << answer.reason;
  EXPECT_NE(answer.reason.find("/bot***/"), std::string::npos) << answer.reason;
}

TEST(TelegramToken, HasItsForm) {
  EXPECT_TRUE(is_telegram_token(kToken));
  for (const char* wrong :
       {"", ":", "7:", ":x", "x7:abc", "7:ab/../c", "7:a b", "7:a?b", "bot7:abc"})
    EXPECT_FALSE(is_telegram_token(wrong)) << wrong;
}

}  // namespace
}  // namespace spine::channels

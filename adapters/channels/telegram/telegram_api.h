// TelegramApi: calls of the Bot API as one bot.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "adapters/channels/telegram/telegram_answer.h"
#include "adapters/outbound/http_client.h"
#include "schemas/vocab/json_read.h"
#include "schemas/vocab/result.h"

namespace spine::channels {

// The methods that are called; the table in telegram_api.cc has a row for each.
enum class TelegramMethod : std::uint8_t {
  get_me,
  get_updates,
  set_webhook,
  get_webhook_info,
  delete_webhook,
  send_message,
  send_rich_message,
  get_file,
  send_photo,
  send_video,
  send_audio,
  send_voice,
  send_document,
  send_message_draft,
  edit_message_text,
  delete_message,
  send_chat_action,
  answer_callback_query,
  set_my_commands,
};

// How long getUpdates waits for something to come.
inline constexpr std::uint32_t kTelegramPollSeconds = 50;

// Whether it has the form of a token: "123456:letters". Nothing else can stand in a URL.
bool is_telegram_token(std::string_view token);

// The token is in no text of its answers. Thread: loop.
class TelegramApi {
 public:
  // Called from the loop, never from within call(); not after the api is destroyed. The answer's
  // result is borrowed for the call.
  using Handler = std::function<void(const TelegramAnswer&)>;

  // `root`: "https://api.telegram.org". `timeout_ms`: of a call other than a poll; 0 = as the
  // method has it. REQUIRES: is_telegram_token(token).
  TelegramApi(std::shared_ptr<http::HttpClient> http, std::string root, std::string token,
              std::uint32_t timeout_ms);
  ~TelegramApi();
  TelegramApi(const TelegramApi&) = delete;
  TelegramApi& operator=(const TelegramApi&) = delete;

  // `arguments`: a JSON object. `total_ms`: how long it may take; 0 = as the method has it. After
  // stop() nothing is called and the handler is dropped.
  void call(TelegramMethod method, std::string arguments, Handler handler,
            std::uint32_t total_ms = 0);
  // The same with arguments as parts of a form, one of them a file.
  void upload(TelegramMethod method, std::vector<http::HttpPart> parts, Handler handler);
  // Where the file is that getFile says. Secret: the token is in it.
  std::string file_url(std::string_view file_path) const;
  // Cancels every call; the handlers are dropped.
  void stop();
  // Calls that the client has not ended yet, also after stop().
  std::size_t calls() const { return shared_->calls; }

 private:
  // Outlives the api as long as the client has calls of it.
  struct Shared {
    TelegramApi* api{};  // null = it is stopped
    std::size_t calls{};
  };
  void begin(TelegramMethod method, http::HttpRequest request, Handler handler);
  void take(TelegramMethod method, const http::HttpResponse& response, const Handler& handler);

  std::shared_ptr<http::HttpClient> http_;
  std::string url_;       // up to the method; secret
  std::string file_url_;  // up to the path of a file; secret
  std::string token_;
  std::uint32_t timeout_ms_;
  std::shared_ptr<Shared> shared_;
  std::unordered_set<std::uint64_t> open_{};  // ids of calls
  JsonParser parser_{};
  PaddedText text_{};
};

}  // namespace spine::channels

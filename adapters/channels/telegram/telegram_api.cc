// TelegramApi: the methods, and calls of them.
#include "adapters/channels/telegram/telegram_api.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "engine/log/log.h"
#include "schemas/vocab/limits.h"

namespace spine::channels {
namespace {

struct MethodRow {
  std::string_view name{};
  std::uint32_t total_ms{20'000};
  bool own_connection{};
  std::size_t body_max{256 * limits::kKiB};
};

// For a file of the largest size at some 200 KiB a second.
constexpr std::uint32_t kUploadMs = 300'000;

// By TelegramMethod. A long poll whose connection has died is given up 10 s after its answer was
// due, and the next one has a connection of its own.
constexpr std::array kMethods{
    MethodRow{.name = "getMe"},
    MethodRow{.name = "getUpdates",
              .total_ms = (kTelegramPollSeconds + 10) * 1'000,
              .own_connection = true,
              .body_max = limits::kTelegramUpdatesBytesMax},
    MethodRow{.name = "setWebhook"},
    MethodRow{.name = "getWebhookInfo"},
    MethodRow{.name = "deleteWebhook"},
    MethodRow{.name = "sendMessage", .total_ms = 60'000},
    MethodRow{.name = "sendRichMessage", .total_ms = 60'000},
    MethodRow{.name = "getFile"},
    MethodRow{.name = "sendPhoto", .total_ms = kUploadMs},
    MethodRow{.name = "sendVideo", .total_ms = kUploadMs},
    MethodRow{.name = "sendAudio", .total_ms = kUploadMs},
    MethodRow{.name = "sendVoice", .total_ms = kUploadMs},
    MethodRow{.name = "sendDocument", .total_ms = kUploadMs},
    MethodRow{.name = "sendMessageDraft"},
    MethodRow{.name = "editMessageText", .total_ms = 60'000},
    MethodRow{.name = "deleteMessage"},
    MethodRow{.name = "sendChatAction"},
    MethodRow{.name = "answerCallbackQuery"},
    MethodRow{.name = "setMyCommands"},
};

constexpr std::uint32_t kTimeoutMsMax = 600'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_token_character(char c) {
  return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

}  // namespace

bool is_telegram_token(std::string_view token) {
  const std::size_t colon = token.find(':');
  if (colon == std::string_view::npos || token.size() > limits::kNameBytesMax) return false;
  const std::string_view id = token.substr(0, colon);
  const std::string_view key = token.substr(colon + 1);
  return !id.empty() && !key.empty() && std::ranges::all_of(id, is_digit) &&
         std::ranges::all_of(key, is_token_character);
}

TelegramApi::TelegramApi(std::shared_ptr<http::HttpClient> http, std::string root,
                         std::string token, std::uint32_t timeout_ms)
    : http_(std::move(http)),
      url_(fmt::format("{}/bot{}/", root, token)),
      file_url_(fmt::format("{}/file/bot{}/", root, token)),
      token_(std::move(token)),
      timeout_ms_(std::min(timeout_ms, kTimeoutMsMax)),
      shared_(std::make_shared<Shared>(Shared{.api = this})) {
  log::redact(token_);
}

TelegramApi::~TelegramApi() {
  stop();
}

void TelegramApi::call(TelegramMethod method, std::string arguments, Handler handler,
                       std::uint32_t total_ms) {
  begin(method, {.body = std::move(arguments), .total_ms = total_ms}, std::move(handler));
}

void TelegramApi::upload(TelegramMethod method, std::vector<http::HttpPart> parts,
                         Handler handler) {
  begin(method, {.parts = std::move(parts), .total_ms = 0}, std::move(handler));
}

void TelegramApi::begin(TelegramMethod method, http::HttpRequest request, Handler handler) {
  if (shared_->api == nullptr) return;
  const MethodRow& row = kMethods[static_cast<std::size_t>(method)];
  request.method = http::HttpMethod::post;
  request.url = url_ + std::string(row.name);
  if (request.total_ms == 0) {
    request.total_ms = timeout_ms_ == 0 || row.own_connection ? row.total_ms : timeout_ms_;
  }
  request.body_max = row.body_max;
  request.own_connection = row.own_connection;
  shared_->calls += 1;
  // The id is known only once the call has begun, and its handler is not called before.
  const auto id = std::make_shared<std::uint64_t>(0);
  const http::CallId begun = http_->start(
      std::move(request),
      [shared = shared_, method, id, then = std::move(handler)](http::HttpResponse&& response) {
        shared->calls -= 1;
        if (shared->api == nullptr) return;
        shared->api->open_.erase(*id);
        shared->api->take(method, response, then);
      });
  *id = begun.value;
  if (begun) {
    open_.insert(begun.value);
  } else {
    shared_->calls -= 1;
  }
}

std::string TelegramApi::file_url(std::string_view file_path) const {
  std::string url = file_url_;
  for (const char c : file_path) {
    const bool plain = is_token_character(c) || c == '.' || c == '/' || c == '~';
    if (plain) {
      url += c;
    } else {
      url += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return url;
}

void TelegramApi::take(TelegramMethod method, const http::HttpResponse& response,
                       const Handler& handler) {
  const std::string_view name = kMethods[static_cast<std::size_t>(method)].name;
  handler(read_telegram_answer(response, name, token_, parser_, text_));
}

void TelegramApi::stop() {
  shared_->api = nullptr;
  for (const std::uint64_t id : std::exchange(open_, {}))
    http_->cancel(http::CallId{id});
}

}  // namespace spine::channels

// Webhook: a request of a platform to /channels/<channel>/webhook.
#pragma once

#include <functional>
#include <string_view>

namespace spine::channels {

// Nobody has checked who sent it: that is the account's business. Borrowed for the call.
struct Webhook {
  std::string_view channel{};       // as in the path
  std::string_view account{};       // as in the path; empty = the only one
  std::string_view method{};        // "GET" or "POST"
  std::string_view query{};         // without '?', decoded once
  std::string_view content_type{};  // without parameters, in lower case
  std::string_view body{};          // up to limits::kHookBodyBytesMax
  std::string_view address{};       // of who sent it, or of the nearest proxy
  std::string_view telegram_secret{};
  std::string_view hub_signature{};  // X-Hub-Signature-256, of Meta's
};

// Called once, now or later, from the loop: the status, and a text that is sent as it is with 200
// and as the reason otherwise. A request that has ended meanwhile is no matter.
using AnswerWebhook = std::function<void(int status, std::string_view text)>;

}  // namespace spine::channels

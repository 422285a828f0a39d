// TelegramWebhook: receives what people write to a bot as posts of Telegram.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "adapters/channels/interface/reports.h"
#include "adapters/channels/interface/webhook.h"
#include "adapters/channels/telegram/telegram_api.h"
#include "adapters/channels/telegram/telegram_faults.h"
#include "adapters/channels/telegram/telegram_inbox.h"
#include "adapters/loop/timer.h"
#include "engine/config/settings/telegram_config.h"
#include "schemas/vocab/json_read.h"

namespace spine::channels {

// getMe, setWebhook, and from time to time a look at what Telegram says of it; never a poll. A post
// is answered with 200 once the journal has its update: what is answered otherwise, or not at all,
// Telegram sends again. Thread: loop.
class TelegramWebhook {
 public:
  // All outlive it.
  TelegramWebhook(event_base* base, TelegramApi& api, Reports& reports, TelegramInbox& inbox,
                  const config::TelegramAccount& settings);

  void start();
  // Posts that wait are answered with 503. The api is stopped by its owner.
  void stop();
  // As Channel says.
  void take(const Webhook& request, AnswerWebhook answer);
  void acknowledged(std::string_view identity, std::string_view position);

 private:
  using Step = void (TelegramWebhook::*)();
  // A post whose update the journal does not have yet.
  struct Post {
    std::uint64_t update_id{};
    std::string position{};
    std::string press{};
    std::uint64_t began_ms{};
    AnswerWebhook answer{};
  };

  void later(Step step, std::uint64_t ms);
  void ask_me();
  void asked(const TelegramAnswer& answer);
  void set();
  void was_set(const TelegramAnswer& answer);
  void look();
  void looked(const TelegramAnswer& answer);
  void fail(Step step, const TelegramAnswer& answer);
  void wrong_secret(std::string_view address);
  // An update is reported.
  void taken(std::uint64_t update_id, std::string press);
  void drop_old_posts();

  TelegramApi& api_;
  Reports& reports_;
  TelegramInbox& inbox_;
  const config::TelegramAccount& settings_;
  loop::Timer timer_;
  Step due_{};               // what the timer is for
  std::uint64_t look_ms_{};  // until the next look
  TelegramFaults faults_{};
  JsonParser parser_{};
  PaddedText text_{};
  std::deque<Post> posts_{};                       // in the order in which the journal takes them
  std::map<std::uint64_t, AnswerWebhook> held_{};  // by update: those that wait for files
  std::deque<std::uint64_t> recent_{};             // the last updates that the journal took
  std::int64_t taken_wall_ms_{};                   // the last that was answered with 200
  std::uint32_t wrong_secrets_{};                  // since the last look
};

}  // namespace spine::channels

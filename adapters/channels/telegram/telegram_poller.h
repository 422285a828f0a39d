// TelegramPoller: receives what people write to a bot, by long polls.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/channels/interface/reports.h"
#include "adapters/channels/telegram/telegram_api.h"
#include "adapters/channels/telegram/telegram_hold.h"
#include "adapters/channels/telegram/telegram_update.h"
#include "adapters/loop/timer.h"

namespace spine::channels {

// One call at a time, from getMe on: a poll begins when the one before has ended, what it brought
// (with the files of its messages) is in the journal, and the engine has room. So a poll confirms
// only what the journal has, and a slow file holds the next poll up as long as it may take. The
// state of the account is told to the reports. Thread: loop.
class TelegramPoller {
 public:
  // A group has another id from now on.
  using OnMoved = std::function<void(std::string_view from, std::string_view to)>;

  // All outlive it.
  TelegramPoller(event_base* base, TelegramApi& api, TelegramFiles& files, Reports& reports,
                 OnMoved on_moved);

  void start();
  // The api is stopped by its owner.
  void stop() { timer_.stop(); }
  // What was read up to there is in the journal.
  void acknowledged(std::string_view identity, std::string_view position);

 private:
  using Step = void (TelegramPoller::*)();

  void later(Step step, std::uint64_t ms);
  void ask_me();
  void asked(const TelegramAnswer& answer);
  void poll();
  void polled(const TelegramAnswer& answer);
  void take(const JsonNode& updates);
  void take_one(const TelegramUpdate& update, TelegramUpdate::Kind kind);
  // Every update of the last poll was reported.
  void reported();
  void answer_presses();
  // The account's state is that of the failure, and the step is tried again.
  void fail(Step step, const TelegramAnswer& answer);
  void remove_webhook(const TelegramAnswer& why);
  void not_in_journal();
  std::uint64_t journal_offset() const;
  std::string name() const;

  TelegramApi& api_;
  Reports& reports_;
  OnMoved on_moved_;
  loop::Timer timer_;
  Step due_{};  // what the timer is for
  TelegramHold hold_;
  TelegramBot bot_{};
  std::uint64_t offset_{};              // of the next poll; 0 = from the first that waits
  std::string awaited_{};               // a position that the journal does not have yet
  std::vector<std::string> presses_{};  // to be answered once it has
  std::uint64_t began_ms_{};            // the poll
  std::uint32_t faults_{};              // in a row
  std::uint32_t updates_max_{};         // of the next poll
  bool waits_{};                        // the poll waits for something to come
  bool held_{};                         // some of what it brought is not reported yet
  bool webhook_removed_{};
};

}  // namespace spine::channels

// TelegramPoller: receives what people write to a bot, by long polls.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/channels/interface/reports.h"
#include "adapters/channels/telegram/telegram_api.h"
#include "adapters/channels/telegram/telegram_faults.h"
#include "adapters/channels/telegram/telegram_inbox.h"
#include "adapters/loop/timer.h"

namespace spine::channels {

// One call at a time, from getMe on: a poll begins when the one before has ended, what it brought
// (with the files of its messages) is in the journal, and the engine has room. So a poll confirms
// only what the journal has, and a slow file holds the next poll up as long as it may take. The
// state of the account is told to the reports. Thread: loop.
class TelegramPoller {
 public:
  // All outlive it.
  TelegramPoller(event_base* base, TelegramApi& api, Reports& reports, TelegramInbox& inbox);

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
  // An update of the last poll is reported.
  void taken(std::string press);
  // All of them are.
  void reported();
  void answer_presses();
  // The account's state is that of the failure, and the step is tried again.
  void fail(Step step, const TelegramAnswer& answer);
  void remove_webhook(std::string_view why);
  void not_in_journal();

  const TelegramBot& bot() const { return inbox_.bot(); }

  TelegramApi& api_;
  Reports& reports_;
  TelegramInbox& inbox_;
  loop::Timer timer_;
  Step due_{};                          // what the timer is for
  std::uint64_t offset_{};              // of the next poll; 0 = from the first that waits
  std::string awaited_{};               // a position that the journal does not have yet
  std::vector<std::string> presses_{};  // to be answered once it has
  std::uint64_t began_ms_{};            // the poll
  TelegramFaults faults_{};
  std::uint32_t updates_max_{};  // of the next poll
  bool waits_{};                 // the poll waits for something to come
  bool held_{};                  // some of what it brought is not reported yet
  std::size_t open_{};           // so many updates
  bool webhook_removed_{};
};

}  // namespace spine::channels

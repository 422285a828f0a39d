// TelegramPreview: shows an answer while it is being written, in one message that grows by edits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/channels/interface/channel.h"
#include "adapters/channels/interface/reports.h"
#include "adapters/channels/telegram/telegram_api.h"
#include "adapters/channels/telegram/telegram_pauses.h"
#include "adapters/loop/timer.h"
#include "engine/config/settings/telegram_config.h"

namespace spine::channels {

// In which message the text so far of a run stands.
struct TelegramBubble {
  bool known{};          // this process has shown it; else what the journal says counts
  std::string number{};  // of the message; empty = there is none, or none that is known
};

// What is shown is cosmetic: it is at most the first message of the answer, and comes as often as
// Telegram takes edits. It fails nothing and holds up nothing but the answer of the same run, for
// as long as a call about it is under way. Which message it is is reported as soon as Telegram says
// so. With streaming "draft" it is a draft in direct chats, which goes by itself. Thread: loop.
class TelegramPreview {
 public:
  // All outlive it.
  TelegramPreview(event_base* base, TelegramApi& api, Reports& reports,
                  const config::TelegramAccount& settings, TelegramPauses& pauses);

  void begin(const Work& work);
  // `behind`: as Channel::show_text() has it.
  void show(RunId run, std::string_view text, bool behind);
  // Nothing more is shown. What is there stays until settle() and forget(), for a bounded number.
  void end(RunId run);
  // The answer of the run is to be sent: `then` is called once no call about what is shown is under
  // way, at once or later from the loop. The last one for a run counts; none after stop().
  void settle(RunId run, std::function<void(const TelegramBubble&)> then);
  // The answer has arrived.
  void forget(RunId run);
  void stop();
  // A group has another id from now on.
  void moved(std::string_view from, std::string_view to);

 private:
  struct Job {
    RunId run{};
    std::string chat{};
    std::string topic{};
    std::string reply_to{};
    std::string text{};    // so far, Markdown
    std::string shown{};   // the piece that was sent last
    std::string number{};  // of the message; empty = none yet
    bool draft{};
    bool group{};
    bool behind{};
    bool asked{};  // a message was asked for, and may be there
    bool over{};   // nothing more is shown
    bool plain{};  // Telegram could not read the marks
    bool news{};   // there is something that was not looked at
    bool calling{};
    std::uint64_t due_ms{};  // not before that
    std::function<void(const TelegramBubble&)> then{};
  };

  bool ready(const Job& job) const;
  void turn();
  void arm();
  void call(Job& job, const std::string& piece);
  std::string arguments_of(const Job& job, const std::string& piece) const;
  void called(RunId run, bool sent, const TelegramAnswer& answer);
  void done(Job& job, bool sent, const TelegramAnswer& answer);
  void refused(Job& job, const TelegramAnswer& answer);
  void lose(Job& job);

  TelegramApi& api_;
  Reports& reports_;
  const config::TelegramAccount& settings_;
  TelegramPauses& pauses_;
  loop::Timer timer_;
  std::map<std::uint64_t, std::unique_ptr<Job>> jobs_{};         // by run
  std::map<std::string, std::uint64_t, std::less<>> next_ms_{};  // chats: not before that
  std::deque<std::uint64_t> ended_{};                            // runs, for their answers
  std::size_t calls_{};
};

}  // namespace spine::channels

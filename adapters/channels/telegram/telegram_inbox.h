// TelegramInbox: takes in one update after the other, whichever way it came.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "adapters/channels/interface/reports.h"
#include "adapters/channels/telegram/telegram_api.h"
#include "adapters/channels/telegram/telegram_files.h"
#include "adapters/channels/telegram/telegram_hold.h"
#include "adapters/channels/telegram/telegram_update.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/json_read.h"

namespace spine::channels {

// Updates have smaller numbers.
inline constexpr std::uint64_t kTelegramUpdateIdMax = std::uint64_t{1} << 62;

// Thread: loop.
class TelegramInbox {
 public:
  // A group has another id from now on.
  using OnMoved = std::function<void(std::string_view from, std::string_view to)>;

  // It is known who the bot is.
  using OnKnown = std::function<void()>;

  // It is reported. `press`: of a button, that has to be answered once the journal has it; empty
  // where it is none.
  using OnTaken = std::function<void(std::string press)>;

  // All outlive it.
  TelegramInbox(TelegramApi& api, TelegramFiles& files, Reports& reports, OnMoved on_moved,
                OnKnown on_known);

  // Takes the answer to getMe: whose updates they are. False where it names nobody.
  bool knows_bot(const TelegramAnswer& me);
  const TelegramBot& bot() const { return bot_; }
  // The member "allowed_updates" of a call: the kinds that are read.
  static void put_kinds(JsonWriter& json);
  // Reports what it means: now, or once the files of a message are here. Then calls `on_taken`.
  void take(const JsonNode& update, OnTaken on_taken);
  // Until then the button shows that something goes on. Whether it arrives does not matter.
  void answer_press(const std::string& press);
  // "telegram (work)", for people.
  std::string name() const;
  // Up to where the journal has this bot's updates: the id of the next one; 0 = nothing of it.
  std::uint64_t journal_offset() const;
  // A position that is another one each time, though no update is higher than that one.
  std::string webhook_position(std::uint64_t update_id);
  // Whether the journal's position is one of those.
  bool was_webhook() const;

 private:
  void report(const TelegramUpdate& update, TelegramUpdate::Kind kind);

  TelegramApi& api_;
  Reports& reports_;
  OnMoved on_moved_;
  OnKnown on_known_;
  TelegramHold hold_;
  TelegramBot bot_{};
  std::uint64_t offset_{};  // behind the highest update of the webhook
  std::uint64_t turn_{};    // of its positions
};

}  // namespace spine::channels

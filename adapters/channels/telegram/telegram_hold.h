// TelegramHold: holds messages back until their files are here.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "adapters/channels/telegram/telegram_files.h"
#include "adapters/channels/telegram/telegram_update.h"
#include "schemas/vocab/json_read.h"

namespace spine::channels {

// The updates of one chat stay in order; those of others do not wait for its files. What is held is
// forgotten with the process: whoever hands updates in acknowledges none before it was handed out.
// Thread: loop.
class TelegramHold {
 public:
  // One update, read; with what was fetched. Borrowed for the call.
  using OnUpdate = std::function<void(const TelegramUpdate& update, TelegramUpdate::Kind kind)>;

  // `files` outlives it.
  explicit TelegramHold(TelegramFiles& files) : files_(files) {}

  // Hands it out, once: now, or when its files are here. `bot` is copied.
  void take(const JsonNode& update, const TelegramBot& bot, std::int64_t now_wall_ms,
            OnUpdate on_update);

 private:
  struct Held {
    std::uint64_t number{};
    std::string json{};  // of the update: it is read again
    std::string chat{};
    TelegramBot bot{};
    std::int64_t now_wall_ms{};
    std::vector<TelegramFile> files{};
    std::size_t missing{};  // files
    OnUpdate on_update{};
  };

  bool holds(std::string_view chat) const;
  void hold(const JsonNode& update, const TelegramBot& bot, std::int64_t now_wall_ms,
            OnUpdate on_update);
  void fetched(std::uint64_t number, std::size_t place, TelegramFile&& file);
  void hand_out_ready();
  void hand_out(const Held& held);

  TelegramFiles& files_;
  TelegramUpdate update_{};
  std::deque<Held> held_{};
  std::uint64_t last_number_{};
  JsonParser parser_{};
  PaddedText text_{};
};

}  // namespace spine::channels

// TelegramFiles: fetches the files of messages: getFile, then the file itself.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/channels/telegram/telegram_api.h"
#include "adapters/channels/telegram/telegram_update.h"
#include "adapters/loop/timer.h"
#include "adapters/media/media_fetcher.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::channels {

// Of a file that Telegram's servers give to bots.
inline constexpr std::uint64_t kTelegramFileBytesMax = 20 * limits::kMiB;

// A few at a time, the rest waits. What may be over soon is tried again for kMediaFetchMs of
// limits.h, counted from when its turn comes; waiting included it is kMediaFetchesMs. Thread: loop.
class TelegramFiles {
 public:
  using OnFetched = std::function<void(TelegramFile&&)>;
  struct Options {
    std::uint64_t bytes_max{};     // a larger file is not fetched
    media::MediaKeeper* keeper{};  // null: nothing can be kept, so nothing is fetched
    std::string name{};            // of the account, for the log
  };

  // `api` and the keeper outlive it.
  TelegramFiles(event_base* base, TelegramApi& api, std::shared_ptr<http::HttpClient> http,
                Options options);

  // `bytes`: as the message has it; 0 = not known. Called once, perhaps from within the call,
  // unless it is stopped first.
  void fetch(std::string file_id, std::uint64_t bytes, OnFetched on_fetched);
  // Nothing more is fetched or told. The api is stopped next.
  void stop();

 private:
  struct Job {
    Job(TelegramFiles& files, event_base* base, std::string file_id)
        : id(std::move(file_id)), timer(base, [this, &files] { files.ask(*this); }) {}

    std::string id;
    std::uint64_t bytes{};
    OnFetched on_fetched{};
    std::uint64_t asked_ms{};  // boot time
    std::uint64_t until_ms{};  // the same; 0 = its turn has not come
    std::uint32_t tries{};
    loop::Timer timer;
  };

  void begin();
  void ask(Job& job);
  void asked(Job& job, const TelegramAnswer& answer);
  void fetched(Job& job, media::MediaFetched&& got);
  // Later, while there is time.
  void try_again(Job& job, std::string_view why, std::uint64_t wait_ms = 0);
  void fail(Job& job, fb::AttachmentProblem problem, std::string_view why);
  void end(Job& job, TelegramFile&& file);

  event_base* base_;
  TelegramApi& api_;
  Options options_;
  std::optional<media::MediaFetcher> fetcher_{};
  std::list<std::unique_ptr<Job>> jobs_{};  // the first few are at work
};

}  // namespace spine::channels

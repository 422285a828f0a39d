// MediaFetcher: fetches files over HTTP into the media folder, for any channel.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "adapters/media/media_keeper.h"
#include "adapters/media/media_store.h"
#include "adapters/outbound/http_client.h"

#include "event_generated.h"

namespace spine::media {

struct MediaWanted {
  std::string url{};          // may hold secrets: no text shows it
  std::uint64_t bytes_max{};  // a larger file is not fetched
  std::uint32_t total_ms{};   // of this try
};

// What became of one try.
struct MediaFetched {
  std::optional<MediaFile> file{};  // kept, durably; else:
  fb::AttachmentProblem problem{};  // why not
  bool again{};                     // another try may help
  std::string reason{};             // for people; no secret in it
};

// What is fetched goes into a file of the media folder as it comes, and is told of once it is kept.
// Thread: loop.
class MediaFetcher {
 public:
  // Called once, from the loop and never from within fetch(), unless the fetcher goes first.
  using OnFetched = std::function<void(MediaFetched&&)>;

  // `keeper` outlives it and what it began.
  MediaFetcher(std::shared_ptr<http::HttpClient> http, MediaKeeper& keeper);
  // Cancels every try.
  ~MediaFetcher();
  MediaFetcher(const MediaFetcher&) = delete;
  MediaFetcher& operator=(const MediaFetcher&) = delete;

  void fetch(MediaWanted wanted, OnFetched on_fetched);

 private:
  struct Try {
    std::filesystem::path path{};
    OnFetched on_fetched{};
    http::CallId call{};
  };
  // Null once the fetcher is gone; also what was begun holds it.
  using Alive = std::shared_ptr<MediaFetcher*>;

  void answered(std::uint64_t id, http::HttpResponse&& response);
  void kept(std::uint64_t id, Result<MediaFile>&& file);
  void tell(std::uint64_t id, MediaFetched&& fetched);

  std::shared_ptr<http::HttpClient> http_;
  MediaKeeper& keeper_;
  Alive alive_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Try>> tries_{};
  std::uint64_t last_id_{};
};

}  // namespace spine::media

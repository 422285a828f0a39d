// MediaLink: one question, one sweep.
#include "adapters/gateway/media_link.h"

#include <utility>

#include "engine/log/log.h"
#include "schemas/vocab/show.h"

namespace spine::gateway {
namespace {

constexpr log::Logger kMediaLog{"media"};
constexpr std::size_t kThreads = 1;  // syncs mostly: several would wait for the same disk
constexpr std::uint64_t kFirstMs = 5'000;
constexpr std::uint64_t kEveryMs = 3'600'000;
constexpr std::uint64_t kLookMs = 1'000;  // while the answer is awaited

void tell(const Result<media::MediaSwept>& swept) {
  if (!swept) return kMediaLog.warn("files were not removed: {}", swept.error().message);
  if (swept->files == 0) return;
  kMediaLog.info("{} files that nothing refers to are removed, {}", swept->files,
                 show_bytes(swept->bytes));
}

}  // namespace

Result<std::unique_ptr<MediaLink>> MediaLink::open(event_base* base, pipeline::Shared& shared,
                                                   const std::filesystem::path& folder) {
  SPINE_TRY(media::MediaStore store, media::MediaStore::open(folder));
  return std::make_unique<MediaLink>(base, shared, std::move(store));
}

MediaLink::MediaLink(event_base* base, pipeline::Shared& shared, media::MediaStore store)
    : shared_(shared),
      pool_(base, kThreads),
      keeper_(pool_, std::move(store)),
      timer_(base, [this] { turn(); }) {
  timer_.start(loop::in_ms(kFirstMs));
}

void MediaLink::turn() {
  if (!asked_) {
    asked_ = true;
    shared_.media_asked.store(true, std::memory_order_release);
    return timer_.start(loop::in_ms(kLookMs));
  }
  const std::unique_ptr<pipeline::MediaReport> report = shared_.media.take();
  if (report == nullptr) return timer_.start(loop::in_ms(kLookMs));
  asked_ = false;
  if (report->known) keeper_.sweep(std::move(report->kept), tell);
  timer_.start(loop::in_ms(kEveryMs));
}

}  // namespace spine::gateway

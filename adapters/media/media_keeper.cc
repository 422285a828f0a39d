// Jobs for the FilePool, and what they tell.
#include "adapters/media/media_keeper.h"

#include <fmt/format.h>
#include <utility>

#include "schemas/vocab/bytes.h"

namespace spine::media {
namespace {

// In the pool's table beside the ids of agents, none of which has parentheses.
constexpr const char* kParty = "(media)";

}  // namespace

MediaKeeper::MediaKeeper(loop::FilePool& pool, MediaStore store)
    : pool_(pool),
      store_(std::make_shared<MediaStore>(std::move(store))),
      folder_(store_->folder()),
      prefix_(store_->temporary_prefix()),
      asker_(pool.open(kParty, [this](std::string&&) { told(); })) {}

MediaKeeper::~MediaKeeper() {
  pool_.close(asker_);
}

std::filesystem::path MediaKeeper::temporary() {
  return folder_ / fmt::format("{}{}.partial", prefix_, ++temporaries_);
}

void MediaKeeper::ask(std::function<Tell(MediaStore&)> work, std::size_t bytes) {
  auto tell = std::make_shared<Tell>();
  asked_.push_back({tell, bytes});
  waiting_bytes_ += bytes;
  pool_.submit(
      asker_,
      [store = store_, tell = std::move(tell), work = std::move(work)] {
        *tell = work(*store);
        return std::string{};
      },
      bytes);
}

void MediaKeeper::told() {
  const Asked asked = std::move(asked_.front());
  asked_.pop_front();
  waiting_bytes_ -= asked.bytes;
  (*asked.tell)();
}

void MediaKeeper::put(std::string bytes, OnKept on_kept) {
  const std::size_t held = bytes.size();
  ask(
      [bytes = std::move(bytes), on_kept = std::move(on_kept)](MediaStore& store) -> Tell {
        return [kept = store.put(as_bytes(bytes)), on_kept]() mutable { on_kept(std::move(kept)); };
      },
      held);
}

void MediaKeeper::adopt(std::filesystem::path temporary, OnKept on_kept) {
  ask(
      [temporary = std::move(temporary), on_kept = std::move(on_kept)](MediaStore& store) -> Tell {
        return [kept = store.adopt(temporary), on_kept]() mutable { on_kept(std::move(kept)); };
      },
      0);
}

void MediaKeeper::sweep(std::vector<Digest256> keep, OnSwept on_swept) {
  const std::size_t held = keep.size() * sizeof(Digest256);
  ask(
      [keep = std::move(keep), on_swept = std::move(on_swept)](MediaStore& store) -> Tell {
        return [swept = store.sweep(keep), on_swept]() mutable { on_swept(std::move(swept)); };
      },
      held);
}

}  // namespace spine::media

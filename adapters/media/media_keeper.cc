// Jobs for the FilePool, and what they tell.
#include "adapters/media/media_keeper.h"

#include <fmt/format.h>
#include <optional>
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

template <class T>
void MediaKeeper::ask(std::function<Result<T>(MediaStore&)> work,
                      std::function<void(Result<T>&&)> on_done, std::size_t bytes) {
  auto done = std::make_shared<std::optional<Result<T>>>();
  asked_.push_back({[done, on_done = std::move(on_done)] { on_done(std::move(**done)); }, bytes});
  waiting_bytes_ += bytes;
  pool_.submit(
      asker_,
      [store = store_, done = std::move(done), work = std::move(work)] {
        done->emplace(work(*store));
        return std::string{};
      },
      bytes);
}

void MediaKeeper::told() {
  const Asked asked = std::move(asked_.front());
  asked_.pop_front();
  waiting_bytes_ -= asked.bytes;
  asked.tell();
}

void MediaKeeper::put(std::string bytes, OnKept on_kept) {
  const std::size_t held = bytes.size();
  ask<MediaFile>(
      [bytes = std::move(bytes)](MediaStore& store) { return store.put(as_bytes(bytes)); },
      std::move(on_kept), held);
}

void MediaKeeper::adopt(std::filesystem::path temporary, OnKept on_kept) {
  ask<MediaFile>(
      [temporary = std::move(temporary)](MediaStore& store) { return store.adopt(temporary); },
      std::move(on_kept), 0);
}

void MediaKeeper::sweep(std::vector<Digest256> keep, OnSwept on_swept) {
  const std::size_t held = keep.size() * sizeof(Digest256);
  ask<MediaSwept>([keep = std::move(keep)](MediaStore& store) { return store.sweep(keep); },
                  std::move(on_swept), held);
}

}  // namespace spine::media

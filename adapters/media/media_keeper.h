// MediaKeeper: keeps media for whoever lives on the loop thread, without blocking it.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/loop/file_pool.h"
#include "adapters/media/media_store.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/result.h"

namespace spine::media {

// Thread: loop. Each call is answered once, from the loop and in the order of the calls, unless the
// keeper goes first.
class MediaKeeper {
 public:
  using OnKept = std::function<void(Result<MediaFile>&&)>;
  using OnSwept = std::function<void(Result<MediaSwept>&&)>;

  // `pool` outlives it.
  MediaKeeper(loop::FilePool& pool, MediaStore store);
  ~MediaKeeper();
  MediaKeeper(const MediaKeeper&) = delete;
  MediaKeeper& operator=(const MediaKeeper&) = delete;

  // A name in the folder for a file that is still coming in. Whoever asked for it creates the file
  // (O_EXCL, 0600) and has it adopted, or removes it.
  std::filesystem::path temporary();
  // As MediaStore does: durable when it is told. What is large comes in as a file.
  void put(std::string bytes, OnKept on_kept);
  void adopt(std::filesystem::path temporary, OnKept on_kept);
  void sweep(std::vector<Digest256> keep, OnSwept on_swept);
  // Backpressure: nothing more is to be put until something was told.
  bool is_full() const { return waiting_bytes_ >= limits::kMediaWaitingBytesMax; }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  using Tell = std::function<void()>;
  // `work` is done on a thread of the pool; what it returns is called from the loop.
  void ask(std::function<Tell(MediaStore&)> work, std::size_t bytes);
  void told();

  loop::FilePool& pool_;
  std::shared_ptr<MediaStore> store_;  // of the jobs alone, which run one at a time
  std::filesystem::path folder_;
  std::string prefix_;
  struct Asked {
    std::shared_ptr<Tell> tell{};
    std::size_t bytes{};
  };
  std::deque<Asked> asked_{};
  std::size_t waiting_bytes_{};
  std::uint64_t temporaries_{};
  loop::FilePool::Asker asker_;
};

}  // namespace spine::media

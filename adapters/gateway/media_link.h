// MediaLink: the media folder of the gateway, and when it is swept.
#pragma once

#include <filesystem>
#include <memory>

#include "adapters/loop/file_pool.h"
#include "adapters/loop/timer.h"
#include "adapters/media/media_keeper.h"
#include "engine/pipeline/queues/shared.h"
#include "schemas/vocab/result.h"

struct event_base;

namespace spine::gateway {

// Soon after the start, then every hour, the follower is asked which files the journal refers to;
// the others are removed, but for the youngest. Thread: loop (the main thread before it starts).
class MediaLink {
 public:
  // Opens the folder. Errors: those of MediaStore::open().
  static Result<std::unique_ptr<MediaLink>> open(event_base* base, pipeline::Shared& shared,
                                                 const std::filesystem::path& folder);
  MediaLink(event_base* base, pipeline::Shared& shared, media::MediaStore store);
  MediaLink(const MediaLink&) = delete;
  MediaLink& operator=(const MediaLink&) = delete;

  media::MediaKeeper& keeper() { return keeper_; }

 private:
  void turn();

  pipeline::Shared& shared_;
  loop::FilePool pool_;
  media::MediaKeeper keeper_;
  loop::Timer timer_;
  bool asked_{};
};

}  // namespace spine::gateway

// MediaSurvey: finds out, when it is asked, which files of the media folder are still referred to.
#pragma once

#include "engine/core/messages/file_references.h"
#include "engine/core/model/state.h"
#include "engine/pipeline/queues/shared.h"
#include "journal/journal.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::pipeline {

// Reads the journal once, a little at a time, from the first question on; then only what is new.
// A journal that cannot be read is an answer that says so, and not the end of the gateway.
// Thread: follower.
class MediaSurvey {
 public:
  explicit MediaSurvey(Shared& shared) : shared_(shared) {}

  // A step, while the answer is asked for (Shared::media_asked).
  void work(journal::Reader& reader, const core::State& state);

 private:
  Status read_on(journal::Reader& reader, Seq last);

  Shared& shared_;
  core::FileReferences references_{};
  Seq read_{};
};

}  // namespace spine::pipeline

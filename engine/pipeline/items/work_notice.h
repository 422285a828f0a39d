// WorkNotice: what a channel is told of the work on an answer; the same from the engine and from
// the follower.
#pragma once

#include "engine/core/model/state.h"
#include "engine/core/model/views.h"
#include "engine/pipeline/items/messages.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::pipeline {

// Keeps its memory from notice to notice. Not thread-safe.
class WorkNotice {
 public:
  // The run is worked on; `message` is the one it answers. False when its answer goes to no
  // channel.
  bool begins(const core::State& state, const core::RunView& run, const EventView& message);
  // It is not, any more. The same.
  bool ends(const core::State& state, const core::RunView& run);
  // Borrowed from this, the state and the message, until the next notice.
  const WorkItem& item() const { return item_; }

 private:
  core::ChannelView channel_{};
  core::PreviewView preview_{};
  WorkItem item_{};
};

}  // namespace spine::pipeline

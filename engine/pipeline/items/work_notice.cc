// WorkNotice: the rows of the run, its channel and what is shown of it.
#include "engine/pipeline/items/work_notice.h"

#include "engine/core/questions/delivery_content.h"

namespace spine::pipeline {

bool WorkNotice::begins(const core::State& state, const core::RunView& run,
                        const EventView& message) {
  if (!ends(state, run)) return false;
  const core::MessagePlace place = core::place_of(message);
  preview_ = {};
  item_.working = true;
  item_.previewed = core::view_preview(state, run.id, preview_);
  item_.preview_id = preview_.platform_id;
  item_.attempt = run.attempt;
  item_.conversation = place.conversation;
  item_.conversation_id = core::conversation_now(state, channel_, place.conversation_id);
  item_.thread = place.thread;
  item_.reply_to = place.external_id;
  return true;
}

bool WorkNotice::ends(const core::State& state, const core::RunView& run) {
  if (!core::view_channel(state, run.channel, channel_)) return false;
  item_ = WorkItem{.run = run.id, .channel = channel_.name, .account = channel_.account};
  return true;
}

}  // namespace spine::pipeline

// ScannedEvents: the events of sessions, found by a scan of the journal that the index shortens.
#pragma once

#include <deque>
#include <optional>

#include "engine/core/base/kept_body.h"
#include "engine/core/questions/event_source.h"
#include "replay/timeline/session_blocks.h"
#include "replay/timeline/timeline.h"

namespace spine::replay {

// For one question: what it keeps goes with it. Thread: the timeline's.
class ScannedEvents : public core::EventSource {
 public:
  explicit ScannedEvents(Timeline& timeline) : timeline_(timeline) {}

  Result<EventView> event_at(Seq seq) override { return timeline_.event(seq); }
  Status walk_back(const core::SessionRange& range, const Visit& visit) override;
  Status walk_on(const core::SessionRange& range, const Visit& visit) override;
  // A copy: the timeline renews its reader on a long way.
  EventView keep(const EventView& event) override;

 private:
  SessionBlocks* where(SessionId session);

  Timeline& timeline_;
  SessionId session_{};  // whose blocks are in where_
  std::optional<SessionBlocks> where_{};
  std::deque<core::KeptBody> kept_{};
};

}  // namespace spine::replay

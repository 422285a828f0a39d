// Walks over all events of a range; those of other sessions are passed over by their headers.
#include "replay/past/scanned_events.h"

namespace spine::replay {
namespace {

// What a walk calls for each event: visit(), for those of the session, until it says enough.
class Walk {
 public:
  Walk(SessionId session, const core::EventSource::Visit& visit)
      : session_(session), visit_(visit) {}

  bool operator()(const EventView& event) {
    if (event.header.session != session_.value) return true;
    const Result<bool> go_on = visit_(event);
    if (!go_on) ended_ = go_on.error();
    return go_on && *go_on;
  }
  // How the walk ended.
  Status end(Status walked) const { return ended_ ? walked : ended_; }

 private:
  SessionId session_;
  const core::EventSource::Visit& visit_;
  Status ended_{ok()};
};

}  // namespace

// Histories ask for one stretch of the same session after the other.
SessionBlocks* ScannedEvents::where(SessionId session) {
  if (!where_ || session_ != session) where_.emplace(timeline_, session);
  session_ = session;
  return &*where_;
}

Status ScannedEvents::walk_back(const core::SessionRange& range, const Visit& visit) {
  Walk walk{range.session, visit};
  const auto each = [&walk](const EventView& event) { return walk(event); };
  return walk.end(
      timeline_.for_each_event_back(range.last, range.first, each, where(range.session)));
}

Status ScannedEvents::walk_on(const core::SessionRange& range, const Visit& visit) {
  Walk walk{range.session, visit};
  const auto each = [&walk](const EventView& event) { return walk(event); };
  return walk.end(timeline_.for_each_event(range.first, range.last, each, where(range.session)));
}

EventView ScannedEvents::keep(const EventView& event) {
  EventView kept = event;
  kept.body = kept_.emplace_back(event.body).view();
  return kept;
}

}  // namespace spine::replay

// IndexedEvents: the events of sessions, found by the follower's index and read from the journal.
#pragma once

#include "engine/core/questions/event_source.h"
#include "engine/pipeline/follower/follower_index.h"
#include "journal/reader.h"

namespace spine::pipeline {

// What it shows stays mapped until the reader is renewed or released. Thread: follower. REQUIRES:
// the reader was renewed.
class IndexedEvents : public core::EventSource {
 public:
  IndexedEvents(FollowerIndex& index, journal::Reader& reader) : index_(index), reader_(reader) {}

  Result<EventView> event_at(Seq seq) override { return reader_.event_at(seq); }
  Status walk_back(const core::SessionRange& range, const Visit& visit) override;
  // The first few blocks of the session that the range has.
  Status walk_on(const core::SessionRange& range, const Visit& visit) override;
  EventView keep(const EventView& event) override { return event; }

 private:
  FollowerIndex& index_;
  journal::Reader& reader_;
};

}  // namespace spine::pipeline

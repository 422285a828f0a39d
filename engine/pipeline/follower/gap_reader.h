// GapReader: the events pushed since a seq, read from the journal for a client that resumes.
#pragma once

#include "engine/core/model/state.h"
#include "engine/pipeline/items/messages.h"
#include "journal/reader.h"

namespace spine::pipeline {

// Thread: follower. REQUIRES: the reader was renewed and sees what the state holds.
class GapReader {
 public:
  GapReader(const core::State& state, journal::Reader& reader) : state_(state), reader_(reader) {}

  // One page, bounded in blocks looked at and in bytes found. Borrowed from the state, and from the
  // blocks, which stay mapped until the reader is renewed or released. REQUIRES: head is folded.
  Result<GapItem> read(Seq from, Seq head);

 private:
  Status add(const EventView& event, GapItem& gap);
  Status view_session(SessionId id, EventItem& item);
  Status view_run(RunId id, EventItem& item);
  Status view_approval(const EventView& event, EventItem& item);

  const core::State& state_;
  journal::Reader& reader_;
};

}  // namespace spine::pipeline

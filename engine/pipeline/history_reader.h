// HistoryReader: pages of the histories of sessions, found by the index and read from the journal.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/core/kept_body.h"
#include "engine/core/state.h"
#include "engine/pipeline/follower_index.h"
#include "engine/pipeline/history_page.h"
#include "engine/pipeline/messages.h"
#include "journal/reader.h"

namespace spine::pipeline {

// Reads one page. Thread: follower. REQUIRES: the reader was renewed and sees what the state holds.
class HistoryReader {
 public:
  HistoryReader(const core::State& state, FollowerIndex& index, journal::Reader& reader)
      : state_(state), index_(index), reader_(reader) {}

  // The last `limit` lines that are older than `before`; 0 = the last of all. Borrowed from this
  // object, from the state, and from the blocks (until the reader is renewed or released).
  Result<HistoryItem> read(SessionId session, Seq before, std::uint64_t limit, HistoryLines lines);

 private:
  Status collect(const core::SessionView& session, Seq before);
  Status look_behind(SessionId session, Seq last);
  Status fill(HistoryItem& item);
  EventView shown(EventView event);

  const core::State& state_;
  FollowerIndex& index_;
  journal::Reader& reader_;
  HistoryPage page_{};
  std::vector<core::KeptBody> copies_{};  // of texts that were cut
};

}  // namespace spine::pipeline

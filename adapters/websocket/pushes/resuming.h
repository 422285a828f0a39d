// Resuming: a connection that is being sent the pushes it missed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/websocket/protocol/context.h"
#include "adapters/websocket/protocol/watched_runs.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/cursor.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/limits.h"

namespace spine::net {

struct Resuming {
  std::uint32_t slot{};
  Cursor from{};
  std::vector<std::string> sessions{};  // sorted; empty = all
  // Pushes for everybody in this range it already got live, before it called resume.
  Seq live_from{};
  Seq live_to{};
  WatchedRuns runs{};    // of the events that are replayed
  std::uint64_t told{};  // pushes
  // Of the current page, as sent. A page ends when it is full and all pushes of its last event are
  // sent.
  std::size_t page_bytes{};
  bool page_full() const { return page_bytes >= limits::kGapBytesMax; }
};

// Whether a push about that session (empty = about none) is replayed.
bool resumes(const Resuming& resuming, std::string_view session_key);

// RecentEvents: copies of the items that came live while connections were catching up, kept until
// none is. Ascending, at most kRecentBytesMax: the oldest are evicted. Thread: net.
class RecentEvents {
 public:
  void add(Seq seq, ByteSpan payload);
  void clear();
  // Replays what came after `upto`, and moves `upto` to the last event replayed. False when more is
  // missing: some of it was evicted (then nothing is replayed), or the page is full.
  bool tell_after(Events& events, Resuming& resuming, Seq& upto) const;

 private:
  struct Row {
    Seq seq{};
    std::size_t bytes{};
    std::vector<std::uint64_t> words{};  // 8-aligned
  };
  std::deque<Row> rows_{};
  std::size_t bytes_{};
  Seq dropped_{};  // the latest event that is not here any more
};

// The method `resume`.
std::span<const Method> resume_methods();

}  // namespace spine::net

// Resuming: a connection that is being told what it missed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/websocket/runs.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/limits.h"

namespace spine::net {

// Where a client stands: the push it saw last. Opaque to clients: "<epoch hex>.<seq>.<ordinal>".
struct Cursor {
  Bits128 epoch{};
  Seq seq{};
  std::uint32_t ordinal{};
};
// False when the text is no cursor of Spine's.
bool parse_cursor(std::string_view text, Cursor& out);
void append_cursor(std::string& out, const Cursor& cursor);
// Above every ordinal an event can have: all of it was seen.
inline constexpr std::uint32_t kWholeEvent = 0xFFFF'FFFF;

struct Resuming {
  std::uint32_t slot{};
  Cursor from{};
  std::vector<std::string> sessions{};  // sorted; empty = all
  // What went to everybody in this range it was told live, before it asked.
  Seq live_from{};
  Seq live_to{};
  RunTable runs{};       // of the events that are told again
  std::uint64_t told{};  // pushes
  // Of the page in hand, as sent. A page is over when it is full and all pushes of its last event
  // are told.
  std::size_t page_bytes{};
  bool page_full() const { return page_bytes >= limits::kGapBytesMax; }
};

// Whether a push about that session (empty = about none) is told again.
bool resumes(const Resuming& resuming, std::string_view session_key);

}  // namespace spine::net

// Cursor: a reader's position in the stream of what is journalled: the last it saw of it. One form
// for the pushes of the WebSocket and for `spine journal tail`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/vocab/ids.h"

namespace spine {

// Opaque to readers: "<epoch hex>.<seq>.<ordinal>".
struct Cursor {
  Bits128 epoch{};          // cursor_epoch() of the journal
  Seq seq{};                // the last event that was seen, or some of it
  std::uint32_t ordinal{};  // of the last push that the event led to; kWholeEvent: all of them
};
// Above every ordinal an event can have: all of it was seen.
inline constexpr std::uint32_t kWholeEvent = 0xFFFF'FFFF;

// The epoch in cursors of a journal: another one once a loss was accepted (`loss`: id of the last
// one, zero = none), as the seqs of lost events are used again.
constexpr Bits128 cursor_epoch(Bits128 epoch, Bits128 loss) {
  return {.hi = epoch.hi ^ loss.hi, .lo = epoch.lo ^ loss.lo};
}

// Whether a journal can be read on from a cursor.
enum class CursorPlace : std::uint8_t {
  within,   // it can, if only from its end
  foreign,  // it is of another journal, or of events that were lost
  future,   // beyond the last event
  gone,     // the event behind it is before the first that the journal still holds
};
// `epoch`: cursor_epoch() of the journal that holds the events `first` to `last`.
constexpr CursorPlace place_of(const Cursor& cursor, Bits128 epoch, Seq first, Seq last) {
  if (cursor.epoch != epoch) return CursorPlace::foreign;
  if (cursor.seq > last) return CursorPlace::future;
  return next(cursor.seq) < first ? CursorPlace::gone : CursorPlace::within;
}

// False when the text is no cursor of Spine's.
bool parse_cursor(std::string_view text, Cursor& out);
void append_cursor(std::string& out, const Cursor& cursor);
// A cursor behind the whole event.
std::string cursor_text(Bits128 epoch, Seq seq);

}  // namespace spine

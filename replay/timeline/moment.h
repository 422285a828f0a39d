// Moment: a place in the journal as people name it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "replay/timeline/event_text.h"
#include "replay/timeline/timeline.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

struct Moment {
  enum class Kind : std::uint8_t { seq, wall, messages_back, latest };
  Kind kind{};
  std::uint64_t seq{};     // seq
  std::int64_t wall_ms{};  // wall
  std::uint64_t back{};    // messages_back: as it was before the last `back` messages
};

// "1234", "#1234": after that event. "latest", "now". "3 messages ago". Otherwise a time: RFC 3339
// ("2026-11-28T14:03:00Z", "2026-11-28 14:03+01:00"), of the host's zone without an offset, seconds
// and fractions optional; "today", "yesterday" or a date alone (its first instant), "yesterday
// 14:03", "14:03" (of today); "-2h", "5 minutes ago" (units s, min, h, d, w and their words), "@"
// and Unix seconds. `now_ms`: the wall clock. Errc::invalid_argument says what is understood.
Result<Moment> parse_moment(std::string_view text, std::int64_t now_ms);

// A moment that was found.
struct Place {
  Seq seq{};               // the state after this event
  std::int64_t wall_ms{};  // of that event
  // "#1234, 2026-11-28 13:03:07.123Z".
  std::string text() const;
};

// A time between the last event and `now_ms` is that event: nothing has happened since. `session`:
// key or number, for "messages ago"; empty = messages of all sessions. Errc::not_found names what
// there is: for a time that is yet to come, one before the first event, and a seq outside.
Result<Place> resolve(const Moment& moment, Timeline& timeline, std::int64_t now_ms,
                      std::string_view session = {});
// The same of its text, by the host's clock.
Result<Place> find_place(std::string_view text, Timeline& timeline, std::string_view session = {});

// The host's wall clock.
std::int64_t now_ms();
// "2026-11-28 13:03:07.123Z".
std::string utc_text(std::int64_t wall_ms);

}  // namespace spine::replay

// Summaries: what an event says, in a line; and which kinds are routine or failures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "replay/event_text.h"
#include "schemas/vocab/record.h"

namespace spine::replay {

// Texts of others within a line are cut to this many bytes.
inline constexpr std::size_t kQuotedBytesMax = 100;

// What the event says besides its kind, safe to print, without line breaks. Kinds without a row in
// the table get their fields; an event that this program cannot read, the reason.
std::string summary_of(const EventView& event, Names& names);
// Whether it says that something went wrong: never folded away, and marked.
bool is_failure(const EventView& event);
// Whether it only keeps things going (ticks, acks): folded unless everything is asked for.
bool is_routine(const EventView& event);

// "\"hello\"": cut, and safe to print.
std::string quoted(std::string_view text);
// "telegram:alice (Alice)", "the engine" for 0.
std::string who_text(PrincipalId principal, Names& names);

}  // namespace spine::replay

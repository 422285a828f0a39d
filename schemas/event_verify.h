// Whether a record can be read: its flags, and the FlatBuffers verifier of its kind on its body.
#pragma once

#include <cstdint>
#include <string_view>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/result.h"

namespace spine {

// True when this program can read the record: no flag that changes what the body means, a kind that
// it knows, and a body that verifies. Everybody who reads events from a journal asks this first.
bool event_is_readable(const EventView& event);

// Why not, as the beginning of a sentence ("event 7 is sealed with key 3, ..."): Errc::newer_format
// for what a later version of Spine may have written, else Errc::corrupt.
// REQUIRES: !event_is_readable(event).
Error unreadable_event(const EventView& event);

// True when `body` is 8-byte aligned and a valid table of that kind. Unknown kinds: false.
bool verify_event_body(std::uint16_t kind, ByteSpan body);

// "MessageReceived" for 40; empty for a kind this program does not know. Static storage.
std::string_view event_kind_name(std::uint16_t kind);
// The reverse, exact spelling; 0 when unknown.
std::uint16_t event_kind_of(std::string_view name);

}  // namespace spine

// Runs the FlatBuffers verifier on a record's body, chosen by the record's kind.
#pragma once

#include <cstdint>
#include <string_view>

#include "schemas/vocab/bytes.h"

namespace spine {

// True when `body` is 8-byte aligned and a valid table of that kind. Unknown kinds: false.
bool verify_event_body(std::uint16_t kind, ByteSpan body);

// "MessageReceived" for 40; empty for a kind this program does not know. Static storage.
std::string_view event_kind_name(std::uint16_t kind);
// The reverse, exact spelling; 0 when unknown.
std::uint16_t event_kind_of(std::string_view name);

}  // namespace spine

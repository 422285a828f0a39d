// Fields: optional FlatBuffers fields as plain values.
#pragma once

#include <flatbuffers/flatbuffers.h>
#include <string_view>

#include "schemas/vocab/ids.h"

namespace spine {

// The text of an optional FlatBuffers string; empty when absent. Borrowed from the buffer.
inline std::string_view text_of(const flatbuffers::String* string) {
  return string == nullptr ? std::string_view{} : std::string_view{string->data(), string->size()};
}

// The value of an optional Bits128 of any of the schemas; zero when absent.
template <class Bits>
Bits128 bits_of(const Bits* bits) {
  return bits == nullptr ? Bits128{} : Bits128{.hi = bits->hi(), .lo = bits->lo()};
}

}  // namespace spine

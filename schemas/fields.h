// Fields: bodies of events as tables of their kinds, their optional fields as plain values, and the
// bytes of what was built.
#pragma once

#include <cstdint>
#include <flatbuffers/flatbuffers.h>
#include <string_view>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

#include "event_generated.h"

namespace spine {

// The number of a kind, as in record headers.
constexpr std::uint16_t kind_number(fb::EventBody kind) {
  return static_cast<std::uint16_t>(kind);
}
constexpr bool is_kind(std::uint16_t number, fb::EventBody kind) {
  return number == kind_number(kind);
}
inline bool is_kind(const EventView& event, fb::EventBody kind) {
  return is_kind(event.header.kind, kind);
}

// The body of an event, or of an input, as the table of its kind. Borrowed.
// REQUIRES: it is of that kind, and verified.
template <class Body>
const Body& root_of(ByteSpan body) {
  return *flatbuffers::GetRoot<Body>(body.data());
}
template <class Body>
const Body& root_of(const EventView& event) {
  return root_of<Body>(event.body);
}

// The text of an optional FlatBuffers string; empty when absent. Borrowed from the buffer.
inline std::string_view text_of(const flatbuffers::String* string) {
  return string == nullptr ? std::string_view{} : std::string_view{string->data(), string->size()};
}

// The same of a vector of bytes.
inline ByteSpan bytes_of(const flatbuffers::Vector<std::uint8_t>* bytes) {
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const std::byte*>(bytes->data()), bytes->size()};
}

// The value of an optional Bits128 of any of the schemas; zero when absent.
template <class Bits>
Bits128 bits_of(const Bits* bits) {
  return bits == nullptr ? Bits128{} : Bits128{.hi = bits->hi(), .lo = bits->lo()};
}

// A string field of a FlatBuffer. Offset 0, which adds nothing, for an empty text.
inline flatbuffers::Offset<flatbuffers::String> put_text(flatbuffers::FlatBufferBuilder& builder,
                                                         std::string_view text) {
  if (text.empty()) return 0;
  return builder.CreateString(text.data(), text.size());
}
inline fb::Bits128 put_bits(Bits128 bits) {
  return {bits.hi, bits.lo};
}

// The bytes of a FlatBuffer that has just been built, until the builder is next used.
// REQUIRES: builder.Finish() was called. The start is aligned to 4 bytes only: it must be copied to
// 8-aligned memory before it is read.
inline ByteSpan finished(const flatbuffers::FlatBufferBuilder& builder) {
  return {reinterpret_cast<const std::byte*>(builder.GetBufferPointer()), builder.GetSize()};
}

}  // namespace spine

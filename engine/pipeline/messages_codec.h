// Codec of outbox payloads: fixed parts by memcpy, texts length-prefixed, records 8-aligned.
#pragma once

#include <cstring>
#include <string_view>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/record.h"

namespace spine::pipeline {

// Adds up what a payload will take. Same calls as Writer, so one function describes both.
class Sizer {
 public:
  template <class T>
  void pod(const T&) {
    bytes_ += align8(sizeof(T));
  }
  void text(std::string_view value) { bytes_ += 8 + align8(value.size()); }
  void span(ByteSpan value) { text(as_text(value)); }
  void record(const EventView& event) {
    bytes_ += 8 + sizeof(RecordHeader) + align8(event.body.size());
  }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_{};
};

// Every field starts 8-aligned, so records inside keep the alignment FlatBuffers need.
class Writer {
 public:
  explicit Writer(std::byte* at) : at_(at) {}
  template <class T>
  void pod(const T& value) {
    store(at_, value);
    at_ += align8(sizeof(T));
  }
  void text(std::string_view value) {
    pod(std::uint64_t{value.size()});
    bytes(as_bytes(value));
  }
  void span(ByteSpan value) { text(as_text(value)); }
  void record(const EventView& event) {
    pod(event.seq.value);
    RecordHeader header = event.header;
    header.body_bytes = static_cast<std::uint32_t>(event.body.size());
    pod(header);
    bytes(event.body);
  }

 private:
  void bytes(ByteSpan span) {
    if (!span.empty()) std::memcpy(at_, span.data(), span.size());
    at_ += align8(span.size());
  }
  std::byte* at_;
};

class Parser {
 public:
  explicit Parser(ByteSpan payload) : at_(payload.data()), end_(at_ + align8(payload.size())) {}
  template <class T>
  T pod() {
    const T value = load<T>(at_);
    advance(sizeof(T));
    return value;
  }
  std::string_view text() {
    const auto size = static_cast<std::size_t>(pod<std::uint64_t>());
    const std::string_view value{reinterpret_cast<const char*>(at_), size};
    advance(size);
    return value;
  }
  ByteSpan span() { return as_bytes(text()); }
  EventView record() {
    EventView event{};
    event.seq = Seq{pod<std::uint64_t>()};
    event.header = pod<RecordHeader>();
    event.body = {at_, event.header.body_bytes};
    advance(event.header.body_bytes);
    return event;
  }

 private:
  void advance(std::size_t bytes) {
    at_ += align8(bytes);
    SPINE_CHECK(at_ <= end_);
  }
  const std::byte* at_;
  const std::byte* end_;
};

}  // namespace spine::pipeline

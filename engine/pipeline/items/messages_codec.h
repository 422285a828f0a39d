// Codec of outbox payloads. Sizer, Writer and Parser are called with the same fields in the same
// order, so one list describes what a payload takes, how it is written and how it is read.
#pragma once

#include <cstring>
#include <string_view>
#include <type_traits>

#include "engine/core/model/columns.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/record.h"

namespace spine::pipeline {

// Every field starts 8-aligned, so that events inside keep the alignment FlatBuffers need. A field
// is a text, a span of bytes, an event, a vector of fields, a number (8 bytes), a copy of a row or
// another struct that lists its fields, or else something that is copied byte by byte.
template <class Derived>
class FieldCodec {
 public:
  template <class... Fields>
  void operator()(Fields&... fields) {
    (field(fields), ...);
  }

 private:
  Derived& codec() { return static_cast<Derived&>(*this); }

  template <class Field>
  void field(Field& value) {
    using Plain = std::remove_const_t<Field>;
    if constexpr (std::is_same_v<Plain, std::string_view>) {
      codec().text(value);
    } else if constexpr (std::is_same_v<Plain, ByteSpan>) {
      codec().span(value);
    } else if constexpr (std::is_same_v<Plain, EventView>) {
      codec().record(value);
    } else if constexpr (std::is_integral_v<Plain> || std::is_enum_v<Plain>) {
      codec().number(value);
    } else if constexpr (requires(Plain & vector) { vector.push_back(vector[0]); }) {
      elements(value);
    } else if constexpr (requires { Plain::columns(); }) {
      core::for_each_column(Plain::columns(),
                            [&](const auto& column) { field(core::cell_of(column, value)); });
      if constexpr (requires { Plain::joined(value, codec()); }) Plain::joined(value, codec());
    } else if constexpr (requires { Plain::list(value, codec()); }) {
      Plain::list(value, codec());
    } else {
      static_assert(std::is_trivially_copyable_v<Plain>);
      codec().pod(value);
    }
  }

  template <class Vector>
  void elements(Vector& vector) {
    std::size_t count = vector.size();
    codec().number(count);
    if constexpr (!std::is_const_v<Vector>) {
      vector.clear();  // what was read into its elements before is not there any more
      vector.resize(count);
    }
    for (auto& element : vector)
      field(element);
  }
};

// Adds up what a payload will take.
class Sizer : public FieldCodec<Sizer> {
 public:
  std::size_t bytes() const { return bytes_; }

 private:
  friend FieldCodec<Sizer>;
  template <class T>
  void pod(const T&) {
    bytes_ += align8(sizeof(T));
  }
  template <class T>
  void number(T) {
    bytes_ += sizeof(std::uint64_t);
  }
  void text(std::string_view value) { bytes_ += 8 + align8(value.size()); }
  void span(ByteSpan value) { text(as_text(value)); }
  void record(const EventView& event) {
    bytes_ += 8 + sizeof(RecordHeader) + align8(event.body.size());
  }

  std::size_t bytes_{};
};

class Writer : public FieldCodec<Writer> {
 public:
  explicit Writer(std::byte* at) : at_(at) {}

 private:
  friend FieldCodec<Writer>;
  template <class T>
  void pod(const T& value) {
    store(at_, value);
    at_ += align8(sizeof(T));
  }
  template <class T>
  void number(T value) {
    pod(core::number_of(value));
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
  void bytes(ByteSpan span) {
    if (!span.empty()) std::memcpy(at_, span.data(), span.size());
    at_ += align8(span.size());
  }

  std::byte* at_;
};

class Parser : public FieldCodec<Parser> {
 public:
  explicit Parser(ByteSpan payload) : at_(payload.data()), end_(at_ + align8(payload.size())) {}

 private:
  friend FieldCodec<Parser>;
  template <class T>
  void pod(T& value) {
    value = load<T>(at_);
    advance(sizeof(T));
  }
  template <class T>
  void number(T& value) {
    std::uint64_t number = 0;
    pod(number);
    core::set_number(value, number);
  }
  void text(std::string_view& value) {
    std::uint64_t size = 0;
    pod(size);
    value = {reinterpret_cast<const char*>(at_), static_cast<std::size_t>(size)};
    advance(value.size());
  }
  void span(ByteSpan& value) {
    std::string_view bytes;
    text(bytes);
    value = as_bytes(bytes);
  }
  void record(EventView& event) {
    pod(event.seq.value);
    pod(event.header);
    event.body = {at_, event.header.body_bytes};
    advance(event.header.body_bytes);
  }
  void advance(std::size_t bytes) {
    at_ += align8(bytes);
    SPINE_CHECK(at_ <= end_);
  }

  const std::byte* at_;
  const std::byte* end_;
};

}  // namespace spine::pipeline

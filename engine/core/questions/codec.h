// Codec of what travels between threads, and between the gateway and the process that answers for
// the past. Sizer, Writer and Parser are called with the same fields in the same order, so one list
// describes what a payload takes, how it is written and how it is read.
#pragma once

#include <cstring>
#include <string_view>
#include <type_traits>

#include "engine/core/model/columns.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/record.h"

namespace spine::core {

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
      for_each_column(Plain::columns(), [&](const auto& column) { field(cell_of(column, value)); });
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
    codec().count(count);
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
  void count(std::size_t value) { number(value); }
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
    spine::store(at_, value);
    at_ += align8(sizeof(T));
  }
  template <class T>
  void number(T value) {
    pod(number_of(value));
  }
  void count(std::size_t value) { number(value); }
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

// Reads within the payload whatever it holds: a payload that ends too early, or counts more than it
// has, is not ok(), and the fields from there on are empty.
class Parser : public FieldCodec<Parser> {
 public:
  explicit Parser(ByteSpan payload) : at_(payload.data()), left_(payload.size()) {}

  bool ok() const { return ok_; }

 private:
  friend FieldCodec<Parser>;
  template <class T>
  void pod(T& value) {
    const std::byte* from = take(sizeof(T));
    value = from == nullptr ? T{} : spine::load<T>(from);
  }
  template <class T>
  void number(T& value) {
    std::uint64_t number = 0;
    pod(number);
    set_number(value, number);
  }
  // How many elements follow: each takes at least a word.
  void count(std::size_t& value) {
    number(value);
    if (value <= left_ / sizeof(std::uint64_t)) return;
    fail();
    value = 0;
  }
  void text(std::string_view& value) {
    std::uint64_t size = 0;
    pod(size);
    const std::byte* from = take(static_cast<std::size_t>(size));
    value = from == nullptr ? std::string_view{}
                            : std::string_view{reinterpret_cast<const char*>(from),
                                               static_cast<std::size_t>(size)};
  }
  void span(ByteSpan& value) {
    std::string_view bytes;
    text(bytes);
    value = as_bytes(bytes);
  }
  void record(EventView& event) {
    pod(event.seq.value);
    pod(event.header);
    const std::byte* from = take(event.header.body_bytes);
    if (from == nullptr) event.header.body_bytes = 0;
    event.body = {from, event.header.body_bytes};
  }
  // Null when there are not so many bytes.
  const std::byte* take(std::size_t bytes) {
    if (bytes > left_ || align8(bytes) > left_) [[unlikely]] {
      fail();
      return nullptr;
    }
    const std::byte* from = at_;
    at_ += align8(bytes);
    left_ -= align8(bytes);
    return from;
  }
  void fail() {
    ok_ = false;
    left_ = 0;
  }

  const std::byte* at_;
  std::size_t left_;
  bool ok_{true};
};

// False when the payload is not one of such an item: then `item` is of no use. Texts are borrowed
// from the payload, which is 8-aligned where events are in it. Vectors of `item` are reused.
template <class Item>
bool parse(ByteSpan payload, Item& item) {
  Parser parser{payload};
  Item::list(item, parser);
  return parser.ok();
}

// The same of a payload that this process wrote. REQUIRES: it is one of such an item.
template <class Item>
void read(ByteSpan payload, Item& item) {
  SPINE_CHECK(parse(payload, item));
}

// The bytes that an item takes, 8-aligned.
template <class Item>
std::size_t size_of(const Item& item) {
  Sizer sizer;
  Item::list(item, sizer);
  return sizer.bytes();
}

}  // namespace spine::core

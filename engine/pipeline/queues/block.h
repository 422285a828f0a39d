// Block: items one after the other in memory of a fixed size, each a header and its payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "schemas/vocab/bytes.h"

namespace spine::pipeline {

// `Header` has the size of its payload as `bytes`. Headers and payloads start 8-aligned.
template <class Header>
class Block {
 public:
  explicit Block(std::size_t capacity_bytes)
      : words_(new std::uint64_t[capacity_bytes / 8]), capacity_(capacity_bytes) {}

  // What an item takes.
  static constexpr std::size_t item_bytes(std::size_t payload_bytes) {
    return sizeof(Header) + align8(payload_bytes);
  }
  // Room for the payload behind a new header, or nullptr when it does not fit.
  std::byte* add(const Header& header) {
    const std::size_t bytes = item_bytes(header.bytes);
    if (capacity_ - used_ < bytes) return nullptr;
    std::byte* at = reinterpret_cast<std::byte*>(words_.get()) + used_;
    used_ += bytes;
    ++count_;
    store(at, header);
    std::memset(at + sizeof(Header) + header.bytes, 0, align8(header.bytes) - header.bytes);
    return at + sizeof(Header);
  }

  bool empty() const { return used_ == 0; }
  std::size_t bytes() const { return used_; }
  std::uint32_t count() const { return count_; }
  void clear() {
    used_ = 0;
    count_ = 0;
  }

  // Walks the items: f(const Header&, ByteSpan payload).
  template <class F>
  void for_each(F f) const {
    for (std::size_t at = 0; at < used_;)
      at = visit(at, f);
  }
  // The same, with look(header, payload) of every item called `ahead` items before its f.
  template <class Look, class F>
  void for_each(std::size_t ahead, Look look, F f) const {
    std::size_t looked = 0;
    for (std::size_t i = 0; i < ahead && looked < used_; ++i)
      looked = visit(looked, look);
    for (std::size_t at = 0; at < used_;) {
      if (looked < used_) looked = visit(looked, look);
      at = visit(at, f);
    }
  }

 private:
  // Calls f for the item at `at`; where the next one is.
  template <class F>
  std::size_t visit(std::size_t at, F& f) const {
    const auto* item = reinterpret_cast<const std::byte*>(words_.get()) + at;
    const auto header = load<Header>(item);
    f(header, ByteSpan{item + sizeof(Header), header.bytes});
    return at + item_bytes(header.bytes);
  }

  std::unique_ptr<std::uint64_t[]> words_;
  std::size_t capacity_;
  std::size_t used_{};
  std::uint32_t count_{};
};

}  // namespace spine::pipeline

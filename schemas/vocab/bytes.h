// Borrowed byte ranges and the 8-byte alignment every record keeps.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace spine {

// Borrowed: whoever returns or takes one says until when it is valid.
using ByteSpan = std::span<const std::byte>;
using MutableByteSpan = std::span<std::byte>;

// A SHA-256.
using Digest256 = std::array<std::byte, 32>;

constexpr std::size_t align8(std::size_t n) {
  return (n + 7) & ~std::size_t{7};
}

inline bool is_aligned8(const void* p) {
  return (reinterpret_cast<std::uintptr_t>(p) & 7U) == 0;
}

// Loads or stores a trivially copyable value at any address. Spine runs on little-endian machines
// only (checked in limits.h), so bytes in memory are bytes on disk.
template <class T>
T load(const std::byte* p) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, p, sizeof(T));
  return value;
}

template <class T>
void store(std::byte* p, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::memcpy(p, &value, sizeof(T));
}

inline ByteSpan as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

inline std::string_view as_text(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace spine

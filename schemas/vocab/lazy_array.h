// LazyArray: a zeroed array with a fixed capacity whose memory is taken from the system only where
// it is touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "schemas/vocab/check.h"

namespace spine {

// How memory will be touched.
enum class MemoryUse : std::uint8_t {
  in_order,  // from the beginning: only what has been reached may cost memory
  all_over,  // at random: large pages, where the system has them, mean fewer TLB misses
};

// Address space reserved from the system, page-aligned and zeroed. Ends the process with a message
// when the system has no address space left (nothing else can be done about tables then).
// Thread: whoever owns it.
class LazyMemory {
 public:
  LazyMemory() = default;
  LazyMemory(std::size_t bytes, MemoryUse use);

  void* data() const { return data_.get(); }
  std::size_t bytes() const { return data_.get_deleter().bytes; }

 private:
  struct Unmap {
    std::size_t bytes;
    void operator()(void* data) const;
  };
  std::unique_ptr<void, Unmap> data_{};
};

// All elements are zero bytes until written. The index is not checked in the hot path: tables give
// out rows below their capacity only.
template <class T>
class LazyArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  LazyArray() = default;
  explicit LazyArray(std::size_t count, MemoryUse use = MemoryUse::in_order)
      : memory_(count * sizeof(T), use), count_(count) {}

  T& operator[](std::size_t index) { return data()[index]; }
  const T& operator[](std::size_t index) const { return data()[index]; }
  T* data() const { return static_cast<T*>(memory_.data()); }
  std::size_t count() const { return count_; }

 private:
  LazyMemory memory_{};
  std::size_t count_{};
};

}  // namespace spine

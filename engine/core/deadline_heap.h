// DeadlineHeap: which row is due first.
#pragma once

#include <cstdint>
#include <vector>

#include "schemas/vocab/lazy_array.h"

namespace spine::core {

struct Deadline {
  std::uint64_t due_ms{};  // logical
  std::uint64_t id{};      // breaks ties, so the order does not depend on rows
  std::uint32_t row{};
};

// Binary heap that knows where each row stands, so that a row can be taken out. Derived data: in no
// digest and no snapshot.
class DeadlineHeap {
 public:
  explicit DeadlineHeap(std::uint32_t capacity) : places_(capacity + std::size_t{1}) {}

  bool empty() const { return heap_.empty(); }
  std::size_t count() const { return heap_.size(); }
  bool contains(std::uint32_t row) const { return places_[row] != 0; }
  // REQUIRES: !empty().
  const Deadline& first() const { return heap_.front(); }
  // Entries in the order of the heap: parents before children, the first is due first.
  const std::vector<Deadline>& entries() const { return heap_; }

  // REQUIRES: !contains(deadline.row).
  void push(const Deadline& deadline);
  // REQUIRES: contains(row).
  void remove(std::uint32_t row);
  std::size_t bytes() const { return heap_.capacity() * sizeof(Deadline); }

 private:
  void set(std::size_t place, const Deadline& deadline);
  void rise(std::size_t place, const Deadline& deadline);
  void sink(std::size_t place, const Deadline& deadline);

  std::vector<Deadline> heap_{};
  LazyArray<std::uint32_t> places_;  // by row: position in heap_ + 1; 0 = not there
};

}  // namespace spine::core

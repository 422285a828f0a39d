// RowPool: which rows of a table are in use.
#pragma once

#include <cstdint>

#include "schemas/vocab/lazy_array.h"

namespace spine::core {

// Rows are 1..capacity; row 0 means "none" everywhere, so that zeroed memory holds no rows. Row
// numbers are never visible outside: everything that can be seen is in order of ids.
class RowPool {
 public:
  explicit RowPool(std::uint32_t capacity) : next_free_(capacity + std::size_t{1}) {}

  bool full() const { return free_ == 0 && end_ == next_free_.count(); }
  // REQUIRES: !full().
  std::uint32_t take() {
    SPINE_CHECK(!full());
    ++used_;
    if (free_ == 0) return end_++;
    const std::uint32_t row = free_;
    free_ = next_free_[row];
    return row;
  }
  void give_back(std::uint32_t row) {
    next_free_[row] = free_;
    free_ = row;
    --used_;
  }
  std::uint32_t used() const { return used_; }
  // Rows 1..end-1 have been in use at some time.
  std::uint32_t end() const { return end_; }

 private:
  LazyArray<std::uint32_t> next_free_;
  std::uint32_t free_{};
  std::uint32_t end_{1};
  std::uint32_t used_{};
};

}  // namespace spine::core

// RowVector: a small table whose rows stand in a vector, in order of their ids.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/core/columns.h"

namespace spine::core {

// Tables of a few rows that change rarely derive from it: a walk over them is cheap enough.
template <class RowType, std::uint32_t kMax>
class RowVector {
 public:
  using Row = RowType;
  static constexpr std::uint32_t kRowsMax = kMax;
  // Of memory, for each row, in a vector that has just grown.
  static constexpr std::size_t kRowBytesMax =
      2 * sizeof(Row) + text_bytes_max<Row>(Row::columns()) + 32;

  std::uint32_t count() const { return static_cast<std::uint32_t>(rows_.size()); }
  bool full() const { return rows_.size() >= kRowsMax; }
  const Row& operator[](std::size_t index) const { return rows_[index]; }
  std::size_t bytes() const { return rows_.capacity() * sizeof(Row); }

  template <class Visit>
  void for_each_row(Visit visit) const {
    for (const Row& row : rows_)
      visit(row);
  }
  // Puts a row of a snapshot behind the others. REQUIRES: !full(), every id is smaller. Tables that
  // may find that it makes no sense return false then, and have a function of their own.
  bool restore(Row row) {
    rows_.push_back(std::move(row));
    return true;
  }

 protected:
  std::vector<Row> rows_{};
};

}  // namespace spine::core

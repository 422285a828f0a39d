// RowList: a doubly linked list through the rows of a table.
#pragma once

#include <cstdint>

#include "schemas/vocab/lazy_array.h"

namespace spine::core {

// A row's place in at most one list of a kind.
struct RowLink {
  std::uint32_t prev{};
  std::uint32_t next{};
};

// Ends of one list. Rows are linked through a column of RowLink that several lists share.
struct RowEnds {
  std::uint32_t first{};
  std::uint32_t last{};
};

class RowLinks {
 public:
  explicit RowLinks(std::uint32_t capacity) : links_(capacity + std::size_t{1}) {}

  // Puts the row behind all rows that are not after it: after(other) says whether `other` belongs
  // behind `row`. Looks from the back: cheap for rows that belong there.
  template <class After>
  void insert(RowEnds& ends, std::uint32_t row, After after) {
    std::uint32_t prev = ends.last;
    while (prev != 0 && after(prev))
      prev = links_[prev].prev;
    const std::uint32_t next = prev == 0 ? ends.first : links_[prev].next;
    links_[row] = RowLink{.prev = prev, .next = next};
    (prev == 0 ? ends.first : links_[prev].next) = row;
    (next == 0 ? ends.last : links_[next].prev) = row;
  }
  void push_back(RowEnds& ends, std::uint32_t row) {
    insert(ends, row, [](std::uint32_t) { return false; });
  }
  // REQUIRES: the row is in that list.
  void remove(RowEnds& ends, std::uint32_t row) {
    const RowLink link = links_[row];
    (link.prev == 0 ? ends.first : links_[link.prev].next) = link.next;
    (link.next == 0 ? ends.last : links_[link.next].prev) = link.prev;
    links_[row] = RowLink{};
  }
  std::uint32_t next(std::uint32_t row) const { return links_[row].next; }
  std::uint32_t prev(std::uint32_t row) const { return links_[row].prev; }
  // Whether the row is in the list with these ends. REQUIRES: it is in no other list.
  bool contains(const RowEnds& ends, std::uint32_t row) const {
    return links_[row].prev != 0 || ends.first == row;
  }

 private:
  LazyArray<RowLink> links_;
};

}  // namespace spine::core

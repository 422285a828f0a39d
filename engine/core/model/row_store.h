// What tables keep their rows in: numbered places, lists through them, vectors.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/core/model/columns.h"
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
  std::uint32_t previous(std::uint32_t row) const { return links_[row].prev; }
  // Whether the row is in the list with these ends. REQUIRES: it is in no other list.
  bool contains(const RowEnds& ends, std::uint32_t row) const {
    return links_[row].prev != 0 || ends.first == row;
  }

 private:
  LazyArray<RowLink> links_;
};

// The live rows of `table`, ascending by id.
template <class Table>
std::vector<std::uint32_t> rows_by_id(const Table& table) {
  std::vector<std::uint32_t> rows;
  rows.reserve(table.count());
  for (std::uint32_t row = 1; row < table.end(); ++row) {
    if (table.live(row)) rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end(),
            [&](std::uint32_t a, std::uint32_t b) { return table.id_of(a) < table.id_of(b); });
  return rows;
}

// A small table whose rows stand in a vector, in order of their ids. Tables of a few rows that
// change rarely derive from it: a walk over them is cheap enough.
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
  auto begin() const { return rows_.begin(); }
  auto end() const { return rows_.end(); }
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
  // The first row that is accepted; nullptr = none. Borrowed until the table changes.
  template <class Accepts>
  const Row* find_row(Accepts accepts) const {
    const auto at = std::find_if(rows_.begin(), rows_.end(), accepts);
    return at == rows_.end() ? nullptr : &*at;
  }
  // Takes that row out and gives it back; one without an id when there is none.
  template <class Accepts>
  Row take_row(Accepts accepts) {
    const auto at = std::find_if(rows_.begin(), rows_.end(), accepts);
    if (at == rows_.end()) return {};
    Row taken = std::move(*at);
    rows_.erase(at);
    return taken;
  }

  std::vector<Row> rows_{};
};

}  // namespace spine::core

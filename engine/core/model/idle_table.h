// IdleTable: a table of sessions or principals, and which of its rows have been idle the longest.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/core/base/hash_index.h"
#include "engine/core/base/text_arena.h"
#include "engine/core/model/columns.h"
#include "engine/core/model/row_store.h"

namespace spine::core {

// A row stands in two places: `Hot`, which every message touches (with active_ms and active_seq,
// the logical time at which it was last needed, and the event), and `Cold`, the rest, with its id
// and its texts in the arena. `RowType` is a copy of both. The idle list is in order of
// (active_seq, id): the next row to expire is its first.
template <class RowType, class HotType, class ColdType, std::uint32_t kMax>
class IdleTable {
 public:
  using Row = RowType;
  using Hot = HotType;
  using Cold = ColdType;
  using Id = decltype(Row::id);
  static constexpr std::uint32_t kRowsMax = kMax;
  // Of memory, for each row: the row itself, its links and index entries, its texts.
  static constexpr std::size_t kRowBytesMax = sizeof(Hot) + sizeof(Cold) + sizeof(RowLink) +
                                              3 * 16 + 4 +
                                              text_bytes_max<SplitRow<Hot, Cold>>(Cold::columns());

  // The row of that id; 0 = none.
  std::uint32_t find(Id id) const {
    if (!id) return 0;
    return by_id_.find(hash_id(id.value), [&](std::uint32_t row) { return cold_[row].id == id; });
  }
  bool full() const { return rows_.full(); }
  std::uint32_t count() const { return rows_.used(); }
  std::uint32_t end() const { return rows_.end(); }
  bool live(std::uint32_t row) const { return row < rows_.end() && cold_[row].id; }
  // Of row 0, which stands for none, no id.
  Id id_of(std::uint32_t row) const { return cold_[row].id; }

  std::uint32_t idle_first() const { return idle_.first; }
  std::uint32_t idle_next(std::uint32_t row) const { return links_.next(row); }

  Hot& hot(std::uint32_t row) { return hot_[row]; }
  const Hot& hot(std::uint32_t row) const { return hot_[row]; }
  const Cold& cold(std::uint32_t row) const { return cold_[row]; }
  std::string_view text(Text text) const { return texts_->view(text); }
  // A copy of the row; texts are borrowed until the next change of the table.
  Row copy(std::uint32_t row) const {
    Row copy;
    copy_row(Cold::columns(), SplitRow{hot_[row], cold_[row]}, Row::columns(), copy,
             [&](Text text) { return texts_->view(text); });
    return copy;
  }
  // By id, ascending.
  template <class Visit>
  void for_each_row(Visit visit) const {
    for (const std::uint32_t row : rows_by_id(*this))
      visit(copy(row));
  }

  // Of the hash of keys. REQUIRES: the table is empty.
  void set_seed(std::uint64_t seed) { seed_ = seed; }
  std::size_t bytes() const {
    return rows_.end() * (sizeof(Hot) + sizeof(Cold) + sizeof(RowLink) + 4) + by_id_.bytes() +
           by_key_.bytes();
  }

 protected:
  explicit IdleTable(TextArena& texts)
      : texts_(&texts), rows_(kMax), hot_(kMax + 1), cold_(kMax + 1), links_(kMax) {}

  // A row as it is given, found by its id, in no list yet.
  std::uint32_t put(const Row& from) {
    const std::uint32_t row = rows_.take();
    hot_[row] = Hot{};
    cold_[row] = Cold{};
    copy_row(Row::columns(), from, Cold::columns(), SplitRow{hot_[row], cold_[row]},
             [&](std::string_view text) { return texts_->put(text); });
    by_id_.insert(hash_id(from.id.value), row);
    return row;
  }
  void drop(std::uint32_t row) {
    if (links_.contains(idle_, row)) links_.remove(idle_, row);
    by_id_.erase(hash_id(cold_[row].id.value), row);
    drop_texts(Cold::columns(), SplitRow{hot_[row], cold_[row]}, *texts_);
    cold_[row] = Cold{};
    hot_[row] = Hot{};
    rows_.give_back(row);
  }
  // Notes that the row was needed, and puts it where it belongs in the idle list.
  void touch(std::uint32_t row, std::uint64_t ms, Seq seq, bool idle) {
    if (links_.contains(idle_, row)) links_.remove(idle_, row);
    hot_[row].active_ms = ms;
    hot_[row].active_seq = seq.value;
    settle(row, idle);
  }
  // Puts the row in the idle list, or takes it out.
  void settle(std::uint32_t row, bool idle) {
    if (idle == links_.contains(idle_, row)) return;
    if (!idle) return links_.remove(idle_, row);
    links_.insert(idle_, row, [&](std::uint32_t other) {
      const std::uint64_t seq = hot_[other].active_seq;
      return seq != hot_[row].active_seq ? seq > hot_[row].active_seq
                                         : cold_[other].id > cold_[row].id;
    });
  }

  TextArena* texts_;  // outlives the table
  RowPool rows_;
  LazyArray<Hot> hot_;
  LazyArray<Cold> cold_;
  RowLinks links_;
  RowEnds idle_{};
  HashIndex by_id_{};
  HashIndex by_key_{};
  std::uint64_t seed_{};
};

}  // namespace spine::core

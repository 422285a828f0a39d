// Principals: the table of everybody who causes events.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/core/hash_index.h"
#include "engine/core/row_store.h"
#include "engine/core/rows.h"
#include "engine/core/text_arena.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

// What every message of a principal touches.
struct PrincipalHot : PrincipalActivity {
  std::uint32_t sessions{};  // how many it opened that are still there
  std::uint32_t delayed{};   // its runs that wait for their time
};
static_assert(sizeof(PrincipalHot) == 32);

using PrincipalCold = PrincipalFacts<Text>;

// A sender without sessions is in the idle list, in order of (seen_seq, id).
class Principals {
 public:
  using Row = PrincipalRow;
  static constexpr std::uint32_t kRowsMax = limits::kPrincipalsMax;
  // Of memory, for each row: the row itself, its links and index entries, its texts.
  static constexpr std::size_t kRowBytesMax =
      sizeof(PrincipalHot) + sizeof(PrincipalCold) + sizeof(RowLink) + 2 * 16 + 4 +
      text_bytes_max<SplitRow<PrincipalHot, PrincipalCold>>(principal_columns<Text>());

  explicit Principals(TextArena& texts);

  // Rows; 0 = none.
  std::uint32_t find(PrincipalId id) const;
  std::uint32_t find_key(fb::PrincipalKind kind, std::string_view key) const;
  bool full() const { return rows_.full(); }
  std::uint32_t count() const { return rows_.used(); }
  std::uint32_t end() const { return rows_.end(); }
  bool live(std::uint32_t row) const { return row < rows_.end() && cold_[row].id; }
  PrincipalId id_of(std::uint32_t row) const { return cold_[row].id; }

  // REQUIRES: !full(), no principal of that id or (kind, key), texts within their bounds. The row
  // is not in the idle list yet.
  std::uint32_t add(const PrincipalRow& from);
  // One of a snapshot. False when there is one of that kind and key.
  bool restore(const PrincipalRow& from);
  void remove(std::uint32_t row);

  // Notes that the principal was needed at (ms, seq) and keeps the idle list in order.
  void touch(std::uint32_t row, std::uint64_t ms, Seq seq);
  // Puts the row in the idle list, or takes it out, as its kind and sessions say.
  void settle(std::uint32_t row);
  std::uint32_t idle_first() const { return idle_.first; }
  std::uint32_t idle_next(std::uint32_t row) const { return links_.next(row); }

  PrincipalHot& hot(std::uint32_t row) { return hot_[row]; }
  const PrincipalHot& hot(std::uint32_t row) const { return hot_[row]; }
  const PrincipalCold& cold(std::uint32_t row) const { return cold_[row]; }
  std::string_view text(Text text) const { return texts_->view(text); }
  // A copy of the row; texts are borrowed until the next change of the table.
  PrincipalRow copy(std::uint32_t row) const;
  // By id, ascending.
  template <class Visit>
  void for_each_row(Visit visit) const {
    for (const std::uint32_t row : rows_by_id(*this))
      visit(copy(row));
  }

  // Of the hash of keys. REQUIRES: the table is empty.
  void set_seed(std::uint64_t seed) { seed_ = seed; }
  std::size_t bytes() const;

 private:
  std::uint32_t hash_key(fb::PrincipalKind kind, std::string_view key) const;

  TextArena* texts_;  // outlives the table
  RowPool rows_;
  LazyArray<PrincipalHot> hot_;
  LazyArray<PrincipalCold> cold_;
  RowLinks links_;
  RowEnds idle_{};
  HashIndex by_id_{};
  HashIndex by_key_{};
  std::uint64_t seed_{};
};

}  // namespace spine::core

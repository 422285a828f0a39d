// Deliveries: what is to be sent to channels, in line for each conversation, and dead letters.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "engine/core/base/hash_index.h"
#include "engine/core/model/row_store.h"
#include "engine/core/model/rows.h"
#include "engine/core/runs/runs.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

// A row is in its lane while it waits or is attempted, in order of `queued`. Only the first of a
// lane is attempted; while it waits it is ready, from not_before_ms on.
class Deliveries {
 public:
  using Row = DeliveryRow;
  static constexpr std::uint32_t kRowsMax = limits::kDeliveriesMax;
  // Of memory, for each row: the row, its links, its index entry, a lane and two deadlines.
  static constexpr std::size_t kRowBytesMax = sizeof(Row) + 2 * sizeof(RowLink) + 8 + 2 * 16 +
                                              (sizeof(RowEnds) + 8 + 40) +
                                              2 * (sizeof(Deadline) + 40);

  Deliveries();

  std::uint32_t find(DeliveryId id) const;  // row; 0 = none
  // What is to be said of the run and stands in no other message yet. Looks at every row.
  std::uint32_t find_answer(RunId run) const;
  bool full() const { return rows_.full(); }
  std::uint32_t count() const { return rows_.used(); }
  std::uint32_t dead_count() const { return dead_count_; }
  // Given to any channel, without an outcome yet.
  std::uint32_t attempted_count() const { return attempted_count_; }
  std::uint32_t end() const { return rows_.end(); }
  bool live(std::uint32_t row) const { return row < rows_.end() && deliveries_[row].id; }
  DeliveryId id_of(std::uint32_t row) const { return deliveries_[row].id; }
  const Row& operator[](std::uint32_t row) const { return deliveries_[row]; }
  const Row& copy(std::uint32_t row) const { return deliveries_[row]; }

  // The first in line; row, 0 = none.
  std::uint32_t first_of(ChannelId channel, std::uint64_t lane) const;
  // The one behind it in its lane, or among the dead letters; row, 0 = none.
  std::uint32_t next(std::uint32_t row) const { return links_.next(row); }
  // Those that may be attempted, by when; null = none. Borrowed until the table changes.
  const std::set<Deadline>* ready(ChannelId channel) const;
  // All that wait, by when they expire.
  const std::set<Deadline>& expiries() const { return expiries_; }
  // How many are given to the channel and have no outcome yet.
  std::uint32_t in_flight(ChannelId channel) const;
  // The dead letter that died first, and last; row, 0 = none.
  std::uint32_t oldest_dead() const { return dead_.first; }
  std::uint32_t newest_dead() const { return dead_.last; }
  // The one before it in its lane, or among the dead letters; row, 0 = none.
  std::uint32_t previous(std::uint32_t row) const { return links_.previous(row); }

  // A row that waits, behind what is in line. REQUIRES: !full(), no delivery of that id.
  void add(const Row& row);
  // One of a snapshot. False when it makes no sense.
  bool restore(const Row& row);
  // After the last of a snapshot: whether those that are attempted are the first of their lanes.
  bool makes_sense() const;

  // Each does nothing to a row of another status than it says. Of one that is first and waits:
  void attempt(std::uint32_t row, Seq attempted);
  // Of one that is attempted: its pieces so far; it waits again.
  void fail(std::uint32_t row, std::uint32_t pieces, bool counts);
  // Of one that waits.
  void postpone(std::uint32_t row, std::uint64_t not_before_ms);
  void bury(std::uint32_t row, Seq ended, fb::DeadLetterReason reason);
  // Of a dead letter: in line again, behind the others.
  void revive(std::uint32_t row, Seq queued, std::uint64_t expires_ms);
  // Of any.
  void set_preview(std::uint32_t row, Seq previewed) {
    if (row != 0) deliveries_[row].preview = previewed;
  }
  void remove(std::uint32_t row);

  // By id, ascending.
  template <class Visit>
  void for_each_row(Visit visit) const {
    for (const std::uint32_t row : rows_by_id(*this))
      visit(deliveries_[row]);
  }
  std::size_t bytes() const;

 private:
  // What is given to, and may be given to, one channel. Derived.
  struct Outlet {
    std::uint32_t in_flight{};
    std::set<Deadline> ready{};
  };
  struct LaneKey {
    ChannelId channel{};
    std::uint64_t lane{};
    auto operator<=>(const LaneKey&) const = default;
  };

  static LaneKey key_of(const Row& row) { return {row.channel, row.lane}; }
  std::uint32_t take(const Row& row);
  void line_up(std::uint32_t row);
  void leave_line(std::uint32_t row);
  void set_ready(std::uint32_t row, bool ready);
  void count_attempted(ChannelId channel, bool in);
  void set_status(std::uint32_t row, DeliveryStatus status);
  void add_dead(std::uint32_t row);

  RowPool rows_;
  LazyArray<Row> deliveries_;
  RowLinks links_;  // of lanes, and of dead letters in order of their death
  RowEnds dead_{};
  std::map<LaneKey, RowEnds> lanes_{};
  std::map<ChannelId, Outlet> outlets_{};
  std::set<Deadline> expiries_{};
  HashIndex by_id_{};
  std::uint32_t dead_count_{};
  std::uint32_t attempted_count_{};
};

}  // namespace spine::core

// Runs: the table of agent turns that are open, and of the last ones that ended.
#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <string_view>

#include "engine/core/base/hash_index.h"
#include "engine/core/base/text_arena.h"
#include "engine/core/model/row_store.h"
#include "engine/core/model/rows.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

struct Run : RunRow<Text> {
  std::uint32_t session_row{};  // 0 once ended
};
static_assert(sizeof(Run) <= 144);

// When a run that waits is due. Derived data: in no digest and no snapshot.
struct Deadline {
  std::uint64_t due_ms{};  // logical
  std::uint64_t id{};      // breaks ties, so the order does not depend on rows
  std::uint32_t row{};

  auto operator<=>(const Deadline&) const = default;
};

class Runs {
 public:
  using Row = RunRow<std::string_view>;
  static constexpr std::uint32_t kRowsMax = limits::kRunsOpenMax + limits::kRunsFinishedKept;
  static constexpr std::size_t kDelayBytes = sizeof(Deadline) + 40;  // with its node of the set
  // Of memory, for each row: the row itself, its links, deadline and index entries, its texts.
  static constexpr std::size_t kRowBytesMax = sizeof(Run) + sizeof(RowLink) + kDelayBytes + 2 * 32 +
                                              8 + text_bytes_max<Run>(Run::columns());

  explicit Runs(TextArena& texts);

  // Rows; 0 = none. By key: the latest of that key.
  std::uint32_t find(RunId id) const;
  std::uint32_t find_key(std::string_view key) const;
  // The same, of one that is being worked on.
  std::uint32_t find_running(RunId id) const {
    const std::uint32_t row = find(id);
    return row != 0 && runs_[row].status == RunStatus::running ? row : 0;
  }
  bool full() const { return open_count_ >= limits::kRunsOpenMax; }
  std::uint32_t open_count() const { return open_count_; }
  std::uint32_t running_count() const { return running_count_; }
  // Open ones whose answers are delivered to a channel.
  std::uint32_t routed_count() const { return routed_count_; }
  std::uint32_t count() const { return rows_.used(); }
  std::uint32_t end() const { return rows_.end(); }
  bool live(std::uint32_t row) const { return row < rows_.end() && runs_[row].id; }
  // Of row 0, which stands for none, no id.
  RunId id_of(std::uint32_t row) const { return runs_[row].id; }
  bool open(std::uint32_t row) const {
    return runs_[row].status == RunStatus::queued || runs_[row].status == RunStatus::running;
  }

  // The last RunStarted whose messages a retry of that run is to answer; 0 = its own message alone.
  static Seq retried_start(const Run& run) { return run.started ? run.started : run.previous; }
  // Whether the agent that works on `into` may take the message of a run that waits: rows, 0 =
  // none.
  bool may_steer(std::uint32_t row, std::uint32_t into) const {
    return row != 0 && into != 0 && runs_[row].status == RunStatus::queued &&
           runs_[into].status == RunStatus::running &&
           runs_[row].session_row == runs_[into].session_row;
  }

  // A run as it is given, but queued and in no list. REQUIRES: !full(), no run of that id, texts
  // within their bounds.
  std::uint32_t add(const Row& from);
  // One of a snapshot: of its status, but in no list and counted as queued, until the snapshot's
  // reader has put it where it belongs. False when it makes no sense.
  bool restore(const Row& from);
  // Puts a queued row behind those that wait for its session, or takes it out.
  void wait(RowEnds& waiting, std::uint32_t row) { links_.push_back(waiting, row); }
  void stop_waiting(RowEnds& waiting, std::uint32_t row) { links_.remove(waiting, row); }
  std::uint32_t next(std::uint32_t row) const { return links_.next(row); }

  // REQUIRES: open(row), status queued. The caller has taken it out of its session's list.
  void start(std::uint32_t row);
  // Ends an open run, or moves the end of an ended one to a later event. Forgets the run that ended
  // first when more than limits::kRunsFinishedKept have. REQUIRES: the row is in no waiting list.
  void end(std::uint32_t row, RunStatus status, Seq ended);

  // Puts off a row that waits and was delayed already. REQUIRES: its delay is not armed.
  void postpone(std::uint32_t row, std::uint64_t not_before_ms) {
    runs_[row].not_before_ms = not_before_ms;
  }
  // When a waiting run's time comes while its session is free. not_before_ms is the key.
  void set_delay_armed(std::uint32_t row, bool armed);
  // The first is due first.
  const std::set<Deadline>& delays() const { return delays_; }

  Run& operator[](std::uint32_t row) { return runs_[row]; }
  const Run& operator[](std::uint32_t row) const { return runs_[row]; }
  std::string_view text(Text text) const { return texts_->view(text); }
  // A copy of the row; texts are borrowed until the next change of the table.
  Row copy(std::uint32_t row) const;
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
  void forget(std::uint32_t row);

  TextArena* texts_;  // outlives the table
  RowPool rows_;
  LazyArray<Run> runs_;
  RowLinks links_;  // waiting lists of the sessions, and the list of ended ones
  RowEnds ended_{};
  std::set<Deadline> delays_{};
  HashIndex by_id_{};
  HashIndex by_key_{};
  std::uint64_t seed_{};
  std::uint32_t open_count_{};
  std::uint32_t running_count_{};
  std::uint32_t routed_count_{};
};

}  // namespace spine::core

// Sessions: the table of conversations.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/core/hash_index.h"
#include "engine/core/row_store.h"
#include "engine/core/rows.h"
#include "engine/core/text_arena.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

// What every message of a session touches: one cache line.
struct SessionHot : SessionActivity {
  std::uint32_t running{};  // row of the run that is being worked on; 0 = none
  std::uint32_t waiting_count{};
  RowEnds waiting{};  // rows of Runs, in order of their ids
};
static_assert(sizeof(SessionHot) == 64);

using SessionCold = SessionFacts<Text>;

// A session without an open run is in the idle list, which is in order of (active_seq, id): the
// next one to expire is its first.
class Sessions {
 public:
  using Row = SessionRow;
  static constexpr std::uint32_t kRowsMax = limits::kSessionsMax;
  // Of memory, for each row: the row itself, its links and index entries, its texts.
  static constexpr std::size_t kRowBytesMax =
      sizeof(SessionHot) + sizeof(SessionCold) + sizeof(RowLink) + 3 * 16 + 4 +
      text_bytes_max<SplitRow<SessionHot, SessionCold>>(session_columns<Text>());

  explicit Sessions(TextArena& texts);

  // Rows by id or by key; 0 = none.
  std::uint32_t find(SessionId id) const;
  std::uint32_t find_key(std::string_view key) const;
  std::uint32_t find_label(std::string_view label) const;
  bool full() const { return rows_.full(); }
  std::uint32_t count() const { return rows_.used(); }
  std::uint32_t end() const { return rows_.end(); }
  bool live(std::uint32_t row) const { return row < rows_.end() && cold_[row].id; }
  SessionId id_of(std::uint32_t row) const { return cold_[row].id; }

  // A session as it is given; a label that another has is left out. REQUIRES: !full(), no session
  // of that id or key, texts within their bounds. The row is not in the idle list yet.
  std::uint32_t open(const SessionRow& from);
  // One of a snapshot. False when there is one of that key.
  bool restore(const SessionRow& from);
  // Each cut to its bound of limits.h; "" = none. A label that another session has changes nothing.
  void set_label(std::uint32_t row, std::string_view label);
  void set_thinking_level(std::uint32_t row, std::string_view level);
  void set_model(std::uint32_t row, std::string_view model);
  // A name that is longer than its bound is none: a part of it would name another conversation.
  void set_agent_session(std::uint32_t row, std::string_view name);
  // REQUIRES: live(row), and no run refers to the row.
  void close(std::uint32_t row);

  // Notes that something happened at (ms, seq) and puts the row where it belongs in the idle list.
  void touch(std::uint32_t row, std::uint64_t ms, Seq seq);
  // Puts the row in the idle list, or takes it out, as its runs say.
  void settle(std::uint32_t row);
  std::uint32_t idle_first() const { return idle_.first; }
  std::uint32_t idle_next(std::uint32_t row) const { return links_.next(row); }

  SessionHot& hot(std::uint32_t row) { return hot_[row]; }
  const SessionHot& hot(std::uint32_t row) const { return hot_[row]; }
  SessionCold& cold(std::uint32_t row) { return cold_[row]; }
  const SessionCold& cold(std::uint32_t row) const { return cold_[row]; }
  std::string_view text(Text text) const { return texts_->view(text); }
  // A copy of the row; texts are borrowed until the next change of the table.
  SessionRow copy(std::uint32_t row) const;
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
  TextArena* texts_;  // outlives the table
  RowPool rows_;
  LazyArray<SessionHot> hot_;
  LazyArray<SessionCold> cold_;
  RowLinks links_;
  RowEnds idle_{};
  HashIndex by_id_{};
  HashIndex by_key_{};
  HashIndex by_label_{};
  std::uint64_t seed_{};
};

}  // namespace spine::core

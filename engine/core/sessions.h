// Sessions: the table of conversations.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/core/hash_index.h"
#include "engine/core/row_list.h"
#include "engine/core/row_pool.h"
#include "engine/core/text_arena.h"
#include "schemas/vocab/ids.h"

#include "event_generated.h"

namespace spine::core {

// What every message of a session touches: one cache line.
struct SessionHot {
  std::uint64_t active_ms{};      // logical time of the last message or end of a run
  std::uint64_t active_seq{};     // and its event: orders sessions that wait to expire
  std::uint64_t history_first{};  // first message of this life; 0 = none
  std::uint64_t history_last{};
  std::uint64_t message_count{};  // messages and replies of this life
  std::int64_t updated_wall_ms{};
  std::uint32_t running{};  // row of the run that is being worked on; 0 = none
  std::uint32_t waiting_count{};
  RowEnds waiting{};  // rows of Runs, in order of their ids
};
static_assert(sizeof(SessionHot) == 64);

struct SessionCold {
  std::uint64_t id{};  // 0 = the row is free
  Bits128 uuid{};
  std::uint64_t owner{};           // principal that opened it
  std::int64_t started_wall_ms{};  // of this life
  Text key{};
  Text agent{};
  Text channel{};
  Text name{};
  Text label{};  // unique among the sessions that have one
  Text thinking_level{};
  Text model{};
  Text agent_session{};  // the agent's own name of the conversation
  fb::ConversationKind conversation{};
  std::uint32_t marks{};  // bits of fb::SessionMark
};

// Texts of a session as they are put in.
struct SessionTexts {
  std::string_view key{};
  std::string_view agent{};
  std::string_view channel{};
  std::string_view name{};
};

// A session without an open run is in the idle list, which is in order of (active_seq, id): the
// next one to expire is its first.
class Sessions {
 public:
  explicit Sessions(TextArena& texts);

  // Rows by id or by key; 0 = none.
  std::uint32_t find(SessionId id) const;
  std::uint32_t find_key(std::string_view key) const;
  std::uint32_t find_label(std::string_view label) const;
  bool full() const { return rows_.full(); }
  std::uint32_t used() const { return rows_.used(); }
  std::uint32_t end() const { return rows_.end(); }
  bool live(std::uint32_t row) const { return row < rows_.end() && cold_[row].id != 0; }

  // REQUIRES: !full(), no session of that id or key. The row is not in the idle list yet.
  std::uint32_t open(SessionId id, const SessionTexts& texts);
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

// Sessions: the table of conversations.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/core/model/idle_table.h"
#include "engine/core/model/rows.h"
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

// A session without an open run is in the idle list.
class Sessions : public IdleTable<SessionRow, SessionHot, SessionCold, limits::kSessionsMax> {
 public:
  explicit Sessions(TextArena& texts) : IdleTable(texts) {}

  // Rows by key or by label; 0 = none.
  std::uint32_t find_key(std::string_view key) const;
  std::uint32_t find_label(std::string_view label) const;

  // A session as it is given; a label that another has is left out. REQUIRES: !full(), no session
  // of that id or key, texts within their bounds. The row is not in the idle list yet.
  std::uint32_t open(const SessionRow& from);
  // One of a snapshot. False when there is one of that key.
  bool restore(const SessionRow& from);
  // The agent's conversation is over: with the next run it begins another, under that UUID, if one
  // is given.
  void begin_conversation(std::uint32_t row, Bits128 uuid);
  // A new life of the session, with a new conversation.
  void begin_life(std::uint32_t row, Bits128 uuid, std::int64_t wall_ms);
  void set_mark(std::uint32_t row, fb::SessionMark mark, bool set);
  // Each cut to its bound of limits.h; "" = none. A label that another session has changes nothing.
  void set_label(std::uint32_t row, std::string_view label);
  void set_thinking_level(std::uint32_t row, std::string_view level);
  void set_model(std::uint32_t row, std::string_view model);
  // A name beyond its bound is dropped, not cut: a part of it would name another conversation.
  void set_agent_session(std::uint32_t row, std::string_view name);
  // The conversation has another id: the key and, if it was the id, the name. REQUIRES: no session
  // of that key, texts within their bounds.
  void move(std::uint32_t row, std::string_view key, std::string_view from, std::string_view to);
  // REQUIRES: live(row), and no run refers to the row.
  void close(std::uint32_t row);

  // Notes that something happened at (ms, seq) and puts the row where it belongs in the idle list.
  void touch(std::uint32_t row, std::uint64_t ms, Seq seq) {
    IdleTable::touch(row, ms, seq, is_idle(row));
  }
  // Puts the row in the idle list, or takes it out, as its runs say.
  void settle(std::uint32_t row) { IdleTable::settle(row, is_idle(row)); }

  std::size_t bytes() const { return IdleTable::bytes() + by_label_.bytes(); }

 private:
  bool is_idle(std::uint32_t row) const {
    return hot_[row].running == 0 && hot_[row].waiting_count == 0;
  }
  void set_text(Text& text, std::string_view to);

  HashIndex by_label_{};
};

}  // namespace spine::core

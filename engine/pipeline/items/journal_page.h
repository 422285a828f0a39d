// What is asked of the journal by those who follow it, and one page of it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/pipeline/items/messages.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::pipeline {

// Where a page begins.
enum class JournalStart : std::uint8_t {
  seq,   // at that seq
  next,  // the same, to go on: the answer waits until that event is there
  time,  // at the first event of that wall time (ms) or later
  last,  // as many events before the end
  end,   // behind the last event
};

// Which kinds are wanted: a bit each.
using KindSet = std::array<std::uint64_t, 4>;
constexpr bool has_kind(const KindSet& kinds, std::uint16_t kind) {
  return kind < 256 && (kinds[kind / 64] >> (kind % 64) & 1U) != 0;
}

struct JournalAsk {
  JournalStart start{};
  std::uint64_t at{};   // seq, milliseconds or count
  SessionId session{};  // 0 = of all sessions and of none
  KindSet kinds{};
};

struct JournalLine {
  EventView event{};               // without its body, if that is long
  std::uint64_t left_out{};        // bytes of a body that is long
  std::string_view session_key{};  // empty = of none, or it is gone

  static void list(auto& line, auto& fields) {
    fields(line.event, line.left_out, line.session_key);
  }
};

// The text of kQueryJournal: the kinds, the session's number (0 = not known yet, or all sessions),
// and the key as it was typed, for the first page.
inline constexpr std::size_t kFollowedSessionAt = sizeof(KindSet);
inline constexpr std::size_t kFollowedKeyAt = kFollowedSessionAt + sizeof(std::uint64_t);

// Answers kQueryJournal.
struct JournalPageItem {
  static constexpr auto kKind = ItemKind::journal;
  bool no_session{};           // a session was named that is not there
  SessionId session{};         // the one that was named
  std::string_view problem{};  // why the page cannot be read: the journal is damaged there
  Seq first{};                 // that the journal has
  Seq head{};                  // the last event when the page was read
  Seq from{};                  // where the page begins; may lie behind the head
  Seq upto{};                  // everything up to here was looked at
  std::vector<JournalLine> lines{};

  static void list(auto& item, auto& fields) {
    fields(item.no_session, item.session, item.problem, item.first, item.head, item.from, item.upto,
           item.lines);
  }
};

}  // namespace spine::pipeline

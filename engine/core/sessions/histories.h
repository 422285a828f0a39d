// Histories: of which parts of the journal the history of a session consists, if it is not simply
// all since its present life began: it was rewound, or forked from another session.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/core/model/row_store.h"
#include "engine/core/model/rows.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

struct Tables;

// What was said in a session from one seq to another, both of them part of it.
struct HistoryPart {
  SessionId session{};
  Seq first{};
  Seq last{};

  bool operator==(const HistoryPart&) const = default;
};
// In order of their seqs; no two overlap.
using HistoryParts = std::vector<HistoryPart>;

// The parts up to that seq.
HistoryParts cut_history(HistoryParts parts, Seq upto);

// One row a session that has earlier parts than its history_first, by session ascending.
class Histories : public RowVector<SessionHistory, limits::kHistoriesMax> {
 public:
  // What comes before the session's own history_first; empty for most.
  HistoryParts earlier(SessionId session) const;
  // Whether set() would keep them. REQUIRES: `parts` is not empty.
  bool has_room(SessionId session, const HistoryParts& parts) const;
  // No parts = forget. Does nothing when there is no room.
  void set(SessionId session, const HistoryParts& parts);
  void forget(SessionId session) { set(session, {}); }
  // One of a snapshot. False when it is out of order, or its parts are not as set() writes them.
  bool restore(SessionHistory row);

 private:
  std::size_t place(SessionId session) const;
  bool at(std::size_t place, SessionId session) const {
    return place < rows_.size() && rows_[place].session == session;
  }
};

// The whole history of a session; the last part may have no end yet, and then ends with the last of
// all seqs.
HistoryParts history_of(const Tables& tables, std::uint32_t session_row);
// Whether every row makes sense beside the other tables of a snapshot: it is of a session that is
// there, and its parts are of events before that session's history_first that the state has.
bool histories_fit(const Tables& tables);
// Whether a message of the session itself is part of its history.
bool in_history(const Tables& tables, std::uint32_t session_row, Seq message);

}  // namespace spine::core

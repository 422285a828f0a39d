// Departures: copies of the rows that a decision removes, and of sessions before a reset. What is
// sent about them is made only after the whole decision is folded in.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "engine/core/model/state.h"
#include "engine/core/model/views.h"
#include "schemas/vocab/record.h"

namespace spine::core {

// Owns its texts. Thread: whoever decides.
class Departures {
 public:
  void clear();
  // Keeps the row that the event is about to take out, if it takes out one.
  // REQUIRES: before evolve(state, event).
  void note(const State& state, const EventView& event);

  // As they were before; nullptr = it was not removed or reset. Borrowed until clear().
  const SessionView* session(SessionId id) const;
  const ApprovalView* approval(Seq request) const;

 private:
  template <class View>
  View keep(View view);

  // By id: one decision may take out as many as limits::kDeadlinesPerTurnMax of them.
  std::map<SessionId, SessionView> sessions_{};
  std::map<Seq, ApprovalView> approvals_{};
  std::deque<std::string> texts_{};
};

}  // namespace spine::core

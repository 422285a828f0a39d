// Departures: the rows that a decision takes out of the tables, and sessions before a reset, for
// whoever is told of it when the whole decision is folded in.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/state.h"
#include "engine/core/views.h"
#include "schemas/vocab/record.h"

namespace spine::core {

// Owns its texts. Thread: whoever decides.
class Departures {
 public:
  void clear();
  // Keeps the row that the event is about to take out, if it takes out one.
  // REQUIRES: before evolve(state, event).
  void note(const State& state, const EventView& event);

  // As they were before; nullptr = that did not go. Borrowed until clear().
  const SessionView* session(SessionId id) const;
  const ApprovalView* approval(Seq request) const;

 private:
  template <class View>
  View& keep(std::deque<View>& kept, const View& view);

  std::deque<SessionView> sessions_{};
  std::deque<ApprovalView> approvals_{};
  std::deque<std::string> texts_{};
};

}  // namespace spine::core

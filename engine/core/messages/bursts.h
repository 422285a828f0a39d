// Bursts: turns that wait for what their sender adds: parts of an album, words in quick succession.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/core/model/row_store.h"
#include "engine/core/model/rows.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

// A row stays until its run starts or ends. One without a run, whose messages were not addressed to
// the agent, stays until the next row is added after it has closed, and is ignored from then on.
class Bursts : public RowVector<BurstRow, limits::kBurstsMax> {
 public:
  // The one that a further message of `key` belongs to: of the same album, if it waits still; else
  // any that is open. nullptr = none. Borrowed until the table changes.
  const BurstRow* find(Bits128 key, Bits128 group, std::uint64_t now_ms) const;
  // Whether one more may be added.
  bool has_room(std::uint64_t now_ms) const;
  // Logical time before which no later message of the session is to be answered: until then runs of
  // it wait that came first; 0 = there are none.
  std::uint64_t held_until_ms(SessionId session, std::uint64_t now_ms) const;
  // Seqs of the messages that the run answers besides its own, in order.
  std::vector<std::uint64_t> further_messages(RunId run) const;

  // Takes out what has closed without a run, then adds the row if there is room. REQUIRES: every id
  // is smaller.
  void add(BurstRow row, std::uint64_t now_ms);
  // A further message; group zero = as before. Does nothing without such a burst, or when it has as
  // many as it may. The run that waits for it, 0 = none.
  RunId join(Seq burst, Seq message, Bits128 group, std::uint64_t closes_ms);
  // The run that answers the burst of that first message, if there is one.
  void set_run(SessionId session, Seq message, RunId run);
  void forget(RunId run);
  // Those of the session that have no run.
  void forget_unanswered(SessionId session);
  // One of a snapshot. False when it makes no sense.
  bool restore(BurstRow row);
};

}  // namespace spine::core

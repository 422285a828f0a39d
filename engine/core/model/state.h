// State: every table of the core. A fold of the journal and of nothing else.
#pragma once

#include <cstdint>
#include <memory>

#include "schemas/vocab/ids.h"

namespace spine::core {

struct Tables;  // engine/core/model/tables.h: the columns; for files of engine/core only

// Thread: whoever owns it (engine, follower or a tool): there is no sharing.
class State {
 public:
  State();
  ~State();
  State(State&&) noexcept;
  State& operator=(State&&) noexcept;

  // The last event folded in; 0 = none.
  Seq applied() const;
  // Clocks as of that event.
  Instant now() const;
  // Logical time at which decide() wants a DeadlineReached input; 0 = none pending.
  std::uint64_t next_deadline_ms() const;
  // Epoch of the journal this state is of; zero before JournalCreated.
  Bits128 epoch() const;

  Tables& tables() { return *tables_; }
  const Tables& tables() const { return *tables_; }

 private:
  std::unique_ptr<Tables> tables_;
};

}  // namespace spine::core

// Times: finds the last block whose first wall time is not after a given one.
#pragma once

#include <cstdint>
#include <vector>

#include "journal/lmdb.h"
#include "schemas/vocab/ids.h"

namespace spine::journal {

// From this wall time on, this is the last block that starts at or before it.
struct TimeStep {
  std::int64_t wall_ms{};
  Seq block{};
};

// Steps form a staircase: rising in time and in block. When the clock was set back, the steps at
// and above the new time are gone: a later block stands for them.
// Adds a step on top. REQUIRES: step.block is later than all.
void push_step(std::vector<TimeStep>& steps, TimeStep step);

// The block of the last step that is not after wall_ms, among blocks up to `visible`; 0 = none.
Seq last_step_at(const std::vector<TimeStep>& steps, std::int64_t wall_ms, Seq visible);

// The staircase in one LMDB database: key = wall time in an order that sorts, value = block.
class Times {
 public:
  // Creates the database if it is missing.
  Status open(Transaction& transaction);
  // Adds a staircase of later blocks.
  Status add(Transaction& transaction, const std::vector<TimeStep>& steps);
  // 0 when no block starts at or before wall_ms.
  Result<Seq> find(Transaction& transaction, std::int64_t wall_ms) const;

 private:
  Database database_{};
};

}  // namespace spine::journal

// Approvals: open permission requests of agents, and tools that a run may use without asking again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/core/model/row_store.h"
#include "engine/core/model/rows.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

using Approval = ApprovalRow<std::string>;

// At most limits::kApprovalsMax that were put to people, and behind them at most one that was just
// asked. The event that follows that one puts it to people, or answers it.
class Approvals : public RowVector<Approval, limits::kApprovalsMax + 1> {
 public:
  // Of those that were put to people; nullptr = none. Borrowed until the table changes.
  const Approval* find(Seq id) const;
  const Approval* find_code(std::string_view code) const;
  bool full() const;
  std::size_t count_of(RunId run) const;
  // Logical time at which the first of them expires; 0 = none waits.
  std::uint64_t next_due_ms() const;

  // Replaces one that was asked and never opened or resolved. REQUIRES: every id is smaller.
  void ask(Approval approval);
  // Does nothing when it is not the one just asked, which is dropped when there is no room.
  void open(Seq id, Bits128 uuid, std::string_view code, std::uint64_t expires_ms,
            std::int64_t expires_wall_ms);
  // One that was put to people, or just asked.
  const Approval* find_any(Seq id) const;
  // Takes that row out; one without an id when there is none.
  Approval take(Seq id);
  // One of a snapshot. False behind one that was just asked, or when there are too many.
  bool restore(Approval approval);
};

// Made of exactly the tool, title and detail: to allow one command "always" allows no other.
std::string allowed_key(Bits128 secret, std::string_view tool, std::string_view title,
                        std::string_view detail);

class AllowedTools : public RowVector<AllowedTool, limits::kAllowedToolsMax> {
 public:
  bool has(RunId run, std::string_view key) const;
  // Does nothing when it is there, or there is no room: then the agent asks again.
  void add(RunId run, Seq resolved, std::string_view key);
  void forget(RunId run);
};

}  // namespace spine::core

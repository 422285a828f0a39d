// Approvals: what agents ask to be allowed and nobody answered, and what a run may use for good.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/vocab/ids.h"

#include "event_generated.h"

namespace spine::core {

struct Approval {
  std::uint64_t id{};  // the ApprovalRequested
  Bits128 uuid{};
  std::uint64_t run{};
  std::uint64_t session{};
  std::uint64_t ask{};  // the adapter's number of the question
  fb::ApprovalKind kind{};
  std::uint32_t options{};  // bit 1 << fb::ApprovalDecision of each answer the agent offers
  std::string tool{};
  std::string title{};
  std::string detail{};
  std::string cwd{};
  std::string code{};  // empty = not put to people
  std::int64_t created_wall_ms{};
  std::uint64_t expires_ms{};  // logical
  std::int64_t expires_wall_ms{};

  // Whether people were asked.
  bool open() const { return !code.empty(); }
};

// Rows in order of their ids: at most limits::kApprovalsMax that were put to people, and behind
// them at most one that was just asked. The event that follows that one puts it to people, or
// answers it.
class Approvals {
 public:
  // Of those that were put to people; nullptr = none. Borrowed until the table changes.
  const Approval* find(std::uint64_t id) const;
  const Approval* find_uuid(Bits128 uuid) const;
  const Approval* find_code(std::string_view code) const;
  bool full() const;
  std::size_t count_of(RunId run) const;
  // Logical time at which the first of them expires; 0 = none waits.
  std::uint64_t next_due_ms() const;

  // One that was asked before and never followed up is gone. REQUIRES: every id is smaller.
  void ask(Approval approval);
  // Does nothing when it is not the one just asked; that is gone when there is no room.
  void open(std::uint64_t id, Bits128 uuid, std::string_view code, std::uint64_t expires_ms,
            std::int64_t expires_wall_ms);
  // Takes the row out, put to people or just asked. False when there is none.
  bool resolve(std::uint64_t id);
  // Adds a row as it was, behind the others. REQUIRES: count() <= limits::kApprovalsMax.
  void restore(Approval approval) { rows_.push_back(std::move(approval)); }
  // What resolve() took out last: for the effects of that event. No part of the state.
  const Approval& resolved() const { return resolved_; }

  std::uint32_t count() const { return static_cast<std::uint32_t>(rows_.size()); }
  const Approval& operator[](std::size_t index) const { return rows_[index]; }
  std::size_t bytes() const { return rows_.capacity() * sizeof(Approval); }

 private:
  template <class Accepts>
  const Approval* find_open(Accepts accepts) const;

  std::vector<Approval> rows_{};
  Approval resolved_{};
};

struct AllowedTool {
  std::uint64_t run{};
  std::uint64_t id{};  // the ApprovalResolved that allowed it
  std::string key{};   // what was allowed: allowed_key()
};

// The same tool for the same purpose in the same words, and nothing else: who allows one command
// always does not allow another.
std::string allowed_key(Bits128 secret, std::string_view tool, std::string_view title,
                        std::string_view detail);

// At most limits::kAllowedToolsMax rows in order of their ids.
class AllowedTools {
 public:
  bool has(RunId run, std::string_view key) const;
  // Does nothing when it is there, or there is no room: then the agent asks again.
  void add(RunId run, std::uint64_t id, std::string_view key);
  void restore(AllowedTool tool) { rows_.push_back(std::move(tool)); }
  void forget(RunId run);

  std::uint32_t count() const { return static_cast<std::uint32_t>(rows_.size()); }
  const AllowedTool& operator[](std::size_t index) const { return rows_[index]; }
  std::size_t bytes() const { return rows_.capacity() * sizeof(AllowedTool); }

 private:
  std::vector<AllowedTool> rows_{};
};

struct QuarantinedAgent {
  std::uint64_t id{};  // the AgentQuarantined
  std::string agent_id{};
};

// At most limits::kQuarantinedMax rows in order of their ids.
class Quarantine {
 public:
  bool has(std::string_view agent_id) const;
  // Does nothing when it is there, or there is no room.
  void add(std::uint64_t id, std::string_view agent_id);
  void restore(QuarantinedAgent agent) { rows_.push_back(std::move(agent)); }
  void remove(std::string_view agent_id);

  std::uint32_t count() const { return static_cast<std::uint32_t>(rows_.size()); }
  const QuarantinedAgent& operator[](std::size_t index) const { return rows_[index]; }
  std::size_t bytes() const { return rows_.capacity() * sizeof(QuarantinedAgent); }

 private:
  std::vector<QuarantinedAgent> rows_{};
};

}  // namespace spine::core

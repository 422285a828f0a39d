// Approvals: what agents ask people, as this thread knows it, and what became of it lately.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/views.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/record.h"

#include "event_generated.h"

namespace spine::net {

// One question of an agent. Owns its texts.
struct Approval {
  Seq request{};  // of the ApprovalRequested
  SessionId session{};
  std::string id{};  // of the protocol: a UUID, "plugin:<UUID>" for plugins
  fb::ApprovalKind kind{};
  std::uint32_t options{};  // as in core::ApprovalView
  std::string run_key{};
  std::string session_key{};
  std::string agent_id{};
  std::string tool{};
  std::string title{};
  std::string detail{};
  std::string cwd{};
  std::string code{};
  std::int64_t created_wall_ms{};
  std::int64_t expires_wall_ms{};
  bool resolved{};  // then what follows counts
  fb::ApprovalDecision decision{};
  fb::DecidedVia via{};
  std::int64_t resolved_wall_ms{};
};

Approval approval_of(const core::ApprovalView& view);
// As the protocol names it: by kind, then the UUID.
std::string approval_id(fb::ApprovalKind kind, Bits128 uuid);

// A request that waits for an answer to be given: waitDecision.
struct ApprovalWaiter {
  ConnectionRef connection{};
  std::string id{};  // of the request
  Seq approval{};
};

// The approvals that were resolved last, at most kApprovalsKnownMax, for who answers again or asks
// what became of one; and who waits for one. Open ones are the state's. Thread: net.
class ApprovalTable {
 public:
  // The oldest one is forgotten for it. REQUIRES: it is resolved.
  const Approval& keep(Approval approval);
  // nullptr = not known, or not any more.
  const Approval* find(Seq request) const;
  // By the id, whole; in lower case.
  const Approval* find(std::string_view id) const;
  std::size_t count() const { return resolved_.size(); }

  // False when too many wait, in all or of one connection.
  bool wait(ApprovalWaiter waiter);
  // Takes out those who wait for it.
  std::vector<ApprovalWaiter> take(Seq approval);
  void drop(ConnectionRef connection);

 private:
  std::deque<Approval> resolved_{};  // the oldest first
  std::vector<ApprovalWaiter> waiters_{};
};

// "deny", "allow-once", "allow-always"; what ran out or was withdrawn is "deny".
std::string_view decision_name(fb::ApprovalDecision decision);
// False when it is no decision a person can take.
bool parse_decision(std::string_view name, fb::ApprovalDecision& out);
// "user", "timeout", "run-aborted": why it is resolved.
std::string_view terminal_reason(fb::ApprovalDecision decision);
// Whether the agent offers that answer. Deny is always one.
bool offers(const Approval& approval, fb::ApprovalDecision decision);

// id, approvalKind, request, createdAtMs, expiresAtMs: members of a row and of a push.
void write_approval_members(JsonWriter& json, const Approval& approval);
// The object `request` of a row or a push.
void write_approval_request(JsonWriter& json, const Approval& approval);
// What approval.get shows: pending, or how it ended.
void write_approval_snapshot(JsonWriter& json, const Approval& approval);
// "allowedDecisions":["allow-once", ..., "deny"].
void write_allowed_decisions(JsonWriter& json, const Approval& approval);
// What is to be done, for people: the command, or whatever the agent said of it. Never empty.
std::string_view approval_text(const Approval& approval);

}  // namespace spine::net

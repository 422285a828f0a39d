// KnownApprovals: approvals resolved recently, who waits for one, and how they are shown.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/model/views.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/record.h"

#include "event_generated.h"

namespace spine::net {

struct Context;

// One question of an agent as it was shown, and how it ended. Owns its texts.
struct KnownApproval : core::ApprovalRow<std::string> {
  std::string id{};  // of the protocol: a UUID, "plugin:<UUID>" for plugins
  std::string run_key{};
  std::string session_key{};
  std::string agent_id{};
  bool resolved{};  // then what follows counts
  fb::ApprovalDecision decision{};
  fb::DecidedVia via{};
  std::int64_t resolved_wall_ms{};
};

KnownApproval known_approval(const core::ApprovalView& view);

// A request that waits for an answer to be given: waitDecision.
struct ApprovalWaiter {
  ConnectionRef connection{};
  std::string id{};  // of the request
  Seq approval{};
};

// The approvals resolved last, at most kApprovalsKnownMax, for repeated answers and for queries;
// and the requests that wait for one. Open ones are in the engine's state. Thread: net.
class KnownApprovals {
 public:
  // Adds it; evicts the oldest one when full. REQUIRES: it is resolved.
  const KnownApproval& keep(KnownApproval approval);
  // nullptr = not known, or not any more.
  const KnownApproval* find(Seq request) const;
  // By the whole id, in lower case.
  const KnownApproval* find(std::string_view id) const;
  std::size_t count() const { return resolved_.size(); }

  // False when too many wait, in all or of one connection.
  bool wait(ApprovalWaiter waiter);
  // Takes out those who wait for it.
  std::vector<ApprovalWaiter> take(Seq approval);
  void drop(ConnectionRef connection);

 private:
  std::deque<KnownApproval> resolved_{};  // the oldest first
  std::vector<ApprovalWaiter> waiters_{};
};

// "deny", "allow-once", "allow-always"; what ran out or was withdrawn is "deny".
std::string_view decision_name(fb::ApprovalDecision decision);
// False when it is no decision a person can take.
bool parse_decision(std::string_view name, fb::ApprovalDecision& out);
// "user", "timeout", "run-aborted": why it is resolved.
std::string_view terminal_reason(fb::ApprovalDecision decision);
// Whether the agent offers that answer. Deny is always one.
bool offers(const KnownApproval& approval, fb::ApprovalDecision decision);

// id, approvalKind, request, createdAtMs, expiresAtMs: members of a row and of a push.
void write_approval_members(JsonWriter& json, const KnownApproval& approval);
// "request":{...} of a row or a push.
void write_approval_request(JsonWriter& json, const KnownApproval& approval);
// "approval":{...}, as approval.get shows it: pending, or how it ended.
void write_approval_snapshot(JsonWriter& json, const KnownApproval& approval);
// "allowedDecisions":["allow-once", ..., "deny"].
void write_allowed_decisions(JsonWriter& json, const KnownApproval& approval);
// What is to be done, for people: the command, or whatever the agent said of it. Never empty.
std::string_view approval_text(const KnownApproval& approval);

// The response of waitDecision. REQUIRES: the approval is resolved, the slot may be written to.
void answer_approval_wait(Context& net, std::uint32_t slot, std::string_view id,
                          const KnownApproval& approval);

}  // namespace spine::net

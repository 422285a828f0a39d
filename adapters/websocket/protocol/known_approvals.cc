// Known approvals, and their shapes on the wire.
#include "adapters/websocket/protocol/known_approvals.h"

#include <algorithm>
#include <array>
#include <utility>

#include "adapters/websocket/protocol/respond.h"
#include "engine/core/model/columns.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/uuid.h"

namespace spine::net {
namespace {

constexpr std::size_t kTitleBytesMax = 80;
constexpr std::size_t kDescriptionBytesMax = 512;
// Those a person can take.
constexpr std::array kDecisions{fb::ApprovalDecision::allow_once,
                                fb::ApprovalDecision::allow_always, fb::ApprovalDecision::deny};

std::string_view plugin_title(const KnownApproval& approval) {
  return cut_escaped(approval.title.empty() ? approval_text(approval) : approval.title,
                     kTitleBytesMax);
}

// What plugins show of it.
void write_plugin_members(JsonWriter& json, const KnownApproval& approval) {
  std::string text = approval.tool.empty() ? "The agent" : approval.tool;
  text.append(" asks: ").append(approval_text(approval));
  json.member("title", plugin_title(approval));
  json.member("description", cut_escaped(text, kDescriptionBytesMax));
  json.member_if("detail", approval.detail);
  json.member("severity", "warning");
}

void write_presentation(JsonWriter& json, const KnownApproval& approval) {
  const bool plugin = approval.kind == fb::ApprovalKind::plugin;
  json.object("presentation", [&] {
    json.member("kind", plugin ? "plugin" : "exec");
    if (plugin) {
      write_plugin_members(json, approval);
      json.member_if("toolName", approval.tool);
    } else {
      json.member("commandText", approval_text(approval));
      if (approval.title != approval_text(approval)) json.member_if("warningText", approval.title);
      json.member("host", "gateway");
    }
    json.member_if("agentId", approval.agent_id);
    write_allowed_decisions(json, approval);
  });
}

std::string_view status_name(const KnownApproval& approval) {
  // Of fb::ApprovalDecision.
  constexpr std::array<std::string_view, 5> kNames{"denied", "allowed", "allowed", "expired",
                                                   "cancelled"};
  const auto index = static_cast<std::size_t>(approval.decision);
  if (!approval.resolved) return "pending";
  return kNames.at(index < kNames.size() ? index : 0);
}

}  // namespace

KnownApproval known_approval(const core::ApprovalView& view) {
  KnownApproval known{};
  core::copy_row(view.columns(), view, known.columns(), known,
                 [](std::string_view text) { return std::string{text}; });
  if (view.kind == fb::ApprovalKind::plugin) known.id = "plugin:";
  append_uuid(known.id, view.uuid);
  known.run_key = view.run_key;
  known.session_key = view.session_key;
  known.agent_id = view.agent_id;
  return known;
}

const KnownApproval& KnownApprovals::keep(KnownApproval approval) {
  if (resolved_.size() >= limits::kApprovalsKnownMax) resolved_.pop_front();
  return resolved_.emplace_back(std::move(approval));
}

const KnownApproval* KnownApprovals::find(Seq request) const {
  const auto found = std::ranges::find(resolved_, request, &KnownApproval::request);
  return found == resolved_.end() ? nullptr : &*found;
}

const KnownApproval* KnownApprovals::find(std::string_view id) const {
  const auto found = std::ranges::find(resolved_, id, &KnownApproval::id);
  return found == resolved_.end() ? nullptr : &*found;
}

bool KnownApprovals::wait(ApprovalWaiter waiter) {
  const auto mine = std::ranges::count(waiters_, waiter.connection, &ApprovalWaiter::connection);
  if (waiters_.size() >= limits::kApprovalWaitersMax ||
      static_cast<std::size_t>(mine) >= limits::kApprovalWaitersPerConnectionMax) {
    return false;
  }
  waiters_.push_back(std::move(waiter));
  return true;
}

std::vector<ApprovalWaiter> KnownApprovals::take(Seq approval) {
  std::vector<ApprovalWaiter> taken;
  std::erase_if(waiters_, [&](ApprovalWaiter& waiter) {
    if (waiter.approval != approval) return false;
    taken.push_back(std::move(waiter));
    return true;
  });
  return taken;
}

void KnownApprovals::drop(ConnectionRef connection) {
  std::erase_if(waiters_,
                [&](const ApprovalWaiter& waiter) { return waiter.connection == connection; });
}

std::string_view decision_name(fb::ApprovalDecision decision) {
  if (decision == fb::ApprovalDecision::allow_once) return "allow-once";
  if (decision == fb::ApprovalDecision::allow_always) return "allow-always";
  return "deny";
}

bool parse_decision(std::string_view name, fb::ApprovalDecision& out) {
  for (const fb::ApprovalDecision decision : kDecisions) {
    if (decision_name(decision) != name) continue;
    out = decision;
    return true;
  }
  return false;
}

std::string_view terminal_reason(fb::ApprovalDecision decision) {
  if (decision == fb::ApprovalDecision::expired) return "timeout";
  if (decision == fb::ApprovalDecision::withdrawn) return "run-aborted";
  return "user";
}

bool offers(const KnownApproval& approval, fb::ApprovalDecision decision) {
  if (decision == fb::ApprovalDecision::deny) return true;
  return (approval.options & (1U << static_cast<unsigned>(decision))) != 0;
}

std::string_view approval_text(const KnownApproval& approval) {
  if (!approval.detail.empty()) return approval.detail;
  if (!approval.title.empty()) return approval.title;
  return approval.tool.empty() ? std::string_view{"(it did not say what)"} : approval.tool;
}

void write_allowed_decisions(JsonWriter& json, const KnownApproval& approval) {
  json.array("allowedDecisions", [&] {
    for (const fb::ApprovalDecision decision : kDecisions) {
      if (offers(approval, decision)) json.value(decision_name(decision));
    }
  });
}

void write_approval_request(JsonWriter& json, const KnownApproval& approval) {
  json.object("request", [&] {
    if (approval.kind == fb::ApprovalKind::plugin) {
      write_plugin_members(json, approval);
    } else {
      json.member("command", approval_text(approval));
      json.member("host", "gateway");
    }
    json.member_if("toolName", approval.tool);
    json.member_if("cwd", approval.cwd);
    json.member("agentId", approval.agent_id);
    json.member("sessionKey", approval.session_key);
    json.member("runId", approval.run_key);
    write_allowed_decisions(json, approval);
    json.member_if("code", approval.code);  // ours: what admins answer with on channels
  });
}

void write_approval_members(JsonWriter& json, const KnownApproval& approval) {
  json.member("id", approval.id);
  json.member("approvalKind", approval.kind == fb::ApprovalKind::plugin ? "plugin" : "exec");
  write_approval_request(json, approval);
  json.member("createdAtMs", approval.created_wall_ms);
  json.member("expiresAtMs", approval.expires_wall_ms);
}

void write_approval_snapshot(JsonWriter& json, const KnownApproval& approval) {
  json.object("approval", [&] {
    json.member("id", approval.id);
    json.member("status", status_name(approval));
    write_presentation(json, approval);
    json.member("urlPath", "/approve/" + approval.id);
    json.member("createdAtMs", approval.created_wall_ms);
    json.member("expiresAtMs", approval.expires_wall_ms);
    if (!approval.resolved) return;
    const std::string_view reason = terminal_reason(approval.decision);
    json.member("resolvedAtMs", approval.resolved_wall_ms);
    json.member("reason", reason);
    if (reason == "user") json.member("decision", decision_name(approval.decision));
    json.object("source", [&] {
      json.member_if("agentId", approval.agent_id);
      json.member_if("sessionKey", approval.session_key);
    });
  });
}

void answer_approval_wait(Context& net, std::uint32_t slot, std::string_view id,
                          const KnownApproval& approval) {
  const std::string_view reason = terminal_reason(approval.decision);
  Responder{net, slot, id}.respond([&](JsonWriter& json) {
    json.member("id", approval.id);
    json.member_or_null("decision",
                        reason == "user" ? decision_name(approval.decision) : std::string_view{});
    json.member("createdAtMs", approval.created_wall_ms);
    json.member("expiresAtMs", approval.expires_wall_ms);
    json.member("terminalReason", reason);
  });
}

}  // namespace spine::net

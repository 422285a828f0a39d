// Known approvals, and their shapes on the wire.
#include "adapters/websocket/approvals.h"

#include <algorithm>
#include <utility>

#include "adapters/websocket/entropy.h"
#include "adapters/websocket/rows.h"
#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

constexpr std::size_t kTitleBytesMax = 80;
constexpr std::size_t kDescriptionBytesMax = 512;

void write_exec_presentation(JsonWriter& json, const Approval& approval) {
  json.object([&] {
    json.member("kind", "exec");
    json.member("commandText", approval_text(approval));
    if (approval.title != approval_text(approval)) json.member_if("warningText", approval.title);
    json.member("host", "gateway");
    json.member_if("agentId", approval.agent_id);
    write_allowed_decisions(json, approval);
  });
}

std::string_view plugin_title(const Approval& approval) {
  if (!approval.title.empty()) return cut_escaped(approval.title, kTitleBytesMax);
  return cut_escaped(approval_text(approval), kTitleBytesMax);
}

std::string plugin_description(const Approval& approval) {
  std::string text = approval.tool.empty() ? "The agent" : approval.tool;
  text += " asks: ";
  text += approval_text(approval);
  return std::string{cut_escaped(text, kDescriptionBytesMax)};
}

void write_plugin_presentation(JsonWriter& json, const Approval& approval) {
  json.object([&] {
    json.member("kind", "plugin");
    json.member("title", plugin_title(approval));
    json.member("description", plugin_description(approval));
    json.member_if("detail", approval.detail);
    json.member("severity", "warning");
    json.member_if("toolName", approval.tool);
    json.member_if("agentId", approval.agent_id);
    write_allowed_decisions(json, approval);
  });
}

std::string_view status_name(const Approval& approval) {
  if (!approval.resolved) return "pending";
  switch (approval.decision) {
    case fb::ApprovalDecision::allow_once:
    case fb::ApprovalDecision::allow_always:
      return "allowed";
    case fb::ApprovalDecision::expired:
      return "expired";
    case fb::ApprovalDecision::withdrawn:
      return "cancelled";
    case fb::ApprovalDecision::deny:
      break;
  }
  return "denied";
}

}  // namespace

std::string approval_id(fb::ApprovalKind kind, Bits128 uuid) {
  std::string id = kind == fb::ApprovalKind::plugin ? "plugin:" : "";
  append_uuid(id, uuid);
  return id;
}

Approval approval_of(const core::ApprovalView& view) {
  return {.request = view.request,
          .session = view.session,
          .id = approval_id(view.kind, view.uuid),
          .kind = view.kind,
          .options = view.options,
          .run_key = std::string{view.run_key},
          .session_key = std::string{view.session_key},
          .agent_id = std::string{view.agent_id},
          .tool = std::string{view.tool},
          .title = std::string{view.title},
          .detail = std::string{view.detail},
          .cwd = std::string{view.cwd},
          .code = std::string{view.code},
          .created_wall_ms = view.created_wall_ms,
          .expires_wall_ms = view.expires_wall_ms};
}

const Approval& ApprovalTable::keep(Approval approval) {
  if (resolved_.size() >= limits::kApprovalsKnownMax) resolved_.pop_front();
  return resolved_.emplace_back(std::move(approval));
}

const Approval* ApprovalTable::find(Seq request) const {
  const auto found = std::ranges::find(resolved_, request, &Approval::request);
  return found == resolved_.end() ? nullptr : &*found;
}

const Approval* ApprovalTable::find(std::string_view id) const {
  const auto found = std::ranges::find(resolved_, id, &Approval::id);
  return found == resolved_.end() ? nullptr : &*found;
}

bool ApprovalTable::wait(ApprovalWaiter waiter) {
  const auto mine = std::ranges::count(waiters_, waiter.connection, &ApprovalWaiter::connection);
  if (waiters_.size() >= limits::kApprovalWaitersMax ||
      static_cast<std::size_t>(mine) >= limits::kApprovalWaitersPerConnectionMax) {
    return false;
  }
  waiters_.push_back(std::move(waiter));
  return true;
}

std::vector<ApprovalWaiter> ApprovalTable::take(Seq approval) {
  std::vector<ApprovalWaiter> taken;
  std::erase_if(waiters_, [&](ApprovalWaiter& waiter) {
    if (waiter.approval != approval) return false;
    taken.push_back(std::move(waiter));
    return true;
  });
  return taken;
}

void ApprovalTable::drop(ConnectionRef connection) {
  std::erase_if(waiters_,
                [&](const ApprovalWaiter& waiter) { return waiter.connection == connection; });
}

std::string_view decision_name(fb::ApprovalDecision decision) {
  if (decision == fb::ApprovalDecision::allow_once) return "allow-once";
  if (decision == fb::ApprovalDecision::allow_always) return "allow-always";
  return "deny";
}

bool parse_decision(std::string_view name, fb::ApprovalDecision& out) {
  if (name == "deny") {
    out = fb::ApprovalDecision::deny;
  } else if (name == "allow-once") {
    out = fb::ApprovalDecision::allow_once;
  } else if (name == "allow-always") {
    out = fb::ApprovalDecision::allow_always;
  } else {
    return false;
  }
  return true;
}

std::string_view terminal_reason(fb::ApprovalDecision decision) {
  if (decision == fb::ApprovalDecision::expired) return "timeout";
  if (decision == fb::ApprovalDecision::withdrawn) return "run-aborted";
  return "user";
}

bool offers(const Approval& approval, fb::ApprovalDecision decision) {
  if (decision == fb::ApprovalDecision::deny) return true;
  return (approval.options & (1U << static_cast<unsigned>(decision))) != 0;
}

std::string_view approval_text(const Approval& approval) {
  if (!approval.detail.empty()) return approval.detail;
  if (!approval.title.empty()) return approval.title;
  return approval.tool.empty() ? std::string_view{"(it did not say what)"} : approval.tool;
}

void write_allowed_decisions(JsonWriter& json, const Approval& approval) {
  json.array("allowedDecisions", [&] {
    for (const fb::ApprovalDecision decision :
         {fb::ApprovalDecision::allow_once, fb::ApprovalDecision::allow_always,
          fb::ApprovalDecision::deny}) {
      if (offers(approval, decision)) json.value(decision_name(decision));
    }
  });
}

void write_approval_request(JsonWriter& json, const Approval& approval) {
  json.object([&] {
    if (approval.kind == fb::ApprovalKind::exec) {
      json.member("command", approval_text(approval));
      json.member("host", "gateway");
    } else {
      json.member("title", plugin_title(approval));
      json.member("description", plugin_description(approval));
      json.member_if("detail", approval.detail);
      json.member("severity", "warning");
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

void write_approval_members(JsonWriter& json, const Approval& approval) {
  json.member("id", approval.id);
  json.member("approvalKind", approval.kind == fb::ApprovalKind::plugin ? "plugin" : "exec");
  json.key("request");
  write_approval_request(json, approval);
  json.member("createdAtMs", approval.created_wall_ms);
  json.member("expiresAtMs", approval.expires_wall_ms);
}

void write_approval_snapshot(JsonWriter& json, const Approval& approval) {
  json.object([&] {
    json.member("id", approval.id);
    json.member("status", status_name(approval));
    json.key("presentation");
    if (approval.kind == fb::ApprovalKind::plugin) {
      write_plugin_presentation(json, approval);
    } else {
      write_exec_presentation(json, approval);
    }
    json.member("urlPath", "/approve/" + approval.id);
    json.member("createdAtMs", approval.created_wall_ms);
    json.member("expiresAtMs", approval.expires_wall_ms);
    if (approval.resolved) {
      const std::string_view reason = terminal_reason(approval.decision);
      json.member("resolvedAtMs", approval.resolved_wall_ms);
      json.member("reason", reason);
      if (reason == "user") json.member("decision", decision_name(approval.decision));
      json.object("source", [&] {
        json.member_if("agentId", approval.agent_id);
        json.member_if("sessionKey", approval.session_key);
      });
    }
  });
}

}  // namespace spine::net

// exec.approval.*, plugin.approval.* and approval.*: what agents ask, and the answers.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "adapters/websocket/approval_events.h"
#include "adapters/websocket/approvals.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"

namespace spine::net::handlers {
namespace {

using core::ReplyCode;

constexpr TextRule kApprovalId{
    .required = true, .bytes_min = 1, .bytes_max = limits::kIdempotencyKeyBytesMax};
constexpr TextRule kWord{.required = true, .bytes_min = 1, .bytes_max = 32};

// Which family the method is of; approval.* speaks of both.
bool of_family(std::string_view method, fb::ApprovalKind kind) {
  if (method.starts_with("exec.")) return kind == fb::ApprovalKind::exec;
  if (method.starts_with("plugin.")) return kind == fb::ApprovalKind::plugin;
  return true;
}

void refuse_unknown(Answer& answer) {
  const bool whole = answer.request().method->name.starts_with("approval.");
  refuse(answer.net, answer.slot, answer.id(),
         {.message = whole ? "approval not found" : "unknown or expired approval id",
          .details = R"({"reason":"APPROVAL_NOT_FOUND","code":"APPROVAL_NOT_FOUND",)"
                     R"("remediation":"Ask for the list again: it was answered, or nobody )"
                     R"(answered in time. Let the agent ask anew."})"});
}

void refuse_already(Answer& answer) {
  refuse(answer.net, answer.slot, answer.id(),
         {.message = "approval already resolved",
          .details = R"({"reason":"APPROVAL_ALREADY_RESOLVED"})"});
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

// The one that is meant: by its id, by its code, or by the beginning of its id when no other begins
// so.
struct Found {
  std::optional<Approval> approval{};
  bool ambiguous{};
};

bool begins(const Approval& approval, std::string_view asked) {
  constexpr std::string_view kPlugin = "plugin:";
  constexpr std::size_t kPrefixMin = 4;
  if (asked.size() < kPrefixMin) return false;
  std::string_view id = approval.id;
  if (id.starts_with(asked)) return true;
  if (id.starts_with(kPlugin)) id.remove_prefix(kPlugin.size());
  return id.starts_with(asked);
}

Found find_open(Answer& answer, const pipeline::ApprovalsItem& item, std::string_view text) {
  const std::string asked = lower(text);
  Found found{};
  for (const core::ApprovalView& view : item.approvals) {
    if (!of_family(answer.request().method->name, view.kind)) continue;
    Approval approval = approval_of(view);
    if (approval.id == asked || lower(approval.code) == asked) {
      return {.approval = std::move(approval)};
    }
    if (!begins(approval, asked)) continue;
    found.ambiguous = found.ambiguous || found.approval;
    found.approval = std::move(approval);
  }
  return found;
}

// What the method is about, looked up in the state; the answer goes on from there.
void ask_approvals(Call& call, std::string_view id, std::uint64_t decision = 0) {
  const std::uint64_t number = call.pend();
  PendingMore& more = call.net.pending.at(number).extra();
  more.text = id;
  more.a = decision;
  call.net.query(pipeline::input_kind::kQueryApprovals, call.slot, number, {});
}

// The open one, or none with the refusal said.
std::optional<Approval> open_or_refuse(Answer& answer, const pipeline::ApprovalsItem& item) {
  Found found = find_open(answer, item, answer.request().extra().text);
  if (found.ambiguous) {
    refuse_invalid(answer.net, answer.slot, answer.id(),
                   "ambiguous approval id prefix; use the full id");
    return {};
  }
  if (!found.approval) refuse_unknown(answer);
  return std::move(found.approval);
}

// One that was resolved while this thread looked on.
const Approval* find_resolved(Answer& answer) {
  const Approval* known = answer.net.approvals.find(lower(answer.request().extra().text));
  return known != nullptr && of_family(answer.request().method->name, known->kind) ? known
                                                                                   : nullptr;
}

void respond_resolved(Answer& answer, const Approval& approval, bool applied) {
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  if (answer.request().method->name == "approval.resolve") {
    json.member("applied", applied);
    json.key("approval");
    write_approval_snapshot(json, approval);
  } else {
    json.member("ok", true);
  }
  json.end_object();
  response.send();
}

// Said again, a decision stands; another one comes too late.
void answer_repeated(Answer& answer, const Approval& approval, fb::ApprovalDecision decision) {
  const bool whole = answer.request().method->name == "approval.resolve";
  if (!whole && approval.decision != decision) return refuse_already(answer);
  respond_resolved(answer, approval, false);
}

void build_approval_resolved(Context& net, std::uint32_t slot, Seq request,
                             fb::ApprovalDecision decision) {
  const bool local = net.hub.table.client[slot]->control_socket;
  net.builder.Clear();
  net.builder.Finish(
      fb::CreateApprovalResolved(net.builder, request.value, decision,
                                 local ? fb::DecidedVia::control_socket : fb::DecidedVia::client));
}

void shorten(Approval& approval) {
  constexpr std::size_t kShortBytes = 256;
  for (std::string* text : {&approval.title, &approval.detail, &approval.cwd})
    text->resize(http::cut_escaped(*text, kShortBytes).size());
}

}  // namespace

void approval_list(Call& call) {
  ask_approvals(call, {});
}

void on_approval_list(Answer& answer, const pipeline::ApprovalsItem& item) {
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  const std::size_t start = json.out().size();
  json.begin_array();
  for (const core::ApprovalView& view : item.approvals) {
    if (!of_family(answer.request().method->name, view.kind)) continue;
    Approval approval = approval_of(view);
    // In a list this long the rest is named; each can be asked for by its id.
    if (json.out().size() - start > limits::kHistoryBytesMax) shorten(approval);
    json.begin_object();
    write_approval_members(json, approval);
    json.end_object();
  }
  json.end_array();
  response.send();
}

void exec_approval_get(Call& call) {
  const std::string_view id = call.params.text("id", kApprovalId);
  if (call.valid()) ask_approvals(call, id);
}

void on_exec_approval_get(Answer& answer, const pipeline::ApprovalsItem& item) {
  const std::optional<Approval> approval = open_or_refuse(answer, item);
  if (!approval) return;
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("id", approval->id);
  json.member("commandText", approval_text(*approval));
  json.member_null("commandPreview");
  json.key("allowedDecisions");
  write_allowed_decisions(json, *approval);
  json.member("host", "gateway");
  json.member_null("nodeId");
  json.member("agentId", approval->agent_id);
  json.member("expiresAtMs", approval->expires_wall_ms);
  json.end_object();
  response.send();
}

void approval_get(Call& call) {
  const std::string_view id = call.params.text("id", kApprovalId);
  if (call.valid()) ask_approvals(call, id);
}

void on_approval_get(Answer& answer, const pipeline::ApprovalsItem& item) {
  std::optional<Approval> open;
  const Approval* approval = find_resolved(answer);
  if (approval == nullptr) {
    open = open_or_refuse(answer, item);
    if (!open) return;
    approval = &*open;
  }
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.key("approval");
  write_approval_snapshot(json, *approval);
  json.end_object();
  response.send();
}

void approval_resolve(Call& call) {
  const std::string_view id = call.params.text("id", kApprovalId);
  const std::string_view word = call.params.text("decision", kWord);
  if (!call.valid()) return;
  fb::ApprovalDecision decision{};
  if (!parse_decision(word, decision)) {
    return refuse_invalid(call.net, call.slot, call.id,
                          "invalid decision: say allow-once, allow-always or deny");
  }
  ask_approvals(call, id, static_cast<std::uint64_t>(decision));
}

void on_approval_found(Answer& answer, const pipeline::ApprovalsItem& item) {
  const auto decision = static_cast<fb::ApprovalDecision>(answer.request().extra().a);
  if (const Approval* over = find_resolved(answer)) {
    return answer_repeated(answer, *over, decision);
  }
  const std::optional<Approval> approval = open_or_refuse(answer, item);
  if (!approval) return;
  if (!offers(*approval, decision)) {
    std::string details;
    http::JsonWriter json{details};
    json.begin_object();
    json.member("reason", "APPROVAL_ALLOW_ALWAYS_UNAVAILABLE");
    json.key("allowedDecisions");
    write_allowed_decisions(json, *approval);
    json.end_object();
    return refuse(answer.net, answer.slot, answer.id(),
                  {.message = std::string{decision_name(decision)} +
                              " is unavailable for this approval: the agent does not offer it",
                   .details = std::move(details)});
  }
  answer.request().extra().b = approval->request.value;
  build_approval_resolved(answer.net, answer.slot, approval->request, decision);
  answer.net.push(fb::EventBody::ApprovalResolved, answer.slot, answer.number);
  answer.keep = true;
}

void on_approval_resolved(Answer& answer, const pipeline::ReplyItem& item) {
  const PendingMore& more = answer.request().extra();
  // Its event was told before this reply, whoever decided.
  const Approval* approval = answer.net.approvals.find(Seq{more.b});
  const ReplyCode code = item.reply.code;
  const bool late = code == ReplyCode::not_found || code == ReplyCode::nothing_to_do;
  if (!late && code != ReplyCode::accepted) return refuse_reply(answer, item);
  if (approval == nullptr) return refuse_unknown(answer);
  if (late) return answer_repeated(answer, *approval, static_cast<fb::ApprovalDecision>(more.a));
  respond_resolved(answer, *approval, true);
}

void approval_wait(Call& call) {
  const std::string_view id = call.params.text("id", kApprovalId);
  if (call.valid()) ask_approvals(call, id);
}

void on_approval_wait(Answer& answer, const pipeline::ApprovalsItem& item) {
  if (const Approval* over = find_resolved(answer)) {
    return answer_approval_wait(answer.net, answer.slot, answer.id(), *over);
  }
  const Found found = find_open(answer, item, answer.request().extra().text);
  if (!found.approval || found.ambiguous) {
    return refuse_invalid(answer.net, answer.slot, answer.id(), "approval expired or not found");
  }
  const bool kept = answer.net.approvals.wait({.connection = answer.request().connection,
                                               .id = std::string{answer.id()},
                                               .approval = found.approval->request});
  if (kept) return;
  answer.net.shared.metrics.rate_limited.add();
  refuse_rate_limited(answer.net, answer.slot, answer.id(), "waiting",
                      "too many requests wait for approvals to be answered", 1'000);
}

}  // namespace spine::net::handlers

namespace spine::net {

void answer_approval_wait(Context& net, std::uint32_t slot, std::string_view id,
                          const Approval& approval) {
  const std::string_view reason = terminal_reason(approval.decision);
  Response response{net, slot, id};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("id", approval.id);
  json.key("decision");
  if (reason == "user") {
    json.value(decision_name(approval.decision));
  } else {
    json.null();
  }
  json.member("createdAtMs", approval.created_wall_ms);
  json.member("expiresAtMs", approval.expires_wall_ms);
  json.member("terminalReason", reason);
  json.end_object();
  response.send();
}

}  // namespace spine::net

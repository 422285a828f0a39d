// exec.approval.*, plugin.approval.* and approval.*: what agents ask, and the answers.
#include <optional>
#include <string>
#include <utility>

#include "adapters/websocket/methods/methods.h"
#include "adapters/websocket/protocol/known_approvals.h"
#include "schemas/vocab/ascii.h"

namespace spine::net {
namespace {

using core::ReplyCode;
using pipeline::ApprovalsItem;

// Which approvals a method speaks of: exec.* and plugin.* of their own, approval.* of both.
enum class Family : std::uint8_t { exec, plugin, both };

Family family_of(const Call& call) {
  if (call.method.name.starts_with("exec.")) return Family::exec;
  return call.method.name.starts_with("plugin.") ? Family::plugin : Family::both;
}

bool of_family(Family family, fb::ApprovalKind kind) {
  return family == Family::both || (family == Family::exec) == (kind == fb::ApprovalKind::exec);
}

// The approval that a request is about.
struct AskedApproval {
  Family family{};
  std::string text{};  // its id, the beginning of that, or its code
};

AskedApproval asked_approval(const Call& call) {
  return {family_of(call), std::string{call.text("id")}};
}

// Asks the engine for the open approvals; `then` goes on with them.
template <class Then>
void ask_approvals(Call& call, Then then) {
  call.ask({.kind = pipeline::input_kind::kQueryApprovals}, std::move(then));
}

void refuse_unknown(const Responder& to, Family family) {
  to.refuse(Refusal{
      .message = family == Family::both ? "approval not found" : "unknown or expired approval id",
      .details = R"({"reason":"APPROVAL_NOT_FOUND","code":"APPROVAL_NOT_FOUND",)"
                 R"("remediation":"Ask for the list again: it was answered, or nobody )"
                 R"(answered in time. Let the agent ask anew."})"});
}

// The approval that is meant: by its id, by its code, or by a unique prefix of its id.
struct Found {
  std::optional<KnownApproval> approval{};
  bool ambiguous{};
};

bool begins(const KnownApproval& approval, std::string_view asked) {
  constexpr std::string_view kPlugin = "plugin:";
  constexpr std::size_t kPrefixMin = 4;
  if (asked.size() < kPrefixMin) return false;
  std::string_view id = approval.id;
  if (id.starts_with(asked)) return true;
  if (id.starts_with(kPlugin)) id.remove_prefix(kPlugin.size());
  return id.starts_with(asked);
}

Found find_open(const AskedApproval& asked, const ApprovalsItem& item) {
  const std::string text = lower_case(asked.text);
  Found found{};
  for (const core::ApprovalView& view : item.approvals) {
    if (!of_family(asked.family, view.kind)) continue;
    KnownApproval approval = known_approval(view);
    if (approval.id == text || lower_case(approval.code) == text) {
      return {.approval = std::move(approval)};
    }
    if (!begins(approval, text)) continue;
    found.ambiguous = found.ambiguous || found.approval;
    found.approval = std::move(approval);
  }
  return found;
}

// The open one, or none with the refusal sent.
std::optional<KnownApproval> open_or_refuse(const Responder& to, const AskedApproval& asked,
                                            const ApprovalsItem& item) {
  Found found = find_open(asked, item);
  if (found.ambiguous) {
    to.refuse("ambiguous approval id prefix; use the full id");
    return {};
  }
  if (!found.approval) refuse_unknown(to, asked.family);
  return std::move(found.approval);
}

// One of the recently resolved approvals that this thread keeps.
const KnownApproval* find_resolved(const Responder& to, const AskedApproval& asked) {
  const KnownApproval* known = to.net.approvals.find(lower_case(asked.text));
  return known != nullptr && of_family(asked.family, known->kind) ? known : nullptr;
}

void shorten(KnownApproval& approval) {
  constexpr std::size_t kShortBytes = 256;
  for (std::string* text : {&approval.title, &approval.detail, &approval.cwd})
    text->resize(cut_escaped(*text, kShortBytes).size());
}

void approval_list(Call& call) {
  ask_approvals(call, [family = family_of(call)](Responder& to, const ApprovalsItem& item) {
    to.respond_value([&](JsonWriter& json) {
      const std::size_t start = json.out().size();
      json.array([&] {
        for (const core::ApprovalView& view : item.approvals) {
          if (!of_family(family, view.kind)) continue;
          KnownApproval approval = known_approval(view);
          // Beyond this size rows are shortened; each can be fetched whole by its id.
          if (json.out().size() - start > limits::kHistoryBytesMax) shorten(approval);
          json.object([&] { write_approval_members(json, approval); });
        }
      });
    });
  });
}

void exec_approval_get(Call& call) {
  ask_approvals(call, [asked = asked_approval(call)](Responder& to, const ApprovalsItem& item) {
    const std::optional<KnownApproval> approval = open_or_refuse(to, asked, item);
    if (!approval) return;
    to.respond([&](JsonWriter& json) {
      json.member("id", approval->id);
      json.member("commandText", approval_text(*approval));
      json.member_null("commandPreview");
      write_allowed_decisions(json, *approval);
      json.member("host", "gateway");
      json.member_null("nodeId");
      json.member("agentId", approval->agent_id);
      json.member("expiresAtMs", approval->expires_wall_ms);
    });
  });
}

void approval_get(Call& call) {
  ask_approvals(call, [asked = asked_approval(call)](Responder& to, const ApprovalsItem& item) {
    std::optional<KnownApproval> open;
    const KnownApproval* approval = find_resolved(to, asked);
    if (approval == nullptr) {
      open = open_or_refuse(to, asked, item);
      if (!open) return;
      approval = &*open;
    }
    to.respond([&](JsonWriter& json) { write_approval_snapshot(json, *approval); });
  });
}

void refuse_decision(const Responder& to, const KnownApproval& approval,
                     fb::ApprovalDecision decision) {
  to.refuse(Refusal{.message = std::string{decision_name(decision)} +
                               " is unavailable for this approval: the agent does not offer it",
                    .details = json_object([&](JsonWriter& json) {
                      json.member("reason", "APPROVAL_ALLOW_ALWAYS_UNAVAILABLE");
                      write_allowed_decisions(json, approval);
                    })});
}

// A decision on its way: first which approval it is about, then what the engine says to it.
struct Decision {
  AskedApproval asked{};
  fb::ApprovalDecision decision{};
  Seq request{};  // of the approval, once it is found

  void operator()(Responder& to, const ApprovalsItem& item) {
    if (const KnownApproval* over = find_resolved(to, asked)) return answer_repeated(to, *over);
    const std::optional<KnownApproval> approval = open_or_refuse(to, asked, item);
    if (!approval) return;
    if (!offers(*approval, decision)) return refuse_decision(to, *approval, decision);
    request = approval->request;
    const bool local = to.client().control_socket;
    const fb::EventBody kind = to.net.build([&](flatbuffers::FlatBufferBuilder& builder) {
      return fb::CreateApprovalResolved(
          builder, request.value, decision,
          local ? fb::DecidedVia::control_socket : fb::DecidedVia::client);
    });
    to.submit(kind, [sent = std::move(*this)](Responder& client, const pipeline::ReplyItem& reply) {
      sent.answer(client, reply);
    });
  }

  void answer(Responder& to, const pipeline::ReplyItem& item) const {
    const ReplyCode code = item.reply.code;
    const bool late = code == ReplyCode::not_found || code == ReplyCode::nothing_to_do;
    if (!late && !to.accepted(item)) return;
    // The event that resolved it came before this reply, whoever decided.
    const KnownApproval* approval = to.net.approvals.find(request);
    if (approval == nullptr) return refuse_unknown(to, asked.family);
    late ? answer_repeated(to, *approval) : answer_resolved(to, *approval, true);
  }

  // The same decision again is accepted; a different one comes too late.
  void answer_repeated(Responder& to, const KnownApproval& approval) const {
    if (asked.family == Family::both || approval.decision == decision) {
      return answer_resolved(to, approval, false);
    }
    to.refuse(Refusal{.message = "approval already resolved",
                      .details = R"({"reason":"APPROVAL_ALREADY_RESOLVED"})"});
  }

  void answer_resolved(Responder& to, const KnownApproval& approval, bool applied) const {
    to.respond([&](JsonWriter& json) {
      if (asked.family != Family::both) return json.member("ok", true);
      json.member("applied", applied);
      write_approval_snapshot(json, approval);
    });
  }
};

void approval_resolve(Call& call) {
  Decision decision{.asked = asked_approval(call)};
  if (!parse_decision(call.text("decision"), decision.decision)) {
    return call.refuse("invalid decision: say allow-once, allow-always or deny");
  }
  ask_approvals(call, std::move(decision));
}

void approval_wait(Call& call) {
  ask_approvals(call, [asked = asked_approval(call)](Responder& to, const ApprovalsItem& item) {
    if (const KnownApproval* over = find_resolved(to, asked)) {
      return answer_approval_wait(to.net, to.slot, to.id, *over);
    }
    const Found found = find_open(asked, item);
    if (!found.approval || found.ambiguous) return to.refuse("approval expired or not found");
    if (to.net.approvals.wait({.connection = to.ref(),
                               .id = std::string{to.id},
                               .approval = found.approval->request})) {
      return;
    }
    to.net.shared.metrics.rate_limited.add();
    to.refuse_rate_limited("waiting", "too many requests wait for approvals to be answered", 1'000);
  });
}

constexpr Param kApprovalId = required_text("id", limits::kIdempotencyKeyBytesMax);
constexpr Param kDecision = required_text("decision", 32);

constexpr Method kApprovalMethods[]{
    {"approval.get", Scope::approvals, {kApprovalId}, approval_get},
    {"approval.resolve", Scope::approvals, {kApprovalId, kDecision}, approval_resolve},
    {"exec.approval.get", Scope::approvals, {kApprovalId}, exec_approval_get},
    {"exec.approval.list", Scope::approvals, {}, approval_list, kPast},
    {"exec.approval.resolve", Scope::approvals, {kApprovalId, kDecision}, approval_resolve},
    {"exec.approval.waitDecision", Scope::approvals, {kApprovalId}, approval_wait},
    {"plugin.approval.list", Scope::approvals, {}, approval_list, kPast},
    {"plugin.approval.resolve", Scope::approvals, {kApprovalId, kDecision}, approval_resolve},
    {"plugin.approval.waitDecision", Scope::approvals, {kApprovalId}, approval_wait},
};

}  // namespace

std::span<const Method> approval_methods() {
  return kApprovalMethods;
}

}  // namespace spine::net

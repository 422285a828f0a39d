// What clients with the scope operator.approvals are told of what agents ask.
#include "adapters/websocket/pushes/approval_pushes.h"

#include <utility>

#include "adapters/websocket/protocol/known_approvals.h"
#include "schemas/fields.h"

namespace spine::net {

using pipeline::EventItem;

namespace {

std::string_view push_name(const KnownApproval& approval, bool resolved) {
  if (approval.kind == fb::ApprovalKind::plugin) {
    return resolved ? "plugin.approval.resolved" : "plugin.approval.requested";
  }
  return resolved ? "exec.approval.resolved" : "exec.approval.requested";
}

// On a resume: one that is resolved by now has no text any more, and is not pushed.
void approval_opened(Events& to, const EventItem& item) {
  if (!item.has_approval) return;
  const KnownApproval approval = known_approval(item.approval);
  to.push(push_name(approval, false), item, Audience::approvals, approval.session_key,
          [&](JsonWriter& json) { write_approval_members(json, approval); });
}

void approval_resolved(Events& to, const EventItem& item) {
  Context& net = to.net;
  const auto& body = root_of<fb::ApprovalResolved>(item.event);
  // Decided by rule: it was never shown to anybody.
  if (body.via() == fb::DecidedVia::rule) return;
  const KnownApproval* known = net.approvals.find(Seq{body.request()});
  if (known == nullptr) {
    if (!item.has_approval) return;
    KnownApproval approval = known_approval(item.approval);
    approval.resolved = true;
    approval.decision = body.decision();
    approval.via = body.via();
    approval.resolved_wall_ms = item.event.header.wall_ms;
    known = &net.approvals.keep(std::move(approval));
  }
  to.push(push_name(*known, true), item, Audience::approvals, known->session_key,
          [&](JsonWriter& json) {
            json.member("id", known->id);
            json.member("decision", decision_name(known->decision));
            json.member("resolvedBy", dashed(fb::EnumNameDecidedVia(known->via)));
            json.member("reason", terminal_reason(known->decision));
            json.member("ts", known->resolved_wall_ms);
            write_approval_request(json, *known);
          });
  if (to.resuming() != nullptr) return;
  for (const ApprovalWaiter& waiter : net.approvals.take(known->request)) {
    const std::uint32_t slot = waiter.connection.slot;
    if (!net.hub.table.live(waiter.connection) || !net.hub.writable(slot)) continue;
    answer_approval_wait(net, slot, waiter.id, *known);
  }
}

constexpr Renderer kApprovalPushes[]{
    {fb::EventBody::ApprovalOpened, approval_opened},
    {fb::EventBody::ApprovalResolved, approval_resolved},
};

}  // namespace

std::span<const Renderer> approval_pushes() {
  return kApprovalPushes;
}

}  // namespace spine::net

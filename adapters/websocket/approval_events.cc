// What clients with the scope operator.approvals are told of what agents ask.
#include "adapters/websocket/approval_events.h"

#include <utility>

#include "adapters/websocket/events.h"
#include "adapters/websocket/respond.h"
#include "schemas/fields.h"

namespace spine::net {

using pipeline::EventItem;

namespace {

std::string_view push_name(const Approval& approval, bool resolved) {
  if (approval.kind == fb::ApprovalKind::plugin) {
    return resolved ? "plugin.approval.resolved" : "plugin.approval.requested";
  }
  return resolved ? "exec.approval.resolved" : "exec.approval.requested";
}

std::string_view resolver_name(fb::DecidedVia via) {
  switch (via) {
    case fb::DecidedVia::rule:
      return "rule";
    case fb::DecidedVia::client:
      return "client";
    case fb::DecidedVia::control_socket:
      return "control-socket";
    case fb::DecidedVia::owner:
      return "owner";
    case fb::DecidedVia::deadline:
      return "deadline";
    case fb::DecidedVia::run_end:
      return "run-end";
  }
  return "client";
}

}  // namespace

// One that is answered by now has no text any more: to who was away it is nothing.
void Events::approval_opened(const EventItem& item) {
  if (!item.has_approval) return;
  const Approval approval = approval_of(item.approval);
  Push push{net_, push_name(approval, false)};
  JsonWriter& json = push.json();
  json.begin_object();
  write_approval_members(json, approval);
  write_cursor(json, item.event.seq);
  json.end_object();
  deliver(push, item.event.seq, Audience::approvals, approval.session_key);
}

void Events::approval_resolved(const EventItem& item) {
  const auto& body = *flatbuffers::GetRoot<fb::ApprovalResolved>(item.event.body.data());
  // By rule: it was never put to anybody.
  if (body.via() == fb::DecidedVia::rule) return;
  const Approval* known = net_.approvals.find(Seq{body.request()});
  if (known == nullptr) {
    if (!item.has_approval) return;
    Approval approval = approval_of(item.approval);
    approval.resolved = true;
    approval.decision = body.decision();
    approval.via = body.via();
    approval.resolved_wall_ms = item.event.header.wall_ms;
    known = &net_.approvals.keep(std::move(approval));
  }
  push_approval_resolved(item, *known);
  if (resuming_ != nullptr) return;
  for (const ApprovalWaiter& waiter : net_.approvals.take(known->request)) {
    if (!net_.hub.table.live(waiter.connection)) continue;
    if (!net_.hub.writable(waiter.connection.slot)) continue;
    answer_approval_wait(net_, waiter.connection.slot, waiter.id, *known);
  }
}

void Events::push_approval_resolved(const EventItem& item, const Approval& approval) {
  Push push{net_, push_name(approval, true)};
  JsonWriter& json = push.json();
  json.begin_object();
  json.member("id", approval.id);
  json.member("decision", decision_name(approval.decision));
  json.member("resolvedBy", resolver_name(approval.via));
  json.member("reason", terminal_reason(approval.decision));
  json.member("ts", approval.resolved_wall_ms);
  json.key("request");
  write_approval_request(json, approval);
  write_cursor(json, item.event.seq);
  json.end_object();
  deliver(push, item.event.seq, Audience::approvals, approval.session_key);
}

}  // namespace spine::net

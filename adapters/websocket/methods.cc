// Scopes, and the way from a request to its handler.
#include "adapters/websocket/methods.h"

#include <algorithm>
#include <array>

#include "adapters/websocket/respond.h"

namespace spine::net {
namespace {

struct ScopeName {
  std::string_view name{};
  Scope scope{};
};
constexpr std::array<ScopeName, 8> kScopes{{
    {"operator.read", Scope::read},
    {"operator.write", Scope::write},
    {"operator.admin", Scope::admin},
    {"operator.approvals", Scope::approvals},
    {"operator.questions", Scope::questions},
    {"operator.pairing", Scope::pairing},
    {"operator.talk", Scope::talk},
    {"operator.talk.secrets", Scope::talk_secrets},
}};

std::string_view reason_text(fb::RejectReason reason) {
  switch (reason) {
    case fb::RejectReason::not_allowed:
      return "the sender is not on the channel's allowlist";
    case fb::RejectReason::disabled:
      return "the channel takes no messages of this kind";
    case fb::RejectReason::unpaired:
      return "the sender is not paired";
    case fb::RejectReason::rate_limited:
      return "the sender has too many messages waiting";
    case fb::RejectReason::queue_full:
      return "the session has too many messages waiting";
    case fb::RejectReason::table_full:
      return "the gateway keeps as many sessions, senders, runs or devices as it may: delete some "
             "that are not needed (spine sessions, spine devices), or wait until old ones expire";
    case fb::RejectReason::unknown_agent:
      return "no such agent is configured";
    case fb::RejectReason::group_not_listed:
      return "the group is not among channels.<name>.groups";
    default:
      return "the message was not accepted";
  }
}

void refuse_rejected(Answer& answer, fb::RejectReason reason) {
  if (reason == fb::RejectReason::table_full) {
    return refuse(answer.net, answer.slot, answer.id(), table_full_refusal());
  }
  const bool later =
      reason == fb::RejectReason::rate_limited || reason == fb::RejectReason::queue_full;
  const bool policy = reason == fb::RejectReason::not_allowed ||
                      reason == fb::RejectReason::disabled || reason == fb::RejectReason::unpaired;
  const std::string_view code = reason == fb::RejectReason::unknown_agent ? "UNKNOWN_AGENT_ID"
                                : later                                   ? "RATE_LIMITED"
                                                                          : "MESSAGE_REJECTED";
  refuse(answer.net, answer.slot, answer.id(),
         {.code = later    ? error_code::kUnavailable
                  : policy ? error_code::kForbidden
                           : error_code::kInvalidRequest,
          .message = std::string{reason_text(reason)},
          .details = details_of(code, fb::EnumNameRejectReason(reason)),
          .retryable = later,
          .retry_after_ms = 1'000});
}

}  // namespace

Refusal table_full_refusal() {
  return {.code = error_code::kUnavailable,
          .message = std::string{reason_text(fb::RejectReason::table_full)},
          .details = details_of("TABLE_FULL", "table_full"),
          .retryable = true,
          .retry_after_ms = 1'000};
}

Refusal disk_full_refusal() {
  return {.code = error_code::kUnavailable,
          .message = "the gateway's disk is full: nothing is taken in until there is room again",
          .details = details_of("NO_SPACE", "no_space"),
          .retryable = true,
          .retry_after_ms = 1'000};
}

bool satisfies(ScopeSet granted, Scope needed) {
  if (needed == Scope::none) return true;
  auto have = granted;
  if ((granted & static_cast<ScopeSet>(Scope::admin)) != 0) return true;
  if ((granted & static_cast<ScopeSet>(Scope::write)) != 0) {
    have = static_cast<ScopeSet>(have | static_cast<ScopeSet>(Scope::read) |
                                 static_cast<ScopeSet>(Scope::talk));
  }
  return (have & static_cast<ScopeSet>(needed)) != 0;
}

std::string_view scope_name(Scope scope) {
  for (const ScopeName& row : kScopes) {
    if (row.scope == scope) return row.name;
  }
  return "";
}

Scope scope_of(std::string_view name) {
  for (const ScopeName& row : kScopes) {
    if (row.name == name) return row.scope;
  }
  return Scope::none;
}

std::uint64_t Call::pend() {
  return net.pending.add(ref(), &method, id);
}

void dispatch(Context& net, std::uint32_t slot, std::string_view id, const Method& method,
              simdjson::dom::element params, bool has_params) {
  if (!satisfies(net.hub.table.scopes[slot], method.scope)) {
    return refuse_scope(net, slot, id, method.scope);
  }
  if (method.asks() && !net.may_ask(slot)) {
    net.shared.metrics.rate_limited.add();
    return refuse_rate_limited(net, slot, id, "queries",
                               "too many questions wait for their answers", 100);
  }
  std::string problem;
  Params reader{params, has_params, problem};
  Call call{net, slot, id, method, reader};
  if (call.params.ok()) method.call(call);
  if (problem.empty()) return;
  net.shared.metrics.frames_refused.add();
  refuse_invalid(net, slot, id, "invalid " + std::string{method.name} + " params: " + problem);
}

void refuse_scope(Context& net, std::uint32_t slot, std::string_view id, Scope scope) {
  const std::string name{scope_name(scope)};
  refuse(net, slot, id,
         {.code = error_code::kForbidden,
          .message = "missing scope: " + name,
          .details = "{\"code\":\"MISSING_SCOPE\",\"missingScope\":\"" + name +
                     "\",\"requiredScopes\":[\"" + name + "\"]}"});
}

void write_command(http::JsonWriter& json, const pipeline::ReplyItem& item) {
  if (item.command.empty()) return;
  json.member("command", item.command);
  json.member("text", item.command_answer);
}

void write_waits_behind(http::JsonWriter& json, const pipeline::ReplyItem& item,
                        std::int64_t wall_ms) {
  if (item.behind_run_key.empty()) return;
  json.key("waitsBehind");
  json.begin_object();
  json.member("runId", item.behind_run_key);
  json.member("startedAt", item.behind_started_wall_ms);
  json.member("runningMs", std::max<std::int64_t>(wall_ms - item.behind_started_wall_ms, 0));
  json.end_object();
}

void refuse_key(Context& net, std::uint32_t slot, std::string_view id, std::string_view typed) {
  net.shared.metrics.frames_refused.add();
  std::string what = "malformed session key";
  if (!typed.empty()) what.append(" \"").append(typed).append("\"");
  refuse(net, slot, id,
         {.message = what + ": it must be agent:<id>:<name>, or a name",
          .details = details_of("INVALID_SESSION_KEY", "malformed_key")});
}

void refuse_reply(Answer& answer, const pipeline::ReplyItem& item) {
  using core::ReplyCode;
  const core::Reply& reply = item.reply;
  switch (reply.code) {
    case ReplyCode::rejected:
      return refuse_rejected(answer, reply.reason);
    case ReplyCode::rate_limited:
      return refuse_rate_limited(answer.net, answer.slot, answer.id(), "messages",
                                 "rate limit exceeded", reply.retry_after_ms);
    case ReplyCode::no_space:
      return refuse(answer.net, answer.slot, answer.id(), disk_full_refusal());
    case ReplyCode::missing_scope:
      return refuse_scope(answer.net, answer.slot, answer.id(), Scope::admin);
    case ReplyCode::malformed_key:
      return refuse_key(answer.net, answer.slot, answer.id(), {});
    case ReplyCode::not_found:
      return refuse_invalid(answer.net, answer.slot, answer.id(),
                            item.session_key.empty()
                                ? std::string{"No session found"}
                                : "No session found: " + std::string{item.session_key});
    default:
      return refuse_invalid(answer.net, answer.slot, answer.id(), "the request had no effect");
  }
}

}  // namespace spine::net

// Writing of response and event frames.
#include "adapters/websocket/protocol/respond.h"

#include <algorithm>
#include <array>

namespace spine::net {
namespace {

struct ReasonText {
  fb::RejectReason reason{};
  std::string_view text{};
};
constexpr std::array<ReasonText, 10> kReasonTexts{{
    {fb::RejectReason::not_allowed, "the sender is not on the channel's allowlist"},
    {fb::RejectReason::disabled, "the channel takes no messages of this kind"},
    {fb::RejectReason::unpaired, "the sender is not paired"},
    {fb::RejectReason::rate_limited, "the sender has too many messages waiting"},
    {fb::RejectReason::queue_full, "the session has too many messages waiting"},
    {fb::RejectReason::table_full,
     "the gateway keeps as many sessions, senders, runs or devices as it may: delete some that are "
     "not needed (spine sessions, spine devices), or wait until old ones expire"},
    {fb::RejectReason::unknown_agent, "no such agent is configured"},
    {fb::RejectReason::group_not_listed, "the group is not among channels.<name>.groups"},
    {fb::RejectReason::unsupported, "a message of that kind cannot be read"},
    {fb::RejectReason::too_large, "the text is too long"},
}};

std::string reason_text(fb::RejectReason reason) {
  const auto* row = std::ranges::find(kReasonTexts, reason, &ReasonText::reason);
  return std::string{row == kReasonTexts.end() ? "the message was not accepted" : row->text};
}

Refusal refusal_of(fb::RejectReason reason) {
  if (reason == fb::RejectReason::table_full) return table_full_refusal();
  const bool later =
      reason == fb::RejectReason::rate_limited || reason == fb::RejectReason::queue_full;
  const bool policy = reason == fb::RejectReason::not_allowed ||
                      reason == fb::RejectReason::disabled || reason == fb::RejectReason::unpaired;
  const std::string_view code = reason == fb::RejectReason::unknown_agent ? "UNKNOWN_AGENT_ID"
                                : later                                   ? "RATE_LIMITED"
                                                                          : "MESSAGE_REJECTED";
  return {.code = later    ? error_code::kUnavailable
                  : policy ? error_code::kForbidden
                           : error_code::kInvalidRequest,
          .message = reason_text(reason),
          .details = details_of(code, fb::EnumNameRejectReason(reason)),
          .retryable = later,
          .retry_after_ms = 1'000};
}

}  // namespace

Refusal table_full_refusal() {
  return {.code = error_code::kUnavailable,
          .message = reason_text(fb::RejectReason::table_full),
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

// In three pieces: every answer begins so.
JsonWriter Responder::begin(bool ok) const {
  std::string& out = net.hub.begin(slot);
  out += R"({"type":"res","id":")";
  append_escaped(out, id);
  out += ok ? R"(","ok":true,"payload":)" : R"(","ok":false,"error":)";
  return JsonWriter{out};
}

void Responder::end(JsonWriter& json) const {
  json.end_object();
  net.hub.end(slot);
}

void Responder::refuse(const Refusal& refusal) const {
  if (!net.hub.writable(slot)) return;
  JsonWriter json = begin(false);
  json.object([&] {
    json.member("code", refusal.code);
    json.member("message", refusal.message);
    if (!refusal.details.empty()) json.member_raw("details", refusal.details);
    if (!refusal.retryable) return;
    json.member("retryable", true);
    json.member("retryAfterMs", refusal.retry_after_ms);
  });
  end(json);
}

void Responder::refuse(std::string message, std::string_view code, std::string_view reason) const {
  refuse(Refusal{.message = std::move(message), .details = details_of(code, reason)});
}

void Responder::refuse_scope(Scope scope) const {
  const std::string name{scope_name(scope)};
  refuse({.code = error_code::kForbidden,
          .message = "missing scope: " + name,
          .details = json_object([&](JsonWriter& json) {
            json.member("code", "MISSING_SCOPE");
            json.member("missingScope", name);
            json.array("requiredScopes", [&] { json.value(name); });
          })});
}

void Responder::refuse_key(std::string_view typed) const {
  net.shared.metrics.frames_refused.add();
  std::string what = "malformed session key";
  if (!typed.empty()) what.append(" \"").append(typed).append("\"");
  refuse(what + ": it must be agent:<id>:<name>, or a name", "INVALID_SESSION_KEY",
         "malformed_key");
}

void Responder::refuse_rate_limited(std::string_view reason, std::string message,
                                    std::uint64_t retry_after_ms) const {
  refuse({.code = error_code::kUnavailable,
          .message = std::move(message),
          .details = details_of("RATE_LIMITED", reason),
          .retryable = true,
          .retry_after_ms = retry_after_ms});
}

void Responder::refuse_reply(const pipeline::ReplyItem& item) const {
  using core::ReplyCode;
  const core::Reply& reply = item.reply;
  switch (reply.code) {
    case ReplyCode::rejected:
      return refuse(refusal_of(reply.reason));
    case ReplyCode::rate_limited:
      return refuse_rate_limited("messages", "rate limit exceeded", reply.retry_after_ms);
    case ReplyCode::no_space:
      return refuse(disk_full_refusal());
    case ReplyCode::missing_scope:
      return refuse_scope(Scope::admin);
    case ReplyCode::malformed_key:
      return refuse_key({});
    case ReplyCode::not_found:
      return refuse(item.session_key.empty()
                        ? std::string{"No session found"}
                        : "No session found: " + std::string{item.session_key});
    default:
      return refuse("the request had no effect");
  }
}

void Responder::refuse_past(const core::PastFailureItem& item) const {
  const bool asked_wrong = item.code == Errc::invalid_argument;
  const bool beyond = item.code == Errc::not_found;
  refuse({.code = asked_wrong || beyond ? error_code::kInvalidRequest : error_code::kUnavailable,
          .message = std::string{item.message},
          .details = asked_wrong ? details_of("INVALID_MOMENT", "invalid_moment")
                     : beyond    ? details_of("MOMENT_NOT_REACHABLE", "outside_journal")
                                 : details_of("PAST_UNAVAILABLE", "past_unavailable"),
          .retryable = item.retryable,
          .retry_after_ms = 1'000});
}

bool Responder::accepted(const pipeline::ReplyItem& item) const {
  if (item.reply.code == core::ReplyCode::accepted) return true;
  refuse_reply(item);
  return false;
}

std::string details_of(std::string_view code, std::string_view reason) {
  return json_object([&](JsonWriter& json) {
    json.member("code", code);
    json.member("reason", reason);
  });
}

Push::Push(Context& net, std::string_view event) : net_(net), event_(event), json_(net.scratch) {
  net.scratch.clear();
}

void Push::put(std::uint32_t slot, bool numbered) {
  if (!net_.hub.writable(slot)) return;
  std::string& out = net_.hub.begin(slot);
  out += "{\"type\":\"event\",\"event\":\"";
  out += event_;
  out += "\",\"payload\":";
  out += net_.scratch;
  if (numbered) {
    out += ",\"seq\":";
    JsonWriter{out}.value(++net_.hub.table.seq[slot]);
  }
  if (state_version_) {
    out += ",\"stateVersion\":{\"presence\":";
    JsonWriter{out}.value(net_.presence_version);
    out += ",\"health\":";
    JsonWriter{out}.value(net_.health_version);
    out += '}';
  }
  out += '}';
  net_.hub.end(slot);
}

}  // namespace spine::net

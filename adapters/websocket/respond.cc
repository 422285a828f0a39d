// Writing of response and event frames.
#include "adapters/websocket/respond.h"

namespace spine::net {

Response::Response(Context& net, std::uint32_t slot, std::string_view id)
    : net_(net), slot_(slot), out_(net.hub.begin(slot)), json_(out_) {
  out_ += "{\"type\":\"res\",\"id\":\"";
  http::append_escaped(out_, id);
  out_ += "\",\"ok\":true,\"payload\":";
}

void Response::send() {
  out_ += '}';
  net_.hub.end(slot_);
}

void refuse(Context& net, std::uint32_t slot, std::string_view id, const Refusal& refusal) {
  if (!net.hub.writable(slot)) return;
  std::string& out = net.hub.begin(slot);
  http::JsonWriter json{out};
  json.begin_object();
  json.member("type", "res");
  json.member("id", id);
  json.member("ok", false);
  json.key("error");
  json.begin_object();
  json.member("code", refusal.code);
  json.member("message", refusal.message);
  if (!refusal.details.empty()) json.member_raw("details", refusal.details);
  if (refusal.retryable) {
    json.member("retryable", true);
    json.member("retryAfterMs", refusal.retry_after_ms);
  }
  json.end_object();
  json.end_object();
  net.hub.end(slot);
}

void refuse_invalid(Context& net, std::uint32_t slot, std::string_view id, std::string message) {
  refuse(net, slot, id, {.message = std::move(message)});
}

void refuse_rate_limited(Context& net, std::uint32_t slot, std::string_view id,
                         std::string_view reason, std::string message,
                         std::uint64_t retry_after_ms) {
  refuse(net, slot, id,
         {.code = error_code::kUnavailable,
          .message = std::move(message),
          .details = details_of("RATE_LIMITED", reason),
          .retryable = true,
          .retry_after_ms = retry_after_ms});
}

std::string details_of(std::string_view code, std::string_view reason) {
  std::string details;
  http::JsonWriter json{details};
  json.begin_object();
  json.member("code", code);
  json.member("reason", reason);
  json.end_object();
  return details;
}

Push::Push(Context& net, std::string_view event) : net_(net), event_(event), json_(net.scratch) {
  net.scratch.clear();
}

void Push::to(std::uint32_t slot) {
  put(slot, true);
}
void Push::targeted(std::uint32_t slot) {
  put(slot, false);
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
    http::JsonWriter{out}.value(++net_.hub.table.seq[slot]);
  }
  if (state_version_) {
    out += ",\"stateVersion\":{\"presence\":";
    http::JsonWriter{out}.value(net_.presence_version);
    out += ",\"health\":";
    http::JsonWriter{out}.value(net_.health_version);
    out += '}';
  }
  out += '}';
  net_.hub.end(slot);
}

}  // namespace spine::net

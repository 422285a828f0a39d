// sessions.*: lists, subscriptions, reset and delete.
#include <algorithm>
#include <string>

#include "adapters/websocket/inputs.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"

namespace spine::net::handlers {
namespace {

using core::ReplyCode;

constexpr TextRule kKey{.required = true, .bytes_min = 1, .bytes_max = limits::kKeyBytesMax};
constexpr std::uint64_t kListDefault = 100;
constexpr std::uint64_t kListMax = 1'000;

// Asks for a page as `limit`, `offset` and `agentId` say; false when they complain.
bool ask_page(Call& call) {
  // More than a page holds may be asked for: limitApplied says what was given.
  const std::int64_t asked =
      call.params.integer("limit", {.min = 1,
                                    .max = std::int64_t{1} << 53,
                                    .otherwise = static_cast<std::int64_t>(kListDefault)});
  const std::int64_t limit = std::min<std::int64_t>(asked, kListMax);
  const std::int64_t offset =
      call.params.integer("offset", {.min = 0, .max = limits::kSessionsMax, .otherwise = 0});
  const std::string_view agent = call.params.text("agentId", {.bytes_max = limits::kNameBytesMax});
  if (!call.valid()) return false;
  const std::uint64_t number = call.pend();
  PendingMore& more = call.net.pending.at(number).extra();
  more.a = static_cast<std::uint64_t>(offset);
  more.b = static_cast<std::uint64_t>(limit);
  call.net.query(pipeline::input_kind::kQuerySessions, call.slot, number, agent, more.a, more.b);
  return true;
}

// As many rows as a page holds, as sent: people give sessions their names. Returns how many.
std::size_t render_rows(Context& net, const pipeline::SessionsItem& item, std::string& rows) {
  http::JsonWriter json{rows};
  std::size_t count = 0;
  for (const core::SessionView& session : item.sessions) {
    if (count != 0 && rows.size() > limits::kHistoryBytesMax) break;
    write_session(json, net.config(), session, net.wall_ms);
    ++count;
  }
  return count;
}

void write_page(http::JsonWriter& json, Answer& answer, const pipeline::SessionsItem& item) {
  Context& net = answer.net;
  const PendingMore& more = answer.request().extra();
  std::string rows;
  const std::size_t count = render_rows(net, item, rows);
  const std::uint64_t next = more.a + count;
  const bool has_more = next < item.total;
  json.begin_object();
  json.member("ts", net.wall_ms);
  json.member("path", "journal");
  json.member("count", count);
  json.member("totalCount", item.total);
  json.member("limitApplied", more.b);
  json.key("nextOffset");
  if (has_more) {
    json.value(next);
  } else {
    json.null();
  }
  json.member("hasMore", has_more);
  json.member_raw("owners", "[]");
  json.key("defaults");
  write_defaults(json, net.config());
  json.key("sessions");
  json.begin_array();
  if (count != 0) json.raw(rows);
  json.end_array();
  json.end_object();
}

void answer_subscribed(Answer& answer, std::string_view key, bool subscribed) {
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("subscribed", subscribed);
  json.member("key", key);
  json.end_object();
  response.send();
}

}  // namespace

void sessions_list(Call& call) {
  ask_page(call);
}

void on_sessions_list(Answer& answer, const pipeline::SessionsItem& item) {
  Response response{answer.net, answer.slot, answer.id()};
  write_page(response.json(), answer, item);
  response.send();
}

void sessions_describe(Call& call) {
  const std::string_view asked = call.params.text("key", kKey);
  if (!call.valid()) return;
  call.net.query(pipeline::input_kind::kQuerySession, call.slot, call.pend(), asked);
}

void on_sessions_describe(Answer& answer, const pipeline::SessionsItem& item) {
  Context& net = answer.net;
  if (item.malformed) return refuse_key(net, answer.slot, answer.id(), {});
  Response response{net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.key("session");
  if (item.sessions.empty()) {
    json.null();
  } else {
    write_session(json, net.config(), item.sessions.front(), net.wall_ms);
  }
  json.end_object();
  response.send();
}

void sessions_subscribe(Call& call) {
  const bool with_list =
      call.params.has("limit") || call.params.has("offset") || call.params.has("agentId");
  if (with_list && !ask_page(call)) return;
  call.net.watch_sessions(call.slot);
  call.net.hub.table.set(call.slot, connection_flag::kAllSessions);
  if (with_list) return;
  Response response{call.net, call.slot, call.id};
  response.json().raw("{\"subscribed\":true}");
  response.send();
}

void on_sessions_subscribe(Answer& answer, const pipeline::SessionsItem& item) {
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("subscribed", true);
  json.key("list");
  write_page(json, answer, item);
  json.end_object();
  response.send();
}

void messages_subscribe(Call& call) {
  const std::string_view asked = call.params.text("key", kKey);
  if (!call.valid()) return;
  // From now on, so that the engine tells of what follows the answer.
  call.net.watch_sessions(call.slot);
  call.net.ask_key(call.slot, call.pend(), asked);
}

void on_messages_subscribe(Answer& answer, const pipeline::ReplyItem& item) {
  if (item.reply.code != ReplyCode::accepted) return refuse_reply(answer, item);
  Context& net = answer.net;
  std::vector<std::string>& keys = net.hub.table.client[answer.slot]->keys;
  const bool known = std::find(keys.begin(), keys.end(), item.session_key) != keys.end();
  if (!known && keys.size() >= limits::kSubscribedKeysMax) {
    return refuse_invalid(net, answer.slot, answer.id(),
                          "too many subscriptions on this connection");
  }
  if (!known && net.subscribed_keys >= limits::kSubscribedKeysAllMax) {
    return refuse_rate_limited(net, answer.slot, answer.id(), "subscriptions",
                               "too many subscriptions of all connections", 1'000);
  }
  if (!known) {
    keys.emplace_back(item.session_key);
    ++net.subscribed_keys;
  }
  answer_subscribed(answer, item.session_key, true);
}

void messages_unsubscribe(Call& call) {
  const std::string_view asked = call.params.text("key", kKey);
  if (call.valid()) call.net.ask_key(call.slot, call.pend(), asked);
}

void on_messages_unsubscribe(Answer& answer, const pipeline::ReplyItem& item) {
  if (item.reply.code != ReplyCode::accepted) return refuse_reply(answer, item);
  std::vector<std::string>& keys = answer.net.hub.table.client[answer.slot]->keys;
  answer.net.subscribed_keys -= std::erase(keys, item.session_key);
  answer_subscribed(answer, item.session_key, false);
}

void sessions_reset(Call& call) {
  const std::string_view asked = call.params.text("key", kKey);
  if (!call.valid()) return;
  build_session_reset(call.net, as_uuid(call.net.entropy.next()));
  call.net.push(fb::EventBody::SessionReset, call.slot, call.pend(), {.session_key = asked});
}

void on_sessions_reset(Answer& answer, const pipeline::ReplyItem& item) {
  if (item.reply.code != ReplyCode::accepted) return refuse_reply(answer, item);
  std::string uuid;
  append_uuid(uuid, item.session_uuid);
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("ok", true);
  json.member("key", item.session_key);
  json.key("entry");
  json.begin_object();
  json.member("sessionId", uuid);
  json.member("updatedAt", answer.net.wall_ms);
  json.end_object();
  json.key("resolved");
  write_defaults(json, answer.net.config());
  json.end_object();
  response.send();
}

namespace {

void answer_deleted(Answer& answer, std::string_view key, bool deleted) {
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("ok", true);
  json.member("key", key);
  json.member("deleted", deleted);
  json.member_raw("archived", "[]");
  json.end_object();
  response.send();
}

}  // namespace

void sessions_delete(Call& call) {
  const std::string_view asked = call.params.text("key", kKey);
  if (!call.valid()) return;
  build_session_closed(call.net);
  call.net.push(fb::EventBody::SessionClosed, call.slot, call.pend(), {.session_key = asked});
}

void on_sessions_delete(Answer& answer, const pipeline::ReplyItem& item) {
  if (item.reply.code == ReplyCode::refused_main) {
    return refuse_invalid(
        answer.net, answer.slot, answer.id(),
        "Cannot delete the main session (" + std::string{item.session_key} + ").");
  }
  const bool deleted = item.reply.code == ReplyCode::accepted;
  if (!deleted && item.reply.code != ReplyCode::not_found) return refuse_reply(answer, item);
  answer_deleted(answer, item.session_key, deleted);
}

}  // namespace spine::net::handlers

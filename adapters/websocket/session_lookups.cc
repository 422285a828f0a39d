// sessions.resolve, sessions.preview and sessions.compact.
#include <algorithm>
#include <string>

#include "adapters/websocket/inputs.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"

namespace spine::net::handlers {
namespace {

using core::ReplyCode;

constexpr TextRule kAsked{.bytes_max = limits::kKeyBytesMax};
constexpr std::size_t kPreviewsMax = 64;
constexpr std::uint64_t kByLabel = 1;
constexpr std::uint64_t kBySessionId = 2;

void answer_resolved(Answer& answer, const core::SessionView& session) {
  std::string uuid;
  append_uuid(uuid, session.uuid);
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("ok", true);
  json.member("key", session.key);
  json.member("agentId", session.agent_id);
  json.member("sessionId", uuid);
  json.end_object();
  response.send();
}

void end_preview(Answer& answer) {
  answer.net.hub.table.unset(answer.slot, connection_flag::kPreviewing);
  --answer.net.previews;
}

}  // namespace

void sessions_resolve(Call& call) {
  const std::string_view key = call.params.text("key", kAsked);
  const std::string_view label = call.params.text("label", kAsked);
  std::string_view id = call.params.text("sessionId", kAsked);
  const std::string_view short_id = call.params.text("shortId", kAsked);
  const bool allow_missing = call.params.boolean("allowMissing", false);
  if (id.empty()) id = short_id;
  const int given = static_cast<int>(!key.empty()) + static_cast<int>(!label.empty()) +
                    static_cast<int>(!id.empty());
  if (call.valid() && given != 1) {
    call.params.complain("key", "exactly one of key, sessionId, label, shortId is needed");
  }
  if (!call.valid()) return;
  const std::uint64_t number = call.pend();
  PendingMore& more = call.net.pending.at(number).extra();
  more.flag = allow_missing;
  more.text = !key.empty() ? key : !label.empty() ? label : id;
  if (!key.empty()) {
    return call.net.query(pipeline::input_kind::kQuerySession, call.slot, number, key);
  }
  call.net.query(pipeline::input_kind::kQueryFindSession, call.slot, number, more.text,
                 label.empty() ? kBySessionId : kByLabel);
}

void on_sessions_resolve(Answer& answer, const pipeline::SessionsItem& item) {
  const PendingMore& more = answer.request().extra();
  if (item.malformed) return refuse_key(answer.net, answer.slot, answer.id(), more.text);
  if (item.sessions.size() == 1) return answer_resolved(answer, item.sessions.front());
  if (item.sessions.size() > 1) {
    return refuse_invalid(answer.net, answer.slot, answer.id(),
                          "More than one session found: " + more.text);
  }
  if (!more.flag) {
    return refuse_invalid(answer.net, answer.slot, answer.id(), "No session found: " + more.text);
  }
  Response response{answer.net, answer.slot, answer.id()};
  response.json().raw("{\"ok\":false}");
  response.send();
}

// First which sessions the keys name; then the lists of messages are asked for, one session after
// the other, under one number.
void sessions_preview(Call& call) {
  simdjson::dom::array keys;
  if (!call.params.array("keys", keys)) call.params.complain("keys", "must be an array of keys");
  const std::int64_t limit = call.params.integer("limit", {.min = 1, .max = 50, .otherwise = 12});
  const std::int64_t chars =
      call.params.integer("maxChars", {.min = 20, .max = 2'000, .otherwise = 240});
  if (!call.valid()) return;
  pipeline::KeyList wanted;
  std::size_t count = 0;
  for (const simdjson::dom::element element : keys) {
    std::string_view key;
    if (element.get(key) != simdjson::SUCCESS || key.size() > limits::kKeyBytesMax) {
      return call.params.complain("keys", "items must be session keys");
    }
    if (++count <= kPreviewsMax) wanted.add(key);
  }
  if (count == 0) {
    Response response{call.net, call.slot, call.id};
    response.json().raw("{\"ts\":" + std::to_string(call.net.wall_ms) + ",\"previews\":[]}");
    return response.send();
  }
  Connections& table = call.net.hub.table;
  // What is gathered may be megabytes: one at a time.
  if (table.flag(call.slot, connection_flag::kPreviewing) ||
      call.net.previews == limits::kPreviewsAtOnceMax) {
    return refuse_rate_limited(call.net, call.slot, call.id, "previews",
                               "another preview is being gathered", 100);
  }
  table.set(call.slot, connection_flag::kPreviewing);
  ++call.net.previews;
  const std::uint64_t number = call.pend();
  PendingMore& more = call.net.pending.at(number).extra();
  more.a = static_cast<std::uint64_t>(limit);
  more.b = static_cast<std::uint64_t>(chars);
  call.net.query(pipeline::input_kind::kResolveKeys, call.slot, number, wanted.view());
}

void on_sessions_preview_keys(Answer& answer, const pipeline::SessionsItem& item) {
  PendingMore& more = answer.request().extra();
  if (item.malformed) {
    end_preview(answer);
    return refuse_key(answer.net, answer.slot, answer.id(), {});
  }
  for (const core::SessionView& session : item.sessions) {
    if (std::ranges::find(more.list, session.key) == more.list.end()) {
      more.list.emplace_back(session.key);
    }
  }
  answer.keep = true;
  answer.net.query(pipeline::input_kind::kQueryMessages, answer.slot, answer.number,
                   more.list.front(), more.a);
}

namespace {

void write_preview(http::JsonWriter& json, std::string_view key, const pipeline::HistoryItem& item,
                   std::size_t bytes_max) {
  json.begin_object();
  json.member("key", key);
  json.member("status", !item.found ? "missing" : item.events.empty() ? "empty" : "ok");
  json.key("items");
  json.begin_array();
  for (const EventView& event : item.events)
    write_preview_item(json, event, bytes_max);
  json.end_array();
  json.end_object();
}

}  // namespace

void on_sessions_preview(Answer& answer, const pipeline::HistoryItem& item) {
  PendingMore& more = answer.request().extra();
  const std::size_t done = answer.request().step;
  if (done != 0) more.text += ',';
  http::JsonWriter json{more.text};
  write_preview(json, more.list[done], item, more.b);
  ++answer.request().step;
  if (done + 1 < more.list.size() && more.text.size() < limits::kPreviewBytesMax) {
    answer.keep = true;
    return answer.net.query(pipeline::input_kind::kQueryMessages, answer.slot, answer.number,
                            more.list[done + 1], more.a);
  }
  end_preview(answer);
  Response response{answer.net, answer.slot, answer.id()};
  response.json().raw("{\"ts\":" + std::to_string(answer.net.wall_ms) + ",\"previews\":[" +
                      more.text + "]}");
  response.send();
}

void sessions_compact(Call& call) {
  const std::string_view key = call.params.text(
      "key", {.required = true, .bytes_min = 1, .bytes_max = limits::kKeyBytesMax});
  if (!call.valid()) return;
  call.net.query(pipeline::input_kind::kQuerySession, call.slot, call.pend(), key);
}

// The journal keeps everything, and the echo agent has no context that could grow too long.
void on_sessions_compact(Answer& answer, const pipeline::SessionsItem& item) {
  if (item.malformed) return refuse_key(answer.net, answer.slot, answer.id(), {});
  if (item.sessions.empty()) {
    return refuse_invalid(answer.net, answer.slot, answer.id(),
                          "No session found: " + std::string{item.key});
  }
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("ok", true);
  json.member("key", item.key);
  json.member("compacted", false);
  json.member("reason", "the agent keeps no context of its own");
  json.end_object();
  response.send();
}

}  // namespace spine::net::handlers

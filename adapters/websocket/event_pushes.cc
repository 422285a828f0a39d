// The payloads of session.message, sessions.changed, agent and chat.
#include "adapters/websocket/events.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"

namespace spine::net {

using pipeline::EventItem;

// "<epoch hex>.<seq>.<ordinal>": where a client may resume. Deltas are not journalled: none.
void Events::write_cursor(http::JsonWriter& json, Seq seq) {
  if (!seq) return;
  key_.clear();
  append_hex(key_, net_.shared.epoch);
  key_ += '.';
  key_ += std::to_string(seq.value);
  key_ += ".0";
  json.member("cursor", key_);
}

void Events::push_changed(const EventItem& item, std::string_view phase, std::string_view reason,
                          std::string_view run_key) {
  if (!item.has_session) return;
  Push push{net_, "sessions.changed"};
  http::JsonWriter& json = push.json();
  json.begin_object();
  json.member("sessionKey", item.session.key);
  json.member("agentId", item.session.agent_id);
  json.member_if("phase", phase);
  json.member_if("reason", reason);
  json.member_if("runId", run_key);
  json.member("ts", item.event.header.wall_ms);
  json.key("session");
  write_session(json, net_.config(), item.session, net_.wall_ms);
  write_cursor(json, item.event.seq);
  json.end_object();
  for (const std::uint32_t slot : net_.interested) {
    if (net_.hub.table.flag(slot, connection_flag::kAllSessions)) push.to(slot);
  }
}

void Events::push_message(const EventItem& item, std::string_view run_key) {
  if (!item.has_session) return;
  Push push{net_, "session.message"};
  http::JsonWriter& json = push.json();
  json.begin_object();
  json.member("sessionKey", item.session.key);
  json.member("agentId", item.session.agent_id);
  json.key("message");
  write_message(json, item.event, run_key);
  json.member("messageId", std::to_string(item.event.seq.value));
  json.member("messageSeq", item.event.seq.value);
  json.key("session");
  write_session(json, net_.config(), item.session, net_.wall_ms);
  write_cursor(json, item.event.seq);
  json.end_object();
  for (const std::uint32_t slot : net_.interested) {
    if (watches(slot, item.session.key)) push.to(slot);
  }
}

void Events::push_agent(LiveRun& run, std::string_view stream, std::string_view data, Seq cursor) {
  ++run.seq;
  Push push{net_, "agent"};
  http::JsonWriter& json = push.json();
  json.begin_object();
  json.member("runId", run.key);
  json.member("sessionKey", run.session_key);
  json.member("agentId", run.agent_id);
  json.member("seq", run.seq);
  json.member("ts", net_.wall_ms);
  json.member("stream", stream);
  json.member_raw("data", data);
  write_cursor(json, cursor);
  json.end_object();
  for (const std::uint32_t slot : net_.interested)
    push.to(slot);
}

void Events::push_chat(const LiveRun& run, std::string_view state, std::string_view members,
                       Seq cursor) {
  Push push{net_, "chat"};
  http::JsonWriter& json = push.json();
  json.begin_object();
  json.member("runId", run.key);
  json.member("sessionKey", run.session_key);
  json.member("agentId", run.agent_id);
  json.member("seq", run.seq);
  json.member("state", state);
  write_cursor(json, cursor);
  json.out() += ',';
  json.out() += members;
  json.end_object();
  for (const std::uint32_t slot : net_.interested)
    push.to(slot);
}

}  // namespace spine::net

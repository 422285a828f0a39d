// The payloads of session.message, sessions.changed, agent and chat.
#include <algorithm>

#include "adapters/websocket/events.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"

namespace spine::net {

using pipeline::EventItem;

void Events::write_cursor(JsonWriter& json, Seq seq) {
  if (!seq) return;
  ++ordinal_;
  key_.clear();
  append_cursor(key_, {.epoch = net_.shared.cursor_epoch, .seq = seq, .ordinal = ordinal_});
  json.member("cursor", key_);
}

bool Events::admits(std::uint32_t slot, Audience audience, std::string_view session_key) const {
  const Connections& table = net_.hub.table;
  switch (audience) {
    case Audience::all:
      return satisfies(table.scopes[slot], Scope::read);
    case Audience::session_changes:
      return table.flag(slot, connection_flag::kAllSessions);
    case Audience::session_messages: {
      if (table.flag(slot, connection_flag::kAllSessions)) return true;
      const std::vector<std::string>& keys = table.client[slot]->keys;
      return std::find(keys.begin(), keys.end(), session_key) != keys.end();
    }
    case Audience::session_tools:
      return table.flag(slot, connection_flag::kAllSessions) &&
             (table.client[slot]->caps & kCapToolEvents) == 0;
    case Audience::tools:
      return satisfies(table.scopes[slot], Scope::read) &&
             (table.client[slot]->caps & kCapToolEvents) != 0;
    case Audience::pairing:
      return satisfies(table.scopes[slot], Scope::pairing);
    case Audience::approvals:
      return satisfies(table.scopes[slot], Scope::approvals);
  }
  return false;
}

bool Events::may_be_told(std::uint32_t slot, Audience audience,
                         std::string_view session_key) const {
  const Connections& table = net_.hub.table;
  if (!admits(slot, audience, session_key)) return false;
  if (table.flag(slot, connection_flag::kAwaitsResume)) return false;  // it is told when it asks
  return !table.flag(slot, connection_flag::kResuming) ||
         !resumes(*net_.resuming.at(slot), session_key);  // it is told in its turn
}

void Events::deliver(Push& push, Seq seq, Audience audience, std::string_view session_key) {
  if (resuming_ != nullptr) return deliver_again(push, seq, audience, session_key);
  Connections& table = net_.hub.table;
  const auto send = [&](std::uint32_t slot) {
    if (!may_be_told(slot, audience, session_key)) return;
    if (seq && table.told_from[slot] == 0) table.told_from[slot] = seq.value;
    push.to(slot);
  };
  if (audience != Audience::pairing && audience != Audience::approvals) {
    for (const std::uint32_t slot : net_.interested)
      send(slot);
    return;
  }
  for (std::uint32_t slot = 0; slot < table.slots(); ++slot) {
    if (table.stage[slot] == Stage::open) send(slot);
  }
}

void Events::deliver_again(Push& push, Seq seq, Audience audience, std::string_view session_key) {
  const Cursor& seen = resuming_->from;
  if (seq < seen.seq || (seq == seen.seq && ordinal_ <= seen.ordinal)) return;
  const bool was_live =
      resuming_->live_from && !(seq < resuming_->live_from) && !(resuming_->live_to < seq);
  // Those need no subscription.
  const bool unasked =
      audience == Audience::all || audience == Audience::tools || audience == Audience::approvals;
  if (unasked && was_live) return;
  if (!resumes(*resuming_, session_key)) return;
  // Its own sessions' changes are part of what it missed, whatever it had subscribed to.
  const bool its_own = audience == Audience::session_changes && !resuming_->sessions.empty();
  if (!its_own && !admits(resuming_->slot, audience, session_key)) return;
  ++resuming_->told;
  resuming_->page_bytes += net_.scratch.size();
  push.to(resuming_->slot);
}

void Events::push_changed(const EventItem& item, std::string_view phase, std::string_view reason,
                          std::string_view run_key) {
  if (!item.has_session) {
    ++ordinal_;  // of a session that is gone: its place stays
    return;
  }
  Push push{net_, "sessions.changed"};
  JsonWriter& json = push.json();
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
  deliver(push, item.event.seq, Audience::session_changes, item.session.key);
}

void Events::push_message(const EventItem& item, std::string_view run_key) {
  if (!item.has_session) {
    ++ordinal_;
    return;
  }
  Push push{net_, "session.message"};
  JsonWriter& json = push.json();
  json.begin_object();
  json.member("sessionKey", item.session.key);
  json.member("agentId", item.session.agent_id);
  json.key("message");
  write_message(json, item.event, run_key, kPushed);
  json.member("messageId", std::to_string(item.event.seq.value));
  json.member("messageSeq", item.event.seq.value);
  json.key("session");
  write_session(json, net_.config(), item.session, net_.wall_ms);
  write_cursor(json, item.event.seq);
  json.end_object();
  deliver(push, item.event.seq, Audience::session_messages, item.session.key);
}

void Events::write_agent_members(JsonWriter& json, const LiveRun& run, std::string_view stream,
                                 std::string_view data) {
  json.member("runId", run.key);
  json.member("sessionKey", run.session_key);
  json.member("agentId", run.agent_id);
  json.member("seq", run.seq);
  json.member("ts", net_.wall_ms);
  json.member("stream", stream);
  json.member_raw("data", data);
}

void Events::push_agent(LiveRun& run, std::string_view stream, std::string_view data, Seq cursor,
                        Audience audience) {
  ++run.seq;
  Push push{net_, "agent"};
  JsonWriter& json = push.json();
  json.begin_object();
  write_agent_members(json, run, stream, data);
  write_cursor(json, cursor);
  json.end_object();
  deliver(push, cursor, audience, run.session_key);
}

void Events::push_tool(LiveRun& run, const EventItem& item) {
  push_agent(run, "tool", data_, item.event.seq, Audience::tools);
  Push push{net_, "session.tool"};
  JsonWriter& json = push.json();
  json.begin_object();
  write_agent_members(json, run, "tool", data_);
  if (item.has_session) {
    json.key("session");
    write_session(json, net_.config(), item.session, net_.wall_ms);
  }
  write_cursor(json, item.event.seq);
  json.end_object();
  deliver(push, item.event.seq, Audience::session_tools, run.session_key);
}

void Events::push_chat(const LiveRun& run, std::string_view state, std::string_view members,
                       Seq cursor) {
  Push push{net_, "chat"};
  write_chat(push.json(), run, state, members, cursor);
  deliver(push, cursor, Audience::all, run.session_key);
}

void Events::write_chat(JsonWriter& json, const LiveRun& run, std::string_view state,
                        std::string_view members, Seq cursor) {
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
}

}  // namespace spine::net

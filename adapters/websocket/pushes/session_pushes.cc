// What is told of sessions: that they changed, and what was said in them.
#include "adapters/websocket/pushes/session_pushes.h"

#include <string>

#include "adapters/websocket/protocol/rows.h"
#include "schemas/fields.h"

namespace spine::net {

using pipeline::EventItem;

void push_changed(Events& to, const EventItem& item, std::string_view phase,
                  std::string_view reason, std::string_view run_key) {
  if (!item.has_session) return to.skip_push();
  to.push("sessions.changed", item, Audience::session_changes, item.session.key,
          [&](JsonWriter& json) {
            json.member("sessionKey", item.session.key);
            json.member("agentId", item.session.agent_id);
            json.member_if("phase", phase);
            json.member_if("reason", reason);
            json.member_if("runId", run_key);
            json.member("ts", item.event.header.wall_ms);
            json.key("session");
            write_session(json, to.net.config(), item.session, to.net.wall_ms);
          });
}

void push_message(Events& to, const EventItem& item, std::string_view run_key) {
  if (!item.has_session) return to.skip_push();
  to.push("session.message", item, Audience::session_messages, item.session.key,
          [&](JsonWriter& json) {
            json.member("sessionKey", item.session.key);
            json.member("agentId", item.session.agent_id);
            json.key("message");
            write_message(json, item.event, run_key, kPushed);
            json.member("messageId", std::to_string(item.event.seq.value));
            json.member("messageSeq", item.event.seq.value);
            json.key("session");
            write_session(json, to.net.config(), item.session, to.net.wall_ms);
          });
}

namespace {

void message_received(Events& to, const EventItem& item) {
  if (!item.has_session) return;
  const std::string_view key = text_of(root_of<fb::MessageReceived>(item.event).idempotency_key());
  push_changed(to, item, "", "send", key);
  push_message(to, item, key);
}

void session_opened(Events& to, const EventItem& item) {
  if (item.has_session) push_changed(to, item, "", "create", "");
}
void session_patched(Events& to, const EventItem& item) {
  push_changed(to, item, "", "patch", "");
}
void session_reset(Events& to, const EventItem& item) {
  push_changed(to, item, "", "reset", "");
}
void session_rewound(Events& to, const EventItem& item) {
  push_changed(to, item, "", "rewind", "");
}
void session_closed(Events& to, const EventItem& item) {
  push_changed(to, item, "", "delete", "");
}

constexpr Renderer kSessionPushes[]{
    {fb::EventBody::MessageReceived, message_received},
    {fb::EventBody::SessionOpened, session_opened},
    {fb::EventBody::SessionPatched, session_patched},
    {fb::EventBody::SessionReset, session_reset},
    {fb::EventBody::SessionClosed, session_closed},
    {fb::EventBody::SessionRewound, session_rewound},
};

}  // namespace

std::span<const Renderer> session_pushes() {
  return kSessionPushes;
}

}  // namespace spine::net
